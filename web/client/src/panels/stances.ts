/** Parity: how each required discipline stands to each option, what it would take, and one's own word on it. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { IconName } from '../icons';
import type { CaseProjection, Option, Stance } from '../protocol';
import { badge } from '../room/badge';
import { Panel } from '../room/panel';
import { OPTION_KINDS, STANCES } from '../room/words';
import { latestOpinion } from './agreement';

type Side = Stance['stance'];

const SIDES: readonly Side[] = ['for', 'neutral', 'against'];
const SIGNS: Readonly<Record<Side, { icon: IconName; words: string; tone: string }>> = {
  for: { icon: 'check', words: STANCES.for, tone: 'good' },
  neutral: { icon: 'minus', words: STANCES.neutral, tone: 'quiet' },
  against: { icon: 'x', words: STANCES.against, tone: 'bad' },
};

/** What a rating says without words: 7 to 9 for, 1 to 3 against. */
export function sideOf(rating: number): Side {
  if (rating >= 7) return 'for';
  return rating <= 3 ? 'against' : 'neutral';
}

export class StancesPanel extends Panel {
  static override properties: PropertyDeclarations = { caseId: { attribute: false }, open: { state: true } };

  caseId = '';
  private open = false;

  override render(): TemplateResult | typeof nothing {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined) return nothing;
    const codes = [...new Set([...item.brief.required, ...Object.keys(item.stances)])];
    return html`<section aria-labelledby="stances-title">
      <h3 id="stances-title">How each discipline stands</h3>
      <ul class="stances" role="list">
        ${item.options.map((option) => this.option(item, option, codes))}
      </ul>
      ${this.silence(item)} ${this.mine(item)}
    </section>`;
  }

  private option(item: CaseProjection, option: Option, codes: readonly string[]): TemplateResult {
    const needs = codes.flatMap((code) => {
      const taken = item.stances[code]?.[option.key];
      return taken === undefined || taken.needs === '' ? [] : [{ code, needs: taken.needs }];
    });
    return html`<li data-option=${option.key}>
      <p class="stances-option">${option.label} <span class="muted small">${OPTION_KINDS[option.kind]}</span></p>
      <p class="stances-row">${codes.map((code) => this.side(code, item.stances[code]?.[option.key]))}</p>
      ${needs.map(
        ({ code, needs: text }) =>
          html`<p class="small stances-needs">
            ${badge(this.model.discipline(code))} <span class="sr-only">${this.model.discipline(code).name}:</span> It
            would take: ${text}
          </p>`,
      )}
    </li>`;
  }

  private side(code: string, taken: Stance | undefined): TemplateResult {
    const { name } = this.model.discipline(code);
    const sign = taken === undefined ? null : SIGNS[taken.stance];
    const words = `${name}: ${sign === null ? 'not said' : sign.words.toLowerCase()}`;
    return html`<span
      class="stance"
      data-tone=${sign?.tone ?? 'quiet'}
      data-side=${taken?.stance ?? 'none'}
      title=${words}
    >
      ${badge(this.model.discipline(code))} ${icon(sign?.icon ?? 'circle')}<span class="sr-only">${words}</span>
    </span>`;
  }

  private silence(item: CaseProjection): TemplateResult | typeof nothing {
    const silent = item.brief.required.filter(
      (code) =>
        item.absent[code] === undefined && item.options.some(({ key }) => item.stances[code]?.[key] === undefined),
    );
    if (silent.length === 0) return nothing;
    const names = silent.map((code) => this.model.discipline(code).name).join(', ');
    return html`<p class="hint">Not said for every option yet: ${names}.</p>`;
  }

  private mine(item: CaseProjection): TemplateResult | typeof nothing {
    const code = this.model.myDiscipline;
    if (code === null || !this.model.may('attest') || this.model.room.phase !== 'open' || item.signed !== null) {
      return nothing;
    }
    const { name } = this.model.discipline(code);
    if (!this.open) {
      return html`<button type="button" class="btn btn-small" data-take-stances @click=${() => (this.open = true)}>
        ${icon('scale')} ${item.stances[code] === undefined ? 'Say' : 'Change'} how ${name} stands
      </button>`;
    }
    return html`<form class="stack stances-mine" @submit=${(event: SubmitEvent) => this.take(event, item)}>
      <p class="muted small">For ${name}. What you rated stands here already; change what talk has changed.</p>
      ${item.options.map((option) => this.field(item, option, code))}
      <div class="row">
        <button type="submit" class="btn btn-primary btn-small">${icon('check')} State for everybody</button>
        <button type="button" class="btn btn-quiet btn-small" @click=${() => (this.open = false)}>Cancel</button>
      </div>
    </form>`;
  }

  private field(item: CaseProjection, option: Option, code: string): TemplateResult {
    const taken = item.stances[code]?.[option.key];
    const rated = latestOpinion(item, this.model.me)?.ratings[option.key];
    const chosen = taken?.stance ?? (rated === undefined ? null : sideOf(rated));
    return html`<fieldset class="stance-field">
      <legend>
        ${option.label}${rated === undefined ? nothing : html` <span class="muted small">you rated ${rated}</span>`}
      </legend>
      <div class="stance-sides">
        ${SIDES.map(
          (side) =>
            html`<label class="check"
              ><input type="radio" name=${`side-${option.key}`} value=${side} ?checked=${chosen === side} />
              <span>${SIGNS[side].words}</span></label
            >`,
        )}
      </div>
      <label class="sr-only" for=${`needs-${option.key}`}>What it would take to be for ${option.label}</label>
      <input
        id=${`needs-${option.key}`}
        name=${`needs-${option.key}`}
        maxlength="500"
        placeholder="What it would take"
        .value=${taken?.needs ?? ''}
      />
    </fieldset>`;
  }

  private take(event: SubmitEvent, item: CaseProjection): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const stances = item.options.flatMap(({ key }) => {
      const stance = data.get(`side-${key}`);
      const needs = data.get(`needs-${key}`);
      if (typeof stance !== 'string') return [];
      return [[key, { stance: stance as Side, needs: typeof needs === 'string' ? needs.trim() : '' }] as const];
    });
    if (stances.length > 0) {
      this.model.ask({ type: 'take-stances', case: this.caseId, stances: Object.fromEntries(stances) });
    }
    this.open = false;
  }
}

customElements.define('room-stances', StancesPanel);
