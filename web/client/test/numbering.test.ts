import { describe, expect, it } from 'vitest';
import { added, next, read, written } from '../src/numbering/lines';
import { levelsOn } from '../src/viewer/levels';
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
  const levels = {
    frame_of_reference: '1.2',
    accepted: true,
    labels: [
      { vertebra: 'L1', at: [3, 10, 40], marked: true },
      { vertebra: 'L2', at: [3, 10, 8], marked: false },
    ],
  } as const;
  const on = (orientation: readonly number[], reference: string, accepted = true) => {
    const series = { orientation, frame_of_reference: reference };
    return levelsOn(
      { ...levels, accepted },
      series as unknown as SeriesFacts,
      { ...frame, orientation } as unknown as FrameFacts,
    );
  };

  it('are named along the spine at their places', () => {
    expect(on([0, 1, 0, 0, 0, -1], '1.2')).toEqual([
      { name: 'L1', point: [10.5, 10.5] },
      { name: 'L2', point: [10.5, 42.5] },
    ]);
  });

  it('are the nearest alone across it, and doubtful until accepted', () => {
    expect(on([1, 0, 0, 0, 1, 0], '1.2', false).map((one) => one.name)).toEqual(['L1?']);
  });

  it('say nothing in another frame of reference', () => {
    expect(on([0, 1, 0, 0, 0, -1], '9.9')).toEqual([]);
  });
});
