import { expect, test } from 'vitest';
import { lasting, Talk } from '../src/media/talk';

test('two people of one discipline at once are heard once, and each case by itself', () => {
  const talk = new Talk();
  talk.heard('case1', ['neuroradiology', 'neuroradiology', 'spine-surgery'], 1);
  talk.heard('case1', ['neuroradiology'], 4.5);
  talk.heard('case2', ['spine-surgery'], 9);
  expect(talk.spoken('case1', 'neuroradiology')).toBe(5);
  expect(talk.spoken('case1', 'spine-surgery')).toBe(1);
  expect(talk.spoken('case2', 'neuroradiology')).toBe(0);
});

test('time is told as people say it', () => {
  expect(lasting(41)).toBe('41 s');
  expect(lasting(125)).toBe('2 min');
});
