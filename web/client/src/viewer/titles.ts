/** The first words of a pane: which study and series is seen, and whose. */
import { isReformat, storedSeries, type Reformats } from './reformats';
import { find, seriesWords, studyWords } from './studies';
import type { StudyListed } from './types';

export interface Title {
  readonly lines: readonly string[];
  /** Whether these are the case's patient's images, or nothing. */
  readonly patient: string;
  /** The file names somebody else. */
  readonly differs: boolean;
  /** Of an earlier time than the newest study. */
  readonly prior: boolean;
}

/** Whether these are the case's patient's images: every picture says so. */
const PATIENT: Readonly<Record<string, string | undefined>> = {
  same: 'Patient as in the case',
  other: 'Patient in the file differs: accepted',
  unnamed: 'No patient in the file',
};

export function titleOf(studies: readonly StudyListed[], pictures: Reformats | null, id: string): Title {
  const found = find(studies, storedSeries(id));
  const cuts = isReformat(id) ? [pictures?.words(id) ?? '', 'Made here, seen here only'] : [];
  const match = found?.study.patient ?? '';
  const lines = found === null ? [] : [studyWords(found.study), seriesWords(found.series)];
  return {
    lines: [...lines, ...cuts].filter((line) => line !== ''),
    patient: PATIENT[match] ?? '',
    differs: match === 'other',
    prior: found?.prior ?? false,
  };
}
