/** The middle of the room when there is no case to look at: before, between and after; and the way out of an ending. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { Link } from '../connection';
import { face } from './badge';
import { stamp } from './hearing';
import type { RoomModel } from './model';

/** The lobby, the pause between cases, or the end of the sitting. */
export function stage(model: RoomModel): TemplateResult {
  if (model.link.state === 'connecting' && model.room.seq === 0) {
    return html`<div class="stage">
      ${icon('loader-circle')}
      <p>Joining the room…</p>
    </div>`;
  }
  if (model.room.phase === 'ended') return ended(model);
  return model.room.phase === 'preparing' ? lobby(model) : between(model);
}

function lobby(model: RoomModel): TemplateResult {
  const begins = model.clock(Date.parse(model.facts.starts_at));
  return html`<div class="stage">
    <span class="empty-icon">${icon('door-open')}</span>
    <h2>The conference has not begun</h2>
    <p class="muted">It is set for ${begins}. You are in; the chair or the coordinator opens it.</p>
    ${faces(model)}
    ${
      model.may('run')
        ? html`<button
            type="button"
            class="btn btn-primary"
            data-open
            @click=${() => model.ask({ type: 'open-conference' })}
          >
            ${icon('play')} Open the conference
          </button>`
        : nothing
    }
  </div>`;
}

function between(model: RoomModel): TemplateResult {
  const next = nextCase(model);
  const title = next === null ? null : (model.room.cases[next]?.brief.title ?? null);
  return html`<div class="stage">
    <span class="empty-icon">${icon('list-checks')}</span>
    <h2>No case is on the table</h2>
    <p class="muted">
      ${title === null ? 'Every case of the agenda was called.' : `Next: ${title}. The chair calls it.`}
    </p>
    ${faces(model)} ${callNext(model)}
  </div>`;
}

/** The case that comes next: the first that was not called. */
function nextCase(model: RoomModel): string | null {
  const waits = (id: string): boolean => {
    const item = model.room.cases[id];
    return item !== undefined && item.called_at === null && item.signed === null;
  };
  return model.room.order.find(waits) ?? null;
}

/** The chair's way on; nothing where every case was called. */
export function callNext(model: RoomModel): TemplateResult | typeof nothing {
  const next = nextCase(model);
  if (next === null || model.room.phase !== 'open' || !model.may('run')) return nothing;
  return html`<button
    type="button"
    class="btn btn-primary"
    data-call-next
    @click=${() => model.ask({ type: 'call-case', case: next })}
  >
    ${icon('play')} Call the next case
  </button>`;
}

function ended(model: RoomModel): TemplateResult {
  const { cases, order } = model.room;
  return html`<div class="stage">
    <span class="empty-icon">${icon('circle-check')}</span>
    <h2>The conference has ended</h2>
    <ul class="stage-list" role="list">
      ${order.map((id) => {
        const item = cases[id];
        if (item === undefined) return nothing;
        return html`<li>
          <span class="grow">${item.brief.title}</span>
          ${item.signed === null ? nothing : stamp(model, item)}
          ${
            item.signed === null
              ? html`<span class="status" data-tone="warn">Rolls over</span>`
              : html`<a href=${`/cases/${id}/letter`}>Letter</a>`
          }
        </li>`;
      })}
    </ul>
    <a class="btn" href=${`/conferences/${model.facts.conference}`}>Back to the agenda page</a>
  </div>`;
}

function faces(model: RoomModel): TemplateResult {
  return html`<ul class="stage-faces" role="list">
    ${model.inside.map(
      ([, seat]) =>
        html`<li>${face(seat.name, model.discipline(seat.discipline))}<span class="small">${seat.name}</span></li>`,
    )}
  </ul>`;
}

/** What to say over the room while this window is not in it. */
export function ending(link: Extract<Link, { state: 'closed' }>, comeBack: () => void): TemplateResult {
  return html`<div class="ending" role="alertdialog" aria-labelledby="ending-title" aria-describedby="ending-detail">
    <div class="ending-card">
      <h2 id="ending-title">${link.title}</h2>
      <p id="ending-detail">${link.detail}</p>
      <div class="row">
        ${
          link.again
            ? html`<button type="button" class="btn btn-primary" @click=${comeBack}>Use the room here</button>`
            : html`<a class="btn btn-primary" href="">Reload this page</a>`
        }
        <a class="btn" href="/">Leave</a>
      </div>
    </div>
  </div>`;
}
