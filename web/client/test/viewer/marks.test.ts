import { describe, expect, test } from 'vitest';
import { axes, distance, kept, outlineKept, reshaped, simplified } from '../../src/viewer/marks';
import { detailLines, provisional, valueText } from '../../src/viewer/values';
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
    expect(valueText('length', provisional('length', points, FRAME)!)).toBe('25.0 mm');
    const without = provisional('length', points, { ...FRAME, spacing_source: null })!;
    expect([valueText('length', without), without.spacing]).toEqual(['50 px', null]);
  });

  test('is empty while there are too few points', () => {
    expect(provisional('cobb', [[0, 0], [1, 1]], FRAME)).toBeNull(); // prettier-ignore
  });

  test('a Cobb angle says its error', () => {
    expect(valueText('cobb', { value: 34.23, unit: 'deg', error: 4.9 })).toBe('Cobb 34.2° ± 5°');
  });

  test('says when its millimetres are those at the detector', () => {
    const at = { ...FRAME, spacing_source: 'imager' as const };
    const value = provisional('length', [[0, 0], [30, 40]], at)!; // prettier-ignore
    expect(detailLines('length', value)).toEqual(['mm at the detector']);
    expect(detailLines('angle', provisional('angle', [[0, 0], [9, 0], [9, 9]], at)!)).toEqual([]); // prettier-ignore
  });

  test('an area says mean, spread and range of the pixels it covers', () => {
    const sampled = { mean: 41.26, sd: 5.5, lowest: 30, highest: 52, pixels: 12, unit: 'HU' as const };
    const value = provisional('rectangle', [[0, 0], [4, 3]], FRAME, sampled)!; // prettier-ignore
    expect(detailLines('rectangle', value)).toEqual(['mean 41.3, SD 5.5 HU', '30 to 52 HU']);
    expect(valueText('probe', provisional('probe', [[1, 1]], FRAME, sampled)!)).toBe('41.3 HU');
  });

  test('the spinopelvic set is said as surgeons say it', () => {
    const points: Point[] = [[126.6, 206.7], [126.6, 206.7], [85.8, 88.9], [114.2, 111.1], [95, 0], [128, 0], [117.8, 0]]; // prettier-ignore
    const value = provisional('spinopelvic', points, { ...FRAME, column_spacing_mm: 0.5 })!;
    expect(valueText('spinopelvic', value)).toMatch(/^PI 52\.\d°$/);
    expect(detailLines('spinopelvic', value)).toEqual([
      expect.stringMatching(/^PT 14\.\d° \+ SS 38\.\d°$/),
      expect.stringMatching(/^LL 38\.\d°, PI − LL 1[34]\.\d°$/),
      'SVA 16.0 mm',
    ]);
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
