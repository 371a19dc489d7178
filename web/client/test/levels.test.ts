import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { changed, rebased, same, toggled } from '../src/levels/cells';
import type { Instrument } from '../src/levels/facts';
import { between, present } from '../src/levels/spine';
import { levelFor, suited } from '../src/levels/suited';
import type { Vector } from '../src/viewer/planes';

interface Counted {
  readonly ribs: number;
  readonly lumbar: number;
  readonly marks: readonly { readonly vertebra: string; readonly at: Vector }[];
  readonly labels: readonly { readonly vertebra: string; readonly at: Vector; readonly marked: boolean }[];
}

const shared = JSON.parse(readFileSync(new URL('../../../tests/data/levels/labels.json', import.meta.url), 'utf8')) as {
  readonly vertebrae: readonly string[];
  readonly counts: readonly Counted[];
};

describe('labels while marking', () => {
  it('lie where the server will place them', () => {
    for (const { ribs, lumbar, marks, labels } of shared.counts) {
      const found = between(marks, present(shared.vertebrae, ribs, lumbar));
      expect(found.map(({ vertebra, marked }) => [vertebra, marked])).toEqual(
        labels.map(({ vertebra, marked }) => [vertebra, marked]),
      );
      found.forEach(({ at }, index) => {
        at.forEach((value, axis) => expect(value).toBeCloseTo(labels[index]!.at[axis]!, 9));
      });
    }
  });

  it('leave out a mark the count has no vertebra for', () => {
    const order = present(shared.vertebrae, 12, 5);
    expect(order).not.toContain('L6');
    expect(between([{ vertebra: 'L6', at: [0, 0, 0] }], order)).toEqual([]);
  });
});

describe('cells of a plan', () => {
  const [base, mine, theirs] = [new Set('abc'), new Set('abd'), new Set('bce')];

  it('differ by what was added and dropped', () => {
    expect(changed(base, mine)).toEqual({ added: ['d'], dropped: ['c'] });
    expect(same(toggled(toggled(base, 'x'), 'x'), base)).toBe(true);
  });

  it('keep both changes when two people changed them', () => {
    expect([...rebased(base, mine, theirs)].sort()).toEqual(['b', 'd', 'e']);
    expect(same(rebased(base, mine, base), mine)).toBe(true);
    expect(same(rebased(base, base, theirs), theirs)).toBe(true);
  });
});

describe('gradings suited to an image', () => {
  const one = (key: string, modalities: string[], planes: string[]): Instrument =>
    ({ key, modalities, planes, levels: ['L3-L4', 'L4-L5'] }) as unknown as Instrument;
  const all = [one('axial', ['MR'], ['axial']), one('slip', ['CR', 'MR'], ['sagittal']), one('ct', ['CT'], ['axial'])];
  const keys = (looking: Parameters<typeof suited>[1]) => suited(all, looking).suited.map(({ key }) => key);

  it('go by modality, plane and the level it passes', () => {
    expect(keys({ modality: 'MR', plane: 'axial', level: 'L4–L5' })).toEqual(['axial']);
    expect(keys({ modality: 'MR', plane: 'axial', level: 'T8' })).toEqual([]);
    expect(keys({ modality: 'CR', plane: null, level: null })).toEqual(['slip']);
    expect(keys({ modality: 'MR', plane: null, level: null })).toEqual([]);
    expect(suited(all, null).others).toEqual(all);
  });

  it('take the segment below a vertebra', () => {
    expect([levelFor(all[0]!, 'L4–L5'), levelFor(all[0]!, 'L3'), levelFor(all[0]!, 'L5')]).toEqual([
      'L4-L5',
      'L3-L4',
      null,
    ]);
  });
});
