/** Tools that draw marks: by presses (drag or click, as one likes), freehand, and by pointing. */
import { outlineKept, PRESSES } from '../marks';
import type { MarkKind, Point } from '../types';
import { guide, STEPS } from './steps';
import { imageOf, moved, SLOP, type Press, type Stage, type Tool } from './tool';

/**
 * A mark of a fixed number of points. Each press sets a point; a drag sets the next one where it ends, so that a length
 * is one drag or two clicks, and a Cobb angle two drags or four clicks. A mark lies on one image: a press on another
 * one begins anew.
 */
export class DrawTool implements Tool {
  private points: Point[] = [];
  private pressed: Press | null = null;
  private dragging = false;
  private image: string | null = null;
  private readonly count: number;

  constructor(
    private readonly kind: MarkKind,
    private readonly stage: Stage,
  ) {
    this.count = PRESSES[kind];
    this.tell();
  }

  get busy(): boolean {
    return this.points.length > 0;
  }

  down(press: Press): void {
    const image = imageOf(this.stage);
    if (this.busy && image !== this.image) this.cancel();
    this.image = image;
    this.pressed = press;
    this.dragging = false;
    this.points.push(press.image);
    this.stage.draft(this.kind, this.points);
    this.tell();
  }

  move(press: Press, pressed: boolean): void {
    if (this.points.length === 0 || imageOf(this.stage) !== this.image) return;
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
    if (this.points.length === this.count) this.end();
    else this.tell();
  }

  /** Stop with the points there are, where the mark makes sense with them. */
  finish(): boolean {
    if (STEPS[this.kind]?.ends.has(this.points.length) !== true) return false;
    this.end();
    return true;
  }

  cancel(): void {
    if (this.points.length > 0) this.stage.draft(this.kind, null);
    this.points = [];
    this.pressed = null;
    this.tell();
  }

  close(): void {
    this.cancel();
    this.stage.guide(null);
  }

  private end(): void {
    const points = this.points;
    this.points = [];
    // The femoral heads of a straight lateral view lie over each other; all other points differ.
    const different = this.kind === 'spinopelvic' ? points.slice(1) : points;
    if (new Set(different.map(String)).size === different.length) this.stage.finish(this.kind, points);
    else this.stage.draft(this.kind, null);
    this.tell();
  }

  private tell(): void {
    this.stage.guide(guide(this.kind, this.points.length));
  }
}

/** Distance on the screen between two points of a freehand line, in CSS pixels. */
const STEP = 2;
/** A click this near to a corner is meant for it. */
const NEAR = 10;

/**
 * A line drawn freely with the button or finger down, or from corner to corner by clicks: a click on the last corner
 * ends it, for an outline also one on the first.
 */
export class FreehandTool implements Tool {
  private points: Point[] = [];
  private corners: Press[] = [];
  private last: Press | null = null;
  private traced = false;
  private closing = false;
  private image: string | null = null;
  /** Image pixels that one CSS pixel covers, for a tolerance that fits the zoom. */
  private grain = 1;

  constructor(
    private readonly kind: 'freehand' | 'path',
    private readonly stage: Stage,
  ) {}

  get busy(): boolean {
    return this.points.length > 0;
  }

  down(press: Press): void {
    const image = imageOf(this.stage);
    if (this.busy && image !== this.image) this.cancel();
    this.image = image;
    this.last = press;
    this.traced = false;
    this.closing = this.closes(press);
    if (this.closing) return;
    this.points.push(press.image);
    this.corners.push(press);
    this.stage.draft(this.kind, this.points);
  }

  move(press: Press, pressed: boolean): void {
    if (this.points.length === 0 || imageOf(this.stage) !== this.image) return;
    if (!pressed || this.last === null) {
      this.stage.draft(this.kind, [...this.points, press.image]);
      return;
    }
    const gone = moved(this.last, press);
    if (gone < (this.traced ? STEP : SLOP)) return;
    const [a, b] = [this.last.image, press.image];
    this.grain = Math.hypot(b[0] - a[0], b[1] - a[1]) / gone;
    this.traced = true;
    this.points.push(press.image);
    this.last = press;
    this.stage.draft(this.kind, outlineKept(this.points, this.grain));
  }

  up(press: Press): void {
    if (this.last === null) return;
    this.last = null;
    // Traced from the start, it is whole; after clicked corners a drag is one more side.
    if (this.traced && this.corners.length === 1) this.end();
    else if (this.traced) this.corners.push(press);
    else if (this.closing) this.end();
    else this.stage.guide({ text: this.hint(), count: '', end: this.enough() ? '' : null });
  }

  finish(): boolean {
    if (!this.enough()) return false;
    this.end();
    return true;
  }

  cancel(): void {
    if (this.points.length > 0) this.stage.draft(this.kind, null);
    this.points = [];
    this.corners = [];
    this.last = null;
    this.stage.guide(null);
  }

  close(): void {
    this.cancel();
  }

  private enough(): boolean {
    return this.points.length >= (this.kind === 'freehand' ? 3 : 2);
  }

  private hint(): string {
    return this.kind === 'freehand'
      ? 'Next corner; the first or last one again to close'
      : 'Next corner; the last one again to end';
  }

  /** Whether a press is on the corner that ends the line. */
  private closes(press: Press): boolean {
    const ends = this.kind === 'freehand' ? [this.corners[0], this.corners.at(-1)] : [this.corners.at(-1)];
    return this.enough() && ends.some((corner) => corner !== undefined && moved(corner, press) <= NEAR);
  }

  private end(): void {
    const kept = outlineKept(this.points, this.corners.length > 1 ? 0 : this.grain * 0.75);
    const enough = kept.length >= (this.kind === 'freehand' ? 3 : 2);
    this.points = [];
    this.corners = [];
    this.last = null;
    this.stage.guide(null);
    if (enough) this.stage.finish(this.kind, kept);
    else this.stage.draft(this.kind, null);
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

/** Says what the pixel under the pointer is worth; a click keeps it as a mark, for those who may draw. */
export class ProbeTool implements Tool {
  readonly busy = false;
  private from: Press | null = null;

  constructor(private readonly stage: Stage) {}

  down(press: Press): void {
    this.from = press;
    this.stage.probe(press.image);
  }

  move(press: Press): void {
    this.stage.probe(press.image);
  }

  up(press: Press): void {
    this.stage.probe(press.image);
    if (this.from !== null && moved(this.from, press) <= SLOP) this.stage.finish('probe', [press.image]);
    this.from = null;
  }

  cancel(): void {
    this.from = null;
    this.stage.probe(null);
  }
}
