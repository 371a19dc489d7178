/** `<level-numbering>`: how the vertebrae are counted, and marking them on the image of the viewer beside it. */
import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { added, next } from '../numbering/lines';
import type { NumberingState } from '../viewer/levels';
import type { AnchorAt } from '../viewer/numbered';
import type { ConsiliumViewer } from '../viewer';
import { send, type Anchor, type Choice, type NumberingFacts, type NumberingVersion, type Refusal } from './facts';
import { between, present } from './spine';

const STATES: Readonly<Record<NumberingState, { tone: string; words: string }>> = {
  accepted: { tone: 'good', words: 'Numbering accepted' },
  contested: { tone: 'warn', words: 'Numbering contested' },
  proposed: { tone: 'warn', words: 'Numbering proposed, not accepted' },
  assumed: { tone: 'warn', words: 'Numbering only assumed' },
  missing: { tone: 'warn', words: 'Vertebrae not numbered' },
};

interface Draft {
  readonly series: string;
  readonly frame_of_reference: string;
  readonly anchors: readonly Anchor[];
  readonly vertebra: string;
  readonly method: string;
  readonly ribs: number;
  readonly lumbar: number;
  readonly castellvi: string;
  readonly why: string;
}

const FRESH: Draft = {
  series: '',
  frame_of_reference: '',
  anchors: [],
  vertebra: 'L1',
  method: '',
  ribs: 12,
  lumbar: 5,
  castellvi: '',
  why: '',
};

export class LevelNumbering extends LitElement {
  static override properties: PropertyDeclarations = {
    caseId: { attribute: false },
    facts: { attribute: false },
    draft: { state: true },
    refusal: { state: true },
    told: { state: true },
    busy: { state: true },
  };

  caseId = '';
  facts: NumberingFacts | null = null;
  private draft: Draft | null = null;
  private refusal: Refusal | null = null;
  private told = '';
  private busy = false;
  private toolBefore = 'window';

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('anchorplaced', this.placed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('anchorplaced', this.placed);
    this.end();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('caseId') && changed.get('caseId') !== undefined) this.end();
  }

  private get viewer(): ConsiliumViewer | null {
    return document.querySelector<ConsiliumViewer>('consilium-viewer');
  }

  private get order(): readonly string[] {
    const { ribs, lumbar } = this.draft ?? FRESH;
    return present(this.facts?.vertebrae ?? [], ribs, lumbar);
  }

  override render(): TemplateResult | typeof nothing {
    const { facts } = this;
    if (facts === null) return nothing;
    const { tone, words } = STATES[facts.state];
    return html`<div class="stack numbering">
      <p class="row spread">
        <span class="status" data-tone=${tone} data-numbering=${facts.state}
          >${icon(facts.state === 'accepted' ? 'check' : 'triangle-alert')} ${words}</span
        >
        <a class="small" href=${`/cases/${this.caseId}/numbering`} target="_blank" rel="noopener"
          >All versions<span class="sr-only"> (opens beside this page)</span></a
        >
      </p>
      ${this.latest(facts)} ${this.draft === null ? this.begins(facts) : this.form(facts, this.draft)}
      <p class="sr-only" role="status">${this.told}</p>
    </div>`;
  }

  private latest({ latest, contested, may_accept: may }: NumberingFacts): TemplateResult | typeof nothing {
    if (latest === null)
      return html`<p class="hint">Until somebody counts them, no recommendation that names levels can be signed.</p>`;
    const assumed = latest.method === 'assumed';
    return html`<p class="small">
        ${counted(this.facts!, latest)}, by
        ${latest.by}.${latest.waits ? ` Version ${String(latest.version)} waits to be accepted.` : ''}
        ${contested.length === 0 ? nothing : html`<b>It would give ${contested.join(', ')} to other bones.</b>`}
      </p>
      ${this.refusal !== null && this.draft === null ? this.problem(this.refusal) : nothing}
      ${
        latest.waits && may && !assumed
          ? html`<button
              class="btn btn-primary"
              type="button"
              ?disabled=${this.busy}
              @click=${() => void this.accept(latest.version)}
            >
              ${icon('check')} Accept version ${latest.version}
            </button>`
          : nothing
      }
      ${latest.waits && assumed ? html`<p class="hint">It is only assumed: count the vertebrae first.</p>` : nothing}`;
  }

  private begins({ may_propose: may, latest }: NumberingFacts): TemplateResult | typeof nothing {
    if (!may || this.viewer === null) return nothing;
    return html`<button class="btn btn-small" type="button" data-begin @click=${() => this.begin()}>
      ${icon('bone')} ${latest === null ? 'Number the vertebrae' : 'Change the numbering'}
    </button>`;
  }

  private form(facts: NumberingFacts, draft: Draft): TemplateResult {
    const { refusal } = this;
    return html`<form class="stack numbering-form" aria-label="Number the vertebrae" @submit=${this.submitted}>
      <p class="hint">
        Click the middle of the uppermost and the lowest vertebra you can name on one sagittal image; those between are
        interpolated. With keys: go to the image, Enter, arrows, Enter.
      </p>
      <div class="row numbering-next">
        ${this.select('vertebra', 'Vertebra to mark', this.order.map(same), draft.vertebra)}
        <button class="btn btn-small" type="button" @click=${() => this.toImage()}>
          ${icon('target')} To the image
        </button>
      </div>
      ${this.marks(draft)}
      ${refusal !== null && ['anchors', ''].includes(refusal.field) ? this.problem(refusal) : nothing}
      ${this.select('method', 'How they were counted', [['', 'Choose'], ...facts.methods], draft.method)}
      ${this.select('castellvi', 'Transitional vertebra (Castellvi)', facts.castellvi, draft.castellvi)}
      <div class="row">
        ${this.select('ribs', 'With ribs', facts.ribs.map(same), String(draft.ribs))}
        ${this.select('lumbar', 'Lumbar', facts.lumbar.map(same), String(draft.lumbar))}
      </div>
      <div class="field">
        <label for="numbering-why"
          >${facts.latest === null ? 'What it rests on (optional)' : 'Why it is changed'}</label
        >
        <textarea
          id="numbering-why"
          rows="2"
          .value=${draft.why}
          @input=${(event: Event) => this.change({ why: (event.target as HTMLTextAreaElement).value })}
        ></textarea>
        ${refusal?.field === 'why' ? this.problem(refusal) : nothing}
      </div>
      <div class="row">
        <button class="btn btn-primary" type="submit" value="propose" ?disabled=${this.busy}>Propose</button>
        ${
          facts.may_accept && draft.method !== 'assumed'
            ? html`<button class="btn" type="submit" value="accept" ?disabled=${this.busy}>Propose and accept</button>`
            : nothing
        }
        <button class="btn btn-quiet" type="button" @click=${() => this.end()}>Give up</button>
      </div>
    </form>`;
  }

  private marks({ anchors }: Draft): TemplateResult | typeof nothing {
    if (anchors.length === 0) return nothing;
    const order = this.facts?.vertebrae ?? [];
    const sorted = [...anchors].sort((a, b) => order.indexOf(a.vertebra) - order.indexOf(b.vertebra));
    return html`<ul class="numbering-list" role="list" aria-label="Marked vertebrae">
      ${sorted.map(
        ({ vertebra }) =>
          html`<li>
            <button
              class="btn btn-small"
              type="button"
              aria-label="Remove the mark of ${vertebra}"
              @click=${() => this.unmark(vertebra)}
            >
              ${vertebra} ${icon('x')}
            </button>
          </li>`,
      )}
    </ul>`;
  }

  private select(name: string, label: string, choices: readonly Choice[], value: string): TemplateResult {
    const { refusal } = this;
    const id = `numbering-${name}`;
    return html`<div class="field">
      <label for=${id}>${label}</label>
      <select
        id=${id}
        .value=${value}
        @change=${(event: Event) => this.chosen(name, (event.target as HTMLSelectElement).value)}
      >
        ${choices.map(([key, words]) => html`<option value=${key} ?selected=${key === value}>${words}</option>`)}
      </select>
      ${refusal?.field === name ? this.problem(refusal) : nothing}
    </div>`;
  }

  private problem({ detail }: Refusal): TemplateResult {
    return html`<p class="error" role="alert">${icon('circle-alert')} ${detail}</p>`;
  }

  private begin(): void {
    const { viewer } = this;
    const latest = this.facts?.latest ?? null;
    this.refusal = null;
    this.toolBefore = viewer?.tool ?? 'window';
    this.change(latest === null ? FRESH : { ...FRESH, ...latest, why: '' });
    if (viewer !== null) viewer.tool = 'anchor';
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#numbering-vertebra')?.focus());
  }

  /** Leave marking: the viewer shows what the server says again. */
  private end(): void {
    if (this.draft === null) return;
    this.draft = null;
    this.refusal = null;
    const { viewer } = this;
    viewer?.numbered.show(null);
    if (viewer?.tool === 'anchor') viewer.tool = this.toolBefore as typeof viewer.tool;
  }

  private change(part: Partial<Draft>): void {
    const draft = { ...(this.draft ?? FRESH), ...part };
    this.draft = draft;
    const { frame_of_reference, anchors } = draft;
    this.viewer?.numbered.show({
      levels: { state: 'marking', contested: [], frame_of_reference, labels: between(anchors, this.order) },
      next: draft.vertebra,
    });
  }

  private chosen(name: string, value: string): void {
    this.refusal = null;
    this.change(name === 'ribs' || name === 'lumbar' ? { [name]: Number(value) } : { [name]: value });
  }

  private toImage(): void {
    const { viewer } = this;
    if (viewer === null) return;
    viewer.tool = 'anchor';
    viewer.querySelector<HTMLElement>('.viewer-pane[data-active]')?.focus();
  }

  private readonly placed = (event: Event): void => {
    const { draft } = this;
    if (draft === null) return;
    const { series, frame_of_reference, ...where } = (event as CustomEvent<AnchorAt>).detail;
    if (draft.anchors.length > 0 && draft.series !== series) {
      const detail = 'The other marks are on another series: mark there, or remove them first.';
      this.refusal = { status: 0, field: 'anchors', detail };
      return;
    }
    const { vertebra } = draft;
    this.refusal = null;
    this.told = `${vertebra} marked.`;
    const anchors = added(draft.anchors, { vertebra, ...where });
    this.change({ series, frame_of_reference, anchors, vertebra: next(vertebra, this.order) });
  };

  private unmark(vertebra: string): void {
    this.told = `The mark of ${vertebra} is gone.`;
    this.change({ anchors: (this.draft?.anchors ?? []).filter((one) => one.vertebra !== vertebra), vertebra });
  }

  private readonly submitted = (event: SubmitEvent): void => {
    event.preventDefault();
    const pressed = event.submitter instanceof HTMLButtonElement ? event.submitter.value : 'propose';
    void this.propose(pressed === 'accept');
  };

  private async propose(accepted: boolean): Promise<void> {
    const { draft, facts } = this;
    if (draft === null || facts === null) return;
    const shown = facts.shown;
    const anchors = draft.anchors.map(
      ({ vertebra, sop_instance_uid: sop, frame, point: [column, row] }) =>
        `${vertebra} ${sop}/${String(frame)} ${column.toFixed(2)} ${row.toFixed(2)}`,
    );
    const { series, method, castellvi, why } = draft;
    const sent = await this.sending('numbering', [
      ...Object.entries({ series, method, castellvi, why, anchors: anchors.join('\n') }),
      ['ribs', String(draft.ribs)],
      ['lumbar', String(draft.lumbar)],
      ['shown', String(shown)],
    ]);
    if (!sent) return;
    this.told = 'The numbering is proposed.';
    this.end();
    if (accepted) await this.accept(shown + 1);
  }

  private async accept(version: number): Promise<void> {
    if (await this.sending(`numbering/${String(version)}/accept`, [])) this.told = 'The numbering is accepted.';
  }

  private async sending(page: string, fields: readonly Choice[]): Promise<boolean> {
    this.busy = true;
    this.refusal = await send(this.caseId, page, fields);
    this.busy = false;
    this.dispatchEvent(new CustomEvent('levels-changed', { bubbles: true }));
    return this.refusal === null;
  }
}

function same(value: string | number): Choice {
  return [String(value), String(value)];
}

function counted({ methods }: NumberingFacts, latest: NumberingVersion): string {
  const how = methods.find(([key]) => key === latest.method)?.[1] ?? '';
  const transitional = latest.castellvi === '' ? '' : `, Castellvi ${latest.castellvi}`;
  return `${how}: ${String(latest.ribs)} with ribs, ${String(latest.lumbar)} lumbar${transitional}`;
}

customElements.define('level-numbering', LevelNumbering);
