/** How many panes there are, and which series an empty one is given first. Pure. */
import { companion, find, isPrior } from './studies';
import type { StudyListed } from './types';

export type LayoutName = '1x1' | '1x2' | '2x2' | '2x3';

export interface Layout {
  readonly name: LayoutName;
  /** Rows by columns in words. */
  readonly words: string;
  readonly count: number;
}

export const LAYOUTS: readonly Layout[] = [
  { name: '1x1', words: 'One image', count: 1 },
  { name: '1x2', words: 'Two side by side', count: 2 },
  { name: '2x2', words: 'Four, two by two', count: 4 },
  { name: '2x3', words: 'Six, two by three', count: 6 },
];

export const MOST_PANES = 6;

export function layout(name: string): Layout {
  return LAYOUTS.find((one) => one.name === name) ?? LAYOUTS[0]!;
}

/** The next larger layout, or the next smaller one; after the last comes the first. */
export function stepped(name: LayoutName, by: number): LayoutName {
  const at = LAYOUTS.findIndex((one) => one.name === name);
  return LAYOUTS[(at + by + LAYOUTS.length) % LAYOUTS.length]!.name;
}

/** The smallest layout with room for so many. */
export function roomFor(count: number): LayoutName {
  return (LAYOUTS.find((one) => one.count >= count) ?? LAYOUTS.at(-1)!).name;
}

/** An earlier series to lay beside another: of the same part of the body, as alike as there is; null when none is. */
export function priorOf(studies: readonly StudyListed[], series: string): string | null {
  const self = find(studies, series);
  if (self === null) return null;
  const earlier = studies.filter((study) => isPrior(study, studies) && study !== self.study);
  const part = self.series.body_part ?? '';
  const same = earlier.map((study) => ({
    ...study,
    series: study.series.filter((one) => one.frames > 0 && (part === '' || [part, ''].includes(one.body_part ?? ''))),
  }));
  return companion([self.study, ...same], series, true)?.series.series_instance_uid ?? null;
}

/** What empty panes are given: the prior of what is open first, then the other series of its study, then any. */
export function fillers(studies: readonly StudyListed[], open: readonly (string | null)[], count: number): string[] {
  const shown = new Set(open.filter((one) => one !== null));
  const [lead] = shown;
  if (lead === undefined) return [];
  const prior = priorOf(studies, lead);
  const own = find(studies, lead)?.study;
  const rest = [...studies].sort((a, b) => Number(b === own) - Number(a === own));
  const listed = rest.flatMap((study) => study.series.filter((one) => one.frames > 0));
  const wanted = [...(prior === null ? [] : [prior]), ...listed.map((one) => one.series_instance_uid)];
  return [...new Set(wanted)].filter((uid) => !shown.has(uid)).slice(0, count);
}
