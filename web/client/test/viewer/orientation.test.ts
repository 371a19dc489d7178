import { expect, test } from 'vitest';
import { edges, letters } from '../../src/viewer/orientation';
import { FITTED } from '../../src/viewer/view';

const AXIAL = [1, 0, 0, 0, 1, 0];
const SAGITTAL = [0, 1, 0, 0, 0, -1];

test('an axial image has the patient’s right on the left and the front at the top', () => {
  expect(edges(AXIAL, FITTED)).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
});

test('a sagittal image has the front on the left and the head at the top', () => {
  expect(edges(SAGITTAL, FITTED)).toEqual({ left: 'A', right: 'P', top: 'H', bottom: 'F' });
});

test('the letters follow the flip and the turn', () => {
  expect(edges(AXIAL, { ...FITTED, flipped: true })).toMatchObject({ left: 'L', right: 'R', top: 'A' });
  // Clockwise: what was on the left is at the top.
  expect(edges(AXIAL, { ...FITTED, rotation: 90 })).toEqual({ left: 'P', right: 'A', top: 'R', bottom: 'L' });
});

test('an oblique direction has two letters, the larger first', () => {
  expect(letters([0.5, 0.866, 0])).toBe('PL');
});

test('no orientation, no letters', () => {
  expect(edges(null, FITTED)).toBeNull();
});
