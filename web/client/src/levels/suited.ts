/** Which grading suits the image one looks at, and which level it shows. Pure. */
import type { Looking } from '../viewer/numbered';
import type { Instrument } from './facts';

/** Gradings by whether they are usually read on such an image, made for the region it shows; order kept. */
export function suited(
  instruments: readonly Instrument[],
  looking: Looking | null,
): { readonly suited: readonly Instrument[]; readonly others: readonly Instrument[] } {
  const fits = (one: Instrument): boolean =>
    looking !== null &&
    one.modalities.includes(looking.modality) &&
    // A radiograph does not say how it lies: its modality alone speaks for it.
    (looking.plane === null ? ['CR', 'DX'].includes(looking.modality) : one.planes.includes(looking.plane)) &&
    (looking.level === null || levelFor(one, looking.level) !== null);
  return { suited: instruments.filter(fits), others: instruments.filter((one) => !fits(one)) };
}

/** The level of an instrument's list that is, or begins with, what an image passes; null: none. */
export function levelFor(instrument: Instrument, passed: string): string | null {
  const wanted = passed.replace('–', '-');
  return (
    instrument.levels.find((level) => level === wanted) ??
    instrument.levels.find((level) => level.split('-')[0] === wanted.split('-')[0]) ??
    null
  );
}
