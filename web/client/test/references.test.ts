import { describe, expect, it } from 'vitest';
import type { Mark } from '../src/protocol';
import { named, parts, reference } from '../src/room/references';

const mark = (id: string): Mark => ({ mark: id }) as unknown as Mark;

describe('marks named in prose', () => {
  const [one, other] = [mark('1a2b3c4d-0001'), mark('m1')];

  it('are found by the beginning of their identity', () => {
    const words = `At ${reference('1a2b3c4d-0001')} and ${reference('m1')}, twice ${reference('m1')}.`;
    expect(words).toBe('At [#1a2b3c4d] and [#m1], twice [#m1].');
    expect(parts(words, [one, other])).toEqual(['At ', one, ' and ', other, ', twice ', other, '.']);
    expect(named(words, [one, other])).toEqual([one, other]);
  });

  it('stay words where nothing fits, or more than one', () => {
    const twins = [mark('1a2b3c4d-0001'), mark('1a2b3c4d-0002')];
    expect(parts('See [#1a2b3c4d], [#] and [#unknown].', twins)).toEqual(['See [#1a2b3c4d], [#] and [#unknown].']);
    expect(parts('', twins)).toEqual([]);
  });
});
