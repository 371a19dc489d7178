/** Window centre and width: stored values to grey levels, PS3.3 C.11.2.1.2 (LINEAR). Pure. */
import type { Preset, SeriesFacts, VoiTable, Window } from './types';

/** Grey level, 0 to 255 and not rounded, of a value after slope and intercept. */
export function grey(value: number, window: Window): number {
  const { centre, width } = window;
  if (window.function === 'SIGMOID') return 255 / (1 + Math.exp((-4 * (value - centre)) / width));
  const exact = window.function === 'LINEAR_EXACT';
  const low = exact ? centre - width / 2 : centre - 0.5 - (width - 1) / 2;
  const span = exact ? width : width - 1;
  if (span <= 0) return value <= low ? 0 : 255;
  return Math.min(255, Math.max(0, ((value - low) / span) * 255));
}

/** What turns stored patterns into grey levels. */
export interface Tone {
  /** Whether 16-bit patterns from 0x8000 on are negative numbers. */
  readonly signed: boolean;
  readonly slope: number;
  readonly intercept: number;
  readonly window: Window;
  /** Used instead of the window when given. */
  readonly voi: VoiTable | null;
  /** Stored values shown black. */
  readonly padding: readonly [number, number] | null;
  readonly inverted: boolean;
}

/** Grey level of each 16-bit pattern; both renderers look it up, so that they cannot disagree. */
export function levels(into: Uint8Array, tone: Tone): void {
  for (let pattern = 0; pattern < 65536; pattern++) {
    const sample = tone.signed && pattern > 32767 ? pattern - 65536 : pattern;
    const value = sample * tone.slope + tone.intercept;
    const level = Math.round(tone.voi === null ? grey(value, tone.window) : looked(value, tone.voi));
    into[pattern] = tone.inverted ? 255 - level : level;
  }
  if (tone.padding === null) return;
  const [first, last] = tone.padding;
  for (let sample = first; sample <= last; sample++) into[sample & 0xffff] = 0;
}

function looked(value: number, voi: VoiTable): number {
  const at = Math.min(voi.values.length - 1, Math.max(0, Math.round(value) - voi.first));
  return ((voi.values[at] ?? 0) / (2 ** voi.bits - 1)) * 255;
}

/** A tone as one string, equal exactly when it gives the same levels. */
export function toneKey(tone: Tone): string {
  const { signed, slope, intercept, window, voi, padding, inverted } = tone;
  const { centre, width } = window;
  const table = voi === null ? '' : `${voi.first}/${voi.values.length}`;
  return [signed, slope, intercept, centre, width, window.function, table, padding?.join('-'), inverted].join();
}

/** The window after a drag: right widens, down raises the centre; a full screen width is about the whole range. */
export function dragged(from: Window, across: number, down: number, sensitivity: number): Window {
  const width = Math.max(1, from.width + across * sensitivity);
  return { ...from, centre: from.centre + down * sensitivity, width };
}

/** Units per screen pixel that suit a window: narrow windows move finely, wide ones coarsely. */
export function sensitivity(window: Window): number {
  return Math.max(0.25, window.width / 400);
}

const CT_PRESETS: readonly Preset[] = [
  { name: 'Soft tissue', centre: 50, width: 400 },
  { name: 'Bone', centre: 500, width: 2000 },
  { name: 'Spine', centre: 250, width: 1300 },
  { name: 'Lung', centre: -600, width: 1500 },
  { name: 'Brain', centre: 40, width: 80 },
];

/** The window of the image itself, or the full range of its samples where the server names none. */
export function ownWindow(series: SeriesFacts): Window {
  if (series.window !== null) return series.window;
  const span = 2 ** series.bits_stored;
  const lowest = (series.signed ? -span / 2 : 0) * series.slope + series.intercept;
  return { centre: lowest + (span * series.slope) / 2, width: Math.max(1, span * Math.abs(series.slope)) };
}

/** Windows offered on keys 1 to 9: the image's own first, then its file's, then the modality's usual ones. */
export function presets(series: SeriesFacts): readonly Preset[] {
  const offered: Preset[] = [{ name: 'Default', ...ownWindow(series) }];
  for (const preset of [...series.presets, ...(series.modality === 'CT' ? CT_PRESETS : [])]) {
    const known = offered.some(({ centre, width }) => centre === preset.centre && width === preset.width);
    if (!known && offered.length < 9) offered.push(preset);
  }
  return offered;
}
