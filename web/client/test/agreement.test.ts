/** Agreement over 1–9 ratings, and of the outcome with the closings. */
import { expect, test } from 'vitest';
import { dissentUnderConsensus, spread } from '../src/panels/agreement';
import type { Attestation, Closing, Outcome, Voice } from '../src/protocol';

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

test('the published example gives its published figures', () => {
  const found = spread([4, 5, 6, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 9, 9]);
  expect(found).toMatchObject({ median: 7, ipr: 1, disagreement: false, classic: 'agreement' });
  expect(found?.ipras).toBeCloseTo(6.1);
});

test('a spread wider than its symmetry allows is disagreement, whatever the median', () => {
  const found = spread([1, 1, 1, 1, 5, 9, 9, 9, 9]);
  expect(found).toMatchObject({ ipr: 8, disagreement: true, classic: 'disagreement', words: 'Disagreement' });
  expect(found?.ipras).toBeCloseTo(2.35);
});

test.each([
  [8, 2, 'agreement'],
  [8, 3, 'neither'],
  [11, 3, 'agreement'],
  [13, 4, 'neither'],
  [16, 4, 'agreement'],
  [4, 1, 'agreement'],
  [5, 2, 'neither'],
] as const)('%d raters, %d of them outside: %s', (size, outside, expected) => {
  const ratings = [...Array<number>(size - outside).fill(8), ...Array<number>(outside).fill(5)];
  expect(spread(ratings)?.classic).toBe(expected);
});

test('nothing is said of an option that nobody rated', () => {
  expect(spread([])).toBeNull();
});

function voice(closing: Closing): Voice {
  return { revision: 1, person: 'p', name: 'Dr P', discipline: 'physiatry', closing, reason: '', at: '' };
}

function closed(outcome: Outcome, first: Closing, other?: Closing) {
  const physiatry: Attestation = { ...voice(first), others: other === undefined ? [] : [voice(other)] };
  const words = { option: '', rationale: '', answers: {}, actions: [], follow_up: '', goal_answered: '', cited: [] };
  const recommendation = { revision: 1, person: 'c', digest: 'd', recommendation: { outcome, ...words } };
  return { recommendation, closings: { physiatry } };
}

test.each([
  ['consensus', 'dissent', undefined, true],
  ['consensus', 'concur', 'dissent', true],
  ['consensus', 'reservation', 'concur', false],
  ['majority', 'dissent', undefined, false],
] as const)('a %s closed with %s and %s is doubted: %s', (outcome, first, other, doubted) => {
  expect(dissentUnderConsensus(closed(outcome, first, other))).toBe(doubted);
});

test('an outcome that nobody has drafted or closed is not doubted', () => {
  expect(dissentUnderConsensus({ recommendation: null, closings: {} })).toBe(false);
  expect(dissentUnderConsensus({ ...closed('consensus', 'dissent'), closings: {} })).toBe(false);
});
