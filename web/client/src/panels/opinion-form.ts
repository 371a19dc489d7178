/** One sealed opinion: preferred option, a rating for each, and how sure one is. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { CaseProjection, Opinion, Option } from '../protocol';
import { Panel } from '../room/panel';
import { OPTION_KINDS } from '../room/words';

const RATINGS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

export class OpinionForm extends Panel {
  static override properties: PropertyDeclarations = { caseId: { attribute: false }, editing: { state: true } };

  caseId = '';
  private editing = false;
  private problem = '';

  override render(): TemplateResult | typeof nothing {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined) return nothing;
    const mine = item.opinions[`${item.round}:${this.model.me}`]?.opinion ?? null;
    if (mine !== null && !this.editing) return this.given(item, mine);
    return this.form(item, mine);
  }

  private given(item: CaseProjection, mine: Opinion): TemplateResult {
    const preferred = item.options.find((option) => option.key === mine.preferred)?.label ?? 'no option';
    return html`<div class="sealed-mine">
      <p>${icon('lock')} Your opinion is sealed: you prefer <b>${preferred}</b>, ${mine.confidence} % sure.</p>
      <button type="button" class="btn btn-small" @click=${() => (this.editing = true)}>Change it</button>
    </div>`;
  }

  private form(item: CaseProjection, mine: Opinion | null): TemplateResult {
    const waiting = this.model.waits('give-opinion');
    return html`<form class="stack opinion-form" novalidate @submit=${(event: SubmitEvent) => this.give(event, item)}>
      <p class="muted small">You speak for ${this.model.discipline(this.model.myDiscipline).name}.</p>
      ${item.options.map((option) => this.option(option, mine))}
      ${slider('confidence', 'How sure are you?', mine?.confidence ?? 50, 100, '%')}
      ${slider('concordance', 'Symptoms match the images', mine?.concordance ?? 5, 10, 'of 10')}
      ${slider('improvement', 'Chance of an important improvement', mine?.improvement ?? 50, 100, '%')}
      <div class="field">
        <label for="opinion-comment">Why (optional)</label>
        <textarea id="opinion-comment" name="comment" rows="3" .value=${mine?.comment ?? ''}></textarea>
      </div>
      ${this.problem === '' ? nothing : html`<p class="error" role="alert">${icon('circle-alert')} ${this.problem}</p>`}
      <button type="submit" class="btn btn-primary" ?disabled=${waiting}>
        ${icon('lock')} ${waiting ? 'Sealing…' : 'Seal my opinion'}
      </button>
    </form>`;
  }

  private option(option: Option, mine: Opinion | null): TemplateResult {
    const rated = mine?.ratings[option.key];
    return html`<fieldset class="rate">
      <legend>${option.label} <span class="muted">${OPTION_KINDS[option.kind]}</span></legend>
      <div class="scale">
        ${RATINGS.map(
          (value) =>
            html`<label
              ><input type="radio" name=${`rating-${option.key}`} value=${value} ?checked=${rated === value} /><span
                >${value}</span
              ></label
            >`,
        )}
      </div>
      <div class="scale-ends muted" aria-hidden="true"><span>not appropriate</span><span>appropriate</span></div>
      <label class="check"
        ><input type="radio" name="preferred" value=${option.key} ?checked=${mine?.preferred === option.key} />
        <span>I prefer this one</span></label
      >
    </fieldset>`;
  }

  private give(event: SubmitEvent, item: CaseProjection): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const preferred = text(data, 'preferred');
    const rated = item.options.flatMap((option) => {
      const value = text(data, `rating-${option.key}`);
      return value === '' ? [] : [[option.key, Number(value)] as const];
    });
    const unrated = item.options.find((option) => text(data, `rating-${option.key}`) === '');
    this.problem = '';
    if (unrated !== undefined) this.problem = `Rate “${unrated.label}” from 1 to 9.`;
    else if (preferred === '') this.problem = 'Choose the option you prefer.';
    this.requestUpdate();
    if (this.problem !== '') return;
    const opinion: Opinion = {
      preferred,
      ratings: Object.fromEntries(rated),
      confidence: Number(text(data, 'confidence')),
      concordance: Number(text(data, 'concordance')),
      improvement: Number(text(data, 'improvement')),
      comment: text(data, 'comment').trim(),
    };
    this.model.ask({ type: 'give-opinion', case: this.caseId, opinion });
    this.editing = false;
  }
}

function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value : '';
}

function slider(name: string, label: string, value: number, most: number, unit: string): TemplateResult {
  const show = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const output = input.parentElement?.querySelector('output') ?? null;
    if (output !== null) output.value = `${input.value} ${unit}`;
    input.setAttribute('aria-valuetext', `${input.value} ${unit}`);
  };
  return html`<div class="field slider">
    <label for=${`opinion-${name}`}>${label}</label>
    <input
      id=${`opinion-${name}`}
      type="range"
      name=${name}
      min="0"
      max=${most}
      step=${most === 100 ? 5 : 1}
      .value=${String(value)}
      aria-valuetext=${`${value} ${unit}`}
      @input=${show}
    />
    <output for=${`opinion-${name}`} class="number">${value} ${unit}</output>
  </div>`;
}

customElements.define('opinion-form', OpinionForm);
