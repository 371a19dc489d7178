/** The marks of the case on the table: value, author, how far each has come, and what to do with a refused one. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { Mark } from '../protocol';
import { badge } from '../room/badge';
import { Panel } from '../room/panel';
import { newId, type Delivery, type MarkShown, type Refusal } from '../session';
import { focusMark, markName } from './mark-chip';
import { PrivateNotes, type PrivateNote } from './private-notes';

export class MarksPanel extends Panel {
  static override properties: PropertyDeclarations = { replaying: { attribute: false } };

  /** The discipline whose layer is being shown again; undefined: none. */
  replaying: string | null | undefined = undefined;

  private get notes(): PrivateNotes {
    return new PrivateNotes(this.model.facts.conference, this.model.me);
  }

  override render(): TemplateResult {
    const table = this.model.table;
    if (table === null) return html`<p class="muted">Marks belong to a case. None is on the table.</p>`;
    const marks = this.model.marks;
    const notes = this.notes.of(table.id);
    return html`<div class="stack">
      <section aria-labelledby="marks-title">
        <h3 id="marks-title">Marks <span class="muted number">${marks.length}</span></h3>
        ${marks.length === 0 ? html`<p class="muted small">Nothing is marked on this case. Pick a tool above the image.</p>` : nothing}
        <ul class="marks" role="list">
          ${marks.map((shown) => this.row(shown))}
        </ul>
      </section>
      ${this.layers(marks)} ${notes.length === 0 ? nothing : this.kept(notes)}
    </div>`;
  }

  /** One layer for each discipline that drew; shown again in the order it was drawn. */
  private layers(marks: readonly MarkShown[]): TemplateResult | typeof nothing {
    const codes = [...new Set(marks.map(({ mark }) => mark.discipline))];
    if (codes.length === 0) return nothing;
    return html`<section aria-labelledby="layers-title">
      <h3 id="layers-title">${icon('layers')} Layers</h3>
      <ul class="people" role="list">
        ${codes.map((code) => {
          const discipline = this.model.discipline(code);
          const count = marks.filter(({ mark }) => mark.discipline === code).length;
          const runs = this.replaying === code;
          return html`<li class="person">
            ${badge(discipline)}
            <span class="grow">${discipline.name} <span class="muted number">${count}</span></span>
            <button
              type="button"
              class="btn btn-small"
              aria-pressed=${String(runs)}
              aria-label=${runs ? `Stop showing the layer of ${discipline.name}` : `Show the layer of ${discipline.name} as it was drawn`}
              @click=${() => this.dispatchEvent(new CustomEvent('replay-layer', { detail: code, bubbles: true, composed: true }))}
            >
              ${icon(runs ? 'square' : 'play')} ${runs ? 'Stop' : 'As drawn'}
            </button>
          </li>`;
        })}
      </ul>
      <p class="hint">Hide a layer or look at one alone with <em>Marks by discipline</em> above the image.</p>
    </section>`;
  }

  private row({ mark, delivery }: MarkShown): TemplateResult {
    const refused = delivery.state === 'refused';
    const mine = mark.author === this.model.me;
    const erasable = delivery.state === 'delivered' && (mine || this.model.role === 'chair');
    const name = markName(mark);
    return html`<li class="mark-row" data-mark=${mark.mark} data-state=${delivery.state}>
      ${badge(this.model.discipline(mark.discipline))}
      <div class="grow">
        ${refused ? html`<s class="mark-value">${name}</s>` : html`<span class="mark-value number">${name}</span>`}
        ${mark.measured !== null && mark.text !== '' ? html`<span class="small">${mark.text}</span>` : nothing}
        <span class="muted small">${mark.author_name}, ${this.model.discipline(mark.discipline).name}</span>
        ${this.delivery(delivery)} ${refused ? this.refusal(mark, delivery.refusal) : nothing}
      </div>
      ${
        refused
          ? nothing
          : html`<button
              type="button"
              class="btn btn-quiet btn-icon btn-small"
              aria-label=${`Show ${name}`}
              @click=${() => focusMark(this, mark.mark)}
            >
              ${icon('target')}
            </button>`
      }
      ${
        erasable
          ? html`<button
              type="button"
              class="btn btn-quiet btn-icon btn-small"
              aria-label=${`Erase ${name}`}
              @click=${() => this.erase(mark)}
            >
              ${icon('trash-2')}
            </button>`
          : nothing
      }
    </li>`;
  }

  /** One's own goes through the history of the image, so that undo brings it back. */
  private erase({ mark, author }: Mark): void {
    if (author !== this.model.me) this.model.ask({ type: 'erase', mark });
    else this.dispatchEvent(new CustomEvent('erase-mark', { detail: mark, bubbles: true, composed: true }));
  }

  private delivery(delivery: Delivery): TemplateResult {
    if (delivery.state === 'local') {
      return html`<span class="status" data-tone="warn" data-delivery="local"
        >${icon('clock')} Only here, not delivered</span
      >`;
    }
    if (delivery.state === 'refused') {
      return html`<span class="status" data-tone="bad" data-delivery="refused"
        >${icon('ban')} Refused, nobody else sees it</span
      >`;
    }
    const { seen, unseen } = delivery;
    const of = seen.length + unseen.length;
    const all = unseen.length === 0;
    const words = of === 0 ? 'Delivered' : `Delivered, seen by ${seen.length} of ${of}`;
    const status = html`<span class="status" data-tone=${all ? 'good' : 'info'} data-delivery="delivered"
      >${icon(all ? 'check-check' : 'check')} ${words}</span
    >`;
    if (of === 0) return status;
    return html`<details class="mark-seen">
      <summary>${status}</summary>
      <p class="small muted">
        ${seen.length === 0 ? 'Nobody has it on screen yet. ' : `Seen by ${seen.join(', ')}. `}${
          all ? '' : `Not yet: ${unseen.join(', ')}.`
        }
      </p>
    </details>`;
  }

  private refusal(mark: Mark, refusal: Refusal): TemplateResult {
    return html`<p class="small">${refusal.reason}</p>
      <div class="row">
        <button type="button" class="btn btn-small" @click=${() => this.keep(mark, refusal)}>
          Keep as private note
        </button>
        <button type="button" class="btn btn-quiet btn-small" @click=${() => this.drop(refusal)}>Throw away</button>
      </div>`;
  }

  private kept(notes: readonly PrivateNote[]): TemplateResult {
    return html`<section aria-labelledby="notes-title">
      <h3 id="notes-title">${icon('eye-off')} Private notes</h3>
      <p class="hint">Yours alone: kept in this tab through a reload, gone when it closes.</p>
      <ul class="marks" role="list">
        ${notes.map(
          (note) =>
            html`<li class="mark-row">
              ${icon('lock')}
              <div class="grow"><span>${markName(note.mark)}</span><span class="muted small">${note.reason}</span></div>
              ${
                this.model.may('draw')
                  ? html`<button type="button" class="btn btn-small" @click=${() => this.share(note)}>
                      Draw it again
                    </button>`
                  : nothing
              }
              <button
                type="button"
                class="btn btn-quiet btn-icon btn-small"
                aria-label=${`Throw away the note ${markName(note.mark)}`}
                @click=${() => this.discard(note)}
              >
                ${icon('trash-2')}
              </button>
            </li>`,
        )}
      </ul>
    </section>`;
  }

  private keep(mark: Mark, refusal: Refusal): void {
    this.notes.keep({ mark, reason: refusal.reason });
    this.drop(refusal);
  }

  /** The same mark, asked for anew; refused again it is offered again. */
  private share({ mark }: PrivateNote): void {
    const { kind, sop_instance_uid, frame, points, text } = mark;
    this.model.ask({ type: 'draw', mark: newId(), case: mark.case, kind, sop_instance_uid, frame, points, text });
    this.discard({ mark, reason: '' });
  }

  private discard({ mark }: PrivateNote): void {
    this.notes.drop(mark.mark);
    this.requestUpdate();
  }

  private drop(refusal: Refusal): void {
    this.model.session.dismiss(refusal.id);
    this.dispatchEvent(new CustomEvent('room-changed', { bubbles: true, composed: true }));
  }
}

customElements.define('room-marks', MarksPanel);
