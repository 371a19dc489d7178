/** The panes of a viewer: how many, what each shows, which one is worked in, and how they move together. */
import { PaneBoard, type BoardEvents } from './board';
import { follow, panesOf } from './follow';
import { Gestures } from './gestures';
import { layout, MOST_PANES, type LayoutName } from './layouts';
import { linesIn, Linking, planeShown } from './linking';
import { Pane, type PaneState, type Shared } from './pane';
import { centre, nearest, type Plane } from './planes';
import type { Viewport } from './types';
import { FITTED } from './view';

export interface GridEvents {
  readonly shared: Omit<Shared, 'lines' | 'changed'>;
  readonly board: Omit<BoardEvents, 'activate'>;
  /** A person changed what the active pane shows, or which pane is active. */
  readonly changed: () => void;
  /** A person went to another frame of the same series: all else is as it was. */
  readonly scrolled: () => void;
  /** The toolbar or the panes' frames should be drawn again. */
  readonly redraw: () => void;
  /** Sideways with a finger: the next (1) or the previous (-1). */
  readonly swipe: (step: number) => void;
}

export class Grid {
  readonly panes: Pane[] = [];
  readonly linking = new Linking();
  lines = true;
  layout: LayoutName = '1x1';
  at = 0;
  private readonly boards: PaneBoard[] = [];
  /** What each pane showed before it changed. */
  private readonly before = new Map<
    Pane,
    { readonly series: string | null; readonly index: number; readonly state: PaneState; readonly plane: Plane | null }
  >();
  /** Above 0 while the view is changed by somebody else, by opening a case or by linking, not by a hand. */
  private quiet = 0;

  constructor(
    private readonly roots: readonly HTMLElement[],
    private readonly events: GridEvents,
    private readonly signal: AbortSignal,
  ) {
    this.grow(1);
  }

  get active(): Pane {
    return this.panes[this.at] ?? this.panes[0]!;
  }

  get board(): PaneBoard {
    return this.boards[this.at] ?? this.boards[0]!;
  }

  get count(): number {
    return layout(this.layout).count;
  }

  /** The panes of the present layout. */
  get shown(): readonly Pane[] {
    return this.panes.slice(0, this.count);
  }

  /** Change the number of panes. */
  arrange(name: LayoutName): void {
    this.layout = name;
    this.grow(this.count);
    // What is worked in stays on the screen.
    if (this.at >= this.count) {
      const { series, index, state } = this.active;
      this.quietly(() => this.panes[0]!.open(series, { index }, state));
      this.at = 0;
    }
    for (const pane of this.panes.slice(this.count)) this.quietly(() => pane.open(null, { index: 0 }));
    this.events.redraw();
  }

  activate(at: number): void {
    const next = Math.min(Math.max(0, at), this.count - 1);
    if (next === this.at) return;
    this.at = next;
    this.linking.restart();
    this.events.redraw();
    for (const pane of this.shown) pane.draw();
    this.events.changed();
  }

  /** Give up what is being drawn. */
  cancel(): void {
    for (const board of this.boards) board.cancel();
  }

  redraw(id: string): void {
    for (const pane of this.panes) if (pane.series === id) pane.draw();
  }

  drawAll(): void {
    for (const pane of this.panes) pane.draw();
  }

  /** Whether a pane shows something whose identity begins so: a series, or with a `#` behind it cuts of it. */
  shows(start: string): boolean {
    return this.panes.some(({ series }) => series === start || series?.startsWith(start.replace(/#?$/, '#')) === true);
  }

  /** Show what somebody else shows. */
  follow(viewport: Viewport): void {
    const { layout: name, place, linked } = viewport;
    if (name !== this.layout || place !== this.at || linked !== this.linking.on) {
      this.layout = name;
      this.grow(this.count);
      this.at = Math.min(place, this.count - 1);
      this.linking.on = linked;
      this.linking.restart();
      for (const pane of this.panes.slice(this.count)) this.quietly(() => pane.open(null, { index: 0 }));
      this.events.redraw();
    }
    const views = panesOf(viewport);
    this.quietly(() => this.shown.forEach((pane, at) => follow(pane, views[at] ?? null)));
  }

  /** Nothing of a case any more. */
  clear(): void {
    this.before.clear();
    for (const pane of this.panes) this.quietly(() => pane.open(null, { index: 0 }));
  }

  /** Open a series, or cuts of it, at the place in the patient that the pane shows now. */
  keepPlace(pane: Pane, id: string): void {
    const plane = planeShown(pane);
    const facts = this.events.shared.frames()?.facts(id) ?? null;
    if (facts === null) return;
    const middle = Math.floor(facts.frames.length / 2);
    const found = plane === null ? null : nearest(facts, plane, centre(plane));
    const { window, inverted } = pane.state;
    pane.open(id, { index: found ?? middle }, { view: FITTED, window, inverted });
  }

  /** Open something at its middle with the window of another pane. */
  keepMiddle(pane: Pane, id: string, like: Pane): void {
    const { window, inverted } = like.state;
    const frames = this.events.shared.frames()?.facts(id)?.frames.length ?? 0;
    pane.open(id, { index: Math.floor(frames / 2) }, { view: FITTED, window, inverted });
  }

  quietly(run: () => void): void {
    this.quiet++;
    try {
      run();
    } finally {
      this.quiet--;
    }
  }

  close(): void {
    for (const pane of this.panes) pane.close();
    this.panes.length = 0;
  }

  private grow(count: number): void {
    while (this.panes.length < Math.min(count, MOST_PANES)) {
      const at = this.panes.length;
      const root = this.roots[at]!;
      const pane = new Pane(root, {
        ...this.events.shared,
        lines: (one) => (this.lines ? linesIn(one, this.shown, this.active) : []),
        changed: (one) => this.changed(one),
      });
      const board = new PaneBoard(pane, {
        ...this.events.board,
        activate: (one) => this.activate(this.panes.indexOf(one)),
      });
      this.panes.push(pane);
      this.boards.push(board);
      new Gestures(root, board, this.signal, (step) => this.events.swipe(step));
    }
  }

  private changed(pane: Pane): void {
    const before = this.before.get(pane);
    const { series, index, state } = pane;
    const same = series === before?.series && state === before.state;
    const scrolled = series !== before?.series || index !== before.index;
    if (scrolled || !same) this.before.set(pane, { series, index, state, plane: planeShown(pane) });
    if (scrolled) this.moved(pane, before?.plane ?? null);
    if (this.quiet > 0 || pane !== this.active) return;
    if (scrolled && same) this.events.scrolled();
    else this.events.changed();
  }

  /** Another slice: the others come along, and their lines move. */
  private moved(pane: Pane, before: Plane | null): void {
    if (this.quiet === 0 && pane === this.active && before !== null) {
      for (const other of this.shown) if (other !== pane) this.bring(pane, before, other);
    }
    for (const other of this.shown) if (other !== pane) other.draw();
  }

  private bring(lead: Pane, before: Plane, other: Pane): void {
    const index = this.linking.beside(lead, before, other);
    if (index !== null) this.quietly(() => other.go(index));
  }
}
