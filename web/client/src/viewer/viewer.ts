/** `<consilium-viewer>`: the images of one case, alone or in step with a room. */
import { html, LitElement, type PropertyValues } from 'lit';
import './viewer.css';
import { PaneBoard } from './board';
import { Cine } from './cine';
import { Decoder } from './decoder';
import { follow, Teller, viewportOf } from './follow';
import { Gestures } from './gestures';
import { actionFor, type Action } from './keys';
import { Layers } from './layers';
import { Pane, type Shared } from './pane';
import type { StreamState } from './source';
import { CaseImages, type ImagesEvents } from './images';
import { fillScreen, perform } from './actions';
import { strip } from './strip';
import { all, beside, companion, find, opening, seriesWords, studyWords } from './studies';
import { helpSheet, levels, linkNote, paneRoot } from './sheet';
import { toolbar, type ToolbarState } from './toolbar';
import { History } from './tools/history';
import type * as t from './types';

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
    two: { state: true },
    link: { state: true },
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
  declare two: boolean;
  declare link: { readonly state: StreamState; readonly reason: string };

  private panes: Pane[] = [];
  private boards: PaneBoard[] = [];
  private active = 0;
  private readonly layers = new Layers(() => this.requestUpdate());
  private readonly decoder = new Decoder();
  private images: CaseImages | null = null;
  private readonly cine = new Cine(() => this.panes[this.active]?.next());
  private readonly history = new History(() => this.marks, {
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
  /** Above 0 while the view is changed by `viewport` or by opening a case, not by a hand. */
  private quiet = 0;

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
    this.two = false;
    this.link = { state: 'idle', reason: '' };
  }

  /** What the active pane shows; null before there is an image. Setting it shows the same without sending events. */
  get viewport(): t.Viewport | null {
    const pane = this.panes[this.active];
    return pane === undefined ? null : viewportOf(pane);
  }

  set viewport(viewport: t.Viewport | null) {
    this.awaited = viewport;
    const pane = this.panes[0];
    if (viewport === null || pane === undefined || this.images?.caseId !== this.caseId) return;
    this.quietly(() => follow(pane, viewport));
    this.teller.known(viewport);
  }

  /** Show the frame of a mark and choose it. */
  focusMark(id: string): void {
    const mark = this.marks.find((one) => one.mark === id);
    const pane = this.panes[this.active];
    if (mark === undefined || pane === undefined) return;
    const facts = all(this.studies)
      .map(({ series }) => this.images?.frames.facts(series.series_instance_uid))
      .find((one) => one?.frames.some((frame) => frame.sop_instance_uid === mark.sop_instance_uid));
    const series = facts?.series ?? pane.series;
    pane.open(series, mark, series === pane.series ? pane.state : undefined);
    pane.selected = id;
    this.left();
  }

  /** Give up what is being drawn. */
  cancelDraft(): void {
    for (const board of this.boards) board.cancel();
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
    for (const pane of this.panes) pane.draw();
    if (changed.has('two')) this.arrange();
    if (changed.has('tool')) this.boards[this.active]?.chosen();
  }

  protected override render() {
    return html`<div class="viewer">
      ${toolbar(this.toolbarState())}
      <div class="viewer-body">
        ${strip({
          caseId: this.caseId,
          studies: this.studies,
          open: this.panes.slice(0, this.two ? 2 : 1).map(({ series }) => series),
          choose: (series) => this.choose(series),
        })}
        <div class="viewer-panes" data-count=${this.two ? 2 : 1}>
          ${[0, 1].map((at) => paneRoot(at === this.active, at === 1 && !this.two))}
        </div>
      </div>
      ${linkNote(this.link)} ${levels()} ${helpSheet()}
    </div>`;
  }

  private toolbarState(): ToolbarState {
    const pane = this.panes[this.active];
    return {
      tool: this.tool,
      canDraw: this.canDraw,
      inverted: pane?.state.inverted ?? false,
      flipped: pane?.state.view.flipped ?? false,
      playing: this.cine.playing,
      two: this.two,
      stack: (pane?.facts?.frames.length ?? 0) > 1,
      presets: pane?.offered ?? [],
      disciplines: this.layers.among(this.marks),
      act: (action) => this.act(action),
      toggleLayer: (code) => this.layers.toggle(code),
      focusLayer: (code) => this.layers.focus(code, this.marks),
      undoable: this.history.undoable,
      redoable: this.history.redoable,
    };
  }

  private begin(): void {
    this.listened = new AbortController();
    const { signal } = this.listened;
    const roots = [...this.querySelectorAll<HTMLElement>('.viewer-pane')];
    this.panes = roots.map((root) => new Pane(root, this.shared()));
    this.boards = this.panes.map((pane) => new PaneBoard(pane, this.boardEvents()));
    roots.forEach((root, at) => new Gestures(root, this.boards[at]!, signal));
    this.addEventListener('keydown', (event) => this.keyed(event), { signal });
    document.addEventListener('visibilitychange', () => this.cine.stop(), { signal });
    this.decoder.warm();
    this.openCase();
  }

  private end(): void {
    this.cine.stop();
    this.listened?.abort();
    this.listened = null;
    this.images?.close();
    this.images = null;
    for (const pane of this.panes) pane.close();
    this.panes = [];
    this.teller.stop();
  }

  private shared(): Shared {
    return {
      frames: () => this.images?.frames ?? null,
      layers: this.layers,
      want: (series, index) => this.images?.want(series, index),
      release: (series) => {
        if (this.panes.every((pane) => pane.series !== series)) this.images?.release(series);
      },
      marks: () => this.marks,
      drafts: () => this.drafts,
      pointers: () => this.telepointers,
      discipline: () => this.discipline,
      title: (series) => {
        const found = find(this.studies, series);
        const lines = found === null ? [] : [studyWords(found.study), seriesWords(found.series)];
        return { lines: lines.filter((line) => line !== ''), prior: found?.prior ?? false };
      },
      changed: (pane) => this.changed(pane),
      asked: this.getAttribute('renderer'),
    };
  }

  private boardEvents() {
    return {
      tool: () => this.tool,
      me: () => this.me,
      mayDraw: () => this.canDraw,
      draft: (draft: t.Draft | null) => this.send('draft', draft),
      complete: (mark: t.MarkComplete) => this.history.draw(mark),
      move: (move: t.MarkMove) => this.history.move(move),
      erase: (mark: t.ViewerMark) => this.history.erase(mark),
      point: (at: t.PointerAt | null) => this.send('pointerat', at),
      activate: (pane: Pane) => this.activate(this.panes.indexOf(pane)),
    };
  }

  /** Start over with another case: its own stream, nothing kept of the one before. */
  private openCase(): void {
    this.images?.close();
    this.cine.stop();
    this.cancelDraft();
    this.history.clear();
    this.teller.known(null);
    this.images = this.caseId === '' ? null : new CaseImages(this.caseId, this.decoder, this.imagesEvents());
    for (const pane of this.panes) this.quietly(() => pane.open(null, { index: 0 }));
    void this.images?.list();
  }

  private imagesEvents(): ImagesEvents {
    return {
      listed: (studies) => {
        this.studies = studies;
        this.openFirst();
      },
      unlisted: (reason) => this.panes[0]?.say(reason),
      announced: (facts) => {
        for (const pane of this.panes) if (pane.series === facts.series) this.quietly(() => pane.settle());
        this.requestUpdate();
      },
      changed: (series) => this.redraw(series),
      failed: (series, reason) => {
        for (const pane of this.panes) if (pane.series === series && pane.facts === null) pane.say(reason);
      },
      state: (state, reason) => {
        this.link = { state, reason };
      },
    };
  }

  private openFirst(): void {
    const pane = this.panes[0];
    if (pane === undefined) return;
    if (pane.series !== null) return;
    if (this.awaited !== null && find(this.studies, this.awaited.series_instance_uid) !== null) {
      this.viewport = this.awaited;
      return;
    }
    const first = all(this.studies).find(({ series }) => series.frames > 0)?.series;
    if (first !== undefined) this.quietly(() => pane.open(first.series_instance_uid, { index: opening(first) }));
  }

  /** With two panes the second shows what is best compared with the first. */
  private arrange(): void {
    const [first, second] = this.panes;
    if (first === undefined || second === undefined) return;
    if (!this.two) {
      this.active = 0;
      this.requestUpdate();
      return;
    }
    const other = first.series === null ? undefined : companion(this.studies, first.series)?.series;
    if (second.series !== null || other === undefined) return;
    this.quietly(() => second.open(other.series_instance_uid, { index: opening(other) }));
  }

  private choose(series: string): void {
    const listed = find(this.studies, series)?.series;
    this.panes[this.active]?.open(series, { index: listed === undefined ? 0 : opening(listed) });
    this.requestUpdate();
    this.left();
  }

  private activate(at: number): void {
    this.active = Math.max(0, at);
    this.requestUpdate();
  }

  private redraw(series: string): void {
    for (const pane of this.panes) if (pane.series === series) pane.draw();
  }

  private changed(pane: Pane): void {
    if (this.quiet > 0 || pane !== this.panes[this.active]) return;
    this.left();
    this.requestUpdate();
    this.teller.soon();
  }

  private left(): void {
    if (this.following) this.send('leave', null);
  }

  private quietly(run: () => void): void {
    this.quiet++;
    try {
      run();
    } finally {
      this.quiet--;
    }
  }

  private keyed(event: KeyboardEvent): void {
    const taken = this.boards[this.active]?.key(event) === true;
    const action = taken ? null : actionFor(event);
    if (!taken && action === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (action !== null) this.act(action);
  }

  private act(action: Action): void {
    const pane = this.panes[this.active];
    if (pane === undefined) return;
    if (action.do === 'tool') {
      this.cancelDraft();
      this.tool = action.tool;
    } else if (action.do === 'series') this.neighbour(pane, action.step);
    else if (!perform(pane, action)) this.command(action.do);
  }

  private command(name: Action['do']): void {
    if (name === 'cine') this.cine.toggle();
    if (name === 'layout') this.two = !this.two;
    if (name === 'help') this.querySelector<HTMLDialogElement>('.viewer-help')?.showModal();
    if (name === 'screen') fillScreen(this);
    if (name === 'cancel') this.cancelDraft();
    if (name === 'erase') this.boards[this.active]?.erase();
    if ((name === 'undo' || name === 'redo') && this.canDraw) this.history[name]();
    this.requestUpdate();
  }

  private neighbour(pane: Pane, step: number): void {
    const next = beside(this.studies, pane.series ?? '', step);
    if (next !== undefined) this.choose(next);
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
