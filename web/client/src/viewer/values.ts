/** What a mark measures, in words: as the server computed it, or as computed here until its value arrives. Pure. */
import { measured, Unmeasurable, type Measurement, type Part, type Sampled, type Unit } from '../geometry';
import { spacingOf } from './marks';
import type { FrameFacts, MarkKind, Measured, Point } from './types';

/** A value as it is written beside a mark. */
export function valueText(kind: MarkKind, value: Pick<Measured, 'value' | 'unit' | 'error'>): string {
  const name = kind === 'cobb' ? 'Cobb ' : kind === 'spinopelvic' ? 'PI ' : '';
  return `${name}${amount(value)}`;
}

/** A value with its unit and error. */
export function amount({ value, unit, error }: Pick<Measured, 'value' | 'unit' | 'error'>): string {
  const spread = error === null ? '' : ` ± ${error.toFixed(unit === 'deg' ? 0 : 1)}${UNITS[unit]}`;
  return `${quantity(value, unit)}${spread}`;
}

const UNITS: Readonly<Record<Unit, string>> = {
  mm: ' mm',
  deg: '°',
  px: ' px',
  mm2: ' mm²',
  px2: ' px²',
  HU: ' HU',
  stored: ' stored',
  count: ' pixels',
};

/** A number with its unit: areas from 1 cm² on in cm². */
export function quantity(value: number, unit: Unit): string {
  if (unit === 'mm2' && value >= 100) return `${(value / 100).toFixed(2)} cm²`;
  return `${number(value, unit)}${UNITS[unit]}`;
}

function number(value: number, unit: Unit): string {
  if (unit === 'px' || unit === 'px2' || unit === 'count') return value.toFixed(0);
  if (unit === 'HU' || unit === 'stored') return Number.isInteger(value) ? String(value) : value.toFixed(1);
  return value.toFixed(1);
}

/** What else a mark says: mean and spread, perimeter, the angles of the pelvis, and where its millimetres come from. */
export function detailLines(kind: MarkKind, value: Pick<Measured, 'value' | 'parts' | 'spacing'>): readonly string[] {
  const parts = new Map(value.parts.map((part) => [part.name, part]));
  const found = kind === 'spinopelvic' ? pelvisLines(value.value, parts) : regionLines(parts);
  return value.spacing === 'imager' ? [...found, 'mm at the detector'] : found;
}

type Parts = ReadonlyMap<string, Part>;

function regionLines(parts: Parts): readonly string[] {
  const [mean, sd, min, max] = ['mean', 'sd', 'min', 'max'].map((name) => parts.get(name));
  const around = parts.get('perimeter');
  const lines: string[] = [];
  if (mean && sd) lines.push(`mean ${number(mean.value, mean.unit)}, SD ${quantity(sd.value, sd.unit)}`);
  if (min && max) lines.push(`${number(min.value, min.unit)} to ${quantity(max.value, max.unit)}`);
  if (around) lines.push(`around ${quantity(around.value, around.unit)}`);
  return lines;
}

/** Pelvic incidence is tilt and slope together; how far lordosis falls short of it is what a plan is made by. */
function pelvisLines(incidence: number, parts: Parts): readonly string[] {
  const [tilt, slope, lordosis, axis] = ['pt', 'ss', 'll', 'sva'].map((name) => parts.get(name));
  const lines: string[] = [];
  if (tilt && slope) lines.push(`PT ${tilt.value.toFixed(1)}° + SS ${slope.value.toFixed(1)}°`);
  if (lordosis) {
    lines.push(`LL ${lordosis.value.toFixed(1)}°, PI − LL ${(incidence - lordosis.value).toFixed(1)}°`);
  }
  if (axis) lines.push(`SVA ${quantity(axis.value, axis.unit)}`);
  return lines;
}

/** The value computed here; null for marks without one, or whose points cannot be measured. */
export function provisional(
  kind: MarkKind,
  points: readonly Point[],
  frame: FrameFacts,
  sampled: Sampled | null = null,
): Measured | null {
  try {
    const value = measured(kind, points, spacingOf(frame), sampled);
    return value === null ? null : { ...value, spacing: metric(value) ? sourceOf(frame) : null };
  } catch (error) {
    if (error instanceof Unmeasurable) return null;
    throw error;
  }
}

/** An image cut from a volume has the spacing of its slices. */
function sourceOf({ spacing_source }: FrameFacts): Measured['spacing'] {
  return spacing_source === 'calibrated' || spacing_source === 'imager' || spacing_source === 'region'
    ? spacing_source
    : 'pixel';
}

function metric(value: Measurement): boolean {
  return [value, ...value.parts].some(({ unit }) => unit === 'mm' || unit === 'mm2');
}
