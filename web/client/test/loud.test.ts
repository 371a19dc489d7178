import { expect, test } from 'vitest';
import { Loud, type Sound } from '../src/media/loud';

/** A line after so many seconds, of which `share` were as loud as this; silent at the very moment it is read. */
const sound = (seconds: number, share: number, level: number): Sound => ({
  energy: seconds * share * level * level,
  seconds,
  level: 0,
});

test('a voice that pauses whenever it is looked at is heard all the same', () => {
  const loud = new Loud();
  expect(loud.since(new Map([['a0', sound(1, 0.3, 0.05)]]))).toEqual(new Set());
  for (let second = 2; second < 9; second += 1) {
    expect(loud.since(new Map([['a0', sound(second, 0.3, 0.05)]]))).toEqual(new Set(['a0']));
  }
});

test('the hum of a room is no voice, and neither is a line that has fallen silent', () => {
  const loud = new Loud();
  const hum = (second: number): Sound => sound(second, 1, 0.003);
  loud.since(new Map([['a0', hum(1)]]));
  expect(loud.since(new Map([['a0', hum(2)]]))).toEqual(new Set());
  const spoken = sound(3, 1, 0.2);
  expect(loud.since(new Map([['a0', spoken]]))).toEqual(new Set(['a0']));
  expect(loud.since(new Map([['a0', { ...spoken, seconds: 4 }]]))).toEqual(new Set());
});

test('where a browser adds nothing up the moment decides', () => {
  const now = (level: number): ReadonlyMap<string, Sound> => new Map([['mic', { energy: null, seconds: null, level }]]);
  expect(new Loud().since(now(0.3))).toEqual(new Set(['mic']));
  expect(new Loud().since(now(0.001))).toEqual(new Set());
});
