/** The draft of the recommendation: one revision at a time, never overwriting words that somebody else saved meanwhile. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../icon';
import type { ActionItem, CaseProjection, Mark, Outcome, Recommendation } from '../protocol';
import { badge } from '../room/badge';
import { Panel } from '../room/panel';
import { OUTCOMES } from '../room/words';
import { markName } from './mark-chip';

const BLANK: Recommendation = {
  outcome: 'consensus',
  option: '',
  rationale: '',
  answers: {},
  actions: [],
  follow_up: '',
  goal_answered: '',
  cited: [],
};
const WITHOUT_OPTION: readonly Outcome[] = ['none', 'deferred'];

export class RecommendationForm extends Panel {
  static override properties: PropertyDeclarations = { caseId: { attribute: false }, words: { state: true } };

  caseId = '';
  /** My words that are not saved; null: I show what is saved. */
  private words: Recommendation | null = null;
  /** Revision that my words started from. */
  private base = 0;
  /** The command that carries my words, until it is answered. */
  private saving: string | null = null;
  private problem = '';

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('caseId')) this.forget();
    if (this.saving !== null && !this.model.session.pending.has(this.saving)) this.answered(this.saving);
  }

  override render(): TemplateResult | typeof nothing {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined) return nothing;
    const saved = item.recommendation;
    const shown = this.words ?? saved?.recommendation ?? BLANK;
    const overtaken = this.words !== null && saved !== null && saved.revision > this.base && this.saving === null;
    return html`<form
      class="stack recommendation-form"
      @submit=${(event: Event) => this.save(event, item)}
      @keydown=${(event: KeyboardEvent) => this.key(event, item)}
    >
      <div class="panel-head">
        <h3>Recommendation</h3>
        <span class="muted small" data-saved>${this.state(item)}</span>
      </div>
      ${overtaken ? this.conflict(item) : nothing}
      <fieldset class="stack" ?disabled=${!this.model.may('draft')}>
        ${this.verdict(item, shown)} ${this.rationale(item, shown)} ${this.answers(item, shown)} ${this.actions(shown)}
        ${this.area('follow_up', 'Follow-up', shown.follow_up, 2)}
      </fieldset>
      ${this.problem === '' ? nothing : html`<p class="error" role="alert">${icon('circle-alert')} ${this.problem}</p>`}
      ${
        this.model.may('draft')
          ? html`<button
              type="submit"
              class="btn btn-primary"
              ?disabled=${this.saving !== null || (this.words === null && saved !== null)}
            >
              ${icon('save')} ${this.saving === null ? 'Save for everybody' : 'Saving…'}
            </button>`
          : nothing
      }
    </form>`;
  }

  private state(item: CaseProjection): string {
    if (this.saving !== null) return 'Saving…';
    if (this.words !== null) return 'Not saved yet';
    const saved = item.recommendation;
    if (saved === null) return 'Nothing written yet';
    return `Revision ${saved.revision}, ${this.model.nameOf(saved.person)}`;
  }

  private conflict(item: CaseProjection): TemplateResult {
    const saved = item.recommendation;
    return html`<div class="banner" data-tone="warn" role="alert">
      ${icon('triangle-alert')}
      <div class="stack">
        <p>
          ${this.model.nameOf(saved?.person ?? '')} saved revision ${saved?.revision} while you were writing. Your words
          are still here and are not saved.
        </p>
        <div class="row">
          <button type="button" class="btn btn-small" @click=${() => this.forget()}>Take theirs</button>
          <button type="button" class="btn btn-small" @click=${() => this.rebase(item)}>
            Keep mine as the next revision
          </button>
        </div>
      </div>
    </div>`;
  }

  private verdict(item: CaseProjection, shown: Recommendation): TemplateResult {
    const choosing = !WITHOUT_OPTION.includes(shown.outcome);
    return html`<div class="field">
        <label for="rec-outcome">Outcome</label>
        <select id="rec-outcome" @change=${(event: Event) => this.change({ outcome: valueOf(event) as Outcome })}>
          ${Object.entries(OUTCOMES).map(
            ([key, label]) => html`<option value=${key} ?selected=${shown.outcome === key}>${label}</option>`,
          )}
        </select>
      </div>
      ${
        choosing
          ? html`<div class="field">
              <label for="rec-option">Option</label>
              <select id="rec-option" @change=${(event: Event) => this.change({ option: valueOf(event) })}>
                <option value="" ?selected=${shown.option === ''}>Choose…</option>
                ${item.options.map(
                  (option) =>
                    html`<option value=${option.key} ?selected=${shown.option === option.key}>${option.label}</option>`,
                )}
              </select>
            </div>`
          : nothing
      }`;
  }

  private rationale(item: CaseProjection, shown: Recommendation): TemplateResult {
    const marks = Object.values(item.marks);
    return html`${this.area('rationale', 'Rationale', shown.rationale, 5)}
    ${
      marks.length === 0
        ? nothing
        : html`<fieldset class="cite">
            <legend class="label">Marks it rests on</legend>
            ${marks.map((mark) => this.cite(mark, shown))}
          </fieldset>`
    }`;
  }

  private cite(mark: Mark, shown: Recommendation): TemplateResult {
    const cited = shown.cited.includes(mark.mark);
    const toggle = (): void =>
      this.change({ cited: cited ? shown.cited.filter((other) => other !== mark.mark) : [...shown.cited, mark.mark] });
    return html`<label class="check"
      ><input type="checkbox" .checked=${cited} @change=${toggle} />${badge(this.model.discipline(mark.discipline))}
      <span>${markName(mark)} <span class="muted small">${mark.author_name}</span></span></label
    >`;
  }

  private answers(item: CaseProjection, shown: Recommendation): TemplateResult {
    return html`${item.brief.questions.map(
      (question, index) =>
        html`<div class="field">
          <label for=${`rec-answer-${index}`}>Answer: ${question.text}</label>
          <textarea
            id=${`rec-answer-${index}`}
            rows="2"
            .value=${shown.answers[question.question] ?? ''}
            @input=${(event: Event) => this.change({ answers: { ...(this.words ?? shown).answers, [question.question]: valueOf(event) } })}
          ></textarea>
        </div>`,
    )}
    ${this.area('goal_answered', item.brief.goal === '' ? 'The patient’s goal' : `The patient’s goal: ${item.brief.goal}`, shown.goal_answered, 2)}`;
  }

  private actions(shown: Recommendation): TemplateResult {
    return html`<fieldset class="stack">
      <legend class="label">Actions</legend>
      ${repeat(
        shown.actions,
        (_action, index) => index,
        (action, index) => this.action(shown, action, index),
      )}
      <div>
        <button
          type="button"
          class="btn btn-small"
          @click=${() => this.change({ actions: [...shown.actions, { text: '', owner: '', due: '' }] })}
        >
          ${icon('plus')} Add an action
        </button>
      </div>
    </fieldset>`;
  }

  private action(shown: Recommendation, action: ActionItem, index: number): TemplateResult {
    const set = (change: Partial<ActionItem>): void =>
      this.change({
        actions: shown.actions.map((other, place) => (place === index ? { ...other, ...change } : other)),
      });
    const nth = `Action ${index + 1}`;
    return html`<div class="action">
      <input
        aria-label=${`${nth}: what`}
        placeholder="What is to be done"
        .value=${action.text}
        @input=${(event: Event) => set({ text: valueOf(event) })}
      />
      <input
        aria-label=${`${nth}: owner`}
        placeholder="Owner"
        list="rec-people"
        .value=${action.owner}
        @input=${(event: Event) => set({ owner: valueOf(event) })}
      />
      <input
        aria-label=${`${nth}: due`}
        type="date"
        .value=${action.due}
        @input=${(event: Event) => set({ due: valueOf(event) })}
      />
      <button
        type="button"
        class="btn btn-quiet btn-icon"
        aria-label=${`Remove ${nth.toLowerCase()}`}
        @click=${() => this.change({ actions: shown.actions.filter((_other, place) => place !== index) })}
      >
        ${icon('x')}
      </button>
      ${index === 0 ? html`<datalist id="rec-people">${Object.values(this.model.room.people).map((seat) => html`<option value=${seat.name}></option>`)}</datalist>` : nothing}
    </div>`;
  }

  private area(
    name: 'rationale' | 'follow_up' | 'goal_answered',
    label: string,
    value: string,
    rows: number,
  ): TemplateResult {
    return html`<div class="field">
      <label for=${`rec-${name}`}>${label}</label>
      <textarea
        id=${`rec-${name}`}
        rows=${rows}
        .value=${value}
        @input=${(event: Event) => this.change({ [name]: valueOf(event) })}
      ></textarea>
    </div>`;
  }

  private change(change: Partial<Recommendation>): void {
    const saved = this.model.room.cases[this.caseId]?.recommendation;
    if (this.words === null) this.base = saved?.revision ?? 0;
    this.words = { ...(this.words ?? saved?.recommendation ?? BLANK), ...change };
    this.problem = '';
  }

  private key(event: KeyboardEvent, item: CaseProjection): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.save(event, item);
  }

  private save(event: Event, item: CaseProjection): void {
    event.preventDefault();
    if (this.saving !== null) return;
    const words = complete(this.words ?? BLANK, item);
    if (words.option === '' && !WITHOUT_OPTION.includes(words.outcome)) {
      this.problem = 'Choose the option that is recommended, or an outcome without one.';
      this.requestUpdate();
      return;
    }
    const revision = this.base;
    this.saving = this.model.ask({ type: 'draft-recommendation', case: this.caseId, revision, recommendation: words });
    this.requestUpdate();
  }

  private answered(id: string): void {
    this.saving = null;
    const refusal = this.model.session.refused.get(id);
    if (refusal === undefined) this.forget();
    else this.problem = refusal.reason;
  }

  private rebase(item: CaseProjection): void {
    this.base = item.recommendation?.revision ?? 0;
    this.requestUpdate();
  }

  private forget(): void {
    this.words = null;
    this.saving = null;
    this.problem = '';
    this.requestUpdate();
  }
}

/** Ready to send: no option where the outcome has none, no empty actions. */
function complete(words: Recommendation, item: CaseProjection): Recommendation {
  const asked = new Set(item.brief.questions.map((question) => question.question));
  return {
    ...words,
    option: WITHOUT_OPTION.includes(words.outcome) ? '' : words.option,
    answers: Object.fromEntries(
      Object.entries(words.answers).filter(([question, answer]) => asked.has(question) && answer.trim() !== ''),
    ),
    actions: words.actions.filter((action) => action.text.trim() !== ''),
    cited: words.cited.filter((mark) => item.marks[mark] !== undefined),
  };
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement).value;
}

customElements.define('recommendation-form', RecommendationForm);
