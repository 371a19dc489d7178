import { describe, expect, test } from 'vitest';
import { apply, FITTED, fitted, inverse, panned, toScreen, zoomed, type View } from '../../src/viewer/view';

const image = { columns: 400, rows: 200, aspect: 1 };
const screen = { width: 800, height: 800 };

describe('where an image point is on the screen', () => {
  test('a fitted image touches the narrower side and is centred', () => {
    const map = toScreen(FITTED, image, screen);
    expect(apply(map, [0, 0])).toEqual([0, 200]);
    expect(apply(map, [400, 200])).toEqual([800, 600]);
  });

  test('a quarter turn clockwise brings the top left corner to the top right', () => {
    const map = toScreen({ ...FITTED, rotation: 90 }, image, screen);
    const [x, y] = apply(map, [0, 0]);
    expect([x, y]).toEqual([600, 0]);
  });

  test('the flip mirrors left to right before the turn', () => {
    expect(apply(toScreen({ ...FITTED, flipped: true }, image, screen), [0, 0])).toEqual([800, 200]);
    const [x, y] = apply(toScreen({ ...FITTED, flipped: true, rotation: 90 }, image, screen), [0, 0]);
    expect([x, y]).toEqual([600, 800]);
  });

  test('pixels that are twice as tall as wide are drawn so', () => {
    const { width, height } = fitted({ columns: 100, rows: 100, aspect: 2 }, screen, 0);
    expect([width, height]).toEqual([400, 800]);
  });

  test.each([0, 90, 180, 270])('back and forth is the same point, at %i degrees', (rotation) => {
    const view: View = { zoom: 3.7, pan: [0.21, -0.4], rotation, flipped: rotation > 90 };
    const map = toScreen(view, { ...image, aspect: 1.4 }, screen);
    const [column, row] = apply(inverse(map), apply(map, [12.5, 99.25]));
    expect(column).toBeCloseTo(12.5, 9);
    expect(row).toBeCloseTo(99.25, 9);
  });

  test('the same view on a screen half as large shows the same middle', () => {
    const view: View = { zoom: 2, pan: [0.1, 0.2], rotation: 90, flipped: false };
    const at = (size: typeof screen) => apply(inverse(toScreen(view, image, size)), [size.width / 2, size.height / 2]);
    const [large, small] = [at(screen), at({ width: 400, height: 400 })];
    expect(small[0]).toBeCloseTo(large[0], 9);
    expect(small[1]).toBeCloseTo(large[1], 9);
  });
});

describe('moving the view', () => {
  test('a pan moves every point by the distance dragged', () => {
    const before = apply(toScreen(FITTED, image, screen), [10, 20]);
    const after = apply(toScreen(panned(FITTED, image, screen, [30, -12]), image, screen), [10, 20]);
    expect(after[0] - before[0]).toBeCloseTo(30, 9);
    expect(after[1] - before[1]).toBeCloseTo(-12, 9);
  });

  test('what is under the pointer stays there while zooming', () => {
    const at = [123, 456] as const;
    const point = apply(inverse(toScreen(FITTED, image, screen)), at);
    const now = apply(toScreen(zoomed(FITTED, image, screen, 2.5, at), image, screen), point);
    expect(now[0]).toBeCloseTo(at[0], 9);
    expect(now[1]).toBeCloseTo(at[1], 9);
  });

  test('zooming ends at its limits', () => {
    expect(zoomed(FITTED, image, screen, 1e9, [0, 0]).zoom).toBe(40);
    expect(zoomed(FITTED, image, screen, 1e-9, [0, 0]).zoom).toBe(0.1);
  });
});
