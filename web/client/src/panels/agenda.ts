/** The agenda in the room: where each case stands, when it is due, and the chair's hand on it. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { IconName } from '../icons';
import type { CaseProjection } from '../protocol';
import { driftWords } from '../room/course';
import { Panel } from '../room/panel';

interface Standing {
  readonly icon: IconName;
  readonly words: string;
  readonly tone: string;
}

/** Where a case stands in this sitting. */
export function standing(item: CaseProjection, onTable: boolean): Standing {
  if (item.signed !== null) {
    const provisional = item.signed.provisional;
    return { icon: 'badge-check', words: provisional ? 'Signed, provisional' : 'Signed', tone: 'good' };
  }
  if (onTable) return { icon: 'play', words: 'On the table', tone: 'info' };
  if (typeof item.recommendation?.digest === 'string')
    return { icon: 'book-open', words: 'Read back, not signed', tone: 'warn' };
  if (item.called_at !== null) return { icon: 'rotate-ccw', words: 'Discussed, not concluded', tone: 'warn' };
  return { icon: 'hourglass', words: 'Waiting', tone: 'quiet' };
}

export class AgendaPanel extends Panel {
  override render(): TemplateResult {
    const { room } = this.model;
    return html`
      <section aria-labelledby="agenda-title">
        <div class="panel-head">
          <h2 id="agenda-title">Agenda</h2>
          <span class="muted small"
            >${room.order.length} ${room.order.length === 1 ? 'case' : 'cases'}${this.drift()}</span
          >
        </div>
        ${room.order.length === 0 ? html`<p class="muted small">No case is on the agenda yet.</p>` : nothing}
        <ol class="agenda" role="list">
          ${this.rows()}
        </ol>
        ${this.sitting()}
      </section>
    `;
  }

  private drift(): string {
    const off = this.model.room.phase === 'open' ? this.model.course.drift : null;
    return off === null ? '' : `, ${driftWords(off)}`;
  }

  /** Every case with when it should come. */
  private rows(): TemplateResult[] {
    const { room, course } = this.model;
    const due = new Map(course.waiting.map(({ id, startsAt }) => [id, startsAt]));
    return room.order.flatMap((id) => {
      const item = room.cases[id];
      return item === undefined ? [] : [this.row(id, item, due.get(id) ?? null)];
    });
  }

  /** Now, or when the case should come; where that is off by a minute or more, what the agenda says as well. */
  private due(id: string, startsAt: number | null): TemplateResult {
    if (startsAt === null)
      return html`<span class="agenda-due number">${this.model.room.table === id ? 'Now' : ''}</span>`;
    const time = this.model.room.planned[id];
    const planned = time === undefined ? null : this.model.clock(Date.parse(time.starts_at));
    const expected = this.model.clock(startsAt);
    if (planned === null || planned === expected) return html`<span class="agenda-due number">${expected}</span>`;
    return html`<span class="agenda-due number"
      ><span class="sr-only">expected </span>${expected}
      <span class="agenda-planned"><span class="sr-only">planned </span>${planned}</span></span
    >`;
  }

  private row(id: string, item: CaseProjection, startsAt: number | null): TemplateResult {
    const onTable = this.model.room.table === id;
    const state = standing(item, onTable);
    const callable = this.model.may('run') && !onTable && this.model.room.phase === 'open' && item.signed === null;
    return html`
      <li class="agenda-row" aria-current=${onTable ? 'step' : nothing}>
        ${this.due(id, startsAt)}
        <div class="agenda-what">
          <span class="agenda-title" title=${item.brief.title}>${item.brief.title}</span>
          <span class="agenda-state" data-tone=${state.tone}
            >${icon(state.icon)} ${state.words}<span class="muted">${item.brief.minutes} min</span></span
          >
        </div>
        ${
          callable
            ? html`<button
                type="button"
                class="btn btn-small"
                data-call=${id}
                aria-label=${`Call ${item.brief.title}`}
                @click=${() => this.model.ask({ type: 'call-case', case: id })}
              >
                Call
              </button>`
            : nothing
        }
      </li>
    `;
  }

  private sitting(): TemplateResult | typeof nothing {
    if (!this.model.may('run')) return nothing;
    if (this.model.room.phase === 'preparing') {
      return html`<button
        type="button"
        class="btn btn-block"
        @click=${() => this.model.ask({ type: 'open-conference' })}
      >
        ${icon('play')} Open the conference
      </button>`;
    }
    return html`<details class="room-fold">
      <summary>${icon('chevron-right')} End the conference</summary>
      <p class="muted small">
        Cases that are not concluded roll over to a later sitting. Nobody can draw or speak after.
      </p>
      <button type="button" class="btn btn-danger btn-block" @click=${() => this.model.ask({ type: 'end-conference' })}>
        End the conference for everybody
      </button>
    </details>`;
  }
}

customElements.define('room-agenda', AgendaPanel);
