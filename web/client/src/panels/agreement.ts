/**
 * Agreement over 1–9 ratings, by the same rules as `agenda/agreement.py`: RAND/UCLA's IPRAS, and the classic rule by the
 * size of the panel. And whether the outcome's word agrees with the closings.
 *
 * Source: Fitch et al. 2001, The RAND/UCLA Appropriateness Method User's Manual.
 */

import type { CaseProjection, Opinion } from '../protocol';

const IPRAS_CONSTANT = 2.35;
const IPRAS_FACTOR = 1.5;

export interface Spread {
  readonly size: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** P70 − P30. */
  readonly ipr: number;
  /** The same adjusted for symmetry; above it is disagreement. */
  readonly ipras: number;
  readonly disagreement: boolean;
  readonly classic: 'agreement' | 'neither' | 'disagreement';
  /** How the classic rule came to its verdict. */
  readonly rule: string;
  readonly words: string;
  readonly tone: 'good' | 'warn' | 'bad' | 'quiet';
}

/** Median, range and verdict; null without ratings. */
export function spread(ratings: readonly number[]): Spread | null {
  if (ratings.length === 0) return null;
  const sorted = [...ratings].sort((one, other) => one - other);
  const median = percentile(sorted, 50);
  const [p30, p70] = [percentile(sorted, 30), percentile(sorted, 70)];
  const ipr = p70 - p30;
  const ipras = IPRAS_CONSTANT + IPRAS_FACTOR * Math.abs(5 - (p30 + p70) / 2);
  const disagreement = ipr > ipras;
  const { classic, rule } = byPanel(sorted, median);
  const base = {
    size: sorted.length,
    median,
    low: sorted[0]!,
    high: sorted.at(-1)!,
    ipr,
    ipras,
    disagreement,
    classic,
  };
  if (disagreement || classic === 'disagreement') return { ...base, rule, words: 'Disagreement', tone: 'bad' };
  if (median >= 6.5) return { ...base, rule, words: 'Appropriate', tone: 'good' };
  if (median < 3.5) return { ...base, rule, words: 'Not appropriate', tone: 'quiet' };
  return { ...base, rule, words: 'Uncertain', tone: 'warn' };
}

/** Linear between the two nearest ranks (Hyndman and Fan 1996, type 7). */
function percentile(sorted: readonly number[], percent: number): number {
  const place = (sorted.length - 1) * percent;
  const whole = Math.floor(place / 100);
  const below = sorted[whole]!;
  const above = sorted[Math.min(whole + 1, sorted.length - 1)]!;
  return below + ((above - below) * (place - whole * 100)) / 100;
}

/** The classic rule; outside 8 to 16 raters its shares are used, a quarter and three tenths. */
function byPanel(sorted: readonly number[], median: number): Pick<Spread, 'classic' | 'rule'> {
  const size = sorted.length;
  const [outsideLimit, extremeLimit] = limits(size);
  const [low, high] = median < 3.5 ? [1, 3] : median < 6.5 ? [4, 6] : [7, 9];
  const outside = sorted.filter((rating) => rating < low || rating > high).length;
  const extremes = Math.min(
    sorted.filter((rating) => rating <= 3).length,
    sorted.filter((rating) => rating >= 7).length,
  );
  const rule = `${outside} of ${size} outside ${low}–${high} (agreement up to ${outsideLimit}), ${extremes} at both ends (disagreement from ${extremeLimit})`;
  if (extremes >= extremeLimit) return { classic: 'disagreement', rule };
  return { classic: outside <= outsideLimit ? 'agreement' : 'neither', rule };
}

function limits(size: number): readonly [number, number] {
  if (size >= 8 && size <= 10) return [2, 3];
  if (size >= 11 && size <= 13) return [3, 4];
  if (size >= 14 && size <= 16) return [4, 5];
  return [Math.floor(size / 4), Math.ceil((size * 3) / 10)];
}

/** Somebody's latest opinion that is open. */
export function latestOpinion(item: CaseProjection, person: string): Opinion | null {
  const rounds = [...item.revealed].sort((one, other) => other - one);
  for (const round of rounds) {
    const given = item.opinions[`${round}:${person}`]?.opinion;
    if (given !== undefined && given !== null) return given;
  }
  return null;
}

/** Required disciplines, not absent, that have not said how they stand to a recommended operation. */
export function unstanced(item: CaseProjection): string[] {
  const key = item.recommendation?.recommendation.option ?? '';
  if (!item.options.some((option) => option.key === key && option.kind === 'surgical')) return [];
  const rated = Object.values(item.opinions)
    .filter(({ opinion, round }) => item.revealed.includes(round) && opinion?.ratings[key] !== undefined)
    .map(({ discipline }) => discipline);
  return item.brief.required.filter(
    (code) => item.absent[code] === undefined && !rated.includes(code) && item.stances[code]?.[key] === undefined,
  );
}

/** Whether the outcome says consensus although somebody closed with a dissent, first of a discipline or not. */
export function dissentUnderConsensus(item: Pick<CaseProjection, 'recommendation' | 'closings'>): boolean {
  if (item.recommendation?.recommendation.outcome !== 'consensus') return false;
  return Object.values(item.closings).some((voice) =>
    [voice, ...voice.others].some(({ closing }) => closing === 'dissent'),
  );
}
