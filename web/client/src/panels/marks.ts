/** The marks of the case on the table: value, author, how far each has come, and what to do with a refused one. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { Mark } from '../protocol';
import { badge } from '../room/badge';
import { Panel } from '../room/panel';
import type { Delivery, MarkShown, Refusal } from '../session';
import { focusMark, markName } from './mark-chip';

interface Note {
  readonly mark: Mark;
  readonly reason: string;
}

export class MarksPanel extends Panel {
  static override properties: PropertyDeclarations = { notes: { state: true } };

  /** Refused marks that their author kept; they live in this window alone. */
  private notes: Note[] = [];

  override render(): TemplateResult {
    const table = this.model.table;
    if (table === null) return html`<p class="muted">Marks belong to a case. None is on the table.</p>`;
    const marks = this.model.marks;
    const notes = this.notes.filter((note) => note.mark.case === table.id);
    return html`<div class="stack">
      <section aria-labelledby="marks-title">
        <h3 id="marks-title">Marks <span class="muted number">${marks.length}</span></h3>
        ${marks.length === 0 ? html`<p class="muted small">Nothing is marked on this case. Pick a tool above the image.</p>` : nothing}
        <ul class="marks" role="list">
          ${marks.map((shown) => this.row(shown))}
        </ul>
      </section>
      ${notes.length === 0 ? nothing : this.kept(notes)}
    </div>`;
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
              @click=${() => this.model.ask({ type: 'erase', mark: mark.mark })}
            >
              ${icon('trash-2')}
            </button>`
          : nothing
      }
    </li>`;
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
    const all = delivery.seen >= delivery.of;
    const words = delivery.of === 0 ? 'Delivered' : `Delivered, seen by ${delivery.seen} of ${delivery.of}`;
    return html`<span class="status" data-tone=${all ? 'good' : 'info'} data-delivery="delivered"
      >${icon(all ? 'check-check' : 'check')} ${words}</span
    >`;
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

  private kept(notes: readonly Note[]): TemplateResult {
    return html`<section aria-labelledby="notes-title">
      <h3 id="notes-title">${icon('eye-off')} Private notes</h3>
      <p class="hint">In this window only, gone when it closes.</p>
      <ul class="marks" role="list">
        ${notes.map(
          (note) =>
            html`<li class="mark-row">
              ${icon('lock')}
              <div class="grow"><span>${markName(note.mark)}</span><span class="muted small">${note.reason}</span></div>
            </li>`,
        )}
      </ul>
    </section>`;
  }

  private keep(mark: Mark, refusal: Refusal): void {
    this.notes = [...this.notes, { mark, reason: refusal.reason }];
    this.drop(refusal);
  }

  private drop(refusal: Refusal): void {
    this.model.session.dismiss(refusal.id);
    this.dispatchEvent(new CustomEvent('room-changed', { bubbles: true, composed: true }));
  }
}

customElements.define('room-marks', MarksPanel);
