/** Which required discipline has been heard on the case on the table: always in sight, one press to ask who has not. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { lasting } from '../media/talk';
import type { CaseProjection } from '../protocol';
import { badge } from './badge';
import type { Heard, RoomModel } from './model';

/** The disciplines a case was decided without, as words: `neuroradiology and physiatry`; empty with all there. */
export function decidedWithout(model: RoomModel, item: CaseProjection): string {
  const names = Object.keys(item.absent).map((code) => model.discipline(code).name.toLowerCase());
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '');
}

/** The stamp beside an outcome; nothing where every required discipline closed. */
export function stamp(model: RoomModel, item: CaseProjection): TemplateResult | typeof nothing {
  const without = decidedWithout(model, item);
  if (without === '') return nothing;
  return html`<span class="pill" data-tone="warn" data-without
    >${icon('triangle-alert')} Decided without ${without}</span
  >`;
}

/** The strip under the image; nothing between cases and once the case is signed. */
export function hearing(model: RoomModel): TemplateResult | typeof nothing {
  const table = model.table;
  if (table === null || table.item.brief.required.length === 0 || table.item.signed !== null) return nothing;
  const entries = model.hearing(table.id, table.item);
  const missing = entries.filter((entry) => !entry.heard && entry.absent === null);
  return html`<section class="room-hearing" aria-label="Who was heard on this case">
    <h2 data-tone=${missing.length === 0 ? 'good' : 'warn'}>${missing.length === 0 ? 'All heard' : 'Not yet heard'}</h2>
    <ul role="list" tabindex="0" aria-label="Required disciplines">
      ${[...missing, ...entries.filter((entry) => !missing.includes(entry))].map((entry) => chip(model, entry))}
    </ul>
  </section>`;
}

function chip(model: RoomModel, entry: Heard): TemplateResult {
  const { discipline, heard, absent } = entry;
  const state = heard ? 'heard' : absent !== null ? 'absent' : entry.here ? 'here' : 'away';
  return html`<li class="heard" data-discipline=${discipline.code} data-state=${state}>
    ${badge(discipline)} <span>${discipline.name}</span>
    ${state === 'heard' ? icon('check', 'heard') : nothing}
    <span class="muted number">${minutes(entry, state)}</span>
    ${state === 'here' ? invite(model, entry) : nothing}
  </li>`;
}

function minutes({ present, spoke, here }: Heard, state: string): string {
  if (state === 'absent') return 'absent';
  if (spoke > 0) return `spoke ${lasting(spoke)}`;
  // Whoever gave an opinion beforehand was heard, and yet may never have come.
  if (!here && present === 0) return 'not here';
  return `${here ? 'here' : 'was here'} ${Math.floor(present / 60)} min`;
}

/** One press: the floor goes to the one of that discipline whose hand is up, else who is there. */
function invite(model: RoomModel, { discipline }: Heard): TemplateResult | typeof nothing {
  if (!model.may('seat')) return nothing;
  const voices = model.inside.filter(([, seat]) => seat.discipline === discipline.code && seat.role !== 'observer');
  const asked = voices.find(([person]) => model.room.hands.includes(person)) ?? voices[0];
  if (asked === undefined) return nothing;
  const [person, seat] = asked;
  if (person === model.me) return html`<span class="muted">you</span>`;
  if (model.room.floor === person) return html`<span class="pill" data-tone="info">Has the floor</span>`;
  return html`<button
    type="button"
    class="btn btn-small"
    data-invite=${discipline.code}
    aria-label=${`Ask ${discipline.name}: give the floor to ${seat.name}`}
    @click=${() => model.ask({ type: 'pass-floor', person })}
  >
    Ask
  </button>`;
}
