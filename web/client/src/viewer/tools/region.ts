/**
 * What the pixels under a mark are worth: the same rule as `imaging/pixels/region.py`, which has the last word. A pixel
 * counts when its centre lies inside; padding does not count. Pure.
 */
import type { Sampled } from '../../geometry';
import type { Picture } from '../picture';
import type { MarkKind, Point, SeriesFacts } from '../types';

/** Stored values of one image, in rows, with what makes Hounsfield units of them where they are such. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** The stored value of pixel number `at`. */
  readonly value: (at: number) => number;
  readonly slope: number;
  readonly intercept: number;
  readonly unit: 'HU' | 'stored';
  /** Lowest and highest stored value that are no image. */
  readonly padding: readonly [number, number] | null;
}

/** The stored values of a picture; null where they are not here as they are stored. */
export function gridOf(picture: Picture, series: SeriesFacts): Grid | null {
  if (picture.kind !== 'grey' || !picture.stored || picture.width !== picture.columns) return null;
  const { patterns, signed, columns, rows, slope, intercept } = picture;
  const value = signed ? (at: number) => (patterns[at]! << 16) >> 16 : (at: number) => patterns[at]!;
  const unit = series.modality === 'CT' ? 'HU' : 'stored';
  return { columns, rows, value, slope, intercept, unit, padding: series.padding ?? null };
}

/** Null: the mark covers no pixel, or is of a kind that has no values. */
export function sampled(grid: Grid, kind: MarkKind, points: readonly Point[]): Sampled | null {
  let [pixels, sum, squares, lowest, highest] = [0, 0, 0, Infinity, -Infinity];
  let first = 0;
  const [slope, intercept] = grid.unit === 'HU' ? [grid.slope, grid.intercept] : [1, 0];
  for (const at of covered(grid, kind, points)) {
    const stored = grid.value(at);
    if (grid.padding !== null && stored >= grid.padding[0] && stored <= grid.padding[1]) continue;
    const value = stored * slope + intercept;
    if (pixels === 0) first = value;
    pixels++;
    // Relative to the first value, so that large values with a small spread lose no digits.
    sum += value - first;
    squares += (value - first) * (value - first);
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  if (pixels === 0) return null;
  const off = sum / pixels;
  const sd = Math.sqrt(Math.max(0, squares / pixels - off * off));
  return { mean: first + off, sd, lowest, highest, pixels, unit: grid.unit };
}

type Shape = Pick<Grid, 'columns' | 'rows'>;

/** The numbers of the pixels whose centre lies inside. */
export function* covered(shape: Shape, kind: MarkKind, points: readonly Point[]): Generator<number> {
  if (kind === 'probe' && points.length === 1) {
    const [column, row] = points[0]!.map(Math.floor) as [number, number];
    yield Math.min(shape.rows - 1, row) * shape.columns + Math.min(shape.columns - 1, column);
  } else if (kind === 'ellipse') yield* within(shape, bounds(axesOf(points), true), ellipse(axesOf(points)));
  else if (kind === 'rectangle') yield* inOutline(shape, corners(points));
  else if (kind === 'freehand') yield* inOutline(shape, points);
}

interface Box {
  readonly low: Point;
  readonly high: Point;
}

function* within(shape: Shape, { low, high }: Box, inside: (x: number, y: number) => boolean): Generator<number> {
  const [left, right] = [Math.max(0, Math.floor(low[0])), Math.min(shape.columns, Math.ceil(high[0]))];
  const [top, bottom] = [Math.max(0, Math.floor(low[1])), Math.min(shape.rows, Math.ceil(high[1]))];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      if (inside(column + 0.5, row + 0.5)) yield row * shape.columns + column;
    }
  }
}

function* inOutline(shape: Shape, outline: readonly Point[]): Generator<number> {
  const { low, high } = bounds(outline, false);
  const [left, right] = [Math.max(0, Math.floor(low[0])), Math.min(shape.columns, Math.ceil(high[0]))];
  const [top, bottom] = [Math.max(0, Math.floor(low[1])), Math.min(shape.rows, Math.ceil(high[1]))];
  for (let row = top; row < bottom; row++) {
    const across = crossings(outline, row + 0.5);
    for (let column = left; column < right; column++) {
      if (across.filter((x) => x > column + 0.5).length % 2 === 1) yield row * shape.columns + column;
    }
  }
}

/** Where the sides of an outline cross a row. */
function crossings(outline: readonly Point[], y: number): readonly number[] {
  const found: number[] = [];
  outline.forEach(([x0, y0], at) => {
    const [x1, y1] = outline[(at + 1) % outline.length]!;
    if (y0 > y !== y1 > y) found.push(((x1 - x0) * (y - y0)) / (y1 - y0) + x0);
  });
  return found;
}

function ellipse([a, b, c, d]: readonly Point[]): (x: number, y: number) => boolean {
  if (!a || !b || !c || !d) return () => false;
  const centre: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const major: Point = [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
  const minor: Point = [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2];
  const area = major[0] * minor[1] - major[1] * minor[0];
  return (x, y) => {
    if (area === 0) return false;
    const [dx, dy] = [x - centre[0], y - centre[1]];
    const u = (dx * minor[1] - dy * minor[0]) / area;
    const v = (major[0] * dy - major[1] * dx) / area;
    return u * u + v * v <= 1;
  };
}

/** The ends of both axes, also of an ellipse given by its box. */
function axesOf(points: readonly Point[]): readonly Point[] {
  if (points.length !== 2) return points;
  const [[x0, y0], [x1, y1]] = points as readonly [Point, Point];
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return [
    [x0, y],
    [x1, y],
    [x, y0],
    [x, y1],
  ];
}

function corners(points: readonly Point[]): readonly Point[] {
  if (points.length !== 2) return points;
  const [[x0, y0], [x1, y1]] = points as readonly [Point, Point];
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/** The box around points; twice as wide for the axes of an ellipse, whose turned outline reaches beyond their ends. */
function bounds(points: readonly Point[], axes: boolean): Box {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const low: Point = [Math.min(...xs), Math.min(...ys)];
  const high: Point = [Math.max(...xs), Math.max(...ys)];
  if (!axes) return { low, high };
  const [wide, tall] = [(high[0] - low[0]) / 2, (high[1] - low[1]) / 2];
  return { low: [low[0] - wide, low[1] - tall], high: [high[0] + wide, high[1] + tall] };
}
