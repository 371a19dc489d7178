/** One image on the screen: its canvas, its marks and its words, and what it shows. */
import { Facts, spoken } from './facts';
import { checkFirstPicture, dropFirstPicture } from './first';
import type { Laid } from './laid';
import type { Layers } from './layers';
import { drawLines, type CrossLine } from './lines';
import type { Numbered } from './numbered';
import { drawOverlay } from './overlay';
import { fidelityOf, hasValues, type Picture } from './picture';
import type { Sampled } from '../geometry';
import { NOTHING, type PictureSource } from './pictures';
import { isReformat } from './reformats';
import { renderer, tone, type Renderer } from './render';
import { Slider } from './slider';
import type { Title } from './titles';
import { reading } from './tools/reading';
import { gridOf, sampled } from './tools/region';
import type {
  Draft,
  Fidelity,
  FrameFacts,
  MarkKind,
  Point,
  Preset,
  RemoteDraft,
  SeriesFacts,
  Telepointer,
  ViewerMark,
  Window,
} from './types';
import { apply, FITTED, inverse, toScreen, type Affine, type Extent, type Size, type View } from './view';
import { ownWindow, presets } from './window';

/** What all panes of a viewer share. */
export interface Shared {
  /** What has arrived of the present case; null when there is none. */
  readonly frames: () => PictureSource | null;
  readonly layers: Layers;
  /** Ask the stream for a frame. */
  readonly want: (series: string, index: number) => void;
  /** A pane has turned away from a series. */
  readonly release: (series: string) => void;
  readonly marks: () => readonly ViewerMark[];
  readonly drafts: () => readonly RemoteDraft[];
  readonly pointers: () => readonly Telepointer[];
  readonly discipline: () => string | null;
  /** What other objects lay over an image. */
  readonly laid: Pick<Laid, 'on'>;
  readonly numbered: Pick<Numbered, 'on'>;
  /** Where the images of the other panes cut this one. */
  readonly lines: (pane: Pane) => readonly CrossLine[];
  /** Study and series in words, whose they are, and whether the study is an earlier one. */
  readonly title: (series: string) => Title;
  /** What an empty pane says. */
  readonly vacant: () => string;
  /** A person changed what is seen, or the first picture of a series came up. */
  readonly changed: (pane: Pane) => void;
  readonly asked: string | null;
}

/** Which frame to open a series at: by number, by identity, or in the middle. */
export type Place = { readonly index: number } | { readonly sop_instance_uid: string; readonly frame: number };

const FRESH: PaneState = { view: FITTED, window: null, inverted: false };

/** The part of a pane's state that a follower repeats; window null: the image's own. */
export interface PaneState {
  readonly view: View;
  readonly window: Window | null;
  readonly inverted: boolean;
}

export class Pane {
  series: string | null = null;
  index = 0;
  state: PaneState = FRESH;
  own: Draft | null = null;
  selected: string | null = null;
  /** A mark whose points are being moved here. */
  moving: { readonly mark: string; readonly points: readonly Point[] } | null = null;
  notice: string | null = null;
  /** The image point whose value is told. */
  probed: Point | null = null;
  /** Where the keyboard draws, in CSS pixels. */
  cross: Point | null = null;
  /** A box drawn for its window, in CSS pixels. */
  region: readonly [Point, Point] | null = null;
  private canvas: HTMLCanvasElement;
  private readonly overlay: SVGSVGElement;
  private readonly crossings: SVGSVGElement;
  private readonly words: HTMLElement;
  private readonly told: Facts;
  private readonly slider: Slider;
  private made: Renderer | null = null;
  private place: Place | null = null;
  private shownPicture: { series: string; index: number; picture: Picture } | null = null;
  private scheduled = 0;
  private readonly observer: ResizeObserver;

  constructor(
    readonly root: HTMLElement,
    private readonly shared: Shared,
  ) {
    this.canvas = root.querySelector('canvas')!;
    this.crossings = root.querySelector<SVGSVGElement>('svg.viewer-lines')!;
    this.overlay = root.querySelector<SVGSVGElement>('svg.viewer-overlay')!;
    this.words = root.querySelector<HTMLElement>('.viewer-facts')!;
    this.told = new Facts(this.words);
    this.slider = new Slider(root.querySelector<HTMLInputElement>('.viewer-slider')!, (index) => this.go(index));
    this.canvas.addEventListener('webglcontextlost', (event) => this.fallBack(event));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(root);
  }

  close(): void {
    cancelAnimationFrame(this.scheduled);
    this.observer.disconnect();
    this.slider.close();
    this.made?.close();
  }

  /** Made when there is something to draw: a pane that is never shown takes no graphics memory. */
  private get renderer(): Renderer {
    this.made ??= renderer(this.canvas, this.shared.asked);
    return this.made;
  }

  /** Whether it shows cuts made here instead of stored images: they take no marks and are not shared. */
  get reformatted(): boolean {
    return isReformat(this.series);
  }

  /** The picture of the present frame, where it is on the screen. */
  get picture(): Picture | null {
    return this.fidelity === 'none' ? null : (this.shownPicture?.picture ?? null);
  }

  get facts(): SeriesFacts | null {
    return this.series === null ? null : (this.shared.frames()?.facts(this.series, this.index) ?? null);
  }

  get frame(): FrameFacts | null {
    return this.series === null ? null : (this.shared.frames()?.frame(this.series, this.index) ?? null);
  }

  /** What was asked for by its identity, while nothing is known of its series. */
  get awaited(): Extract<Place, { sop_instance_uid: string }> | null {
    return this.place !== null && 'frame' in this.place ? this.place : null;
  }

  get size(): Size {
    return { width: Math.max(1, this.root.clientWidth), height: Math.max(1, this.root.clientHeight) };
  }

  get extent(): Extent | null {
    const { frame } = this;
    if (frame === null) return null;
    const square = frame.row_spacing_mm === null || frame.column_spacing_mm === null;
    const aspect = square ? (frame.aspect ?? 1) : frame.row_spacing_mm / frame.column_spacing_mm;
    return { columns: frame.columns, rows: frame.rows, aspect };
  }

  /** The window in use: the chosen one or the image's own. */
  get window(): Window | null {
    return this.state.window ?? (this.facts === null ? null : ownWindow(this.facts));
  }

  /** Windows to choose from; none for colour. */
  get offered(): readonly Preset[] {
    return this.facts === null || this.facts.colour ? [] : presets(this.facts);
  }

  /** How good the pixels on the screen are. */
  get fidelity(): Fidelity {
    const { shownPicture: shown } = this;
    if (shown === null || shown.series !== this.series || shown.index !== this.index) return 'none';
    return fidelityOf(shown.picture, this.facts);
  }

  /** Open a series; the view starts anew unless a state is given. */
  open(series: string | null, place: Place, state: PaneState = FRESH): void {
    const before = this.series;
    const other = series !== before;
    this.series = series;
    this.state = state;
    this.place = place;
    this.notice = null;
    if (other) {
      this.shownPicture = null;
      this.own = null;
      this.selected = null;
      if (before !== null) this.shared.release(before);
    }
    this.settle();
    if (series !== null && this.facts === null) this.shared.want(series, 'index' in place ? place.index : 0);
    this.draw();
  }

  /** The facts of the series have come: go to the frame that was asked for. */
  settle(): void {
    const { facts, place } = this;
    if (facts === null || place === null) return;
    this.place = null;
    const found =
      'index' in place
        ? place.index
        : facts.frames.findIndex((f) => f.sop_instance_uid === place.sop_instance_uid && f.frame === place.frame);
    this.index = Math.min(facts.frames.length - 1, Math.max(0, found));
    this.shared.want(facts.series, this.index);
    this.shared.changed(this);
    this.draw();
  }

  /** Show another frame of the series. */
  go(index: number): void {
    const { facts } = this;
    if (facts === null) return;
    const next = Math.min(facts.frames.length - 1, Math.max(0, index));
    if (next === this.index) return;
    this.index = next;
    this.shared.want(facts.series, next);
    this.shared.changed(this);
    this.draw();
  }

  /** The next frame, and the first after the last. */
  next(): void {
    const { facts, series } = this;
    if (facts === null || series === null) return;
    const [frames, total] = [this.shared.frames(), facts.frames.length];
    let next = (this.index + 1) % total;
    while (next !== this.index && (frames?.failure(series, next) ?? null) !== null) next = (next + 1) % total;
    // A film waits for what has not come rather than flicker black, and goes on past what never will.
    if (frames?.arrived(series, next) === true) this.go(next);
  }

  /** Say something in place of the picture. */
  say(notice: string): void {
    this.notice = notice;
    this.draw();
  }

  update(state: Partial<PaneState>): void {
    this.state = { ...this.state, ...state };
    this.shared.changed(this);
    this.draw();
  }

  toImage(screen: Point): Point {
    return this.extent === null ? [0, 0] : apply(inverse(this.map(this.extent)), screen);
  }

  toPane(point: Point): Point {
    return this.extent === null ? [0, 0] : apply(this.map(this.extent), point);
  }

  /** Marks on the present frame, with the points of one that is being moved. */
  marksHere(): readonly ViewerMark[] {
    const { frame, moving } = this;
    if (frame === null) return [];
    return this.shared
      .marks()
      .filter((mark) => onFrame(mark, frame))
      .map((mark) => (mark.mark === moving?.mark ? { ...mark, points: moving.points, measured: null } : mark));
  }

  /** Draw at the next frame of the screen. */
  draw(): void {
    if (this.scheduled !== 0) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paint();
    });
  }

  private paint(): void {
    const { size, extent, facts, frame } = this;
    if (this.root.clientWidth === 0 || this.waits()) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) this.renderer.resize(width, height);
    const map = extent === null ? null : this.map(extent);
    this.paintPicture(map, ratio);
    this.words.classList.toggle('viewer-facts-small', size.width < 420);
    this.tell();
    const scene = map === null || frame === null ? null : this.scene(frame, map, size);
    drawOverlay(this.overlay, scene);
    drawLines(this.crossings, this.shared.lines(this), scene?.place ?? null, this.region);
    // An empty drawing laid over the image would be blended with it at every frame all the same.
    for (const drawing of [this.overlay, this.crossings]) {
      drawing.toggleAttribute('hidden', drawing.childElementCount === 0);
    }
    this.slider.show(this.index, facts?.frames.length ?? 0);
  }

  /** The picture is there in a few milliseconds: until then the one before stays, with its own words. */
  private waits(): boolean {
    const { series, index, shownPicture: shown } = this;
    const source = this.shared.frames();
    if (series === null || source === null || shown?.series !== series || shown.index === index) return false;
    return source.look(series, index) === null && source.pending(series, index);
  }

  private paintPicture(map: Affine | null, ratio: number): void {
    const { facts, series, index, state } = this;
    const picture = series === null ? null : (this.shared.frames()?.look(series, index) ?? null);
    if (picture !== null && series !== null) this.shownPicture = { series, index, picture };
    // While the right frame is on its way the canvas is black: never another slice under this slice's number.
    const shown = map === null || facts === null ? null : picture;
    const scaled = map ?? { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };
    const device = Object.fromEntries(Object.entries(scaled).map(([key, value]) => [key, Number(value) * ratio]));
    const greys = shown?.kind === 'grey' && facts !== null ? tone(shown, facts, state.window, state.inverted) : null;
    this.renderer.draw(shown, device as unknown as Affine, greys);
  }

  /** size: measured before anything was written, so that no layout is forced in between. */
  private scene(frame: FrameFacts, map: Affine, size: Size) {
    const here = <T extends { sop_instance_uid: string; frame: number }>(all: readonly T[]) =>
      all.filter((one) => onFrame(one, frame));
    return {
      frame,
      width: size.width,
      height: size.height,
      taken: () => this.told.boxes(size),
      place: (point: Point) => apply(map, point),
      layers: this.shared.layers,
      marks: this.marksHere(),
      drafts: here(this.shared.drafts()),
      own: this.own !== null && onFrame(this.own, frame) ? this.own : null,
      ownDiscipline: this.shared.discipline(),
      pointers: here(this.shared.pointers()),
      selected: this.selected,
      reading: this.probed === null ? null : this.reading(frame, this.probed),
      cross: this.cross,
      laid: this.shared.laid.on(frame),
      levels: this.shared.numbered.on(this.facts, frame).labels,
      sampled: ({ kind, points }: { readonly kind: MarkKind; readonly points: readonly Point[] }) =>
        this.sampled(kind, points),
    };
  }

  private reading(frame: FrameFacts, point: Point) {
    const lines = this.facts === null ? [] : reading(this.facts, frame, point, this.sampled('probe', [point]));
    return lines.length === 0 ? null : { at: this.toPane(point), lines };
  }

  /** What the pixels under a mark are worth, where they are here without loss; null: not to be told. */
  sampled(kind: MarkKind, points: readonly Point[]): Sampled | null {
    const { facts, shownPicture: shown } = this;
    if (facts === null || shown === null || !hasValues(this.fidelity)) return null;
    const grid = gridOf(shown.picture, facts);
    return grid === null ? null : sampled(grid, kind, points);
  }

  private tell(): void {
    const { series, facts, index } = this;
    const frames = this.shared.frames();
    const failure = this.notice ?? (series === null ? null : (frames?.failure(series, index) ?? null));
    const told = {
      series: facts,
      frame: this.frame,
      index,
      title: series === null ? null : this.shared.title(series),
      levels: this.shared.numbered.on(facts, this.frame).words,
      window: this.window,
      view: this.state.view,
      inverted: this.state.inverted,
      fidelity: this.fidelity,
      progress: frames?.counted(series ?? '') ?? NOTHING,
      message: failure ?? (series === null ? this.shared.vacant() : null),
    };
    if (told.fidelity !== 'none' || failure !== null) dropFirstPicture(this.root);
    else checkFirstPicture(this.root, series, this.frame);
    this.told.show(told);
    this.root.setAttribute('aria-label', spoken(told));
    this.root.dataset['fidelity'] = told.fidelity;
    this.root.dataset['renderer'] = this.renderer.kind;
  }

  private map(extent: Extent): Affine {
    return toScreen(this.state.view, extent, this.size);
  }

  /** A lost graphics context comes back as a plain canvas: slower, but with the same pixels. */
  private fallBack(event: Event): void {
    event.preventDefault();
    if (!this.canvas.isConnected) return;
    const fresh = this.canvas.cloneNode() as HTMLCanvasElement;
    this.canvas.replaceWith(fresh);
    this.canvas = fresh;
    this.made = renderer(fresh, 'canvas2d');
    this.draw();
  }
}

function onFrame(one: { sop_instance_uid: string; frame: number }, frame: FrameFacts): boolean {
  return one.sop_instance_uid === frame.sop_instance_uid && one.frame === frame.frame;
}
