import { describe, expect, test } from 'vitest';
import type { GreyPicture } from '../../src/viewer/picture';
import { windowOf } from '../../src/viewer/autowindow';
import { grey } from '../../src/viewer/window';

function picture(values: readonly number[], change: Partial<GreyPicture> = {}): GreyPicture {
  const patterns = Uint16Array.from(values.map((value) => value & 0xffff));
  const size = { width: 10, height: 10, columns: 10, rows: 10 };
  const rest = { fidelity: 'lossless' as const, flaw: null, bytes: 200, slope: 1, intercept: 0, stored: true };
  return { kind: 'grey', patterns, signed: false, ...size, ...rest, ...change };
}

const ramp = Array.from({ length: 100 }, (_, at) => at * 10);

describe('window of a region', () => {
  test('spans the values in the box from black to white', () => {
    const found = windowOf(
      picture(ramp),
      [
        [0, 2],
        [10, 4],
      ],
      null,
    )!;
    expect(grey(200, found)).toBe(0);
    expect(grey(390, found)).toBe(255);
  });

  test('counts in values after slope and intercept, signed or not', () => {
    const below = ramp.map((value) => value - 500);
    const found = windowOf(
      picture(below, { signed: true, slope: 2, intercept: -24 }),
      [
        [0, 0],
        [10, 10],
      ],
      null,
    )!;
    expect(found.width).toBeCloseTo(1981, 0);
    expect(found.centre).toBeCloseTo(-33.5, 0);
  });

  test('leaves padding out and gives up on a flat region', () => {
    const padded = ramp.map((value) => (value < 500 ? 60000 : value));
    const whole = [
      [0, 0],
      [10, 10],
    ] as const;
    expect(windowOf(picture(padded), whole, [60000, 60000])!.width).toBeCloseTo(491, 0);
    expect(windowOf(picture(ramp.map(() => 7)), whole, null)).toBeNull();
    expect(
      windowOf(
        picture(ramp),
        [
          [20, 20],
          [30, 30],
        ],
        null,
      ),
    ).toBeNull();
  });
});
