/**
 * The spinopelvic set from guided points: the same arithmetic as `imaging/spinopelvic.py`, where the definitions are.
 * Pure.
 */
export type Vector = readonly [number, number];

/** Degrees; the axis in the unit of the points. Null: its points were not given. */
export interface Spinopelvic {
  readonly incidence: number;
  readonly tilt: number;
  readonly slope: number;
  readonly lordosis: number | null;
  readonly axis: number | null;
}

/** Both femoral heads and both corners of S1; then both corners of L1; then the middle of C7. */
export const COUNTS: readonly number[] = [4, 6, 7];

/** The set of points in one length unit, or a sentence why they give none. */
export function spinopelvic(points: readonly Vector[]): Spinopelvic | string {
  const [hip1, hip2, s1a, s1b, l1a, l1b, c7] = points as [Vector, Vector, Vector, Vector, Vector?, Vector?, Vector?];
  const top = middle(s1a, s1b);
  const plate = from(s1a, s1b);
  const toHips = from(top, middle(hip1, hip2));
  if (plate[0] === 0) return 'The end plate of S1 stands upright, so that front and back cannot be told.';
  const incidence = incidenceOf(forward(plate, 1), toHips);
  const front = incidence < 0 || Object.is(incidence, -0) ? -1 : 1;
  const sacral = forward(plate, front);
  const ahead: Vector = [toHips[0] * front, toHips[1]];
  if (Math.hypot(...ahead) === 0) return 'The hip axis lies on the end plate of S1.';
  let [lordosis, axis]: [number | null, number | null] = [null, null];
  if (l1a !== undefined && l1b !== undefined) {
    const lumbar = forward(from(l1a, l1b), front);
    if (Math.hypot(...lumbar) === 0) return 'The two corners of L1 are the same point.';
    lordosis = degrees(cross(lumbar, sacral), dot(lumbar, sacral));
  }
  if (c7 !== undefined) axis = c7[0] * front - Math.min(s1a[0] * front, s1b[0] * front);
  const [slope, tilt] = [degrees(sacral[1], sacral[0]), degrees(ahead[0], ahead[1])];
  return { incidence: incidenceOf(sacral, ahead), tilt, slope, lordosis, axis };
}

function incidenceOf(sacral: Vector, toHips: Vector): number {
  const normal: Vector = [-sacral[1], sacral[0]];
  return degrees(cross(toHips, normal), dot(normal, toHips));
}

function forward([x, y]: Vector, front: number): Vector {
  return x * front >= 0 ? [x * front, y] : [-x * front, -y];
}

function degrees(y: number, x: number): number {
  return (Math.atan2(y, x) * 180) / Math.PI;
}

function middle(a: Vector, b: Vector): Vector {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function from(a: Vector, b: Vector): Vector {
  return [b[0] - a[0], b[1] - a[1]];
}

function cross(a: Vector, b: Vector): number {
  return a[0] * b[1] - a[1] * b[0];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1];
}
