/** The joint recommendation: drafted, read back, closed by each discipline, signed. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { CaseProjection, DraftedRecommendation } from '../protocol';
import { decidedWithout, stamp } from '../room/hearing';
import { Panel } from '../room/panel';
import { OUTCOMES } from '../room/words';
import './closing';
import './levels';
import './recommendation-form';
import './sign';

export class RecommendationPanel extends Panel {
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
              <button
                type="button"
                class="btn btn-block"
                ?disabled=${revision === 0 || this.model.waits('choose') || this.model.waits('read-back')}
                @click=${() => this.ask(id, revision)}
              >
                ${icon('book-open')} Read back
              </button>
            </div>`
          : nothing
      }
    `;
  }

  /** One's own last words go first: the server takes what it has at the read-back. */
  private ask(id: string, revision: number): void {
    if (!this.model.texts.unsent(id)) {
      this.model.ask({ type: 'read-back', case: id, revision });
      return;
    }
    const end = this.model.texts.watch(() => {
      if (this.model.texts.unsent(id)) return;
      end();
      this.model.ask({
        type: 'read-back',
        case: id,
        revision: this.model.room.cases[id]?.recommendation?.revision ?? 0,
      });
    });
  }

  private readBack(id: string, item: CaseProjection, drafted: DraftedRecommendation): TemplateResult {
    return html`
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
      ${recommendation.rationale === '' ? nothing : html`<p class="prose">${recommendation.rationale}</p>`}
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
            <p class="prose">${recommendation.answers[question.question] ?? 'No answer.'}</p>
          </div>`,
      )}
      ${
        recommendation.goal_answered === ''
          ? nothing
          : html`<div class="answer">
              <h4>The patient’s goal: ${item.brief.goal}</h4>
              <p class="prose">${recommendation.goal_answered}</p>
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
              <p class="prose">${recommendation.follow_up}</p>`
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
