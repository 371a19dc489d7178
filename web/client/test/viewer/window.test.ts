import { describe, expect, test } from 'vitest';
import { unwindowed } from '../../src/viewer/picture';
import { dragged, grey, levels, type Tone } from '../../src/viewer/window';

const TONE: Tone = {
  signed: true,
  slope: 1,
  intercept: -1024,
  window: { centre: 40, width: 400 },
  voi: null,
  padding: null,
  inverted: false,
};

function table(tone: Partial<Tone>): Uint8Array {
  const into = new Uint8Array(65536);
  levels(into, { ...TONE, ...tone });
  return into;
}

describe('the formula of PS3.3 C.11.2.1.2', () => {
  // (x - (c - 0.5)) / (w - 1) + 0.5, from 0 to 255; the examples of the standard scaled to 255.
  test.each([
    [2047.5, { centre: 2048, width: 4096 }, 127.5],
    [0, { centre: 2048, width: 4096 }, 0],
    [4095, { centre: 2048, width: 4096 }, 255],
    [-161, { centre: 40, width: 400 }, 0],
    [241, { centre: 40, width: 400 }, 255],
  ])('%d in %o is %d', (value, window, expected) => {
    expect(grey(value, window)).toBeCloseTo(expected, 6);
  });

  test('a window of width 1 is a threshold', () => {
    expect(grey(99, { centre: 100, width: 1 })).toBe(0);
    expect(grey(100, { centre: 100, width: 1 })).toBe(255);
  });

  test('LINEAR_EXACT has no half steps', () => {
    expect(grey(100, { centre: 100, width: 10, function: 'LINEAR_EXACT' })).toBeCloseTo(127.5, 9);
  });

  test('SIGMOID is half way at its centre', () => {
    expect(grey(100, { centre: 100, width: 10, function: 'SIGMOID' })).toBeCloseTo(127.5, 9);
  });
});

describe('the table of levels', () => {
  test('patterns from 0x8000 on are negative when samples are signed', () => {
    const signed = table({ intercept: 0, window: { centre: 0, width: 2 } });
    expect(signed[0xffff]).toBe(0);
    expect(table({ signed: false, intercept: 0, window: { centre: 0, width: 2 } })[0xffff]).toBe(255);
  });

  test('inversion turns black to white', () => {
    const [plain, inverted] = [table({}), table({ inverted: true })];
    expect(inverted[0]).toBe(255 - plain[0]!);
  });

  test('padding is black, whatever the inversion', () => {
    const padded = table({ inverted: true, padding: [-2000, -2000] });
    expect(padded[-2000 & 0xffff]).toBe(0);
    expect(padded[-1999 & 0xffff]).toBe(255);
  });

  test('a VOI LUT is looked up and clamped at both ends', () => {
    const voi = { first: 10, bits: 8, values: [7, 80, 200] };
    const looked = table({ intercept: 0, voi });
    expect([looked[0], looked[10], looked[11], looked[12], looked[500]]).toEqual([7, 7, 80, 200, 200]);
  });
});

describe('a preview', () => {
  test.each([false, true])('shows the same levels again in the window it was made with, inverted %s', (inverted) => {
    const window = { centre: 300, width: 1200 };
    const { slope, intercept } = unwindowed(window, inverted);
    const shown = table({ signed: false, slope, intercept, window, inverted });
    for (let level = 0; level < 256; level++) expect(shown[level]).toBe(level);
  });
});

test('dragging right widens the window and never closes it', () => {
  expect(dragged({ centre: 40, width: 400 }, 10, 5, 1)).toEqual({ centre: 45, width: 410 });
  expect(dragged({ centre: 40, width: 400 }, -9999, 0, 1).width).toBe(1);
});
