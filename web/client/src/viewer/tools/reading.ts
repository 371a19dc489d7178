/** What is said of the pixel under the pointer: its value, its place in the image and in the patient. Pure. */
import type { Sampled } from '../../geometry';
import { planeOf, toPatient } from '../planes';
import type { FrameFacts, Point, SeriesFacts } from '../types';
import { quantity } from '../values';

const SIDES: readonly (readonly [string, string])[] = [
  ['L', 'R'],
  ['P', 'A'],
  ['H', 'F'],
];

/** Empty outside the image. Columns and rows are counted from 1. */
export function reading(
  series: SeriesFacts,
  frame: FrameFacts,
  [column, row]: Point,
  sampled: Sampled | null,
): readonly string[] {
  if (column < 0 || row < 0 || column >= frame.columns || row >= frame.rows) return [];
  const value = sampled === null ? [] : [quantity(sampled.mean, sampled.unit)];
  const place = `column ${Math.floor(column) + 1}, row ${Math.floor(row) + 1}`;
  const plane = planeOf(series, frame);
  if (plane === null) return [...value, place];
  const patient = toPatient(plane, [column, row]).map((mm, axis) => {
    const side = SIDES[axis]![mm >= 0 ? 0 : 1];
    return `${side} ${Math.abs(mm).toFixed(1)}`;
  });
  return [...value, place, `${patient.join('  ')} mm`];
}
