import { expect, test } from 'vitest';
import { Cushion } from '../src/media/cushion';

test('a line that loses is given time, and loses it again once it has been calm', () => {
  const cushion = new Cushion();
  expect(cushion.reads(40, 0.02)).toBeNull();
  expect(cushion.reads(42, 0.02)).toBeNull();
  expect(cushion.reads(52, 0.02)).toBe(130);
  for (let second = 0; second < 9; second += 1) expect(cushion.reads(53, 0.02)).toBe(130);
  expect(cushion.reads(54, 0.02)).toBeNull();
});

test('the wait follows the longest way within bounds and does not come and go', () => {
  const cushion = new Cushion();
  cushion.reads(0, null);
  expect(cushion.reads(5, null)).toBe(100);
  expect(cushion.reads(10, 0.1)).toBe(250);
  expect(cushion.reads(15, 0.02)).toBe(250);
  expect(cushion.reads(20, 3)).toBe(400);
});
