/** The first words of a pane: which study and series is seen, and whose. */
import { isReformat, storedSeries, type Reformats } from './reformats';
import { find, seriesWords, studyWords } from './studies';
import type { StudyListed } from './types';

export interface Title {
  readonly lines: readonly string[];
  /** Of an earlier time than the newest study. */
  readonly prior: boolean;
}

export function titleOf(studies: readonly StudyListed[], pictures: Reformats | null, id: string): Title {
  const found = find(studies, storedSeries(id));
  const cuts = isReformat(id) ? [pictures?.words(id) ?? '', 'Made here, seen here only'] : [];
  const lines = found === null ? [] : [studyWords(found.study), seriesWords(found.series)];
  return { lines: [...lines, ...cuts].filter((line) => line !== ''), prior: found?.prior ?? false };
}
