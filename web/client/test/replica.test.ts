/** The fold gives byte for byte the projection of the server: vectors written by `tests/data/room`'s own generator. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canonical, digest, empty, fold } from '../src/replica';
import type { Projection, Recorded } from '../src/protocol';

interface Vector {
  readonly name: string;
  readonly events: readonly Recorded[];
  readonly projection: Projection;
  readonly digest: string;
}

const FOLDER = join(import.meta.dirname, '../../../tests/data/room');

function vectors(): Vector[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, ...(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Omit<Vector, 'name'>) }));
}

test.each(vectors())(
  '$name folds to the projection and the digest of the server',
  async ({ events, projection, digest: expected }) => {
    const folded = fold(empty(), events);
    expect(folded).toEqual(projection);
    expect(await digest(folded)).toBe(expected);
  },
);

test('there are transcripts to fold', () => {
  expect(vectors().length).toBeGreaterThan(0);
});

test.each([
  [{ b: 1, a: [1.5, 1e21, -0, 1e-7] }, '{"a":[1.5,1e+21,0,1e-7],"b":1}'],
  [{ '\u20ac': 1, '\r': 2, '1': 3 }, '{"\\r":2,"1":3,"€":1}'],
  ['\u007f"\\\n', '"\u007f\\"\\\\\\n"'],
])('%j has the canonical form of RFC 8785', (value, text) => {
  expect(canonical(value)).toBe(text);
});

test('an event of a later version takes its number and changes nothing else', () => {
  const later = { seq: 1, at: '2026-11-26T08:00:00.000Z', actor: null, event: { type: 'sung', case: 'x' } };
  expect(fold(empty(), [later as unknown as Recorded])).toEqual({ ...empty(), seq: 1 });
});
