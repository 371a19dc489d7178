/** `<level-grading>`: one's own grade beside the image, blind until another discipline's is in; then both, and kappa. */
import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { ConsiliumViewer } from '../viewer';
import type { Looking } from '../viewer/numbered';
import { send, type Choice, type GradedPlace, type GradeFacts, type Instrument, type Refusal } from './facts';
import { levelFor, suited } from './suited';

const SIDES: readonly Choice[] = [
  ['left', 'Left'],
  ['right', 'Right'],
];

/** What is chosen for the next grade; null: still suggested from the image. */
interface Chosen {
  readonly instrument: string;
  readonly level: string;
  readonly side: string;
  readonly grade: string;
}

export class LevelGrading extends LitElement {
  static override properties: PropertyDeclarations = {
    caseId: { attribute: false },
    facts: { attribute: false },
    tick: { attribute: false },
    chosen: { state: true },
    refusal: { state: true },
    told: { state: true },
    busy: { state: true },
  };

  caseId = '';
  facts: GradeFacts | null = null;
  /** Grows while the image may have changed; only there to suggest anew. */
  tick = 0;
  private chosen: Chosen | null = null;
  private refusal: Refusal | null = null;
  private told = '';
  private busy = false;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('caseId')) this.chosen = this.refusal = null;
  }

  override render(): TemplateResult | typeof nothing {
    const { facts } = this;
    if (facts === null) return nothing;
    return html`${facts.may_give ? this.form(facts) : nothing} ${this.places(facts)} ${this.kappas(facts)}
      <p class="sr-only" role="status">${this.told}</p>`;
  }

  private get looking(): Looking | null {
    return document.querySelector<ConsiliumViewer>('consilium-viewer')?.numbered.looking ?? null;
  }

  /** What is chosen, or what the image suggests. */
  private now(facts: GradeFacts): { readonly chosen: Chosen; readonly instrument: Instrument } {
    const { looking } = this;
    const fit = suited(facts.instruments, looking);
    const first = fit.suited[0] ?? fit.others[0]!;
    const instrument = facts.instruments.find(({ key }) => key === this.chosen?.instrument) ?? first;
    const passed = looking?.level ?? null;
    const level = this.chosen?.level ?? (passed === null ? null : levelFor(instrument, passed)) ?? '';
    const { side = '', grade = '' } = this.chosen ?? {};
    return { instrument, chosen: { instrument: instrument.key, level, side, grade } };
  }

  private form(facts: GradeFacts): TemplateResult {
    const { instrument, chosen } = this.now(facts);
    const fit = suited(facts.instruments, this.looking);
    return html`<form class="stack grading-form" aria-label="Grade a level" @submit=${this.submitted}>
      <p class="status" data-tone="quiet">${icon('lock')} Nobody sees your grade before another discipline’s is in.</p>
      <div class="field">
        <label for="grading-instrument">What is graded</label>
        <select
          id="grading-instrument"
          .value=${chosen.instrument}
          @change=${(event: Event) => this.choose({ instrument: valueOf(event), grade: '' })}
        >
          ${group('Suited to this image', fit.suited, chosen.instrument)}
          ${group(fit.suited.length === 0 ? 'All' : 'Others', fit.others, chosen.instrument)}
        </select>
        <p class="hint">
          ${instrument.about}.${instrument.status === 'verified' ? '' : ' Check it before relying on it.'}
        </p>
        ${this.problem('instrument')}
      </div>
      <div class="row">
        <div class="field">
          <label for="grading-level">Level</label>
          <select
            id="grading-level"
            .value=${chosen.level}
            @change=${(event: Event) => this.choose({ level: valueOf(event) })}
          >
            <option value="" ?selected=${chosen.level === ''}>Choose</option>
            ${instrument.levels.map((level) => html`<option ?selected=${level === chosen.level}>${level}</option>`)}
          </select>
          ${this.problem('level')}
        </div>
        ${instrument.sided ? this.sides(chosen) : nothing}
      </div>
      <fieldset class="stack">
        <legend class="label">Grade</legend>
        ${instrument.grades.map(
          ({ key, label }) =>
            html`<label class="check"
              ><input
                type="radio"
                name="grading-grade"
                value=${key}
                .checked=${chosen.grade === key}
                @change=${() => this.choose({ grade: key })}
              />
              <span><b>${key}</b> ${label}</span></label
            >`,
        )}
        ${this.problem('grade')}
      </fieldset>
      ${this.problem('')}
      <div>
        <button class="btn btn-primary" type="submit" ?disabled=${this.busy}>${icon('lock')} Give this grade</button>
      </div>
    </form>`;
  }

  private sides({ side }: Chosen): TemplateResult {
    return html`<fieldset class="field">
      <legend class="label">Side</legend>
      <div class="row">
        ${SIDES.map(
          ([key, words]) =>
            html`<label class="check"
              ><input
                type="radio"
                name="grading-side"
                value=${key}
                .checked=${side === key}
                @change=${() => this.choose({ side: key })}
              />
              ${words}</label
            >`,
        )}
      </div>
      ${this.problem('side')}
    </fieldset>`;
  }

  private problem(field: string): TemplateResult | typeof nothing {
    if (this.refusal?.field !== field) return nothing;
    return html`<p class="error" role="alert">${icon('circle-alert')} ${this.refusal.detail}</p>`;
  }

  private places({ places }: GradeFacts): TemplateResult {
    if (places.length === 0) return html`<p class="hint">Nothing is graded yet.</p>`;
    return html`<ul class="remarks small" role="list" aria-label="Graded so far">
      ${places.map(
        (one) =>
          html`<li data-place=${`${one.instrument} ${one.level} ${one.side}`.trim()}>
            <b>${one.level}${one.side === '' ? '' : ` ${one.side}`}</b> ${one.name}: ${said(one)} ${standing(one)}
          </li>`,
      )}
    </ul>`;
  }

  private kappas({ kappas }: GradeFacts): TemplateResult | typeof nothing {
    if (kappas.length === 0) return nothing;
    return html`<ul class="remarks small" role="list" aria-label="How far this board’s graders agree">
      ${kappas.map(
        (one) =>
          html`<li class="muted">
            ${one.name}, ${one.pair}:
            ${one.kappa === null ? 'no kappa yet' : html`kappa <span class="number">${one.kappa.toFixed(2)}</span>`}
            from ${one.pairs} ${one.pairs === 1 ? 'pair' : 'pairs'}
          </li>`,
      )}
    </ul>`;
  }

  /** From the first choice on nothing is suggested any more: the form does not change under the hand. */
  private choose(part: Partial<Chosen>): void {
    if (this.facts === null) return;
    this.refusal = null;
    this.chosen = { ...this.now(this.facts).chosen, ...part };
  }

  private readonly submitted = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.give();
  };

  private async give(): Promise<void> {
    if (this.facts === null) return;
    const { chosen, instrument } = this.now(this.facts);
    this.busy = true;
    this.chosen = chosen;
    const side = instrument.sided ? chosen.side : '';
    this.refusal = await send(this.caseId, 'grades', Object.entries({ ...chosen, side }));
    this.busy = false;
    if (this.refusal === null) {
      this.told = `Your grade of ${chosen.level} is given.`;
      this.chosen = { ...chosen, grade: '' };
    }
    this.dispatchEvent(new CustomEvent('levels-changed', { bubbles: true }));
  }
}

function group(label: string, instruments: readonly Instrument[], chosen: string): TemplateResult | typeof nothing {
  if (instruments.length === 0) return nothing;
  return html`<optgroup label=${label}>
    ${instruments.map(({ key, name }) => html`<option value=${key} ?selected=${key === chosen}>${name}</option>`)}
  </optgroup>`;
}

function said({ grades }: GradedPlace): TemplateResult[] {
  return grades.map(
    ({ discipline, grade, own }, index) =>
      html`${index === 0 ? nothing : ' and '}${grade === null ? html`${icon('lock')} given` : html`<b>${grade}</b>`}
      (${own ? 'you' : discipline})`,
  );
}

function standing({ opened, apart }: GradedPlace): TemplateResult {
  if (!opened) return html`<span class="status" data-tone="quiet">waits for another discipline</span>`;
  if (apart === 0) return html`<span class="status" data-tone="good">${icon('check')} the same</span>`;
  return html`<span class="status" data-tone="warn">${icon('scale')} differ by ${apart}, a note on the agenda</span>`;
}

function valueOf(event: Event): string {
  return (event.target as HTMLSelectElement).value;
}

customElements.define('level-grading', LevelGrading);
