import { describe, expect, test } from 'vitest';
import { planeOf, toImage } from '../../src/viewer/planes';
import {
  cutFacts,
  cutOf,
  halfOf,
  ONE_LAYER,
  reslice,
  volumeOf,
  type Orthogonal,
  type Volume,
} from '../../src/viewer/volume';
import { AXIAL, CORONAL, SAGITTAL, stack, type StackOptions } from './stack';

const [COLUMNS, ROWS, SLICES] = [8, 6, 10];
/** The bright voxel: column, row and slice in the order of the frames. */
const BRIGHT = [2, 4, 7] as const;

function built(options: StackOptions): { facts: ReturnType<typeof stack>; volume: Volume; voxels: Uint16Array } {
  const facts = stack({ columns: COLUMNS, rows: ROWS, count: SLICES, ...options });
  const volume = volumeOf(facts) as Volume;
  const voxels = new Uint16Array(COLUMNS * ROWS * SLICES);
  const slice = volume.order.indexOf(BRIGHT[2]);
  voxels[BRIGHT[0] + COLUMNS * (BRIGHT[1] + ROWS * slice)] = 1000;
  return { facts, volume, voxels };
}

/** Orientation, first position and step of each kind of stack, straight and backwards. */
const STACKS: readonly (readonly [string, StackOptions])[] = [
  ['axial', { orientation: AXIAL, step: [0, 0, 2], spacing: [0.5, 0.7] }],
  ['axial, from the head down', { orientation: AXIAL, first: [5, 5, 90], step: [0, 0, -2], spacing: [0.5, 0.7] }],
  ['sagittal', { orientation: SAGITTAL, step: [-3, 0, 0], spacing: [0.5, 0.7] }],
  ['coronal', { orientation: CORONAL, step: [0, 3, 0], spacing: [0.5, 0.7] }],
  ['axial, lying on the face', { orientation: [-1, 0, 0, 0, -1, 0], step: [0, 0, 2], spacing: [0.5, 0.7] }],
];

describe('a bright voxel', () => {
  for (const [name, options] of STACKS) {
    for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
      test(`of a stack that is ${name} lands exactly in ${plane} cuts`, () => {
        const { facts, volume, voxels } = built(options);
        const cut = cutOf(volume, plane);
        const cuts = cutFacts(facts, volume, cut, 'x');
        const { position } = planeOf(facts, facts.frames[BRIGHT[2]]!)!;
        const own = planeOf(facts, facts.frames[BRIGHT[2]]!)!;
        const at = position.map(
          (from, axis) =>
            from + BRIGHT[0] * own.column_mm * own.across[axis]! + BRIGHT[1] * own.row_mm * own.down[axis]!,
        ) as unknown as readonly [number, number, number];
        const lit = cuts.frames.flatMap((frame, index) => {
          const made = reslice(voxels, volume, cut, index, ONE_LAYER);
          const found = made.indexOf(1000);
          return found < 0 ? [] : [{ frame, index, found }];
        });
        expect(lit).toHaveLength(1);
        const [{ frame, found }] = lit as [(typeof lit)[0]];
        const shown = planeOf(cuts, frame)!;
        const [column, row] = toImage(shown, at);
        expect([column - 0.5, row - 0.5].map((value) => Math.round(value * 1e6) / 1e6 + 0)).toEqual([
          found % frame.columns,
          Math.floor(found / frame.columns),
        ]);
        const away = at.reduce((sum, value, axis) => sum + (value - shown.position[axis]!) * shown.normal[axis]!, 0);
        expect(Math.abs(away)).toBeLessThan(1e-9);
      });
    }
  }

  test('is hung with the head up, the front to the left and the right side on the left', () => {
    const { facts, volume } = built({ orientation: AXIAL });
    const hung = (plane: Orthogonal) => cutFacts(facts, volume, cutOf(volume, plane), 'x').orientation!.map(round);
    expect(hung('axial')).toEqual([1, 0, 0, 0, 1, 0]);
    expect(hung('coronal')).toEqual([1, 0, 0, 0, 0, -1]);
    expect(hung('sagittal')).toEqual([0, 1, 0, 0, 0, -1]);
  });
});

function round(value: number): number {
  return Math.round(value) + 0;
}

describe('a slab', () => {
  const { volume, voxels } = built({ orientation: AXIAL });
  const cut = cutOf(volume, 'sagittal');
  // Sagittal cuts are counted from the patient's left to the right, against the columns of an axial stack.
  const lit = COLUMNS - 1 - BRIGHT[0];

  test('keeps the brightest value, or the mean of its layers', () => {
    const most = reslice(voxels, volume, cut, lit - 2, { half: 2, projection: 'max' });
    expect(Math.max(...most)).toBe(1000);
    const mean = reslice(voxels, volume, cut, lit - 2, { half: 2, projection: 'mean' });
    expect(Math.max(...mean)).toBe(200);
    expect(Math.max(...reslice(voxels, volume, cut, lit - 3, { half: 2, projection: 'max' }))).toBe(0);
  });

  test('ends at the edge of the volume and takes the mean of what is there', () => {
    const edge = reslice(voxels, volume, cut, COLUMNS - 1, { half: 2, projection: 'mean' });
    expect(Math.max(...edge)).toBe(Math.round(1000 / 3));
  });

  test('compares signed values as signed', () => {
    const signed = { size: [2, 1, 5] as const, signed: true };
    const few = Uint16Array.from([-5, -9, -3, -1, 7, -2, -8, -8, -8, -8].map((value) => value & 0xffff));
    const through = { across: 0, down: 1, through: 2, back: [false, false, false] as const };
    const shown = (projection: 'max' | 'mean') => [
      ...new Int16Array(reslice(few, signed, through, 1, { half: 1, projection }).buffer),
    ];
    expect(shown('max')).toEqual([7, -1]);
    expect(shown('mean')).toEqual([0, -4]);
  });

  test('is an odd number of layers, about as thick as wanted', () => {
    expect([0, 1, 3, 10].map((thickness) => halfOf(thickness, 1))).toEqual([0, 0, 1, 5]);
  });
});

describe('what is no volume says why', () => {
  const whole = stack({ count: 10 });
  const changed = (index: number, change: object) => ({
    ...whole,
    frames: whole.frames.map((frame, at) => (at === index ? { ...frame, ...change } : frame)),
  });

  test.each([
    ['Colour', { ...whole, colour: true }],
    ['at least', stack({ count: 3 })],
    ['more than 16', { ...whole, sample: 'f32' as const }],
    ['place of some', changed(2, { position: null })],
    ['size', changed(2, { columns: 9 })],
    ['pixel spacing', changed(2, { row_spacing_mm: 2 })],
    ['one direction', changed(2, { orientation: SAGITTAL })],
    ['scale', changed(2, { slope: 2 })],
    ['same place', changed(2, { position: whole.frames[3]!.position })],
    ['evenly', changed(2, { position: [0, 0, 4.3] })],
    ['sheared', stack({ count: 10, step: [0, 1, 2] })],
    ['too large', stack({ count: 700, columns: 512, rows: 512 })],
  ])('%s', (words, facts) => {
    expect(volumeOf(facts)).toContain(words);
  });

  test('slices in any order are a volume', () => {
    const shuffled = { ...whole, frames: [...whole.frames].reverse() };
    expect((volumeOf(shuffled) as Volume).order).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });
});
