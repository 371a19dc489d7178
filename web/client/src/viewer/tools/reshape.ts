/** Moving a handle of one's own mark, or the whole mark. */
import { distance, reshaped, shifted } from '../marks';
import type { Point, ViewerMark } from '../types';
import type { Press, Tool } from './tool';

export interface Hit {
  readonly mark: ViewerMark;
  /** Index of the handle; null: the line of the mark. */
  readonly handle: number | null;
}

/**
 * What lies under a press: the nearest handle within reach, else the nearest line.
 * reach: CSS pixels; larger for fingers, so that a handle is at least 44 px to the touch.
 */
export function hit(marks: readonly ViewerMark[], place: Place, at: Point, reach: number): Hit | null {
  return nearestHandle(marks, place, at, reach) ?? nearestLine(marks, place, at, reach / 2);
}

type Place = (point: Point) => Point;

function nearestHandle(marks: readonly ViewerMark[], place: Place, at: Point, reach: number): Hit | null {
  const handles = marks
    .filter(({ kind }) => kind !== 'freehand' && kind !== 'path')
    .flatMap((mark) => mark.points.map((point, handle) => ({ mark, handle, off: apart(place(point), at) })));
  return nearest(handles, reach);
}

function nearestLine(marks: readonly ViewerMark[], place: Place, at: Point, reach: number): Hit | null {
  const bodies = marks.map((mark) => ({ mark, handle: null, off: distance(mark.kind, mark.points.map(place), at) }));
  return nearest(bodies, reach);
}

function nearest(hits: readonly (Hit & { readonly off: number })[], reach: number): Hit | null {
  const [first] = hits.filter(({ off }) => off < reach).sort((a, b) => a.off - b.off);
  return first === undefined ? null : { mark: first.mark, handle: first.handle };
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

export interface ReshapeStage {
  /** Show the mark with other points while it is dragged; null: as it was. */
  moving(mark: ViewerMark, points: readonly Point[] | null): void;
  /** The drag ended with other points than before. */
  moved(mark: ViewerMark, points: readonly Point[]): void;
}

export class ReshapeTool implements Tool {
  readonly busy = true;
  private start: Press | null = null;
  private points: readonly Point[] | null = null;

  constructor(
    private readonly grabbed: Hit,
    private readonly stage: ReshapeStage,
  ) {}

  down(press: Press): void {
    this.start = press;
  }

  move(press: Press, pressed: boolean): void {
    if (!pressed || this.start === null) return;
    const by: Point = [press.image[0] - this.start.image[0], press.image[1] - this.start.image[1]];
    if (by[0] === 0 && by[1] === 0) return;
    const { mark, handle } = this.grabbed;
    if (handle === null) this.points = shifted(mark.points, by);
    else {
      const from = mark.points[handle]!;
      this.points = reshaped(mark.kind, mark.points, handle, [from[0] + by[0], from[1] + by[1]]);
    }
    this.stage.moving(mark, this.points);
  }

  up(): void {
    if (this.points === null) return;
    this.stage.moved(this.grabbed.mark, this.points);
  }

  cancel(): void {
    this.stage.moving(this.grabbed.mark, null);
  }
}
