import { expect, test } from 'vitest';
import { Told } from '../src/room/says';

test('what is said twice stands once, as the newest, and no more than three stand', () => {
  const told = new Told(() => undefined);
  for (const words of ['one', 'two', 'one', 'three', 'four']) told.say(words, 'bad');
  expect(told.said.map(({ words }) => words)).toEqual(['one', 'three', 'four']);
  expect(told.heard).toBe('four');
});
