/** Where a guest waits: how their own case stands, and nothing else of the sitting. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { IconName } from '../icons';
import type { LobbyMessage, WaitingCase } from '../protocol';
import type { RoomModel } from './model';

/** The lobby for this moment. */
export function lobby(model: RoomModel, told: LobbyMessage): TemplateResult {
  return html`<main class="lobby" id="main" tabindex="-1" ?inert=${model.link.state === 'closed'}>
    <div class="lobby-card">
      ${told.cases.length === 0 ? nowhere() : told.cases.map((item) => card(model, told, item))}
      <p class="muted small lobby-note">
        ${icon('eye-off')} Nothing of the meeting is shown or said here. You are let in to your own case and go out
        again after it.
      </p>
    </div>
  </main>`;
}

function nowhere(): TemplateResult {
  return html`<h2>Your case is not on this agenda</h2>
    <p>It may have moved to another sitting. <a href="/cases">Your cases</a> say where it stands.</p>`;
}

interface Said {
  readonly icon: IconName;
  readonly state: string;
  readonly head: string;
  readonly words: TemplateResult | string;
}

function card(model: RoomModel, told: LobbyMessage, item: WaitingCase): TemplateResult {
  const { icon: sign, state, head, words } = said(model, told, item);
  return html`<section class="lobby-case" data-lobby=${state} aria-label=${item.title}>
    <span class="empty-icon">${icon(sign)}</span>
    <p class="lobby-title">${item.title}</p>
    <h2>${head}</h2>
    <p class="muted">${words}</p>
    ${state === 'over' ? html`<a class="btn btn-primary" href=${`/cases/${item.case}`}>Open your case</a>` : nothing}
  </section>`;
}

function said(model: RoomModel, told: LobbyMessage, item: WaitingCase): Said {
  if (item.standing === 'signed') {
    return {
      icon: 'badge-check',
      state: 'over',
      head: 'Your case is decided',
      words: 'The recommendation is signed; the letter with the answer to your question comes to you.',
    };
  }
  if (item.standing === 'heard' || told.phase === 'ended') {
    const held = item.standing === 'heard';
    return {
      icon: held ? 'circle-check' : 'rotate-ccw',
      state: 'over',
      head: held ? 'Your case has been discussed' : 'The meeting has ended',
      words: held
        ? 'Thank you for being there. The answer comes as a letter once it is signed; your case shows where it stands.'
        : 'Your case was not reached. The coordinator finds it another sitting and tells you.',
    };
  }
  if (item.standing === 'on-table') {
    return {
      icon: 'door-open',
      state: 'called',
      head: 'Your case is on the table',
      words: told.lets_in
        ? 'The chair or the coordinator lets you in; this page opens by itself.'
        : 'Nobody who could let you in is here at this moment. Stay; this page opens by itself.',
    };
  }
  return waiting(model, told, item);
}

function waiting(model: RoomModel, told: LobbyMessage, item: WaitingCase): Said {
  const starts = item.starts_at === null ? model.now() : Date.parse(item.starts_at);
  const minutes = Math.max(1, Math.round((starts - model.now()) / 60_000));
  const before = item.ahead === 0 ? 'You are next' : `${item.ahead} ${item.ahead === 1 ? 'case' : 'cases'} ahead`;
  const zone = model.facts.time_zone;
  return {
    icon: 'hourglass',
    state: 'waiting',
    head: `About ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}, ${before.charAt(0).toLowerCase()}${before.slice(1)}`,
    words: html`Expected at <b class="number">${model.clock(starts)}</b>
      <span class="small">(${zone.replaceAll('_', ' ')})</span>.
      ${told.phase === 'preparing' ? 'The meeting has not begun yet.' : 'The estimate follows the meeting.'} You can
      leave this page open and do something else.`,
  };
}
