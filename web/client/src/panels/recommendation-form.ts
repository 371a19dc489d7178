/**
 * The draft of the recommendation: its words are typed by everybody at once, its choices are drafted one by one.
 *
 * A choice that somebody else's overtook is given again on top of it, so that the last one counts for each part alone.
 */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../icon';
import type { ActionItem, CaseProjection, Mark, Outcome } from '../protocol';
import { badge } from '../room/badge';
import { Panel } from '../room/panel';
import { OUTCOMES } from '../room/words';
import './joint-field';
import { markName } from './mark-chip';
import './non-operative';
import './saved-state';

/** What of a recommendation is chosen, not typed. */
export interface Choices {
  readonly outcome: Outcome;
  readonly option: string;
  readonly actions: readonly ActionItem[];
  readonly cited: readonly string[];
}

const BLANK: Choices = { outcome: 'consensus', option: '', actions: [], cited: [] };
const WITHOUT_OPTION: readonly Outcome[] = ['none', 'deferred'];

export class RecommendationForm extends Panel {
  static override properties: PropertyDeclarations = { caseId: { attribute: false }, mine: { state: true } };

  caseId = '';
  /** My choices that the room has not taken yet. */
  private mine: Partial<Choices> = {};
  /** The command that carries them, until it is answered. */
  private saving: string | null = null;
  problem = '';

  /** Whether the room has every choice made here, as far as it has words. */
  get settled(): boolean {
    return this.saving === null;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('caseId')) this.forget();
    if (this.saving !== null && !this.model.session.pending.has(this.saving)) this.answered(this.saving);
  }

  override render(): TemplateResult | typeof nothing {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined) return nothing;
    const shown = { ...choicesOf(item), ...this.mine };
    const may = this.model.may('draft');
    return html`<div class="stack recommendation-form">
      <div class="panel-head">
        <h3>Recommendation</h3>
        <saved-state .model=${this.model} .tick=${this.tick} .caseId=${this.caseId}></saved-state>
      </div>
      <fieldset class="stack" ?disabled=${!may}>${this.verdict(item, shown)}</fieldset>
      ${
        item.options.some((option) => option.key === shown.option && option.kind === 'surgical')
          ? html`<non-operative .model=${this.model} .tick=${this.tick} .caseId=${this.caseId}></non-operative>`
          : nothing
      }
      ${this.words('rationale', 'Rationale', 5)} ${this.marks(item, shown, may)} ${this.answers(item)}
      <fieldset class="stack" ?disabled=${!may}>${this.actions(shown)}</fieldset>
      ${this.words('follow_up', 'Follow-up', 2)}
      ${this.problem === '' ? nothing : html`<p class="error" role="alert">${icon('circle-alert')} ${this.problem}</p>`}
    </div>`;
  }

  private verdict(item: CaseProjection, shown: Choices): TemplateResult {
    return html`<div class="field">
        <label for="rec-outcome">Outcome</label>
        <select id="rec-outcome" @change=${(event: Event) => this.choose({ outcome: valueOf(event) as Outcome })}>
          ${Object.entries(OUTCOMES).map(
            ([key, label]) => html`<option value=${key} ?selected=${shown.outcome === key}>${label}</option>`,
          )}
        </select>
      </div>
      ${
        WITHOUT_OPTION.includes(shown.outcome)
          ? nothing
          : html`<div class="field">
              <label for="rec-option">Option</label>
              <select id="rec-option" @change=${(event: Event) => this.choose({ option: valueOf(event) })}>
                <option value="" ?selected=${shown.option === ''}>Choose…</option>
                ${item.options.map(
                  (option) =>
                    html`<option value=${option.key} ?selected=${shown.option === option.key}>${option.label}</option>`,
                )}
              </select>
            </div>`
      }`;
  }

  private words(field: string, label: string, rows: number, name = `rec-${field}`): TemplateResult {
    return html`<joint-field
      .model=${this.model}
      .tick=${this.tick}
      .caseId=${this.caseId}
      .field=${field}
      .name=${name}
      .label=${label}
      .rows=${rows}
    ></joint-field>`;
  }

  private marks(item: CaseProjection, shown: Choices, may: boolean): TemplateResult | typeof nothing {
    const marks = Object.values(item.marks);
    if (marks.length === 0) return nothing;
    const cited = shown.cited.map((id) => item.marks[id]).filter((mark) => mark !== undefined);
    return html`${
        cited.length === 0
          ? nothing
          : html`<p class="small" data-cited>
              Cites: ${cited.map((mark) => html`<mark-chip .model=${this.model} .mark=${mark}></mark-chip> `)}
            </p>`
      }
      <fieldset class="cite" ?disabled=${!may}>
        <legend class="label">Marks it rests on</legend>
        ${marks.map((mark) => this.cite(mark, shown))}
      </fieldset>`;
  }

  private cite(mark: Mark, shown: Choices): TemplateResult {
    const cited = shown.cited.includes(mark.mark);
    const toggle = (): void =>
      this.choose({ cited: cited ? shown.cited.filter((other) => other !== mark.mark) : [...shown.cited, mark.mark] });
    return html`<label class="check"
      ><input type="checkbox" .checked=${cited} @change=${toggle} />${badge(this.model.discipline(mark.discipline))}
      <span>${markName(mark)} <span class="muted small">${mark.author_name}</span></span></label
    >`;
  }

  private answers(item: CaseProjection): TemplateResult {
    const goal = item.brief.goal === '' ? 'The patient’s goal' : `The patient’s goal: ${item.brief.goal}`;
    return html`${item.brief.questions.map((question, index) =>
      this.words(`answer:${question.question}`, `Answer: ${question.text}`, 2, `rec-answer-${index}`),
    )}
    ${this.words('goal_answered', goal, 2)}`;
  }

  private actions(shown: Choices): TemplateResult {
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
          @click=${() => (this.mine = { ...this.mine, actions: [...shown.actions, { text: '', owner: '', due: '' }] })}
        >
          ${icon('plus')} Add an action
        </button>
      </div>
    </fieldset>`;
  }

  private action(shown: Choices, action: ActionItem, index: number): TemplateResult {
    const part = (label: string, key: keyof ActionItem): TemplateResult =>
      html`<input
        aria-label=${`Action ${index + 1}: ${label}`}
        type=${key === 'due' ? 'date' : 'text'}
        placeholder=${key === 'text' ? 'What is to be done' : key === 'owner' ? 'Owner' : nothing}
        list=${key === 'owner' ? 'rec-people' : nothing}
        .value=${action[key]}
        @change=${(event: Event) => {
          const changed = { ...action, [key]: valueOf(event) };
          this.choose({ actions: shown.actions.map((other, place) => (place === index ? changed : other)) });
        }}
      />`;
    return html`<div class="action">
      ${part('what', 'text')} ${part('owner', 'owner')} ${part('due', 'due')}
      <button
        type="button"
        class="btn btn-quiet btn-icon"
        aria-label=${`Remove action ${index + 1}`}
        @click=${() => this.choose({ actions: shown.actions.filter((_other, place) => place !== index) })}
      >
        ${icon('x')}
      </button>
      ${index === 0 ? html`<datalist id="rec-people">${Object.values(this.model.room.people).map((seat) => html`<option value=${seat.name}></option>`)}</datalist>` : nothing}
    </div>`;
  }

  private choose(change: Partial<Choices>): void {
    this.mine = { ...this.mine, ...change };
    this.problem = '';
    if (this.saving === null) this.send();
  }

  private send(): void {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined) return;
    const saved = choicesOf(item);
    const choices = complete({ ...saved, ...this.mine }, item);
    const drafted = item.recommendation;
    if (drafted !== null && same(choices, saved)) return;
    this.saving = this.model.ask({ type: 'choose', case: this.caseId, revision: drafted?.revision ?? 0, ...choices });
    this.requestUpdate();
  }

  private answered(id: string): void {
    this.saving = null;
    const refusal = this.model.session.refused.get(id);
    if (refusal === undefined) {
      this.settle();
      return;
    }
    this.model.session.dismiss(id);
    if (refusal.code === 'stale-revision') this.send();
    else {
      this.problem = refusal.reason;
      this.mine = {};
    }
  }

  /** What the room has taken is no longer mine; a row of actions without words yet stays. */
  private settle(): void {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined) return;
    const saved = choicesOf(item);
    const left = Object.entries(this.mine).filter(
      ([key, value]) => JSON.stringify(saved[key as keyof Choices]) !== JSON.stringify(value),
    );
    this.mine = Object.fromEntries(left);
    if (left.length > 0) this.send();
  }

  private forget(): void {
    this.mine = {};
    this.saving = null;
    this.problem = '';
  }
}

function choicesOf(item: CaseProjection): Choices {
  if (item.recommendation === null) return BLANK;
  const { outcome, option, actions, cited } = item.recommendation.recommendation;
  return { outcome, option, actions, cited };
}

/** Ready to send: no option where the outcome has none, no action without words, no mark that is gone. */
function complete(choices: Choices, item: CaseProjection): Choices {
  return {
    outcome: choices.outcome,
    option: WITHOUT_OPTION.includes(choices.outcome) ? '' : choices.option,
    actions: choices.actions.filter((action) => action.text.trim() !== ''),
    cited: choices.cited.filter((mark) => item.marks[mark] !== undefined),
  };
}

function same(one: Choices, other: Choices): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}

customElements.define('recommendation-form', RecommendationForm);
