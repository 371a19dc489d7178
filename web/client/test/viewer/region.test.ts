import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Sampled } from '../../src/geometry';
import { sampled } from '../../src/viewer/tools/region';
import type { MarkKind, Point } from '../../src/viewer/types';

interface Vectors {
  columns: number;
  rows: number;
  regions: {
    name: string;
    kind: MarkKind;
    points: Point[];
    slope: number;
    intercept: number;
    unit: 'HU' | 'stored';
    padding: [number, number] | null;
    expected: Sampled | null;
  }[];
}

const path = new URL('../../../../tests/data/geometry/regions.json', import.meta.url);
const { columns, rows, regions } = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

function value(at: number): number {
  return ((7 * (at % columns) + 13 * Math.floor(at / columns)) % 97) - 20;
}

describe('the vectors shared with Python', () => {
  test.each(regions)('$name', ({ kind, points, expected, slope, intercept, unit, padding }) => {
    const found = sampled({ columns, rows, value, slope, intercept, unit, padding }, kind, points);
    if (expected === null) {
      expect(found).toBeNull();
      return;
    }
    const { mean, sd, ...exact } = expected;
    expect(found).toMatchObject(exact);
    expect(Math.abs(found!.mean - mean)).toBeLessThan(1e-9);
    expect(Math.abs(found!.sd - sd)).toBeLessThan(1e-9);
  });
});
