/** Before an operation: whether non-operative care is exhausted, contraindicated or declined, and on what evidence. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { CaseProjection, StatedNonOperative } from '../protocol';
import { Panel } from '../room/panel';
import { STANDINGS } from '../room/words';

type Standing = StatedNonOperative['standing'];

export class NonOperativePanel extends Panel {
  static override properties: PropertyDeclarations = {
    caseId: { attribute: false },
    choice: { state: true },
    editing: { state: true },
    problem: { state: true },
  };

  caseId = '';
  private choice: Standing | null = null;
  private editing = false;
  private problem = '';

  override render(): TemplateResult | typeof nothing {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined) return nothing;
    const stated = item.non_operative;
    const frozen = typeof item.recommendation?.digest === 'string';
    if (stated !== null && !this.editing) return this.said(item, stated, frozen);
    if (frozen || !this.model.may('draft')) return stated === null ? this.missing() : this.said(item, stated, true);
    return this.form(item, stated);
  }

  private missing(): TemplateResult {
    return html`<p class="hint">Nothing is said yet of non-operative care; an operation needs it.</p>`;
  }

  private said(item: CaseProjection, stated: StatedNonOperative, frozen: boolean): TemplateResult {
    const rows = item.tried.filter(({ key }) => stated.evidence.includes(key));
    return html`<div class="non-operative" data-standing=${stated.standing}>
      <p>
        <span class="label">Non-operative care</span> <b>${STANDINGS[stated.standing]}</b>
        <span class="muted small">${stated.name}</span>
      </p>
      ${stated.reason === '' ? nothing : html`<p class="prose small">${stated.reason}</p>`}
      ${
        rows.length === 0
          ? nothing
          : html`<ul class="tried">
              ${rows.map((row) => html`<li class="small">${row.text}</li>`)}
            </ul>`
      }
      ${
        frozen || !this.model.may('draft')
          ? nothing
          : html`<button type="button" class="btn btn-quiet btn-small" @click=${() => this.edit(stated)}>
              ${icon('pencil')} Change this
            </button>`
      }
    </div>`;
  }

  private edit(stated: StatedNonOperative): void {
    this.choice = stated.standing;
    this.editing = true;
  }

  private form(item: CaseProjection, stated: StatedNonOperative | null): TemplateResult {
    return html`<fieldset class="non-operative stack">
      <legend class="label">An operation: why is non-operative care not enough?</legend>
      <div class="stance-sides">
        ${(Object.keys(STANDINGS) as Standing[]).map(
          (standing) =>
            html`<label class="check"
              ><input
                type="radio"
                name="non-operative"
                value=${standing}
                .checked=${this.choice === standing}
                @change=${() => (this.choice = standing)}
              /><span>${STANDINGS[standing]}</span></label
            >`,
        )}
      </div>
      ${this.choice === null ? nothing : this.grounds(item, stated, this.choice)}
      ${this.problem === '' ? nothing : html`<p class="error" role="alert">${icon('circle-alert')} ${this.problem}</p>`}
      ${
        this.choice === null
          ? nothing
          : html`<div class="row">
              <button type="button" class="btn btn-small" data-state @click=${() => this.state(this.choice)}>
                ${icon('check')} State this
              </button>
            </div>`
      }
    </fieldset>`;
  }

  private grounds(item: CaseProjection, stated: StatedNonOperative | null, standing: Standing): TemplateResult {
    const tried = html`<fieldset class="tried-choice">
      <legend class="small">On what was tried</legend>
      ${item.tried.length === 0 ? html`<p class="hint">The referral lists nothing that was tried.</p>` : nothing}
      ${item.tried.map(
        (row) =>
          html`<label class="check"
            ><input type="checkbox" data-evidence value=${row.key} ?checked=${stated?.evidence.includes(row.key)} />
            <span class="small">${row.text}</span></label
          >`,
      )}
    </fieldset>`;
    return html`${tried}
      <div class="field">
        <label for="non-operative-reason">${standing === 'exhausted' ? 'In a word (optional)' : 'Why'}</label>
        <input id="non-operative-reason" maxlength="500" .value=${stated?.reason ?? ''} />
      </div>`;
  }

  private state(standing: Standing | null): void {
    if (standing === null) return;
    const reason = this.querySelector<HTMLInputElement>('#non-operative-reason')?.value.trim() ?? '';
    const boxes = [...this.querySelectorAll<HTMLInputElement>('[data-evidence]')];
    const evidence = boxes.filter((box) => box.checked).map((box) => box.value);
    this.problem = '';
    if (standing === 'exhausted' && evidence.length === 0) this.problem = 'Tick at least one thing that was tried.';
    else if (standing !== 'exhausted' && reason === '') this.problem = 'Say why.';
    if (this.problem !== '') return;
    this.model.ask({ type: 'state-non-operative', case: this.caseId, standing, reason, evidence });
    this.editing = false;
  }
}

customElements.define('non-operative', NonOperativePanel);
