/**
 * Drawing and moving marks by keys alone: a cross that the arrows move and Enter presses, and the handles of one's own
 * marks one after the other. It feeds the same tools as the mouse does.
 */
import { reshaped } from '../marks';
import type { Point, ViewerMark } from '../types';
import type { ReshapeStage } from './reshape';
import type { Press, Tool } from './tool';
import type { Guide } from './steps';

/** CSS pixels of a key press, and of one with Shift. */
const STRIDE = 8;
const FINE = 1;
/** Image pixels a handle goes, and with Shift. */
const NUDGE = 1;
const LEAP = 10;

const ARROWS: Readonly<Record<string, Point | undefined>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface CursorBoard {
  readonly stage: ReshapeStage & { guide(guide: Guide | null): void };
  tool(): Tool;
  /** Whether the chosen tool takes presses: draws, probes or points. */
  presses(): boolean;
  size(): { readonly width: number; readonly height: number };
  toImage(screen: Point): Point;
  place(point: Point): Point;
  marks(): readonly ViewerMark[];
  mayMove(mark: ViewerMark): boolean;
  select(mark: ViewerMark | null): void;
  /** Show the cross at a place of the pane, or the handle that the arrows move; null: neither. */
  cross(at: Point | null): void;
}

interface Grip {
  readonly mark: string;
  readonly handle: number;
}

export class Cursor {
  private at: Point | null = null;
  private grip: Grip | null = null;
  /** The points of the gripped mark, once they differ. */
  private points: readonly Point[] | null = null;

  constructor(private readonly board: CursorBoard) {}

  get active(): boolean {
    return this.at !== null || this.grip !== null;
  }

  /** Use a key that was pressed on the pane itself; false: it is somebody else's. */
  key(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>): boolean {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === 'E') return this.next();
    if (this.grip !== null) return this.gripped(event.key, event.shiftKey);
    if (this.at !== null) return this.crossed(event.key, event.shiftKey);
    if (event.key !== 'Enter' || !this.board.presses()) return false;
    const { width, height } = this.board.size();
    this.show([width / 2, height / 2]);
    return true;
  }

  /** Another tool, image or mouse: keep what was moved, and no cross. */
  leave(): void {
    if (this.grip !== null) this.keep();
    if (this.at !== null) this.show(null);
  }

  private crossed(key: string, shift: boolean): boolean {
    const at = this.at!;
    const arrow = ARROWS[key];
    const tool = this.board.tool();
    if (arrow !== undefined) {
      const step = shift ? FINE : STRIDE;
      const { width, height } = this.board.size();
      const to: Point = [
        Math.min(width, Math.max(0, at[0] + arrow[0] * step)),
        Math.min(height, Math.max(0, at[1] + arrow[1] * step)),
      ];
      this.show(to);
      tool.move(this.press(to), false);
      return true;
    }
    if (key === 'Enter' && shift) return tool.finish?.() ?? false;
    if (key === 'Enter' || key === ' ') {
      tool.down(this.press(at));
      tool.up(this.press(at));
      return true;
    }
    if (key !== 'Escape') return false;
    if (tool.busy) tool.cancel();
    else this.show(null);
    return true;
  }

  private gripped(key: string, shift: boolean): boolean {
    const mark = this.mark();
    const arrow = ARROWS[key];
    if (mark === undefined) {
      this.drop();
      return false;
    }
    if (arrow !== undefined) {
      this.nudge(mark, arrow, shift ? LEAP : NUDGE);
      return true;
    }
    if (key === 'Enter') this.keep();
    else if (key === 'Escape') {
      this.board.stage.moving(mark, null);
      this.drop();
    } else if (key === 'Delete' || key === 'Backspace') {
      this.board.stage.moving(mark, null);
      this.drop(mark);
      return false;
    } else return false;
    return true;
  }

  /** An arrow goes the way it points on the screen, however the image is turned. */
  private nudge(mark: ViewerMark, arrow: Point, pixels: number): void {
    const { board, grip } = this;
    const points = this.points ?? mark.points;
    const from = points[grip!.handle]!;
    const place = board.place(from);
    const ahead = board.toImage([place[0] + arrow[0], place[1] + arrow[1]]);
    const way: Point = [ahead[0] - from[0], ahead[1] - from[1]];
    const length = Math.hypot(...way) || 1;
    const to: Point = [from[0] + (way[0] / length) * pixels, from[1] + (way[1] / length) * pixels];
    this.points = reshaped(mark.kind, points, grip!.handle, to);
    board.stage.moving(mark, this.points);
    board.cross(board.place(this.points[grip!.handle]!));
  }

  /** The next handle of one's own marks on this image, mark by mark. */
  private next(): boolean {
    const { board } = this;
    const before = this.grip;
    if (before !== null) this.keep();
    if (this.at !== null) this.show(null);
    const own = board.marks().filter((mark) => board.mayMove(mark) || mark.mark === before?.mark);
    const grips = own.flatMap(({ mark, points, kind }) =>
      (kind === 'freehand' || kind === 'path' ? points.slice(0, 1) : points).map((_, handle): Grip => ({
        mark,
        handle,
      })),
    );
    if (grips.length === 0) return false;
    const at = grips.findIndex(({ mark, handle }) => mark === before?.mark && handle === before.handle);
    this.grip = grips[(at + 1) % grips.length]!;
    const mark = this.mark()!;
    board.select(mark);
    board.cross(board.place(mark.points[this.grip.handle]!));
    const text = 'Arrows move this point, Enter keeps it, Shift E goes to the next';
    board.stage.guide({ text, count: `${this.grip.handle + 1} of ${mark.points.length}`, end: null });
    return true;
  }

  private keep(): void {
    const mark = this.mark();
    const { points } = this;
    if (mark !== undefined && points !== null) this.board.stage.moved(mark, points);
    this.drop(mark);
  }

  private drop(selected?: ViewerMark): void {
    this.grip = null;
    this.points = null;
    this.board.cross(null);
    this.board.stage.guide(null);
    this.board.select(selected ?? null);
  }

  private mark(): ViewerMark | undefined {
    return this.board.marks().find(({ mark }) => mark === this.grip?.mark);
  }

  private press(at: Point): Press {
    return { screen: at, image: this.board.toImage(at) };
  }

  private show(at: Point | null): void {
    this.at = at;
    this.board.cross(at);
  }
}
