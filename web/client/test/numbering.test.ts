import { describe, expect, it } from 'vitest';
import { added, next, read, written } from '../src/numbering/lines';
import { levelsOn, type Levels } from '../src/viewer/levels';
import type { FrameFacts, SeriesFacts } from '../src/viewer/types';

const ORDER = ['T12', 'L1', 'L2', 'L3'];

describe('lines of marks', () => {
  it('read what they wrote, from the head down', () => {
    const marks = added(added([], { vertebra: 'L2', image: 3, column: 10.04, row: 20 }), {
      vertebra: 'T12',
      image: 3,
      column: 9,
      row: 5,
    });
    expect(written(marks, ORDER)).toBe('T12 3 9 5\nL2 3 10 20');
    expect(read(written(marks, ORDER))).toHaveLength(2);
  });

  it('leave out what is no mark, and keep one mark a vertebra', () => {
    expect(read('L1 3 x 4\nnonsense\n\nl2 1 2 3')).toEqual([{ vertebra: 'L2', image: 1, column: 2, row: 3 }]);
    expect(added(read('L2 1 2 3'), { vertebra: 'L2', image: 2, column: 5, row: 6 })).toHaveLength(1);
    expect([next('L1', ORDER), next('L3', ORDER)]).toEqual(['L2', 'L3']);
  });
});

describe('levels on an image', () => {
  const frame = { columns: 100, rows: 100, position: [0, 0, 50], row_spacing_mm: 1, column_spacing_mm: 1 };
  const levels: Levels = {
    frame_of_reference: '1.2',
    state: 'accepted',
    contested: [],
    labels: [
      { vertebra: 'L1', at: [3, 10, 40], marked: true },
      { vertebra: 'L2', at: [3, 10, 8], marked: false },
    ],
  };
  const [sagittal, coronal, axial] = [
    [0, 1, 0, 0, 0, -1],
    [1, 0, 0, 0, 0, -1],
    [1, 0, 0, 0, 1, 0],
  ];
  const on = (orientation: readonly number[] | undefined, part: Partial<Levels> = {}, z = 50, reference = '1.2') => {
    const series = { orientation, frame_of_reference: reference };
    const position = [0, 0, z];
    return levelsOn(
      { ...levels, ...part },
      series as unknown as SeriesFacts,
      { ...frame, position, orientation } as unknown as FrameFacts,
    );
  };

  it('are named along the spine at their places, on sagittal and coronal images', () => {
    const { labels, words } = on(sagittal);
    expect(labels.map(({ name, point }) => [name, point])).toEqual([
      ['L1', [10.5, 10.5]],
      ['L2', [10.5, 42.5]],
    ]);
    expect(words).toBe('Numbering accepted');
    expect(on(coronal).labels.map(({ point }) => point)).toEqual([
      [3.5, 10.5],
      [3.5, 42.5],
    ]);
  });

  it('are told in words across it: the bone, the disc between two, and nothing beyond the marks', () => {
    const words = (z: number) => on(axial, {}, z).words;
    expect([40, 30, 29, 24, 19, 18, 8].map(words)).toEqual([
      ...['L1', 'L1', 'L1', 'L1–L2', 'L2', 'L2', 'L2'].map((level) => `Level ${level}, numbering accepted`),
    ]);
    expect(words(59)).toBe('Level L1, numbering accepted');
    expect(words(61)).toBe('No levels: beyond the marked vertebrae');
    expect(on(axial).labels).toEqual([]);
  });

  it('are doubtful until accepted, and say how they stand', () => {
    for (const state of ['assumed', 'proposed', 'marking'] as const) {
      const { labels, words } = on(sagittal, { state });
      expect(labels.map(({ name, doubt }) => [name, doubt])).toEqual([
        ['L1?', true],
        ['L2?', true],
      ]);
      expect(words).toContain(state === 'marking' ? 'being marked' : state);
    }
    const contested = on(sagittal, { state: 'contested', contested: ['L2'] });
    expect(contested.labels.map(({ name }) => name)).toEqual(['L1', 'L2?']);
    expect(contested.words).toBe('Numbering contested');
    expect(on(sagittal, { state: 'missing', labels: [] })).toEqual({ labels: [], words: '' });
  });

  it('are left out in another frame of reference and where the image has no place, and say why', () => {
    expect(on(sagittal, {}, 50, '9.9')).toEqual({ labels: [], words: 'No levels: another frame of reference' });
    expect(on(undefined).words).toBe('No levels: the image does not say where it lies');
    expect(on(sagittal, {}, 50, '').labels).toEqual([]);
  });
});
