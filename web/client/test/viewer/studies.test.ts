import { expect, test } from 'vitest';
import { all, dateWords, isPrior, pictured, unpictured } from '../../src/viewer/studies';
import type { SeriesListed, StudyListed } from '../../src/viewer/types';

function series(uid: string, modality: string, frames: number): SeriesListed {
  return { series_instance_uid: uid, modality, description: '', frames, preview: null };
}

function study(uid: string, date: string, listed: readonly SeriesListed[]): StudyListed {
  return { study_instance_uid: uid, description: '', date, patient: 'same', series: listed } as unknown as StudyListed;
}

const images = study('1', '2024-05-25', [series('1.1', 'MR', 29), series('1.2', 'SR', 0)]);
const letter = study('2', '2026-01-01', [series('2.1', 'DOC', 0)]);
const earlier = study('3', '2020-01-01', [series('3.1', 'MR', 20)]);
const studies = [letter, images, earlier];

test('a newer report does not make the images it speaks of a prior', () => {
  expect(studies.map((one) => isPrior(one, studies))).toEqual([false, false, true]);
});

test('days are written as the server writes them', () => {
  expect(dateWords('2015-09-29')).toBe('29\u00a0Sep\u00a02015');
  expect(dateWords('long ago')).toBe('long ago');
});

test('only what has pictures is opened, compared or put into the strip', () => {
  expect(pictured(images).map((one) => one.series_instance_uid)).toEqual(['1.1']);
  expect(all(studies).map((one) => one.series.series_instance_uid)).toEqual(['1.1', '3.1']);
});

test('what is kept and never drawn is named, but for what the menu of reports and overlays has', () => {
  const film = study('4', '2026-01-01', [series('4.1', 'XC', 0), series('4.2', 'SEG', 0), series('4.3', 'XC', 1)]);
  expect([images, letter, film].map((one) => unpictured(one).map((each) => each.series_instance_uid))).toEqual([
    [],
    [],
    ['4.1'],
  ]);
});
