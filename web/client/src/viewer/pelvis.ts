/** How the spinopelvic set is drawn: what is measured in full lines, what it is measured against in thin ones. Pure. */
import { middle } from './marks';
import type { Point } from './types';

/** CSS pixels: around a femoral head, and how far helping lines reach beyond what they help. */
const HEAD = 9;
const BEYOND = 28;

export interface PelvisPaths {
  readonly full: string;
  readonly thin: string;
}

/** points: on the screen. down: the unit vector on the screen of the image's columns, which are taken as plumb. */
export function pelvisPaths(points: readonly Point[], down: Point): PelvisPaths {
  const [hip1, hip2, s1a, s1b, l1a, l1b, c7] = points;
  const full: string[] = [hip1, hip2].filter((hip) => hip !== undefined).map(circle);
  const thin: string[] = [];
  if (hip1 && hip2) full.push(line(hip1, hip2));
  if (s1a && s1b) full.push(line(s1a, s1b));
  if (l1a && l1b) full.push(line(l1a, l1b));
  if (hip1 && hip2 && s1a && s1b) {
    const [hips, top] = [middle(hip1, hip2), middle(s1a, s1b)];
    full.push(line(top, hips));
    thin.push(...sacral(hips, top, s1a, s1b, down));
  }
  if (s1a && s1b && c7) {
    full.push(circle(c7));
    thin.push(...plumb(c7, s1a, s1b, hip1 ?? s1a, down));
  }
  return { full: full.join(''), thin: thin.join('') };
}

/** The perpendicular of the end plate, the level through its middle, and the plumb line through the hips. */
function sacral(hips: Point, top: Point, a: Point, b: Point, down: Point): readonly string[] {
  const plate = unit(minus(b, a));
  const turned: Point = [-plate[1], plate[0]];
  const normal = dot(turned, minus(hips, top)) < 0 ? times(turned, -1) : turned;
  const reach = Math.hypot(...minus(hips, top));
  const level: Point = [down[1], -down[0]];
  const half = Math.hypot(...minus(b, a)) / 2 + BEYOND;
  const rise = Math.max(0, dot(minus(hips, top), down));
  return [
    line(top, plus(top, times(normal, reach))),
    line(minus(top, times(level, half)), plus(top, times(level, half))),
    line(hips, minus(hips, times(down, rise + BEYOND))),
  ];
}

/** The plumb line of C7 down to the level of S1, and from there to its back upper corner. */
function plumb(c7: Point, a: Point, b: Point, hip: Point, down: Point): readonly string[] {
  const level: Point = [down[1], -down[0]];
  // The back corner is the one further from the hips, across.
  const across = (point: Point) => Math.abs(dot(minus(point, hip), level));
  const back = across(a) > across(b) ? a : b;
  const foot = plus(c7, times(down, dot(minus(back, c7), down)));
  return [line(c7, plus(foot, times(down, BEYOND))), line(foot, back)];
}

function line(a: Point, b: Point): string {
  return `M${at(a)}L${at(b)}`;
}

function circle([x, y]: Point): string {
  return `M${at([x - HEAD, y])}a${HEAD},${HEAD} 0 1 0 ${2 * HEAD},0a${HEAD},${HEAD} 0 1 0 ${-2 * HEAD},0`;
}

function at([x, y]: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

function plus(a: Point, b: Point): Point {
  return [a[0] + b[0], a[1] + b[1]];
}

function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1]];
}

function times(a: Point, factor: number): Point {
  return [a[0] * factor, a[1] * factor];
}

function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1];
}

function unit(a: Point): Point {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length];
}
