/** The screen of a replay: each pane with its image in the window of that moment, and the marks that lay on it. */
import { html, nothing, svg, LitElement, type TemplateResult } from 'lit';
import type { CaseProjection, PaneView } from '../protocol';
import { onDark } from '../room/colour';
import { Layers } from '../viewer/layers';
import { drawOverlay } from '../viewer/overlay';
import type { DisciplineLook, FrameFacts, ViewerMark } from '../viewer/types';
import { apply, toScreen, type Affine } from '../viewer/view';

type Shown = FrameFacts & { readonly aspect: number };

const GRIDS: Readonly<Record<string, number>> = { '1x1': 1, '1x2': 2, '2x2': 2, '2x3': 3 };

export class ReplayStage extends LitElement {
  static override properties = {
    item: { attribute: false },
    caseId: { attribute: false },
    frames: { attribute: false },
    looks: { attribute: false },
  };

  declare item: CaseProjection | undefined;
  declare caseId: string;
  declare frames: readonly Shown[];
  declare looks: readonly DisciplineLook[];
  private readonly layers = new Layers();
  private readonly sizes = new ResizeObserver(() => {
    this.requestUpdate();
  });

  override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.sizes.observe(this);
  }

  override disconnectedCallback(): void {
    this.sizes.disconnect();
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const view = this.item?.shown ?? null;
    if (view === null) return html`<p class="replay-empty">No image is on the screen yet.</p>`;
    const others = [...view.beside];
    others.splice(view.place, 0, view);
    return html`<div class="replay-panes" data-columns=${GRIDS[view.layout] ?? 1}>
      ${others.map((pane, at) => this.pane(pane, at))}
    </div>`;
  }

  private pane(pane: PaneView | null, at: number): TemplateResult {
    const frame = pane === null ? undefined : this.frameOf(pane);
    if (pane === null) return html`<div class="replay-pane"></div>`;
    if (frame === undefined)
      return html`<div class="replay-pane"><p class="replay-empty">This image is no longer kept here.</p></div>`;
    const window =
      pane.window_centre === null ? '' : `&centre=${String(pane.window_centre)}&width=${String(pane.window_width)}`;
    const address = `/cases/${this.caseId}/images/${frame.sop_instance_uid}/${String(frame.frame)}/rendered?size=1024${window}`;
    const count = this.marksOn(frame).length;
    return html`<div class="replay-pane" data-pane=${at}>
      <svg
        class="replay-image"
        role="img"
        aria-label=${`Image with ${String(count)} ${count === 1 ? 'mark' : 'marks'}`}
      >
        ${svg`<g><image href=${address} width=${frame.columns} height=${frame.rows} preserveAspectRatio="none"
          class=${pane.inverted ? 'replay-inverted' : nothing}></image></g>`}
      </svg>
      <svg class="viewer-overlay" aria-hidden="true"></svg>
    </div>`;
  }

  override updated(): void {
    this.layers.describe(this.looks.map((look) => ({ ...look, colour: onDark(look.colour) })));
    const view = this.item?.shown ?? null;
    if (view === null) return;
    const panes: (PaneView | null)[] = [...view.beside];
    panes.splice(view.place, 0, view);
    for (const element of this.querySelectorAll<HTMLElement>('[data-pane]')) {
      const pane = panes[Number(element.dataset['pane'])];
      const frame = pane ? this.frameOf(pane) : undefined;
      if (pane && frame) this.draw(element, pane, frame);
    }
  }

  private draw(element: HTMLElement, pane: PaneView, frame: Shown): void {
    const [width, height] = [element.clientWidth, element.clientHeight];
    const map = toScreen(pane, { columns: frame.columns, rows: frame.rows, aspect: frame.aspect }, { width, height });
    element.querySelector('.replay-image > g')?.setAttribute('transform', matrix(map));
    const overlay = element.querySelector<SVGSVGElement>('.viewer-overlay');
    if (overlay === null) return;
    drawOverlay(overlay, {
      frame,
      width,
      height,
      place: (point) => apply(map, point),
      layers: this.layers,
      marks: this.marksOn(frame),
      drafts: [],
      own: null,
      ownDiscipline: null,
      pointers: [],
      selected: null,
      laid: null,
      reading: null,
      cross: null,
      sampled: () => null,
    });
  }

  private frameOf(pane: PaneView): Shown | undefined {
    return this.frames.find((one) => one.sop_instance_uid === pane.sop_instance_uid && one.frame === pane.frame);
  }

  private marksOn(frame: Shown): readonly ViewerMark[] {
    return Object.values(this.item?.marks ?? {})
      .filter((mark) => mark.sop_instance_uid === frame.sop_instance_uid && mark.frame === frame.frame)
      .map((mark) => ({ ...mark, delivery: 'delivered' }));
  }
}

function matrix({ a, b, c, d, e, f }: Affine): string {
  return `matrix(${[a, b, c, d, e, f].join(' ')})`;
}

customElements.define('replay-stage', ReplayStage);
