/** Tools that draw marks: by presses (drag or click, as one likes), or freehand. */
import { outlineKept, PRESSES } from '../marks';
import type { MarkKind, Point } from '../types';
import { moved, SLOP, type Press, type Stage, type Tool } from './tool';

/**
 * A mark of a fixed number of points. Each press sets a point; a drag sets the next one where it ends, so that a length
 * is one drag or two clicks, and a Cobb angle two drags or four clicks.
 */
export class DrawTool implements Tool {
  private points: Point[] = [];
  private pressed: Press | null = null;
  private dragging = false;
  private readonly count: number;

  constructor(
    private readonly kind: MarkKind,
    private readonly stage: Stage,
  ) {
    this.count = PRESSES[kind];
  }

  get busy(): boolean {
    return this.points.length > 0;
  }

  down(press: Press): void {
    this.pressed = press;
    this.dragging = false;
    this.points.push(press.image);
    this.stage.draft(this.kind, this.points);
  }

  move(press: Press, pressed: boolean): void {
    if (this.points.length === 0) return;
    if (!pressed || this.pressed === null) {
      this.stage.draft(this.kind, [...this.points, press.image]);
      return;
    }
    this.dragging ||= moved(this.pressed, press) > SLOP;
    if (!this.dragging) return;
    if (this.points.length === this.count) this.points[this.count - 1] = press.image;
    const shown = this.points.length === this.count ? this.points : [...this.points, press.image];
    this.stage.draft(this.kind, shown);
  }

  up(press: Press): void {
    if (this.pressed === null) return;
    if (this.dragging && this.points.length < this.count) this.points.push(press.image);
    this.pressed = null;
    this.dragging = false;
    if (this.points.length < this.count) return;
    const points = this.points;
    this.points = [];
    if (new Set(points.map(String)).size === points.length) this.stage.finish(this.kind, points);
    else this.stage.draft(this.kind, null);
  }

  cancel(): void {
    if (this.points.length > 0) this.stage.draft(this.kind, null);
    this.points = [];
    this.pressed = null;
  }
}

/** Distance on the screen between two points of a freehand line, in CSS pixels. */
const STEP = 2;

export class FreehandTool implements Tool {
  private points: Point[] = [];
  private last: Press | null = null;
  /** Image pixels that one CSS pixel covers, for a tolerance that fits the zoom. */
  private grain = 1;

  constructor(private readonly stage: Stage) {}

  get busy(): boolean {
    return this.points.length > 0;
  }

  down(press: Press): void {
    this.points = [press.image];
    this.last = press;
  }

  move(press: Press, pressed: boolean): void {
    if (!pressed || this.last === null) return;
    const gone = moved(this.last, press);
    if (gone < STEP) return;
    const [a, b] = [this.last.image, press.image];
    this.grain = Math.hypot(b[0] - a[0], b[1] - a[1]) / gone;
    this.points.push(press.image);
    this.last = press;
    this.stage.draft('freehand', outlineKept(this.points, this.grain));
  }

  up(): void {
    const kept = outlineKept(this.points, this.grain * 0.75);
    this.points = [];
    this.last = null;
    if (kept.length >= 3) this.stage.finish('freehand', kept);
    else this.stage.draft('freehand', null);
  }

  cancel(): void {
    if (this.points.length > 0) this.stage.draft('freehand', null);
    this.points = [];
    this.last = null;
  }
}

/** Shows the others where one points, as long as it is chosen and over the image. */
export class PointerTool implements Tool {
  readonly busy = false;

  constructor(private readonly stage: Stage) {}

  down(press: Press): void {
    this.stage.pointAt(press.image);
  }

  move(press: Press): void {
    this.stage.pointAt(press.image);
  }

  up(press: Press): void {
    this.stage.pointAt(press.image);
  }

  cancel(): void {
    this.stage.pointAt(null);
  }
}
