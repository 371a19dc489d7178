import { describe, expect, test } from 'vitest';
import { centre, clipped, nearest, planeOf, referenceLine, toImage, toPatient } from '../../src/viewer/planes';
import { AXIAL, SAGITTAL, stack, type StackOptions } from './stack';

function plane(options: StackOptions, index = 0) {
  const facts = stack(options);
  return planeOf(facts, facts.frames[index]!)!;
}

describe('places in the patient', () => {
  test('the centre of the top left pixel is the position, half a pixel from the corner', () => {
    const one = plane({ first: [10, 20, 30], spacing: [2, 3] });
    expect(toPatient(one, [0.5, 0.5])).toEqual([10, 20, 30]);
    expect(toPatient(one, [1.5, 2.5])).toEqual([13, 24, 30]);
    expect(toImage(one, [13, 24, 99])).toEqual([1.5, 2.5]);
  });

  test('a frame without a place has no plane', () => {
    const facts = stack();
    expect(planeOf(facts, { ...facts.frames[0]!, position: null })).toBeNull();
    expect(planeOf({ ...facts, orientation: null }, facts.frames[0]!)).toBeNull();
    expect(planeOf(facts, { ...facts.frames[0]!, row_spacing_mm: null })).toBeNull();
  });

  test('a frame may lie otherwise than its series', () => {
    const facts = stack();
    expect(planeOf(facts, { ...facts.frames[0]!, orientation: SAGITTAL })?.normal).toEqual([-1, 0, 0]);
  });
});

describe('linked scrolling', () => {
  const thick = stack({ count: 5, step: [0, 0, 5] });

  test('the slice nearest along the normal is found, whatever lies beside it', () => {
    const thin = plane({ first: [40, -7, 0], step: [0, 0, 1], count: 30 }, 12);
    expect(nearest(thick, thin, centre(thin))).toBe(2);
  });

  test('a stack that runs the other way is found all the same', () => {
    const other = stack({ count: 5, first: [0, 0, 20], step: [0, 0, -5] });
    const thin = plane({ step: [0, 0, 1], count: 30 }, 16);
    expect(nearest(other, thin, centre(thin))).toBe(1);
  });

  test('outside the stack, and across it, no slice shows the place', () => {
    const above = plane({ first: [0, 0, 60] });
    expect(nearest(thick, above, centre(above))).toBeNull();
    const across = plane({ orientation: SAGITTAL, first: [0, 0, 10] });
    expect(nearest(thick, across, centre(across))).toBeNull();
  });

  test('a tilted stack is measured along its own normal', () => {
    const [cos, sin] = [Math.cos(0.2), Math.sin(0.2)];
    const tilted = stack({ orientation: [1, 0, 0, 0, cos, sin], step: [0, -3 * sin, 3 * cos], count: 9 });
    const one = planeOf(tilted, tilted.frames[6]!)!;
    expect(nearest(tilted, one, centre(one))).toBe(6);
  });
});

describe('reference lines', () => {
  test('an axial slice crosses a sagittal one at its height', () => {
    // The sagittal image lies at x = 4 and runs from y = 0 to the back, from z = 50 down.
    const sagittal = plane({ orientation: SAGITTAL, first: [4, 0, 50], columns: 60, rows: 60 });
    const axial = plane({ orientation: AXIAL, first: [0, 10, 30], columns: 20, rows: 20 });
    const [a, b] = referenceLine(sagittal, axial)!;
    const [left, right] = a[0] < b[0] ? [a, b] : [b, a];
    // z = 30 is 20 mm below z = 50; the corners of the axial image are half a pixel outside its first and last centre.
    expect(left).toEqual([10, 20.5]);
    expect(right).toEqual([30, 20.5]);
  });

  test('the line ends at the edge of the image that is shown', () => {
    const sagittal = plane({ orientation: SAGITTAL, first: [4, 0, 50], columns: 12, rows: 60 });
    const axial = plane({ orientation: AXIAL, first: [0, -100, 30], columns: 20, rows: 200 });
    const ends = referenceLine(sagittal, axial)!.map(([column]) => column);
    expect([...ends].sort((x, y) => x - y).map((end) => Number(end.toFixed(9)))).toEqual([0, 12]);
  });

  test('no line where images are parallel, do not meet, or have no frame of reference in common', () => {
    const sagittal = plane({ orientation: SAGITTAL, first: [4, 0, 50], columns: 60, rows: 60 });
    expect(referenceLine(sagittal, plane({ orientation: SAGITTAL, first: [9, 0, 50] }))).toBeNull();
    expect(referenceLine(sagittal, plane({ first: [100, 0, 30] }))).toBeNull();
    expect(referenceLine(sagittal, plane({ first: [0, 0, 30], frameOfReference: '8' }))).toBeNull();
    expect(referenceLine(sagittal, plane({ first: [0, 0, 30], frameOfReference: '' }))).toBeNull();
  });

  test('a line outside is cut away altogether', () => {
    expect(clipped([-5, 3], [-1, 3], 10, 10)).toBeNull();
    expect(clipped([-5, 3], [5, 3], 10, 10)).toEqual([
      [0, 3],
      [5, 3],
    ]);
  });
});
