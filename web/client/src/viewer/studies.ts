/** The studies of a case as the server lists them, and which series to open first. */
import type { SeriesListed, StudyListed } from './types';

/** Newest study first. Throws an `Error` whose message can be shown. */
export async function listStudies(caseId: string): Promise<readonly StudyListed[]> {
  const answer = await fetch(`/cases/${encodeURIComponent(caseId)}/studies.json`, {
    headers: { accept: 'application/json' },
    credentials: 'same-origin',
  });
  if (!answer.ok) throw new Error(REASONS[answer.status] ?? 'The list of images could not be loaded.');
  return ((await answer.json()) as { studies: readonly StudyListed[] }).studies;
}

const REASONS: Readonly<Record<number, string | undefined>> = {
  401: 'Sign in again to see the images.',
  403: 'The images of this case are not open to you.',
  404: 'This case has no images here.',
};

/** Address of the small rendered picture of a series; null where it has none. */
export function thumbnail(caseId: string, series: SeriesListed): string | null {
  if (series.preview === null) return null;
  const { sop_instance_uid: sop, frame } = series.preview;
  return `/cases/${encodeURIComponent(caseId)}/images/${encodeURIComponent(sop)}/${frame}/preview.webp`;
}

export interface Found {
  readonly study: StudyListed;
  readonly series: SeriesListed;
  /** Of an earlier time than the newest study. */
  readonly prior: boolean;
}

/** Studies this much older than the newest are priors; closer ones belong to the same question. */
const PRIOR_DAYS = 30;

/** Every series that has pictures; reports, key objects, segmentations and documents are in a menu of their own. */
export function all(studies: readonly StudyListed[]): readonly Found[] {
  return studies.flatMap((study) =>
    pictured(study).map((series) => ({ study, series, prior: isPrior(study, studies) })),
  );
}

/** The series of a study that can be looked at. */
export function pictured(study: StudyListed): readonly SeriesListed[] {
  return study.series.filter(({ frames }) => frames > 0);
}

/** What the menu of reports and overlays has. */
const IN_MENU = new Set(['SR', 'KO', 'PR', 'SEG', 'DOC']);

/** The series of a study that are kept and have no picture, but for those that are read or laid over others. */
export function unpictured(study: StudyListed): readonly SeriesListed[] {
  return study.series.filter(({ frames, modality }) => frames === 0 && !IN_MENU.has(modality));
}

export function isPrior(study: StudyListed, studies: readonly StudyListed[]): boolean {
  // A report or a document of today makes no earlier study of the images it speaks of.
  const pictured = studies.filter(({ series }) => series.some(({ frames }) => frames > 0));
  const newest = Math.max(...pictured.map(({ date }) => (date === null ? -Infinity : Date.parse(date))));
  return study.date !== null && newest - Date.parse(study.date) > PRIOR_DAYS * 86_400_000;
}

export function find(studies: readonly StudyListed[], uid: string): Found | null {
  return all(studies).find(({ series }) => series.series_instance_uid === uid) ?? null;
}

/** The series to compare with another: the most alike one of an earlier study, else the next one unless `earlier`. */
export function companion(studies: readonly StudyListed[], uid: string, earlier = false): Found | null {
  const everything = all(studies);
  const self = everything.find(({ series }) => series.series_instance_uid === uid);
  if (self === undefined) return null;
  const others = everything.filter(({ series, study }) =>
    earlier ? study !== self.study : series.series_instance_uid !== uid,
  );
  const score = ({ study, series }: Found) =>
    (study === self.study ? 0 : 8) +
    (samePart(series, self.series) ? 4 : 0) +
    (series.modality === self.series.modality ? 2 : 0) +
    alike(series.description, self.series.description);
  return others.reduce<Found | null>((best, one) => (best === null || score(one) > score(best) ? one : best), null);
}

function samePart(a: SeriesListed, b: SeriesListed): boolean {
  return (a.body_part ?? '') !== '' && a.body_part === b.body_part;
}

/** Words in common, as a share of the shorter description. */
function alike(a: string, b: string): number {
  const words = (text: string) =>
    new Set(
      text
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .filter((word) => word !== ''),
    );
  const [first, second] = [words(a), words(b)];
  const common = [...first].filter((word) => second.has(word)).length;
  return common / Math.max(1, Math.min(first.size, second.size));
}

/** The frame a series opens at: the middle of a stack, the first of a few. */
export function opening(series: SeriesListed): number {
  return series.frames > 4 ? Math.floor(series.frames / 2) : 0;
}

/** A series in one line. */
export function seriesWords(series: SeriesListed): string {
  return series.description === '' ? series.modality : series.description;
}

/** When and what: the date first, for what is cut short is cut at its end. */
export function studyWords(study: StudyListed): string {
  return [study.date === null ? '' : dateWords(study.date), study.description].filter((part) => part !== '').join(', ');
}

/** Made once: a pane says its date at every frame it draws. */
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

/** A calendar date in words, as everywhere in the product: 9 Nov 2026. It is not broken at the end of a line. */
export function dateWords(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return date;
  // Some browsers write September with four letters in British English; the server never does.
  return DAY.format(day).replace('Sept', 'Sep').replaceAll(' ', '\u00a0');
}

/** The series so many further on in the strip; undefined beyond its ends. */
export function beside(studies: readonly StudyListed[], series: string, step: number): string | undefined {
  const listed = all(studies).map((one) => one.series.series_instance_uid);
  return listed[listed.indexOf(series) + step];
}
