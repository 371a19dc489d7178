/** The minutes of the case on the table, typed by several at once and frozen at the read-back. */

import { html, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { CaseProjection } from '../protocol';
import { Panel } from '../room/panel';
import './joint-field';
import { prose } from './prose';
import './saved-state';

const MOST = 20_000;

export class MinutesPanel extends Panel {
  override render(): TemplateResult {
    const table = this.model.table;
    if (table === null) return html`<p class="muted">Minutes belong to a case. None is on the table.</p>`;
    const { id, item } = table;
    return html`<div class="stack">${isFrozen(item) ? this.frozen(item) : this.typing(id)}</div>`;
  }

  private typing(id: string): TemplateResult {
    const may = this.model.may('draft');
    return html`<div class="panel-head">
        <h3>Minutes</h3>
        <saved-state .model=${this.model} .tick=${this.tick} .caseId=${id}></saved-state>
      </div>
      <joint-field
        .model=${this.model}
        .tick=${this.tick}
        .caseId=${id}
        .field=${'minutes'}
        .name=${'minutes'}
        .label=${'What was said, and by whom'}
        .hint=${may ? 'Everybody on the board types here at once. The read-back puts these minutes on record.' : 'You read along; your role does not write minutes.'}
        .rows=${10}
        .most=${MOST}
      ></joint-field>`;
  }

  private frozen(item: CaseProjection): TemplateResult {
    return html`<div class="panel-head"><h3>Minutes</h3></div>
      <div class="banner" data-tone="info">
        ${icon('lock')}
        <div>
          <b>On record.</b>
          ${item.minutes === null ? 'No minutes were typed for this case.' : 'These minutes are frozen.'}
          ${
            item.minutes === null
              ? ''
              : html`<span class="mono digest" title="SHA-256 of the canonical text"
                  >${item.minutes.digest.slice(0, 12)}…</span
                >`
          }
        </div>
      </div>
      ${item.minutes === null ? '' : html`<article class="readback prose" aria-label="Minutes">${prose(this.model, item, item.minutes.text)}</article>`}`;
  }
}

/** Whether the text of a case is closed to typing. */
function isFrozen(item: CaseProjection): boolean {
  return item.minutes !== null || item.signed !== null || (item.recommendation?.digest ?? null) !== null;
}

customElements.define('room-minutes', MinutesPanel);
