import { describe, expect, test } from 'vitest';
import {
  axes,
  distance,
  kept,
  outlineKept,
  provisional,
  reshaped,
  simplified,
  valueText,
} from '../../src/viewer/marks';
import type { FrameFacts, Point } from '../../src/viewer/types';

const FRAME: FrameFacts = {
  sop_instance_uid: '1.2.3',
  frame: 1,
  rows: 100,
  columns: 200,
  position: null,
  row_spacing_mm: 0.5,
  column_spacing_mm: 0.5,
  spacing_source: 'pixel',
};

describe('what is kept of a drawn mark', () => {
  test('points outside the image are brought to its edge', () => {
    expect(kept('length', [[-5, 50], [250, 120]], FRAME)).toEqual([[0, 50], [200, 100]]); // prettier-ignore
  });

  test('an ellipse is the ends of its longer axis, then of its shorter one', () => {
    expect(axes([10, 20], [50, 30], null)).toEqual([[10, 25], [50, 25], [30, 20], [30, 30]]); // prettier-ignore
    expect(axes([10, 20], [20, 60], null)).toEqual([[15, 20], [15, 60], [10, 40], [20, 40]]); // prettier-ignore
  });

  test('the longer axis is the longer one in millimetres', () => {
    const [first] = axes([0, 0], [10, 8], { row_mm: 2, column_mm: 1 });
    expect(first).toEqual([5, 0]);
  });
});

describe('the value shown while drawing', () => {
  test('is in millimetres with a trusted spacing and in pixels without', () => {
    const points: Point[] = [[0, 0], [30, 40]]; // prettier-ignore
    expect(provisional('length', points, FRAME)).toBe('25.0 mm');
    expect(provisional('length', points, { ...FRAME, spacing_source: null })).toBe('50 px');
  });

  test('is empty while there are too few points', () => {
    expect(provisional('cobb', [[0, 0], [1, 1]], FRAME)).toBe(''); // prettier-ignore
  });

  test('a Cobb angle says its error', () => {
    expect(valueText('cobb', { value: 34.23, unit: 'deg', error: 4.9 })).toBe('Cobb 34.2° ± 5°');
  });
});

describe('freehand', () => {
  test('points on a line are dropped, corners stay', () => {
    const line: Point[] = [[0, 0], [1, 0.01], [2, 0], [2, 1], [2, 2]]; // prettier-ignore
    expect(simplified(line, 0.1)).toEqual([[0, 0], [2, 0], [2, 2]]); // prettier-ignore
  });

  test('never more points than the room keeps', () => {
    const noisy = Array.from({ length: 5000 }, (_, at): Point => [at, (at % 2) * 3]);
    expect(outlineKept(noisy, 0.5).length).toBeLessThanOrEqual(512);
  });
});

describe('handles', () => {
  test('moving the end of an ellipse keeps its axes crossing in their middle at a right angle', () => {
    const before: Point[] = [[0, 10], [40, 10], [20, 0], [20, 20]]; // prettier-ignore
    const after = reshaped('ellipse', before, 1, [60, 33]);
    expect(after).toEqual([[0, 10], [60, 10], [30, 0], [30, 20]]); // prettier-ignore
  });

  test('distance is to the line, not to its ends', () => {
    expect(distance('length', [[0, 0], [100, 0]], [50, 7])).toBe(7); // prettier-ignore
    expect(distance('rectangle', [[0, 0], [100, 50]], [100, 25])).toBe(0); // prettier-ignore
  });
});
