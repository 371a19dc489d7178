/** What marks are made of: points per kind, handles, distance on the screen, and their value in words. Pure. */
import type { Spacing } from '../geometry';
import type { FrameFacts, MarkKind, Point } from './types';

/** Presses that a kind of mark is drawn with; an ellipse is drawn by its box and kept by the ends of its axes. */
export const PRESSES: Readonly<Record<MarkKind, number>> = {
  length: 2,
  angle: 3,
  cobb: 4,
  arrow: 2,
  text: 1,
  ellipse: 2,
  rectangle: 2,
  freehand: 0,
  path: 0,
  point: 1,
  level: 1,
  probe: 1,
  spinopelvic: 7,
};

export const LARGEST_FREEHAND = 512;

/** The points that are kept of a drawn mark; an ellipse becomes the ends of its longer, then of its shorter axis. */
export function kept(kind: MarkKind, drawn: readonly Point[], frame: FrameFacts): readonly Point[] {
  const inside = drawn.map(([column, row]): Point => [
    rounded(Math.min(frame.columns, Math.max(0, column))),
    rounded(Math.min(frame.rows, Math.max(0, row))),
  ]);
  if (kind === 'ellipse' && inside.length === 2) return axes(inside[0]!, inside[1]!, spacingOf(frame));
  return inside;
}

/** Points are kept to 1/1000 pixel, so that a 32-bit SCOORD holds them exactly enough. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Ends of the major, then of the minor axis of the ellipse in an upright box (PS3.3 C.18.6.1.2). */
export function axes(a: Point, b: Point, spacing: Spacing | null): readonly Point[] {
  const [column, row] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const across: [Point, Point] = [
    [Math.min(a[0], b[0]), row],
    [Math.max(a[0], b[0]), row],
  ];
  const down: [Point, Point] = [
    [column, Math.min(a[1], b[1])],
    [column, Math.max(a[1], b[1])],
  ];
  const width = Math.abs(b[0] - a[0]) * (spacing?.column_mm ?? 1);
  const height = Math.abs(b[1] - a[1]) * (spacing?.row_mm ?? 1);
  return width >= height ? [...across, ...down] : [...down, ...across];
}

/** The trusted spacing of a frame; null: then there are no millimetres. */
export function spacingOf(frame: FrameFacts): Spacing | null {
  if (frame.row_spacing_mm === null || frame.column_spacing_mm === null || frame.spacing_source === null) return null;
  return { row_mm: frame.row_spacing_mm, column_mm: frame.column_spacing_mm };
}

/** Distance on the screen from a place to the nearest line of a mark. */
export function distance(kind: MarkKind, points: readonly Point[], at: Point): number {
  return Math.min(...lines(kind, points).map(([a, b]) => toLine(at, a, b)));
}

/** The straight pieces a mark is drawn with, of points already on the screen. */
export function lines(kind: MarkKind, points: readonly Point[]): readonly (readonly [Point, Point])[] {
  const p = points;
  if (p.length === 0) return [];
  if (p.length === 1) return [[p[0]!, p[0]!]];
  if (kind === 'cobb') return p.length < 4 ? [[p[0]!, p[1]!]] : pairs([p[0]!, p[1]!, p[2]!, p[3]!]);
  if (kind === 'ellipse' && p.length === 4) return closed(ellipsePoints(p));
  if (kind === 'rectangle' && p.length === 2) {
    const [[x0, y0], [x1, y1]] = [p[0]!, p[1]!];
    return closed([p[0]!, [x1, y0], [x1, y1], [x0, y1]]);
  }
  if (kind === 'freehand') return closed(p);
  if (kind === 'spinopelvic') return pelvis(p);
  return p.slice(1).map((point, at) => [p[at]!, point] as const);
}

/** The end plates, and from the sacrum to the hips; see `pelvis.ts` for what else is drawn. */
function pelvis(p: readonly Point[]): readonly (readonly [Point, Point])[] {
  const plates = [p.slice(2, 4), p.slice(4, 6)].filter((plate) => plate.length === 2);
  const found = plates.map(([a, b]) => [a!, b!] as const);
  const hips = p.length < 2 ? [] : [[p[0]!, p[1]!] as const];
  if (p.length < 4) return [...hips, ...found];
  return [...hips, ...found, [middle(p[0]!, p[1]!), middle(p[2]!, p[3]!)]];
}

export function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function pairs(p: readonly [Point, Point, Point, Point]): readonly (readonly [Point, Point])[] {
  return [
    [p[0], p[1]],
    [p[2], p[3]],
  ];
}

/** A turned ellipse as a polygon, from the ends of its axes. */
export function ellipsePoints(p: readonly Point[], count = 48): readonly Point[] {
  const [a, b, c, d] = p as readonly [Point, Point, Point, Point];
  const centre: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const major: Point = [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
  const minor: Point = [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2];
  return Array.from({ length: count }, (_, at): Point => {
    const [cos, sin] = [Math.cos((2 * Math.PI * at) / count), Math.sin((2 * Math.PI * at) / count)];
    return [centre[0] + major[0] * cos + minor[0] * sin, centre[1] + major[1] * cos + minor[1] * sin];
  });
}

function closed(p: readonly Point[]): readonly (readonly [Point, Point])[] {
  return p.map((point, at) => [point, p[(at + 1) % p.length]!] as const);
}

function toLine(at: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / length;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(at[0] - a[0] - t * dx, at[1] - a[1] - t * dy);
}

/** Fewer points for the same line: none further than `tolerance` from it (Ramer, Douglas, Peucker). */
export function simplified(points: readonly Point[], tolerance: number): readonly Point[] {
  if (points.length <= 2) return points;
  const [first, last] = [points[0]!, points.at(-1)!];
  let [furthest, most] = [0, -1];
  for (let at = 1; at < points.length - 1; at++) {
    const off = toLine(points[at]!, first, last);
    if (off > most) [furthest, most] = [at, off];
  }
  if (most <= tolerance) return [first, last];
  const before = simplified(points.slice(0, furthest + 1), tolerance);
  return [...before.slice(0, -1), ...simplified(points.slice(furthest), tolerance)];
}

/** A freehand outline simplified until it fits what the room keeps; a wild scribble is thinned first. */
export function outlineKept(points: readonly Point[], tolerance: number): readonly Point[] {
  const stride = Math.ceil(points.length / (2 * LARGEST_FREEHAND));
  const thinned = stride > 1 ? points.filter((_, at) => at % stride === 0) : points;
  let kept = simplified(thinned, tolerance);
  for (let coarser = tolerance * 2; kept.length > LARGEST_FREEHAND; coarser *= 2) kept = simplified(thinned, coarser);
  return kept;
}

/** The mark after one of its handles was moved. The handles of an ellipse keep its axes crossing in their middle. */
export function reshaped(kind: MarkKind, points: readonly Point[], handle: number, to: Point): readonly Point[] {
  if (kind !== 'ellipse' || points.length !== 4) return points.map((point, at) => (at === handle ? to : point));
  const other = points[handle ^ 1]!;
  const moved: Point[] = [...points];
  const across = handle < 2 ? [2, 3] : [0, 1];
  const before: Point = [(points[0]![0] + points[1]![0]) / 2, (points[0]![1] + points[1]![1]) / 2];
  // Along its own axis only, so that the axes stay at a right angle.
  const axis: Point = [points[handle]![0] - other[0], points[handle]![1] - other[1]];
  const length = Math.hypot(...axis) || 1;
  const along = ((to[0] - other[0]) * axis[0] + (to[1] - other[1]) * axis[1]) / length;
  const end: Point = [other[0] + (axis[0] / length) * along, other[1] + (axis[1] / length) * along];
  const shift: Point = [(end[0] + other[0]) / 2 - before[0], (end[1] + other[1]) / 2 - before[1]];
  moved[handle] = end;
  for (const at of across) moved[at] = [points[at]![0] + shift[0], points[at]![1] + shift[1]];
  return moved;
}

/** Every point moved by the same distance. */
export function shifted(points: readonly Point[], by: Point): readonly Point[] {
  return points.map(([column, row]) => [column + by[0], row + by[1]]);
}
