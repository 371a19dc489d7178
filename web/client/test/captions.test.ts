import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Captions, SHOWN_MS } from '../src/media/captions';
import type { Recorded } from '../src/protocol';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a decision is shown for a moment, and the next one as long as the first', () => {
  let changes = 0;
  const captions = new Captions(() => (changes += 1));
  captions.take({ type: 'case-called', case: 'a' }, 'On the table: a.');
  expect(captions.words).toBe('On the table: a.');
  vi.advanceTimersByTime(SHOWN_MS - 1);
  captions.take({ type: 'case-called', case: 'b' }, 'On the table: b.');
  vi.advanceTimersByTime(SHOWN_MS - 1);
  expect(captions.words).toBe('On the table: b.');
  vi.advanceTimersByTime(1);
  expect(captions.words).toBe('');
  expect(changes).toBe(3);
});

test.each([
  'case-called',
  'opinions-revealed',
  'recommendation-read-back',
  'recommendation-reopened',
  'signed',
] as const)('%s settles something for everybody', (type) => {
  const captions = new Captions(() => undefined);
  captions.take({ type } as Recorded['event'], 'Settled.');
  expect(captions.words).toBe('Settled.');
});

test('talk is no decision', () => {
  const captions = new Captions(() => expect.unreachable());
  captions.take({ type: 'hand-raised', person: 'bo' }, 'Bo raises a hand.');
  expect(captions.words).toBe('');
});
