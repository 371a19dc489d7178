/** The bar on top: what is discussed, the time it has, and whether this window is really in the room. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { Link } from '../connection';
import { driftWords } from './course';
import type { RoomModel } from './model';

export interface BarActions {
  readonly agenda: () => void;
  readonly help: () => void;
}

/** The bar for this moment. */
export function bar(model: RoomModel, actions: BarActions): TemplateResult {
  const table = model.table;
  return html`<header class="room-bar">
    <a
      class="btn btn-quiet btn-icon"
      href=${`/conferences/${model.facts.conference}`}
      aria-label="Back to the agenda page"
      >${icon('arrow-left')}</a
    >
    <button type="button" class="btn btn-quiet btn-icon room-bar-agenda" aria-label="Agenda" @click=${actions.agenda}>
      ${icon('list')}
    </button>
    <div class="room-bar-what">
      <h1>${table === null ? model.facts.title : table.item.brief.title}</h1>
      ${table === null ? nothing : html`<span class="muted small room-bar-board">${model.facts.title}</span>`}
    </div>
    <div class="room-bar-end">
      ${timer(model)} ${drift(model)}
      <span class="room-clock number" title=${model.facts.time_zone}>${icon('clock')} ${model.clock(model.now())}</span>
      ${people(model)} ${link(model.link)}
      <button
        type="button"
        class="btn btn-quiet btn-icon room-bar-wide"
        data-theme-toggle
        aria-label="Switch between light and dark"
      >
        ${icon('contrast')}
      </button>
      <button type="button" class="btn btn-quiet btn-icon" aria-label="Keys and help" @click=${actions.help}>
        ${icon('circle-help')}
      </button>
    </div>
  </header>`;
}

/** How far the whole conference is from its agenda; said only where it is off by a minute or more. */
function drift(model: RoomModel): TemplateResult | typeof nothing {
  const off = model.room.phase === 'open' ? model.course.drift : null;
  if (off === null || Math.abs(off) < 60_000) return nothing;
  const tone = off > 5 * 60_000 ? 'warn' : 'quiet';
  return html`<span class="pill number room-drift" data-tone=${tone} title="The conference against its agenda"
    >${driftWords(off)}</span
  >`;
}

function people(model: RoomModel): TemplateResult {
  const count = model.inside.length;
  return html`<span class="room-count number"
    >${icon('users')} <span>${count}</span
    ><span class="sr-only">${count === 1 ? 'person' : 'people'} in the room</span></span
  >`;
}

function timer(model: RoomModel): TemplateResult | typeof nothing {
  const left = model.minutesLeft;
  if (left === null) return nothing;
  const order = model.room.order;
  const place = order.indexOf(model.room.table ?? '') + 1;
  const over = left < 0;
  const minutes = Math.floor(Math.abs(left));
  const seconds = Math.floor((Math.abs(left) * 60) % 60);
  const tone = over ? 'bad' : left < 2 ? 'warn' : 'quiet';
  return html`<span class="room-timer" data-tone=${tone} role="timer">
    <span class="room-bar-wide muted">Case ${place} of ${order.length}</span>
    <span class="pill number" data-tone=${tone}
      >${icon('timer')} ${over ? '+' : ''}${minutes}:${String(seconds).padStart(2, '0')}
      <span class="room-bar-wide">${over ? 'over' : 'left'}</span></span
    >
  </span>`;
}

/** The state of the connection in shape, colour and word. */
function link(state: Link): TemplateResult {
  switch (state.state) {
    case 'live':
      return html`<span class="status room-link" data-tone="good" data-link="live"
        ><span class="mark" aria-hidden="true"></span><span>Live</span></span
      >`;
    case 'connecting':
      return html`<span class="status room-link" data-tone="warn" data-link="connecting"
        >${icon('loader-circle')} <span>Connecting…</span></span
      >`;
    case 'reconnecting':
      return html`<span class="status room-link" data-tone="warn" data-link="reconnecting"
        >${icon('wifi-off')} <span>Reconnecting…</span></span
      >`;
    case 'closed':
      return html`<span class="status room-link" data-tone="bad" data-link="closed"
        >${icon('circle-x')} <span>Not in the room</span></span
      >`;
  }
}
