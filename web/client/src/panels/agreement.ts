/**
 * Agreement over 1–9 ratings by the classic RAND/UCLA rule, for the grid. The record's own value is the server's.
 * And whether the outcome's word agrees with the closings.
 */

import type { CaseProjection } from '../protocol';

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly words: string;
  readonly tone: 'good' | 'warn' | 'bad' | 'quiet';
}

/** Median, range and verdict; null without ratings. */
export function spread(ratings: readonly number[]): Spread | null {
  if (ratings.length === 0) return null;
  const sorted = [...ratings].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
  const base = { median, low: sorted[0]!, high: sorted.at(-1)! };
  const third = sorted.length / 3;
  const against = sorted.filter((rating) => rating <= 3).length;
  const inFavour = sorted.filter((rating) => rating >= 7).length;
  if (sorted.length > 1 && against >= third && inFavour >= third)
    return { ...base, words: 'Disagreement', tone: 'bad' };
  if (median >= 7) return { ...base, words: 'Appropriate', tone: 'good' };
  if (median <= 3) return { ...base, words: 'Not appropriate', tone: 'quiet' };
  return { ...base, words: 'Uncertain', tone: 'warn' };
}

/** Whether the outcome says consensus although somebody closed with a dissent, first of a discipline or not. */
export function dissentUnderConsensus(item: Pick<CaseProjection, 'recommendation' | 'closings'>): boolean {
  if (item.recommendation?.recommendation.outcome !== 'consensus') return false;
  return Object.values(item.closings).some((voice) =>
    [voice, ...voice.others].some(({ closing }) => closing === 'dissent'),
  );
}
