/** The levels of the case on the table: numbering, blind grades, scores and the plan, live for everybody. */

import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import '../levels/levels.css';
import { icon } from '../icon';
import { fetchSummary, type LevelSummary } from '../levels/facts';
import '../levels/grading';
import '../levels/numbering';
import '../levels/plan';
import { Panel } from '../room/panel';

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
    const wanted = `${this.caseId} ${signed} ${this.model.levels}`;
    if (wanted === this.asked) return;
    this.asked = wanted;
    void this.load(this.caseId);
  }

  override render(): TemplateResult | typeof nothing {
    if (this.found === null) return nothing;
    const { resign, numbering, grades, scores, plan } = this.found;
    const opened = grades.places.filter((one) => one.opened).length;
    return html`<section
      class="stack levels"
      aria-labelledby="levels-title"
      @levels-changed=${() => void this.load(this.caseId)}
    >
      <h3 id="levels-title">Levels</h3>
      ${resign.length === 0 ? nothing : this.again(resign)}
      <level-numbering .caseId=${this.caseId} .facts=${numbering}></level-numbering>
      <details class="room-fold" data-grades>
        <summary>${icon('chevron-right')} Grades, ${opened} opened</summary>
        <level-grading .caseId=${this.caseId} .facts=${grades} .tick=${this.tick}></level-grading>
      </details>
      <details class="room-fold" data-scores>
        <summary>${icon('chevron-right')} Clinical scores, ${scores.length} entered</summary>
        ${this.scores()} ${this.link('clinical-scores', 'Enter a score')}
      </details>
      <details class="room-fold" data-plan>
        <summary>${icon('chevron-right')} Plan, invasiveness index ${plan.board.index}</summary>
        <level-plan .caseId=${this.caseId} .facts=${plan}></level-plan>
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

  /** Back from a page beside the room, where it may have changed. */
  private readonly back = (): void => {
    if (!document.hidden && this.caseId !== '') void this.load(this.caseId);
  };

  /** A guest may not read it, a server that is away will be asked again: either leaves what was there. */
  private async load(id: string): Promise<void> {
    try {
      const found = await fetchSummary(id);
      if (found !== null && id === this.caseId) this.found = found;
    } catch {
      this.asked = '';
    }
  }
}

customElements.define('room-levels', LevelsPanel);
