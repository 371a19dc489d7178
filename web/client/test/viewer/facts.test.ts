import { expect, test } from 'vitest';
import { loading } from '../../src/viewer/facts';

function said(total: number, seen: number, lossless: number, failed = 0): string {
  return loading({ progress: { total, seen, lossless, failed } });
}

test('a series says how much of it is here, until all is', () => {
  expect([said(0, 0, 0), said(8, 2, 1), said(8, 8, 6), said(8, 8, 8)]).toEqual([
    '',
    'Loading 25 %',
    'Lossless 75 %',
    '',
  ]);
});

test('what cannot be shown does not keep it loading for ever', () => {
  expect(said(5, 2, 2, 1)).toBe('Loading 50 %');
  expect(said(5, 4, 4, 1)).toBe('1 of 5 cannot be shown');
  expect(said(1, 0, 0, 1)).toBe(''); // the pane says why
});
