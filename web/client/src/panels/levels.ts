/** What the case's pages know of its levels: the numbering, grades that are open, scores and the plan; read here, changed there. */

import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { Panel } from '../room/panel';

interface OpenedGrade {
  readonly where: string;
  readonly name: string;
  /** `B (neuroradiology)`. */
  readonly grades: readonly string[];
  readonly apart: number;
}

interface Kappa {
  readonly name: string;
  readonly pair: string;
  readonly pairs: number;
  /** Linear weights where the grades are steps; null: too few pairs, or no spread. */
  readonly kappa: number | null;
}

interface StandingScore {
  readonly name: string;
  readonly where: string;
  readonly said: string;
  /** What its source says of it; empty where it says nothing. */
  readonly band: string;
  readonly verified: boolean;
  readonly source: string;
}

interface LevelSummary {
  readonly numbering: 'accepted' | 'proposed' | 'assumed' | 'missing';
  readonly method: string;
  /** Levels of the signed words that mean another vertebra since. */
  readonly resign: readonly string[];
  readonly grades: readonly OpenedGrade[];
  readonly kappas: readonly Kappa[];
  readonly scores: readonly StandingScore[];
  readonly plan: {
    readonly index: number;
    readonly columns: readonly { readonly key: string; readonly label: string; readonly side: string }[];
    readonly rows: readonly { readonly vertebra: string; readonly done: readonly string[] }[];
  };
}

const NUMBERED: Readonly<Record<LevelSummary['numbering'], { tone: string; words: string }>> = {
  accepted: { tone: 'good', words: 'Numbering accepted' },
  proposed: { tone: 'warn', words: 'Numbering proposed, not accepted' },
  assumed: { tone: 'warn', words: 'Numbering only assumed' },
  missing: { tone: 'warn', words: 'Vertebrae not numbered' },
};

export class LevelsPanel extends Panel {
  static override properties: PropertyDeclarations = { caseId: { attribute: false }, found: { state: true } };

  caseId = '';
  private found: LevelSummary | null = null;
  private asked = '';

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.back);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.back);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('caseId')) this.found = null;
    const signed = this.model.room.cases[this.caseId]?.signed?.revision ?? 0;
    const wanted = `${this.caseId} ${signed}`;
    if (wanted === this.asked) return;
    this.asked = wanted;
    void this.load(this.caseId);
  }

  override render(): TemplateResult | typeof nothing {
    if (this.found === null) return nothing;
    const { numbering, method, resign, grades, scores, plan } = this.found;
    const { tone, words } = NUMBERED[numbering];
    return html`<section class="stack levels" aria-labelledby="levels-title">
      <h3 id="levels-title">Levels</h3>
      ${resign.length === 0 ? nothing : this.again(resign)}
      <p class="row spread">
        <span class="status" data-tone=${tone} data-numbering=${numbering} title=${method}
          >${icon(numbering === 'accepted' ? 'check' : 'triangle-alert')} ${words}</span
        >
        ${this.link('numbering', 'Numbering')}
      </p>
      <details class="room-fold" data-grades>
        <summary>${icon('chevron-right')} Grades, ${grades.length} opened</summary>
        ${this.grades()} ${this.link('grades', 'Grade a level')}
      </details>
      <details class="room-fold" data-scores>
        <summary>${icon('chevron-right')} Clinical scores, ${scores.length} entered</summary>
        ${this.scores()} ${this.link('clinical-scores', 'Enter a score')}
      </details>
      <details class="room-fold" data-plan>
        <summary>${icon('chevron-right')} Plan, invasiveness index ${plan.index}</summary>
        ${this.plan()} ${this.link('plans/board', 'Change the plan')}
      </details>
    </section>`;
  }

  private again(levels: readonly string[]): TemplateResult {
    return html`<div class="banner" data-tone="bad" role="alert" data-resign>
      ${icon('triangle-alert')}
      <div>
        <b>Numbering changed: sign again.</b> ${levels.join(', ')} in the signed recommendation
        ${levels.length === 1 ? 'means' : 'mean'} another vertebra since.
        <a href=${`/cases/${this.caseId}/letter`} target="_blank" rel="noopener">Open what was signed</a>
      </div>
    </div>`;
  }

  private link(page: string, words: string): TemplateResult {
    return html`<a class="small" href=${`/cases/${this.caseId}/${page}`} target="_blank" rel="noopener"
      >${words}<span class="sr-only"> (opens beside the room)</span></a
    >`;
  }

  private grades(): TemplateResult {
    const { grades, kappas } = this.found!;
    return html`
      ${grades.length === 0 ? html`<p class="hint">A pair of grades opens when both disciplines are in.</p>` : nothing}
      <ul class="remarks small" role="list">
        ${grades.map(
          (one) =>
            html`<li>
              <b>${one.where}</b> ${one.name}: ${one.grades.join(' and ')}
              ${one.apart > 0 ? html`<span class="status" data-tone="warn">${icon('scale')} differ by ${one.apart}</span>` : nothing}
            </li>`,
        )}
        ${kappas.map(
          (one) =>
            html`<li class="muted">
              ${one.name}, ${one.pair}:
              ${one.kappa === null ? 'no kappa yet' : html`kappa <span class="number">${one.kappa.toFixed(2)}</span>`}
              from ${one.pairs} ${one.pairs === 1 ? 'pair' : 'pairs'}
            </li>`,
        )}
      </ul>
    `;
  }

  private scores(): TemplateResult {
    return html`<ul class="remarks small" role="list">
      ${this.found!.scores.map(
        (one) =>
          html`<li>
            <b>${one.name}</b>${one.where === '' ? nothing : `, ${one.where}`}:
            ${one.said}${one.band === '' ? nothing : `, ${one.band}`}
            ${one.verified ? nothing : html`<span class="status" data-tone="warn">${icon('triangle-alert')} unverified</span>`}
            <span class="source">${one.source}</span>
          </li>`,
      )}
    </ul>`;
  }

  private plan(): TemplateResult {
    const { columns, rows } = this.found!.plan;
    if (rows.length === 0) return html`<p class="hint">No operation is planned.</p>`;
    return html`<div class="table-wrap" tabindex="0" role="region" aria-label="Level by intervention">
      <table class="ratings">
        <thead>
          <tr>
            <th scope="col">Vertebra</th>
            ${columns.map(({ label, side }) => html`<th scope="col">${label}<span class="sub muted">${side}</span></th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ vertebra, done }) =>
              html`<tr>
                <th scope="row">${vertebra}</th>
                ${columns.map(({ key }) => html`<td>${done.includes(key) ? icon('check', 'yes') : '–'}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  /** Back from a page beside the room, where it may have changed. */
  private readonly back = (): void => {
    if (!document.hidden && this.caseId !== '') void this.load(this.caseId);
  };

  /** A guest may not read it, a server that is away will be asked again: either leaves what was there. */
  private async load(id: string): Promise<void> {
    try {
      const answer = await fetch(`/cases/${id}/levels-summary.json`, { headers: { Accept: 'application/json' } });
      if (answer.ok && id === this.caseId) this.found = (await answer.json()) as LevelSummary;
    } catch {
      this.asked = '';
    }
  }
}

customElements.define('room-levels', LevelsPanel);
