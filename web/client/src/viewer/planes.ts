/**
 * Where images lie in the patient: linking by position and reference lines. Patient coordinates are in mm, LPS
 * (PS3.3 C.7.6.2); image points are (column, row) with the corner of the top left pixel as origin. Pure.
 */
import type { FrameFacts, Point, SeriesFacts } from './types';

export type Vector = readonly [number, number, number];

/** One image in the patient. */
export interface Plane {
  /** Centre of the top left pixel. */
  readonly position: Vector;
  /** Unit vectors of increasing column and of increasing row, and across the image. */
  readonly across: Vector;
  readonly down: Vector;
  readonly normal: Vector;
  readonly columns: number;
  readonly rows: number;
  readonly column_mm: number;
  readonly row_mm: number;
  readonly frame_of_reference: string | null;
}

/** Stacks whose normals are closer than this (cosine of 20°) show about the same sections. */
const ALIKE = Math.cos((20 * Math.PI) / 180);
/** Planes steeper to each other than this (sine of 5°) cross in a line worth drawing. */
const CROSSING = Math.sin((5 * Math.PI) / 180);
/** A slice further away than this share of the gap between slices does not show the place. */
const REACH = 0.75;

/** The plane of a frame; null where its place in the patient or its spacing is not known. */
export function planeOf(series: SeriesFacts, frame: FrameFacts): Plane | null {
  const orientation = frame.orientation ?? series.orientation;
  const { position, column_spacing_mm: column_mm, row_spacing_mm: row_mm } = frame;
  if (orientation?.length !== 6 || position === null || column_mm === null || row_mm === null) return null;
  const [a, b, c, d, e, f] = orientation as unknown as [number, number, number, number, number, number];
  const [across, down]: [Vector, Vector] = [
    [a, b, c],
    [d, e, f],
  ];
  const { columns, rows } = frame;
  const { frame_of_reference } = series;
  return { position, across, down, normal: cross(across, down), columns, rows, column_mm, row_mm, frame_of_reference };
}

/** Patient coordinates of an image point. */
export function toPatient(plane: Plane, [column, row]: Point): Vector {
  const along = scaled(plane.across, (column - 0.5) * plane.column_mm);
  return plus(plane.position, plus(along, scaled(plane.down, (row - 0.5) * plane.row_mm)));
}

/** The image point nearest to a place in the patient. */
export function toImage(plane: Plane, at: Vector): Point {
  const from = minus(at, plane.position);
  return [dot(from, plane.across) / plane.column_mm + 0.5, dot(from, plane.down) / plane.row_mm + 0.5];
}

/** How far in front of the plane, along its normal, a place lies; mm, negative behind it. */
export function distance(plane: Plane, at: Vector): number {
  return dot(minus(at, plane.position), plane.normal);
}

export function centre(plane: Plane): Vector {
  return toPatient(plane, [plane.columns / 2, plane.rows / 2]);
}

/** Whether positions on both can be compared: a frame of reference that is known and the same. */
export function sameSpace(a: Plane, b: Plane): boolean {
  return a.frame_of_reference !== null && a.frame_of_reference !== '' && a.frame_of_reference === b.frame_of_reference;
}

/** Whether two planes are about parallel. */
export function alike(a: Plane, b: Plane): boolean {
  return Math.abs(dot(a.normal, b.normal)) >= ALIKE;
}

/** The frame of a series closest to a place, by distance along its normal; null when it lies outside the stack. */
export function nearest(series: SeriesFacts, like: Plane, at: Vector): number | null {
  const places = series.frames.map((frame) => {
    const plane = planeOf(series, frame);
    return plane === null || !alike(plane, like) ? null : distance(plane, at);
  });
  const away = places.map((place) => (place === null ? Infinity : Math.abs(place)));
  const least = Math.min(...away);
  return least <= REACH * Math.max(1, gap(places)) ? away.indexOf(least) : null;
}

/** The usual distance between neighbouring slices: the median, mm. */
function gap(places: readonly (number | null)[]): number {
  const known = places.filter((place) => place !== null).sort((a, b) => a - b);
  const gaps = known.slice(1).map((place, at) => place - known[at]!);
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 0;
}

/** Where another image cuts this one: both ends in points of this image; null where they do not cross inside it. */
export function referenceLine(shown: Plane, other: Plane): readonly [Point, Point] | null {
  if (!sameSpace(shown, other) || length(cross(shown.normal, other.normal)) < CROSSING) return null;
  const corners = (
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ] as const
  ).map(([x, y]) => toPatient(other, [x * other.columns, y * other.rows]));
  const met = corners.flatMap((corner, at) => crossing(shown, corner, corners[(at + 1) % 4]!));
  const [first, last] = furthest(met);
  if (first === undefined || last === undefined) return null;
  return clipped(toImage(shown, first), toImage(shown, last), shown.columns, shown.rows);
}

/** Where an edge goes through a plane. */
function crossing(plane: Plane, from: Vector, to: Vector): Vector[] {
  const [a, b] = [distance(plane, from), distance(plane, to)];
  if ((a > 0 && b > 0) || (a < 0 && b < 0) || a === b) return [];
  return [plus(from, scaled(minus(to, from), a / (a - b)))];
}

/** The two places furthest apart; a corner met twice is one place. */
function furthest(places: readonly Vector[]): readonly [Vector?, Vector?] {
  let best: readonly [Vector?, Vector?] = [];
  let most = 1e-6;
  for (const one of places)
    for (const other of places) {
      const apart = length(minus(one, other));
      if (apart > most) [most, best] = [apart, [one, other]];
    }
  return best;
}

/** The part of a line inside an image (Liang and Barsky). */
export function clipped(a: Point, b: Point, columns: number, rows: number): readonly [Point, Point] | null {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  let [start, end] = [0, 1];
  for (const [step, room] of [
    [-dx, a[0]],
    [dx, columns - a[0]],
    [-dy, a[1]],
    [dy, rows - a[1]],
  ] as const) {
    if (step === 0) {
      if (room < 0) return null;
    } else if (step < 0) start = Math.max(start, room / step);
    else end = Math.min(end, room / step);
  }
  if (start >= end) return null;
  const at = (t: number): Point => [a[0] + t * dx, a[1] + t * dy];
  return [at(start), at(end)];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function plus(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function scaled(a: Vector, by: number): Vector {
  return [a[0] * by, a[1] * by, a[2] * by];
}

export function length(a: Vector): number {
  return Math.hypot(...a);
}
