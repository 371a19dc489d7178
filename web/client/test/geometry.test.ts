import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { measured, Unmeasurable, type GeometryPoint } from '../src/geometry';

interface Vectors {
  measured: {
    name: string;
    kind: string;
    points: GeometryPoint[];
    spacing: [number, number] | null;
    expected: {
      value: number;
      unit: string;
      error: number | null;
      method: string;
      parts?: [string, number, string][];
    } | null;
  }[];
  unmeasurable: { name: string; kind: string; points: GeometryPoint[] }[];
}

const path = new URL('../../../tests/data/geometry/measure.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

describe('the vectors shared with Python', () => {
  test.each(vectors.measured)('$name', ({ kind, points, spacing, expected }) => {
    const given = spacing === null ? null : { row_mm: spacing[0], column_mm: spacing[1] };
    const value = measured(kind, points, given);
    if (expected === null) {
      expect(value).toBeNull();
      return;
    }
    expect(value).toMatchObject({ unit: expected.unit, error: expected.error, method: expected.method });
    expect(Math.abs(value!.value - expected.value)).toBeLessThan(kind === 'spinopelvic' ? 1e-6 : 1e-9);
    const parts = expected.parts ?? [];
    expect(value!.parts.map(({ name, unit }) => [name, unit])).toEqual(parts.map(([name, , unit]) => [name, unit]));
    parts.forEach(([, number], at) => expect(Math.abs(value!.parts[at]!.value - number)).toBeLessThan(1e-6));
  });

  test.each(vectors.unmeasurable)('refuses: $name', ({ kind, points }) => {
    expect(() => measured(kind, points, null)).toThrow(Unmeasurable);
  });
});
