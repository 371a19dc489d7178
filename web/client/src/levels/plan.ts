/** `<level-plan>`: the board's operation as a grid of vertebra and intervention, with its index while it is changed. */
import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { changed, rebased, same, toggled, type Cells } from './cells';
import { send, type PlanFacts, type Refusal } from './facts';

const STEPS: Readonly<Record<string, readonly [number, number] | undefined>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** What was ticked and not kept yet, and the plan it was made from. */
interface Draft {
  readonly cells: Cells;
  readonly features: Cells;
  readonly from: PlanFacts;
}

export class LevelPlan extends LitElement {
  static override properties: PropertyDeclarations = {
    caseId: { attribute: false },
    facts: { attribute: false },
    draft: { state: true },
    region: { state: true },
    refusal: { state: true },
    overtaken: { state: true },
    told: { state: true },
    busy: { state: true },
  };

  caseId = '';
  facts: PlanFacts | null = null;
  private draft: Draft | null = null;
  private region = 'lumbar';
  private refusal: Refusal | null = null;
  /** Somebody else changed the plan under one's own changes. */
  private overtaken = false;
  private told = '';
  private busy = false;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** A plan that was changed by somebody else takes one's own changes on top, and says so. */
  protected override willUpdate(update: Map<string, unknown>): void {
    if (update.has('caseId') && update.get('caseId') !== undefined) this.drop();
    const { draft, facts } = this;
    if (!update.has('facts') || draft === null || facts === null || draft.from.revision === facts.revision) return;
    const cells = rebased(new Set(draft.from.board.cells), draft.cells, new Set(facts.board.cells));
    const features = rebased(new Set(draft.from.features), draft.features, new Set(facts.features));
    const nothingLeft = same(cells, new Set(facts.board.cells)) && same(features, new Set(facts.features));
    this.draft = nothingLeft || !facts.may_change ? null : { cells, features, from: facts };
    this.overtaken = !nothingLeft;
    this.refusal = null;
  }

  override render(): TemplateResult | typeof nothing {
    const { facts } = this;
    if (facts === null) return nothing;
    const cells = this.draft?.cells ?? new Set(facts.board.cells);
    return html`<form class="stack plan-form" aria-label="The board’s plan" @submit=${this.submitted}>
      ${this.index(facts, cells)}
      ${
        this.overtaken
          ? html`<div class="banner" data-tone="warn" role="alert" data-overtaken>
              ${icon('triangle-alert')}
              <div>
                <b>Somebody else changed the plan meanwhile.</b>
                ${this.draft === null ? 'It can no longer be changed.' : 'Theirs stands below with your changes on top: look at it, then keep it.'}
              </div>
            </div>`
          : nothing
      }
      ${this.refusal === null ? nothing : html`<p class="error" role="alert">${icon('circle-alert')} ${this.refusal.detail}</p>`}
      ${facts.may_change || cells.size > 0 ? this.grid(facts, cells) : html`<p class="hint">No operation is planned.</p>`}
      ${facts.may_change ? this.foot(facts) : nothing}
      ${facts.closed ? html`<p class="hint">The recommendation is signed: its plan stays as it is.</p>` : nothing}
      <p class="sr-only" role="status">${this.told}</p>
    </form>`;
  }

  private index({ proposed, columns }: PlanFacts, cells: Cells): TemplateResult {
    const { added, dropped } = changed(new Set(proposed.cells), cells);
    const by = cells.size - proposed.index;
    const label = new Map(columns.map(({ key, label: words, side }) => [key, `${words.toLowerCase()}, ${side}`]));
    return html`<div class="plan-index" role="status" data-index=${cells.size}>
      <p>
        <span class="label">Invasiveness index</span> <b class="number">${cells.size}</b>
        <span class="muted small">proposed ${proposed.index}, ${by < 0 ? `−${String(-by)}` : `+${String(by)}`}</span>
      </p>
      ${added.length === 0 ? nothing : html`<p class="small"><b>Added:</b> ${words(added, label)}</p>`}
      ${dropped.length === 0 ? nothing : html`<p class="small"><b>Left out:</b> ${words(dropped, label)}</p>`}
      ${
        proposed.index > 0 && added.length + dropped.length === 0
          ? html`<p class="small muted">The same as was proposed.</p>`
          : nothing
      }
    </div>`;
  }

  private grid(facts: PlanFacts, cells: Cells): TemplateResult {
    const { columns, parts, proposed } = facts;
    const rows = parts.find(({ key }) => key === this.region)?.rows ?? [];
    const before = new Set(proposed.cells);
    const shown = facts.may_change ? rows : rows.filter((row) => columns.some(({ key }) => cells.has(`${row}.${key}`)));
    return html`${
        facts.may_change
          ? html`<div class="field">
              <label for="plan-part">Part of the spine</label>
              <select
                id="plan-part"
                .value=${this.region}
                @change=${(event: Event) => (this.region = (event.target as HTMLSelectElement).value)}
              >
                ${parts.map(({ key, name }) => html`<option value=${key} ?selected=${key === this.region}>${name}</option>`)}
              </select>
            </div>`
          : nothing
      }
      <div class="table-wrap" tabindex="0" role="region" aria-label="Level by intervention">
        <table class="ratings plan-cells" @keydown=${this.walked}>
          <thead>
            <tr>
              <th scope="col">Vertebra</th>
              ${columns.map(({ label, side }) => html`<th scope="col">${label}<span class="sub muted">${side}</span></th>`)}
            </tr>
          </thead>
          <tbody>
            ${shown.map(
              (row) =>
                html`<tr>
                  <th scope="row">${row}</th>
                  ${columns.map(({ key, label, side }) => {
                    const cell = `${row}.${key}`;
                    return html`<td data-before=${before.has(cell) ? 'true' : nothing}>
                      <label class="plan-cell"
                        ><input
                          type="checkbox"
                          data-cell=${cell}
                          aria-label="${row}: ${label}, from the ${side}${before.has(cell) ? ', proposed' : ''}"
                          .checked=${cells.has(cell)}
                          ?disabled=${!facts.may_change}
                          @change=${() => this.tick(cell)}
                      /></label>
                    </td>`;
                  })}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  private foot(facts: PlanFacts): TemplateResult {
    const features = this.draft?.features ?? new Set(facts.features);
    const untouched = this.draft === null;
    return html`${facts.proposed.index === 0 ? nothing : html`<p class="hint">A dotted frame marks what was proposed.</p>`}
      <details class="room-fold">
        <summary>${icon('chevron-right')} What marks the operation, ${features.size} ticked</summary>
        ${Object.entries(facts.feature_names).map(
          ([key, name]) =>
            html`<label class="check"
              ><input type="checkbox" .checked=${features.has(key)} @change=${() => this.mark(key)} /> ${name}</label
            >`,
        )}
      </details>
      <div class="row">
        ${
          untouched && facts.board.index === 0 && facts.proposed.index > 0
            ? html`<button class="btn" type="button" @click=${() => this.copy(facts)}>
                ${icon('copy')} Begin with what was proposed
              </button>`
            : nothing
        }
        <button class="btn btn-primary" type="submit" ?disabled=${this.busy || untouched}>Keep this plan</button>
        ${untouched ? nothing : html`<button class="btn btn-quiet" type="button" @click=${() => this.drop()}>Give up</button>`}
      </div>`;
  }

  private get base(): Draft | null {
    const { draft, facts } = this;
    if (facts === null) return null;
    return draft ?? { cells: new Set(facts.board.cells), features: new Set(facts.features), from: facts };
  }

  private tick(cell: string): void {
    const { base } = this;
    if (base !== null) this.take({ ...base, cells: toggled(base.cells, cell) });
  }

  private mark(feature: string): void {
    const { base } = this;
    if (base !== null) this.take({ ...base, features: toggled(base.features, feature) });
  }

  private copy(facts: PlanFacts): void {
    const { base } = this;
    if (base !== null) this.take({ ...base, cells: new Set(facts.proposed.cells) });
  }

  /** Ticked back to what is kept: nothing to keep. */
  private take(draft: Draft): void {
    const { board, features } = draft.from;
    const back = same(draft.cells, new Set(board.cells)) && same(draft.features, new Set(features));
    this.draft = back ? null : draft;
    this.refusal = null;
  }

  private drop(): void {
    this.draft = null;
    this.refusal = null;
    this.overtaken = false;
  }

  /** Arrows go from cell to cell. */
  private readonly walked = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const from = (event.target as Element).closest('td');
    if (step === undefined || from === null) return;
    event.preventDefault();
    const row = from.parentElement as HTMLTableRowElement;
    const rows = [...(row.parentElement as HTMLTableSectionElement).rows];
    const to = rows[rows.indexOf(row) + step[0]]?.cells[from.cellIndex + step[1]];
    to?.querySelector('input')?.focus();
  };

  private readonly submitted = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.keep();
  };

  private async keep(): Promise<void> {
    const { draft } = this;
    if (draft === null) return;
    this.busy = true;
    const refusal = await send(this.caseId, 'plans/board', [
      ['revision', String(draft.from.revision)],
      ...[...draft.cells].map((cell) => ['cell', cell] as const),
      ...[...draft.features].map((feature) => ['feature', feature] as const),
    ]);
    this.busy = false;
    // A conflict is told by what comes back: the other's plan with these changes on top.
    this.refusal = refusal?.status === 409 ? null : refusal;
    if (refusal === null) {
      this.drop();
      this.told = 'The plan is kept.';
    }
    this.dispatchEvent(new CustomEvent('levels-changed', { bubbles: true }));
  }
}

/** `L4 (fuse, back); L5 (fuse, back)`. */
function words(cells: readonly string[], label: ReadonlyMap<string, string>): string {
  const by = new Map<string, string[]>();
  for (const cell of cells) {
    const [name = '', key = ''] = cell.split('.');
    by.set(name, [...(by.get(name) ?? []), label.get(key) ?? key]);
  }
  return [...by].map(([name, done]) => `${name} (${done.join('; ')})`).join(', ');
}

customElements.define('level-plan', LevelPlan);
