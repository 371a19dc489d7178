/** Agreement over 1–9 ratings. */
import { expect, test } from 'vitest';
import { spread } from '../src/panels/agreement';

test.each([
  [[7, 8, 9], 8, 'Appropriate'],
  [[1, 2, 3], 2, 'Not appropriate'],
  [[4, 5, 6, 6], 5.5, 'Uncertain'],
  [[1, 2, 8, 9], 5, 'Disagreement'],
  [[1, 8, 8, 9], 8, 'Appropriate'],
  [[9], 9, 'Appropriate'],
])('%j has median %d and reads %s', (ratings, median, words) => {
  expect(spread(ratings)).toMatchObject({ median, words });
});

test('nothing is said of an option that nobody rated', () => {
  expect(spread([])).toBeNull();
});
