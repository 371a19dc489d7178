import { expect, test } from 'vitest';
import { chosen, outcome } from '../src/key-images';
import { actionOf, sheet } from '../src/viewer/keys';
import type { Viewport } from '../src/viewer/types';

const SHOWN: Viewport = {
  series_instance_uid: '1.2',
  sop_instance_uid: '1.2.3',
  frame: 4,
  window_centre: null,
  window_width: null,
  zoom: 1,
  pan: [0, 0],
  rotation: 0,
  flipped: false,
  inverted: false,
  layout: '1x1',
  place: 0,
  linked: false,
  beside: [],
};

const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

test('one key chooses, and links keep theirs', () => {
  const press = (key: string, shiftKey: boolean) =>
    actionOf({ key, shiftKey, ctrlKey: false, altKey: false, metaKey: false });
  expect(press('K', true)).toEqual({ do: 'key' });
  expect(press('k', false)).toEqual({ do: 'link' });
  expect(sheet().some(({ keys }) => keys.includes('Shift K'))).toBe(true);
});

test('the frame goes with its window, where it has one of its own', () => {
  expect(chosen(SHOWN).toString()).toBe('act=choose&sop=1.2.3&frame=4');
  expect(chosen({ ...SHOWN, window_centre: -50.5, window_width: 300 }).get('centre')).toBe('-50.5');
});

test('what became of it is said', async () => {
  expect(await outcome(answer(200, { count: 3 }))).toBe('Key image kept. There are 3 now.');
  expect(await outcome(answer(403, { detail: 'Not for you.' }))).toBe('Not for you.');
  expect(await outcome(new Response('<html>', { status: 502 }))).toBe('It was not kept.');
});
