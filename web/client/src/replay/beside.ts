/** What stands beside the screen at a moment of a replay: who was there, opinions, words, closings. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { CaseProjection, OpinionShown, Option, Projection } from '../protocol';
import { spread } from '../panels/agreement';
import { markName } from '../panels/mark-chip';
import { parts } from '../room/references';
import { CLOSINGS, OUTCOMES, STANCES, STANDINGS } from '../room/words';
import type { Named } from './words';

const TONES = { concur: 'good', reservation: 'warn', dissent: 'bad' } as const;

export function people(room: Projection): TemplateResult {
  const present = Object.entries(room.people).filter(([, seat]) => seat.present);
  return html`<section class="card" aria-labelledby="replay-people">
    <div class="card-head">
      <h2 id="replay-people">In the room</h2>
      <span class="muted small number">${present.length}</span>
    </div>
    <div class="card-body">
      ${
        present.length === 0
          ? html`<p class="muted">Nobody yet.</p>`
          : html`<ul class="replay-people" role="list">
              ${present.map(
                ([id, seat]) =>
                  html`<li>
                    ${seat.name}${room.floor === id ? html` <span class="pill" data-tone="info">has the floor</span>` : nothing}${
                      room.hands.includes(id) ? html` ${icon('hand', 'hand raised')}` : nothing
                    }
                  </li>`,
              )}
            </ul>`
      }
    </div>
  </section>`;
}

export function opinions(item: CaseProjection, named: Named): TemplateResult | typeof nothing {
  const given = Object.values(item.opinions).filter(({ round }) => round === item.round);
  if (given.length === 0) return nothing;
  const open = item.revealed.includes(item.round);
  return html`<section class="card" aria-labelledby="replay-opinions">
    <div class="card-head">
      <h2 id="replay-opinions">Opinions, round ${item.round}</h2>
      ${open ? nothing : html`<span class="pill" data-tone="quiet">${icon('lock')} sealed</span>`}
    </div>
    <div class="card-body">
      ${
        open
          ? revealed(item, given, named)
          : html`<p>${given.length} sealed ${given.length === 1 ? 'opinion' : 'opinions'}, open to nobody.</p>`
      }
    </div>
  </section>`;
}

function revealed(item: CaseProjection, given: readonly OpinionShown[], named: Named): TemplateResult {
  return html`<table class="table replay-table">
      <thead>
        <tr>
          <th scope="col">Option</th>
          <th scope="col">Median, range</th>
          <th scope="col">Preferred by</th>
        </tr>
      </thead>
      <tbody>
        ${item.options.map((option) => {
          const found = spread(given.flatMap(({ opinion }) => opinion?.ratings[option.key] ?? []));
          const chosen = given.filter(({ opinion }) => opinion?.preferred === option.key);
          return html`<tr>
            <th scope="row">${option.label}</th>
            <td class="number">
              ${found === null ? '–' : `${String(found.median)}, ${String(found.low)}–${String(found.high)}`}
            </td>
            <td>${chosen.map(({ discipline }) => named(discipline)).join(', ') || '–'}</td>
          </tr>`;
        })}
      </tbody>
    </table>
    ${given
      .filter(({ opinion }) => (opinion?.comment ?? '') !== '')
      .map(({ name, opinion }) => html`<p class="small"><strong>${name}:</strong> ${opinion?.comment}</p>`)}`;
}

export function words(item: CaseProjection, named: Named): TemplateResult | typeof nothing {
  const draft = item.recommendation;
  if (draft === null) return nothing;
  const said = draft.recommendation;
  const option = item.options.find(({ key }) => key === said.option)?.label;
  return html`<section class="card" aria-labelledby="replay-words">
    <div class="card-head">
      <h2 id="replay-words">Recommendation</h2>
      <span class="pill" data-tone=${draft.digest === null ? 'quiet' : 'info'}>
        ${item.signed === null ? (draft.digest === null ? `draft ${String(draft.revision)}` : 'read back') : 'signed'}
      </span>
    </div>
    <div class="card-body stack">
      <p class="strong">${OUTCOMES[said.outcome]}${option === undefined ? '' : `: ${option}`}</p>
      <p class="prose">${spoken(item, said.rationale)}</p>
      ${item.brief.questions.map(
        (asked) =>
          html`<div>
            <p class="small strong">${asked.text}</p>
            <p class="prose">${spoken(item, said.answers[asked.question] ?? 'Not answered yet.')}</p>
          </div>`,
      )}
      ${closings(item, named)}
    </div>
  </section>`;
}

/** Why non-operative care is not enough, and how each discipline stands to each option, with what it would take. */
export function stances(item: CaseProjection, named: Named): TemplateResult | typeof nothing {
  const stated = item.non_operative;
  if (stated === null && Object.keys(item.stances).length === 0) return nothing;
  return html`<section class="card" aria-labelledby="replay-stances">
    <div class="card-head"><h2 id="replay-stances">How each discipline stands</h2></div>
    <div class="card-body stack">
      ${
        stated === null
          ? nothing
          : html`<p class="prose">
              <span class="strong">Non-operative care: ${STANDINGS[stated.standing].toLowerCase()}.</span>
              ${stated.reason}
            </p>`
      }
      ${item.options.map((option) => toOption(item, option, named))}
    </div>
  </section>`;
}

function toOption(item: CaseProjection, option: Option, named: Named): TemplateResult | typeof nothing {
  const taken = Object.entries(item.stances).flatMap(([code, own]) => {
    const one = own[option.key];
    return one === undefined ? [] : [{ code, one }];
  });
  if (taken.length === 0) return nothing;
  return html`<div>
    <p class="small strong">${option.label}</p>
    <ul class="replay-closings" role="list">
      ${taken.map(
        ({ code, one }) =>
          html`<li>
            <span>${named(code)}: ${STANCES[one.stance].toLowerCase()}</span>
            ${one.needs === '' ? nothing : html`<span class="small muted">It would take: ${one.needs}</span>`}
          </li>`,
      )}
    </ul>
  </div>`;
}

/** The minutes as they were frozen. */
export function minutes(item: CaseProjection): TemplateResult | typeof nothing {
  if (item.minutes === null) return nothing;
  return html`<section class="card" aria-labelledby="replay-minutes">
    <div class="card-head"><h2 id="replay-minutes">Minutes</h2></div>
    <div class="card-body"><p class="prose">${spoken(item, item.minutes.text)}</p></div>
  </section>`;
}

function closings(item: CaseProjection, named: Named): TemplateResult | typeof nothing {
  const voices = Object.values(item.closings).flatMap((first) => [first, ...first.others]);
  if (voices.length === 0) return nothing;
  return html`<ul class="replay-closings" role="list">
    ${voices.map(
      (voice) =>
        html`<li>
          <span class="status" data-tone=${TONES[voice.closing]}
            ><span class="mark" aria-hidden="true"></span
            ><span>${named(voice.discipline)}: ${CLOSINGS[voice.closing].toLowerCase()}</span></span
          >
          ${voice.reason === '' ? nothing : html`<span class="small muted">${voice.reason}</span>`}
        </li>`,
    )}
  </ul>`;
}

/** Prose with the names of the marks it refers to. */
function spoken(item: CaseProjection, words: string): string {
  const told = parts(words, Object.values(item.marks)).map((part) =>
    typeof part === 'string' ? part : markName(part),
  );
  return told.join('');
}
