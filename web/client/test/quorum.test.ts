/** Presence by discipline while a case is on the table. */

import { expect, test } from 'vitest';
import { presentSeconds } from '../src/room/quorum';

const at = (minute: number): string => new Date(Date.UTC(2030, 0, 1, 9, minute)).toISOString();
const stay = (from: number, to: number | null, voiced = true) => ({
  since: at(from),
  until: to === null ? null : at(to),
  voiced,
});
const table = {
  on_table: [
    { since: at(10), until: at(20) },
    { since: at(30), until: null },
  ],
};
const now = Date.parse(at(35));
const seat = (...presence: ReturnType<typeof stay>[]) => ({ discipline: 'physiatry', presence });

test('only time on the table counts, over every time it was there', () => {
  expect(presentSeconds([seat(stay(0, 15), stay(25, null))], table, 'physiatry', now)).toBe((5 + 5) * 60);
});

test('time without a voice and other disciplines count for nothing', () => {
  expect(presentSeconds([seat(stay(10, 20, false))], table, 'physiatry', now)).toBe(0);
  expect(presentSeconds([seat(stay(10, 20))], table, 'neuroradiology', now)).toBe(0);
});

test('two people of a discipline count as the longer of them, not twice', () => {
  expect(presentSeconds([seat(stay(10, 13)), seat(stay(10, 17))], table, 'physiatry', now)).toBe(7 * 60);
});
