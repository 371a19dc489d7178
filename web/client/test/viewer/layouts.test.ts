import { describe, expect, test } from 'vitest';
import { fillers, priorOf, roomFor, stepped } from '../../src/viewer/layouts';
import type { StudyListed } from '../../src/viewer/types';

function series(uid: string, description: string, body_part = 'LSPINE', modality = 'MR') {
  return { series_instance_uid: uid, modality, description, body_part, frames: 20, preview: null };
}

const STUDIES: readonly StudyListed[] = [
  {
    study_instance_uid: 'now',
    description: 'MR',
    date: '2026-11-09',
    series: [series('1', 'SAG T2'), series('2', 'AX T2')],
  },
  { study_instance_uid: 'ct', description: 'CT', date: '2025-01-09', series: [series('7', 'SAG', 'CHEST', 'CT')] },
  {
    study_instance_uid: 'then',
    description: 'MR',
    date: '2024-01-09',
    series: [series('4', 'AX T2'), series('5', 'SAG T2')],
  },
];

describe('layouts', () => {
  test('go round and find room', () => {
    expect(stepped('1x1', 1)).toBe('1x2');
    expect(stepped('2x3', 1)).toBe('1x1');
    expect(stepped('1x1', -1)).toBe('2x3');
    expect([1, 2, 3, 5, 6].map(roomFor)).toEqual(['1x1', '1x2', '2x2', '2x3', '2x3']);
  });
});

describe('priors', () => {
  test('the most alike series of the same part of the body is offered', () => {
    expect(priorOf(STUDIES, '1')).toBe('5');
    expect(priorOf(STUDIES, '2')).toBe('4');
  });

  test('another part of the body is no prior, and the newest study has none newer', () => {
    expect(priorOf(STUDIES.slice(0, 2), '1')).toBeNull();
    expect(priorOf(STUDIES.slice(0, 1), '1')).toBeNull();
  });

  test('empty panes are given the prior first, then the rest of the study', () => {
    expect(fillers(STUDIES, ['1'], 3)).toEqual(['5', '2', '7']);
    expect(fillers(STUDIES, ['1', '5'], 1)).toEqual(['2']);
    expect(fillers(STUDIES, [null], 3)).toEqual([]);
  });
});
