import { expect, test } from 'vitest';
import { judged } from '../src/media/network';

const found = (silent: number, kinds: string[], reports = true) => judged({ silent, kinds: new Set(kinds), reports });

test('an answer that shows another address means that media gets through', () => {
  expect(found(0, ['host', 'srflx'])).toBe('direct');
  expect(found(1, ['srflx', 'relay'])).toBe('direct');
});

test('an answer with the address known already shows no candidate, and no silence either', () => {
  expect(found(0, ['host'])).toBe('direct');
});

test('silence is a relay where there is one, else a closed network', () => {
  expect(found(1, ['host', 'relay'])).toBe('relay');
  expect(found(1, ['host'])).toBe('blocked');
});

test('a browser that does not report silence is not believed to be blocked', () => {
  expect(found(0, ['host'], false)).toBe('unknown');
  expect(found(0, ['srflx'], false)).toBe('direct');
});
