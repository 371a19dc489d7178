/** The sitting's course by the same vectors as the server's (`tests/unit/conference/room/test_course.py`). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CaseProjection, Projection } from '../src/protocol';
import { course, driftWords } from '../src/room/course';

interface Sitting {
  readonly name: string;
  readonly phase: Projection['phase'];
  readonly table: string | null;
  readonly now: string;
  readonly cases: readonly { id: string; minutes: number; planned?: string; pause?: number; called?: string }[];
  readonly waiting: readonly (readonly [string, string, number])[];
  readonly drift_min: number | null;
}

const FILE = join(import.meta.dirname, '../../../tests/data/course/sittings.json');
const SITTINGS = JSON.parse(readFileSync(FILE, 'utf8')) as Sitting[];

test.each(SITTINGS)('$name', ({ phase, table, now, cases, waiting, drift_min }) => {
  const known = cases.map(({ id, minutes, called }) => {
    return [id, { brief: { minutes }, called_at: called ?? null, signed: null } as unknown as CaseProjection];
  });
  const timed = cases.flatMap(({ id, planned, pause }) =>
    planned === undefined ? [] : [[id, { starts_at: planned, pause_min: pause ?? 0 }]],
  );
  const room = {
    phase,
    table,
    order: cases.map(({ id }) => id),
    cases: Object.fromEntries(known) as Projection['cases'],
    planned: Object.fromEntries(timed) as Projection['planned'],
  };
  const told = course(room, Date.parse(now));
  expect(told.waiting).toEqual(waiting.map(([id, at, ahead]) => ({ id, startsAt: Date.parse(at), ahead })));
  expect(told.drift).toBe(drift_min === null ? null : drift_min * 60_000);
});

test('a drift is said to the minute', () => {
  expect([0, 29_000, 90_000, 720_000, -180_000].map(driftWords)).toEqual([
    'on time',
    'on time',
    '2 min late',
    '12 min late',
    '3 min early',
  ]);
});
