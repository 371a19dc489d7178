/** `<consilium-viewer>`: the images of one case, alone or in step with a room. */
import { html, LitElement, type PropertyValues } from 'lit';
import './viewer.css';
import { Cine } from './cine';
import { command, openSeries, type Commanded } from './commands';
import { Cutting } from './cutting';
import { Decoder } from './decoder';
import { adoptFirstPicture } from './first';
import { Teller, viewportOf } from './follow';
import { Grid } from './grid';
import { CaseImages, type ImagesEvents } from './images';
import { actionFor, type Action } from './keys';
import { Layers } from './layers';
import { MOST_PANES, priorOf } from './layouts';
import { closeMenus } from './menus';
import type { Pane, Shared } from './pane';
import { storedSeries } from './reformats';
import { helpSheet, levels, linkNote, oneOf, paneRoot } from './sheet';
import type { StreamState } from './source';
import { dropTarget, strip } from './strip';
import { all, find, opening } from './studies';
import { titleOf } from './titles';
import { Laid } from './laid';
import { Numbered } from './numbered';
import { toolbar, type ToolbarState } from './toolbar';
import { History } from './tools/history';
import type * as t from './types';

/** Narrower than this, in CSS pixels, one image is shown at a time, as on a phone; also in viewer.css. */
const NARROW_PX = 720;

export class ConsiliumViewer extends LitElement {
  static override properties = {
    caseId: { attribute: 'case' },
    studies: { attribute: false },
    marks: { attribute: false },
    drafts: { attribute: false },
    telepointers: { attribute: false },
    disciplines: { attribute: false },
    me: {},
    discipline: {},
    canDraw: { attribute: 'can-draw', type: Boolean },
    following: { type: Boolean },
    tool: {},
    link: { state: true },
    narrow: { state: true },
  };

  /** The case whose images are shown; its studies are listed by the server unless `studies` is set first. */
  declare caseId: string;
  declare studies: readonly t.StudyListed[];
  declare marks: readonly t.ViewerMark[];
  declare drafts: readonly t.RemoteDraft[];
  declare telepointers: readonly t.Telepointer[];
  declare disciplines: readonly t.DisciplineLook[];
  /** The person at this screen; only their own marks can be moved. */
  declare me: string | null;
  /** Their discipline's code. */
  declare discipline: string | null;
  declare canDraw: boolean;
  /** Whether somebody else leads; moving by hand then sends `leave`. */
  declare following: boolean;
  declare tool: t.ToolName;
  declare link: { readonly state: StreamState; readonly reason: string };
  declare narrow: boolean;

  private grid: Grid | null = null;
  private readonly layers = new Layers(() => this.requestUpdate());
  private readonly decoder = new Decoder();
  private images: CaseImages | null = null;
  private readonly cutting = new Cutting(
    () => this.grid,
    () => this.images?.pictures ?? null,
  );
  private readonly cine = new Cine(
    () => this.grid?.active.next(),
    () => this.grid?.active.facts?.frame_time_ms ?? null,
  );
  private readonly laid = new Laid(() => this.requestUpdate());
  private readonly active = (): Pane | null => this.grid?.active ?? null;
  readonly numbered = new Numbered(this.active, () => this.requestUpdate());
  readonly history = new History(() => this.marks, {
    draw: (mark) => this.send('markcomplete', mark),
    move: (move) => this.send('markmove', move),
    erase: (erase) => this.send('markerase', erase),
  });
  private listened: AbortController | null = null;
  private awaited: t.Viewport | null = null;
  private readonly teller = new Teller(
    () => this.viewport,
    (viewport) => this.send('viewportchange', viewport),
  );

  constructor() {
    super();
    this.caseId = '';
    this.studies = [];
    this.marks = [];
    this.drafts = [];
    this.telepointers = [];
    this.disciplines = [];
    this.me = null;
    this.discipline = null;
    this.canDraw = false;
    this.following = false;
    this.tool = matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window';
    this.link = { state: 'idle', reason: '' };
    this.narrow = false;
  }

  /** What the screen shows; null before there is an image. Setting it shows the same without sending events. */
  get viewport(): t.Viewport | null {
    return this.grid === null ? null : viewportOf(this.grid);
  }

  set viewport(viewport: t.Viewport | null) {
    this.awaited = viewport;
    if (viewport === null || this.grid === null || this.images?.caseId !== this.caseId) return;
    this.grid.follow(viewport);
    this.teller.known(viewport);
  }

  /** Show the frame of a mark and choose it. */
  focusMark(id: string): void {
    const mark = this.marks.find((one) => one.mark === id);
    const pane = this.grid?.active;
    if (mark === undefined || pane === undefined) return;
    const series = this.images?.seriesOf(mark.sop_instance_uid, this.studies) ?? pane.series;
    pane.open(series, mark, series === pane.series ? pane.state : undefined);
    pane.selected = id;
    this.shifted();
  }

  /** Give up what is being drawn. */
  cancelDraft(): void {
    this.grid?.cancel();
  }

  /** Light DOM; what the server had put in for browsers without scripts goes away. */
  protected override createRenderRoot(): this {
    this.replaceChildren();
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
    this.decoder.close();
  }

  protected override firstUpdated(): void {
    this.begin();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('disciplines')) this.layers.describe(this.disciplines);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('caseId') && this.listened !== null && changed.get('caseId') !== undefined) this.openCase();
    this.grid?.drawAll();
    this.grid?.board.chosen();
  }

  protected override render() {
    const { grid } = this;
    const [count, active] = [grid?.count ?? 1, grid?.at ?? 0];
    const hidden = (at: number) => at >= count || (this.narrow && at !== active);
    return html`<div class="viewer">
      ${toolbar(this.toolbarState())}
      <div class="viewer-body">
        ${strip({
          caseId: this.images?.caseId ?? '',
          studies: this.studies,
          open: (grid?.shown ?? []).map(({ series }) => (series === null ? null : storedSeries(series))),
          active: grid?.active.series ?? null,
          choose: (series) => openSeries(this.commanded(), this.grid?.at ?? 0, series),
        })}
        <div class="viewer-panes" data-layout=${this.narrow ? '1x1' : (grid?.layout ?? '1x1')} data-count=${count}>
          ${Array.from({ length: MOST_PANES }, (_, at) => paneRoot(at === active, hidden(at)))}
        </div>
      </div>
      ${linkNote(this.link)} ${oneOf(this.narrow && this.following ? count : 1)} ${levels()} ${helpSheet()}
    </div>`;
  }

  private toolbarState(): ToolbarState {
    const { grid } = this;
    const pane = grid?.active;
    const series = pane?.series ?? null;
    return {
      tool: this.tool,
      canDraw: this.canDraw,
      inverted: pane?.state.inverted ?? false,
      flipped: pane?.state.view.flipped ?? false,
      playing: this.cine.playing,
      rate: this.cine.rate,
      stack: (pane?.facts?.frames.length ?? 0) > 1,
      layout: {
        name: grid?.layout ?? '1x1',
        linked: grid?.linking.on ?? true,
        lines: grid?.lines ?? true,
        prior: series !== null && priorOf(this.studies, storedSeries(series)) !== null,
      },
      cuts: this.cutting.menu(pane),
      presets: pane?.offered ?? [],
      disciplines: this.layers.among(this.marks),
      act: (action) => this.act(action),
      toggleLayer: (code) => this.layers.toggle(code),
      focusLayer: (code) => this.layers.focus(code, this.marks),
      laid: this.laid.menu(pane),
      undoable: this.history.undoable,
      redoable: this.history.redoable,
    };
  }

  private begin(): void {
    this.listened = new AbortController();
    const { signal } = this.listened;
    const roots = [...this.querySelectorAll<HTMLElement>('.viewer-pane')];
    this.grid = new Grid(roots, this.gridEvents(), signal);
    const panes = this.querySelector<HTMLElement>('.viewer-panes')!;
    dropTarget(panes, (at, series) => openSeries(this.commanded(), at, series), signal);
    this.addEventListener('keydown', (event) => this.keyed(event), { signal });
    panes.addEventListener('pointerdown', () => closeMenus(this), { signal });
    document.addEventListener('visibilitychange', () => this.cine.stop(), { signal });
    const observer = new ResizeObserver(() => (this.narrow = this.clientWidth > 0 && this.clientWidth <= NARROW_PX));
    observer.observe(this);
    signal.addEventListener('abort', () => observer.disconnect());
    this.openCase();
  }

  private end(): void {
    this.cine.stop();
    this.listened?.abort();
    this.listened = null;
    this.images?.close();
    this.images = null;
    this.grid?.close();
    this.grid = null;
    this.teller.stop();
  }

  private gridEvents(): ConstructorParameters<typeof Grid>[1] {
    return {
      shared: this.shared(),
      board: {
        tool: () => this.tool,
        me: () => this.me,
        mayDraw: () => this.canDraw,
        draft: (draft) => this.send('draft', draft),
        complete: (mark) => this.history.draw(mark),
        move: (move) => this.history.move(move),
        erase: (mark) => this.history.erase(mark),
        point: (at) => this.send('pointerat', at),
        anchor: (at) => this.send('anchorplaced', at),
        numbering: () => this.numbered.draft?.next ?? null,
      },
      changed: () => {
        this.requestUpdate();
        this.shifted();
      },
      scrolled: () => this.shifted(),
      redraw: () => this.requestUpdate(),
      swipe: (step) => {
        if (this.narrow) this.swiped(step);
      },
    };
  }

  private shared(): Omit<Shared, 'lines' | 'changed'> {
    return {
      frames: () => this.images?.pictures ?? null,
      layers: this.layers,
      want: (series, index) => this.images?.want(series, index),
      release: (series) => this.images?.release(series, (id) => this.grid?.shows(id) === true),
      marks: () => this.marks,
      drafts: () => this.drafts,
      pointers: () => this.telepointers,
      discipline: () => this.discipline,
      laid: this.laid,
      numbered: this.numbered,
      title: (id) => titleOf(this.studies, this.images?.pictures ?? null, id),
      vacant: () => (all(this.studies).length === 0 ? 'No images yet' : 'Choose a series for this place'),
      asked: this.getAttribute('renderer'),
    };
  }

  /** Start over with another case: its own stream, nothing kept of the one before. */
  private openCase(): void {
    this.images?.close();
    this.studies = [];
    this.cine.stop();
    this.cancelDraft();
    this.history.clear();
    this.laid.open(this.caseId);
    this.numbered.open(this.caseId);
    this.teller.known(null);
    this.images = this.caseId === '' ? null : new CaseImages(this.caseId, this.decoder, this.imagesEvents());
    this.grid?.clear();
    adoptFirstPicture(this.caseId, this.grid?.panes[0]?.root);
    void this.images?.list();
  }

  private imagesEvents(): ImagesEvents {
    const panes = (series: string) => this.grid?.panes.filter((pane) => pane.series === series) ?? [];
    return {
      listed: (studies) => {
        this.studies = studies;
        this.openFirst();
      },
      unlisted: (reason) => this.grid?.panes[0]?.say(reason),
      announced: (facts) => {
        // The first preview is on its way behind these facts: now the decoder's bytes no longer delay it.
        this.decoder.warm();
        for (const pane of panes(facts.series)) this.grid?.quietly(() => pane.settle());
        this.teller.settled();
        this.requestUpdate();
      },
      changed: (series) => this.grid?.redraw(series),
      failed: (series, reason) => {
        for (const pane of panes(series)) if (pane.facts === null) pane.say(reason);
      },
      state: (state, reason) => (this.link = { state, reason }),
    };
  }

  private openFirst(): void {
    const pane = this.grid?.panes[0];
    if (pane === undefined || pane.series !== null) return;
    if (this.awaited !== null && find(this.studies, this.awaited.series_instance_uid) !== null) {
      this.viewport = this.awaited;
      return;
    }
    const first = all(this.studies).find(({ series }) => series.frames > 0)?.series;
    if (first === undefined) return;
    this.grid?.quietly(() => pane.open(first.series_instance_uid, { index: opening(first) }));
  }

  private swiped(step: number): void {
    const { grid } = this;
    if (grid !== null && grid.count > 1) grid.activate((grid.at + step + grid.count) % grid.count);
    else this.act({ do: 'series', step });
  }

  /** A person at this screen looks at something else now. */
  private shifted(): void {
    if (this.following) this.send('leave', null);
    this.teller.soon();
  }

  private keyed(event: KeyboardEvent): void {
    const taken = this.grid?.board.key(event) === true;
    const action = taken ? null : actionFor(event);
    if (!taken && action === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (action !== null) this.act(action);
  }

  private act(action: Action): void {
    if (this.grid === null) return;
    command(this.commanded(), action);
    if (action.do !== 'scroll' && action.do !== 'edge') this.requestUpdate(); // the toolbar knows no slice
  }

  private commanded(): Commanded {
    return {
      grid: this.grid!,
      cine: this.cine,
      cutting: this.cutting,
      element: this,
      studies: () => this.studies,
      choose: (tool) => (this.tool = tool),
      marking: (name) => {
        if (name === 'erase') this.grid?.board.erase();
        if ((name === 'undo' || name === 'redo') && this.canDraw) this.history[name]();
      },
      left: () => this.shifted(),
    };
  }

  private send<K extends keyof t.ViewerEvents>(type: K, detail: t.ViewerEvents[K]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
  }
}

customElements.define('consilium-viewer', ConsiliumViewer);

declare global {
  interface HTMLElementTagNameMap {
    'consilium-viewer': ConsiliumViewer;
  }
}
