/**
 * What a drawn mark measures: the same arithmetic as `imaging/measure.py`, shown while drawing until the server's own
 * value arrives. Both satisfy the vectors of `tests/data/geometry`. Points are (column, row), SCOORD; they are multiplied
 * with the spacing first, so that pixels that are not square do not bend angles. Angles come from `atan2`. Pure.
 */
import { COUNTS, spinopelvic } from './spinopelvic';

export type GeometryPoint = readonly [number, number];

/** Distance between pixel centres in mm; null where there is none worth trusting: then results are in pixels. */
export interface Spacing {
  readonly row_mm: number;
  readonly column_mm: number;
}

export type Unit = 'mm' | 'deg' | 'px' | 'mm2' | 'px2' | 'HU' | 'stored' | 'count';

/** The pixel values within a region: those whose centre it holds, without padding. */
export interface Sampled {
  readonly mean: number;
  readonly sd: number;
  readonly lowest: number;
  readonly highest: number;
  readonly pixels: number;
  readonly unit: 'HU' | 'stored';
}

/** One of several values of a mark: mean, sd, min, max, pixels; perimeter; pt, ss, ll, sva. */
export interface Part {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
}

/** Kinds that say something of the pixels they cover. */
export const SAMPLED_KINDS: ReadonlySet<string> = new Set(['ellipse', 'rectangle', 'freehand', 'probe']);

export interface Measurement {
  readonly value: number;
  readonly unit: Unit;
  /** 95 % half-width in `unit`, from the literature; null: not known. */
  readonly error: number | null;
  /** Stable name with version; the version rises when the arithmetic changes. */
  readonly method: string;
  readonly parts: readonly Part[];
}

type Vector = readonly [number, number];

/** 95 % half-width within one observer, end vertebrae chosen anew. */
export const COBB_ERROR_DEG = 4.9;

/** These points measure nothing; the message says why. */
export class Unmeasurable extends Error {}

/**
 * What a mark measures; null for kinds that measure nothing. Throws `Unmeasurable` for points that cannot be measured.
 * sampled: the pixels it covers; without them a probe measures nothing and an area has no mean.
 */
export function measured(
  kind: string,
  points: readonly GeometryPoint[],
  spacing: Spacing | null,
  sampled: Sampled | null = null,
): Measurement | null {
  const method = METHODS[kind];
  if (method === undefined) return null;
  if (!points.every(([column, row]) => Number.isFinite(column) && Number.isFinite(row))) {
    throw new Unmeasurable('A point is not a finite number.');
  }
  const value = method(points, spacing);
  if (sampled === null || !SAMPLED_KINDS.has(kind)) return kind === 'probe' ? null : value;
  if (kind === 'probe') return { ...value, value: sampled.mean, unit: sampled.unit };
  return { ...value, parts: [...value.parts, ...told(sampled)] };
}

function told({ mean, sd, lowest, highest, pixels, unit }: Sampled): readonly Part[] {
  const numbers = { mean, sd, min: lowest, max: highest };
  const said = Object.entries(numbers).map(([name, value]): Part => ({ name, value, unit }));
  return [...said, { name: 'pixels', value: pixels, unit: 'count' }];
}

type Method = (points: readonly GeometryPoint[], spacing: Spacing | null) => Measurement;

const METHODS: Readonly<Record<string, Method | undefined>> = {
  length(points, spacing) {
    const [a, b] = exactly<2>(points, 'A length', 2);
    return {
      value: size(side(a, b, spacing)),
      unit: lengthUnit(spacing),
      error: null,
      method: 'length-euclid/1',
      parts: [],
    };
  },
  angle(points, spacing) {
    const [a, vertex, b] = exactly<3>(points, 'An angle', 3);
    const value = between(side(vertex, a, spacing), side(vertex, b, spacing));
    return { value, unit: 'deg', error: null, method: 'angle-atan2/1', parts: [] };
  },
  cobb,
  ellipse(points, spacing) {
    const method = 'ellipse-area/1';
    if (points.length === 2) return area((Math.PI / 4) * box(points, spacing), spacing, method);
    const [a, b, c, d] = exactly<4>(points, 'An ellipse', 4);
    return area((Math.PI / 4) * Math.abs(cross(side(a, b, spacing), side(c, d, spacing))), spacing, method);
  },
  rectangle(points, spacing) {
    const method = 'rectangle-area/1';
    if (points.length === 2) return area(box(points, spacing), spacing, method);
    const [a, b, c, d] = exactly<4>(points, 'A rectangle', 4);
    return area(Math.abs(cross(side(a, c, spacing), side(b, d, spacing))) / 2, spacing, method);
  },
  freehand,
  path,
  probe,
  spinopelvic: pelvis,
};

/** Area inside a closed outline by the shoelace formula; where it crosses itself, turns against each other cancel. */
function freehand(points: readonly GeometryPoint[], spacing: Spacing | null): Measurement {
  if (points.length < 3) throw new Unmeasurable(`An outline takes at least 3 points, not ${points.length}.`);
  const sides = points.map((point) => side(points[0]!, point, spacing));
  const double = sides.slice(1).reduce((sum, one, at) => sum + cross(sides[at]!, one), 0);
  const around = along([...points, points[0]!], spacing);
  const parts: Part[] = [{ name: 'perimeter', value: around, unit: lengthUnit(spacing) }];
  return { ...area(Math.abs(double) / 2, spacing, 'freehand-area/1'), parts };
}

/** The length of an open line. */
function path(points: readonly GeometryPoint[], spacing: Spacing | null): Measurement {
  if (points.length < 2) throw new Unmeasurable(`A line takes at least 2 points, not ${points.length}.`);
  const value = along(points, spacing);
  return { value, unit: lengthUnit(spacing), error: null, method: 'path-length/1', parts: [] };
}

function probe(points: readonly GeometryPoint[]): Measurement {
  if (points.length !== 1) throw new Unmeasurable(`A probe takes 1 point, not ${points.length}.`);
  return { value: 0, unit: 'stored', error: null, method: 'probe-value/1', parts: [] };
}

/** Pelvic incidence, and in its parts what else the points give. */
function pelvis(points: readonly GeometryPoint[], spacing: Spacing | null): Measurement {
  if (!COUNTS.includes(points.length)) {
    throw new Unmeasurable(`A spinopelvic set takes 4, 6 or 7 points, not ${points.length}.`);
  }
  const found = spinopelvic(points.map((point) => side([0, 0], point, spacing)));
  if (typeof found === 'string') throw new Unmeasurable(found);
  const parts: Part[] = [
    { name: 'pt', value: found.tilt, unit: 'deg' },
    { name: 'ss', value: found.slope, unit: 'deg' },
  ];
  if (found.lordosis !== null) parts.push({ name: 'll', value: found.lordosis, unit: 'deg' });
  if (found.axis !== null) parts.push({ name: 'sva', value: found.axis, unit: lengthUnit(spacing) });
  return { value: found.incidence, unit: 'deg', error: null, method: 'spinopelvic-atan2/1', parts };
}

/**
 * The angle between two end-plate lines (points 1–2 and 3–4), 0° to 180°. A line has no direction, so each is turned to
 * the same side of the axis from the middle of the first to the middle of the second; without such an axis the smaller
 * angle is given.
 */
function cobb(points: readonly GeometryPoint[], spacing: Spacing | null): Measurement {
  const [a, b, c, d] = exactly<4>(points, 'A Cobb angle', 4);
  const [upper, lower] = [side(a, b, spacing), side(c, d, spacing)];
  const axis = side(middle(a, b), middle(c, d), spacing);
  const [first, second] = [cross(axis, upper), cross(axis, lower)];
  let value: number;
  if (first === 0 || second === 0) {
    const angle = between(upper, lower);
    value = Math.min(angle, 180 - angle);
  } else {
    value = between(turned(upper, first), turned(lower, second));
  }
  return { value, unit: 'deg', error: COBB_ERROR_DEG, method: 'cobb-atan2/1', parts: [] };
}

type Exactly<N extends 2 | 3 | 4> = N extends 2
  ? readonly [GeometryPoint, GeometryPoint]
  : N extends 3
    ? readonly [GeometryPoint, GeometryPoint, GeometryPoint]
    : readonly [GeometryPoint, GeometryPoint, GeometryPoint, GeometryPoint];

function exactly<N extends 2 | 3 | 4>(points: readonly GeometryPoint[], what: string, count: N): Exactly<N> {
  if (points.length !== count) throw new Unmeasurable(`${what} takes ${count} points, not ${points.length}.`);
  return points as unknown as Exactly<N>;
}

function side(start: GeometryPoint, end: GeometryPoint, spacing: Spacing | null): Vector {
  return [(end[0] - start[0]) * (spacing?.column_mm ?? 1), (end[1] - start[1]) * (spacing?.row_mm ?? 1)];
}

function box(points: readonly GeometryPoint[], spacing: Spacing | null): number {
  const [a, b] = exactly<2>(points, 'A box', 2);
  const [width, height] = side(a, b, spacing);
  return Math.abs(width * height);
}

function area(value: number, spacing: Spacing | null, method: string): Measurement {
  return { value, unit: spacing ? 'mm2' : 'px2', error: null, method, parts: [] };
}

function lengthUnit(spacing: Spacing | null): 'mm' | 'px' {
  return spacing ? 'mm' : 'px';
}

function along(points: readonly GeometryPoint[], spacing: Spacing | null): number {
  return points.slice(1).reduce((sum, point, at) => sum + size(side(points[at]!, point, spacing)), 0);
}

function middle(a: GeometryPoint, b: GeometryPoint): GeometryPoint {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function cross(a: Vector, b: Vector): number {
  return a[0] * b[1] - a[1] * b[0];
}

function turned(vector: Vector, sign: number): Vector {
  return sign > 0 ? vector : [-vector[0], -vector[1]];
}

function size(vector: Vector): number {
  return Math.hypot(vector[0], vector[1]);
}

function between(a: Vector, b: Vector): number {
  if (size(a) === 0 || size(b) === 0) {
    throw new Unmeasurable('A side of the angle has no length: two of its points are the same.');
  }
  return (Math.atan2(Math.abs(cross(a, b)), a[0] * b[0] + a[1] * b[1]) * 180) / Math.PI;
}
