import { describe, expect, test } from 'vitest';
import { Labels, type Anchor, type Line } from '../../src/viewer/labels';

const WORDS: readonly Line[] = [
  { text: '42.0 mm', soft: false },
  { text: 'Dr Mbeki', soft: false, small: true },
];
const NAME: readonly Line[] = [{ text: 'Dr Laurent', soft: false, small: true }];

function beside(x: number, y: number): Anchor {
  return { right: [x + 12, y], left: [x - 12, y] };
}

describe('words beside marks', () => {
  test('stand at their mark when nothing is in the way', () => {
    const labels = new Labels(400, 300);
    expect(labels.place(beside(50, 100), WORDS)).toEqual({ x: 62, y: 100, align: 'start' });
    expect(labels.place(beside(50, 200), WORDS)).toEqual({ x: 62, y: 200, align: 'start' });
    expect(labels.place(beside(250, 100), WORDS)).toEqual({ x: 262, y: 100, align: 'start' });
  });

  test('turn inwards before the edge cuts them', () => {
    expect(new Labels(400, 300).place(beside(380, 100), WORDS)).toEqual({ x: 368, y: 100, align: 'end' });
  });

  test('give way to words placed before them, by as little as it takes', () => {
    const labels = new Labels(400, 300);
    labels.place(beside(50, 100), WORDS);
    const below = labels.place(beside(60, 110), WORDS);
    expect(below.y).toBeCloseTo(100 + 15.6 + 13.2);
    const above = labels.place(beside(60, 95), NAME);
    expect(above.y).toBeLessThan(95);
    expect(above.y).toBeGreaterThan(80);
  });

  test('keep off the words of the corners', () => {
    const corner = { left: 6, right: 180, top: 8, bottom: 72 };
    expect(new Labels(360, 400, [corner]).place(beside(20, 30), WORDS).y).toBeCloseTo(72 + 12);
    expect(new Labels(360, 400, [corner]).place(beside(200, 30), WORDS).y).toBe(30);
  });

  test('go to the other side of the words in the way rather than out of the image', () => {
    const labels = new Labels(400, 60);
    labels.place(beside(50, 40), NAME);
    expect(labels.place(beside(50, 45), WORDS).y).toBeLessThan(40);
  });

  test('are never cut off at the edge of a narrow image', () => {
    const line = { text: 'x'.repeat(15), soft: false }; // 105 px
    const labels = new Labels(200, 300);
    expect(labels.place({ right: [120, 50], left: [80, 50] }, [line])).toEqual({ x: 95, y: 50, align: 'start' });
  });

  test('a pile of marks at one place reads without an overlap', () => {
    const labels = new Labels(400, 300);
    const heights = [0, 1, 2, 3].map((step) => labels.place(beside(50, 150 + step), NAME).y).sort((a, b) => a - b);
    heights.slice(1).forEach((y, at) => expect(y - heights[at]!).toBeGreaterThanOrEqual(13.2 - 1e-9));
  });

  test('stay at their mark rather than stray from it', () => {
    const labels = new Labels(400, 300);
    for (let at = 0; at < 40; at += 1) labels.place(beside(50, 150), WORDS);
    expect(Math.abs(labels.place(beside(50, 150), WORDS).y - 150)).toBeLessThanOrEqual(72);
  });
});
