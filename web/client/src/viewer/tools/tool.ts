/** What every tool is: a small state machine fed with presses, alike for mouse, pen and finger. */
import type { FrameFacts, MarkKind, Point, Window } from '../types';
import type { Extent, Size, View } from '../view';
import type { Guide } from './steps';

/** One place of the pointer. */
export interface Press {
  /** CSS pixels from the top left of the pane. */
  readonly screen: Point;
  /** The image point under it. */
  readonly image: Point;
}

/** What a tool may do to the pane it works on. */
export interface Stage {
  frame(): FrameFacts | null;
  extent(): Extent | null;
  size(): Size;
  view(): View;
  setView(view: View): void;
  window(): Window | null;
  setWindow(window: Window): void;
  /** Go a number of slices further, or back when negative. */
  scroll(slices: number): void;
  /** Show what is being drawn, and tell the others; null takes it away. */
  draft(kind: MarkKind, points: readonly Point[] | null): void;
  /** The mark is drawn; asks for its text where the kind has one. */
  finish(kind: MarkKind, points: readonly Point[]): void;
  /** Point for the others; null stops it. */
  pointAt(image: Point | null): void;
  /** Say what the pixel at a place is worth; null stops it. */
  probe(image: Point | null): void;
  /** A vertebra was clicked on. */
  anchor(image: Point): void;
  /** What to click next for the numbering, or why this image is not fit for it. */
  anchoring(): string;
  /** Say what to press next; null: nothing. */
  guide(guide: Guide | null): void;
}

export interface Tool {
  /** Whether a mark is half drawn. */
  readonly busy: boolean;
  down(press: Press): void;
  move(press: Press, pressed: boolean): void;
  up(press: Press): void;
  /** Stop with the points there are; false: they do not make a mark. */
  finish?(): boolean;
  cancel(): void;
  /** Say again what to press next, where that changes from outside. */
  retell?(): void;
  /** Another tool is chosen. */
  close?(): void;
}

/** The image a stage shows, by name; null: none. */
export function imageOf(stage: Stage): string | null {
  const frame = stage.frame();
  return frame === null ? null : `${frame.sop_instance_uid}/${frame.frame}`;
}

/** Movement on the screen, in CSS pixels, up to which a press is a click and not a drag. */
export const SLOP = 4;

export function moved(a: Press, b: Press): number {
  return Math.hypot(a.screen[0] - b.screen[0], a.screen[1] - b.screen[1]);
}
