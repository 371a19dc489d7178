/** The joint recommendation: drafted, read back, closed by each discipline, signed. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { CaseProjection, DraftedRecommendation } from '../protocol';
import { decidedWithout, stamp } from '../room/hearing';
import { Panel } from '../room/panel';
import { callNext } from '../room/stage';
import { OUTCOMES } from '../room/words';
import './closing';
import './levels';
import type { RecommendationForm } from './recommendation-form';
import './recommendation-form';
import { prose } from './prose';
import './sign';

export class RecommendationPanel extends Panel {
  static override properties: PropertyDeclarations = { reading: { state: true }, early: { state: true } };

  /** The case whose read-back was asked for and waits for one's own last words and choices to arrive. */
  private reading: string | null = null;
  /** Whether it was asked for before there was anything to read back. */
  private early = false;
  private unwatch: () => void = () => undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.unwatch = this.model.texts.watch(() => {
      if (this.reading !== null) this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unwatch();
  }

  override render(): TemplateResult {
    const table = this.model.table;
    if (table === null) return html`<p class="muted">A recommendation belongs to a case. None is on the table.</p>`;
    const { id, item } = table;
    const drafted = item.recommendation;
    const open = drafted === null || drafted.digest === null;
    return html`<div class="stack">
      ${open ? this.draft(id, item) : this.readBack(id, item, drafted)}
      <room-levels .model=${this.model} .tick=${this.tick} .caseId=${id}></room-levels>
    </div>`;
  }

  private draft(id: string, item: CaseProjection): TemplateResult {
    const revision = item.recommendation?.revision ?? 0;
    return html`
      <recommendation-form .model=${this.model} .tick=${this.tick} .caseId=${id}></recommendation-form>
      ${
        this.model.may('run')
          ? html`<div class="panel-act">
              <p class="hint">
                ${
                  revision === 0
                    ? 'Choose an option, or an outcome without one; then the words can be read back.'
                    : 'The read-back freezes these words and the minutes as everybody has typed them. Then each discipline closes.'
                }
              </p>
              ${this.early ? html`<p class="error" role="alert">${icon('circle-alert')} Nothing is chosen yet.</p>` : nothing}
              <button
                type="button"
                class="btn btn-block"
                aria-busy=${String(this.reading === id)}
                @click=${() => this.ask(id)}
              >
                ${icon('book-open')} ${this.reading === id ? 'Reading back…' : 'Read back'}
              </button>
            </div>`
          : nothing
      }
    `;
  }

  /**
   * One's own last words and choices go first: the server takes what it has at the read-back. The button is never
   * disabled meanwhile: a press that leaves a field sends its choice, and would find the button dead under the pointer.
   */
  private ask(id: string): void {
    this.early = false;
    this.reading = id;
  }

  protected override updated(): void {
    if (this.reading !== null) void this.readWhenSettled(this.reading);
  }

  private async readWhenSettled(id: string): Promise<void> {
    const form = this.querySelector<RecommendationForm>('recommendation-form');
    await form?.updateComplete;
    if (this.reading !== id) return;
    if (form === null || form.caseId !== id || form.problem !== '') this.reading = null;
    else if (form.settled && !this.model.texts.unsent(id)) {
      const revision = this.model.room.cases[id]?.recommendation?.revision ?? 0;
      this.reading = null;
      this.early = revision === 0;
      if (!this.early) this.model.ask({ type: 'read-back', case: id, revision });
    }
  }

  private readBack(id: string, item: CaseProjection, drafted: DraftedRecommendation): TemplateResult {
    return html`
      <h3>Recommendation</h3>
      ${item.signed === null ? this.frozen(drafted) : this.signed(id, item)} ${this.text(item, drafted)}
      <room-closing .model=${this.model} .tick=${this.tick} .caseId=${id}></room-closing>
      ${
        item.signed === null && this.model.may('run')
          ? html`<button type="button" class="btn" @click=${() => this.model.ask({ type: 'reopen', case: id })}>
              ${icon('lock-open')} Reopen for changes
            </button>`
          : nothing
      }
    `;
  }

  private frozen(drafted: DraftedRecommendation): TemplateResult {
    return html`<div class="banner" data-tone="info">
      ${icon('book-open')}
      <div>
        <b>Read back.</b> These words are frozen as revision ${drafted.revision}.
        <span class="mono digest" title="SHA-256 of the canonical text">${drafted.digest?.slice(0, 12)}…</span>
      </div>
    </div>`;
  }

  private signed(id: string, item: CaseProjection): TemplateResult {
    const provisional = item.signed?.provisional === true;
    return html`<div class="banner" data-tone=${provisional ? 'warn' : 'good'}>
      ${icon('badge-check')}
      <div>
        <b>Signed by ${item.signed?.name}${provisional ? ', provisional' : ''}.</b>
        ${provisional ? `Decided without ${decidedWithout(this.model, item)}. ` : ''}
        <a href=${`/cases/${id}/letter`} target="_blank" rel="noopener">Open the letter</a>
        <div class="row">${callNext(this.model)}</div>
      </div>
    </div>`;
  }

  private text(item: CaseProjection, { recommendation }: DraftedRecommendation): TemplateResult {
    const option = item.options.find((candidate) => candidate.key === recommendation.option);
    return html`<article class="readback" aria-label="Recommendation as read back">
      <p class="readback-lead">
        <span class="pill" data-tone="info">${OUTCOMES[recommendation.outcome]}</span>
        ${option === undefined ? nothing : html`<b>${option.label}</b>`} ${stamp(this.model, item)}
      </p>
      ${recommendation.rationale === '' ? nothing : html`<p class="prose">${prose(this.model, item, recommendation.rationale)}</p>`}
      ${this.cited(item, recommendation.cited)}
      ${
        option?.kind === 'surgical'
          ? html`<non-operative .model=${this.model} .tick=${this.tick} .caseId=${item.brief.case}></non-operative>`
          : nothing
      }
      ${item.brief.questions.map(
        (question) =>
          html`<div class="answer">
            <h4>${question.text}</h4>
            <p class="prose">${prose(this.model, item, recommendation.answers[question.question] ?? 'No answer.')}</p>
          </div>`,
      )}
      ${
        recommendation.goal_answered === ''
          ? nothing
          : html`<div class="answer">
              <h4>The patient’s goal: ${item.brief.goal}</h4>
              <p class="prose">${prose(this.model, item, recommendation.goal_answered)}</p>
            </div>`
      }
      ${
        recommendation.actions.length === 0
          ? nothing
          : html`<h4>Actions</h4>
              <ul class="actions" role="list">
                ${recommendation.actions.map(
                  (action) =>
                    html`<li>
                      ${icon('circle')}<span class="grow">${action.text}</span>
                      <span class="muted small">${action.owner}${action.due === '' ? '' : `, by ${action.due}`}</span>
                    </li>`,
                )}
              </ul>`
      }
      ${
        recommendation.follow_up === ''
          ? nothing
          : html`<h4>Follow-up</h4>
              <p class="prose">${prose(this.model, item, recommendation.follow_up)}</p>`
      }
    </article>`;
  }

  private cited(item: CaseProjection, cited: readonly string[]): TemplateResult | typeof nothing {
    if (cited.length === 0) return nothing;
    return html`<p class="small">
      Cites:
      ${cited.map((mark) => {
        const known = item.marks[mark];
        if (known === undefined) return html`<span class="chip">a mark since erased</span> `;
        return html`<mark-chip .model=${this.model} .mark=${known}></mark-chip> `;
      })}
    </p>`;
  }
}

customElements.define('room-recommendation', RecommendationPanel);
