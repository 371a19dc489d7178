/** Decoded pixels, as both renderers take them. */
import type { Fidelity, Flaw, FrameFacts, SeriesFacts, Window } from './types';
import { ownWindow } from './window';

interface Base {
  /** Size of the pixels that are here; a preview may have fewer than the image. */
  readonly width: number;
  readonly height: number;
  /** Size of the image that they cover from corner to corner. */
  readonly columns: number;
  readonly rows: number;
  readonly fidelity: 'preview' | 'lossless';
  /** The best there is, and yet not lossless. */
  readonly flaw: Flaw | null;
  /** Bytes held in memory. */
  readonly bytes: number;
}

/** Stored values as 16-bit patterns, with what turns them into the values a window speaks of. */
export interface GreyPicture extends Base {
  readonly kind: 'grey';
  readonly patterns: Uint16Array;
  readonly signed: boolean;
  readonly slope: number;
  readonly intercept: number;
  /** Whether these are the stored values themselves, so that padding values can be told. */
  readonly stored: boolean;
}

export interface ColourPicture extends Base {
  readonly kind: 'colour';
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export type Picture = GreyPicture | ColourPicture;

/** What a picture may be called: the gravest of what keeps it from being lossless, else that it is. */
export function fidelityOf({ fidelity, flaw }: Picture, facts: Pick<SeriesFacts, 'lossy'> | null): Fidelity {
  if (fidelity === 'preview') return fidelity;
  return flaw ?? (facts?.lossy === true ? 'lossy' : fidelity);
}

/** Whether the samples on the screen are those of the file; a preview's and a damaged frame's are partly guesses. */
export function hasValues(fidelity: Fidelity): boolean {
  return fidelity === 'lossless' || fidelity === 'lossy';
}

/** What the worker is asked: one payload of the image stream. */
export interface DecodeJob {
  readonly id: number;
  readonly form: 'webp' | 'htj2k' | 'raw';
  readonly payload: ArrayBuffer;
  readonly colour: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly sample: string;
}

/** What the worker answers: samples, or why there are none. */
export type Decoded =
  | { readonly id: number; readonly failed: string }
  | {
      readonly id: number;
      readonly width: number;
      readonly height: number;
      readonly patterns: Uint16Array;
      /** For samples that were rescaled to 16 bits: value = pattern × scale + offset. */
      readonly scale: number;
      readonly offset: number;
      readonly rescaled: boolean;
    }
  | {
      readonly id: number;
      readonly width: number;
      readonly height: number;
      readonly rgba: Uint8ClampedArray<ArrayBuffer>;
    };

/** The picture of a decoded payload. A preview is turned back into values by the window it was made with. */
export function picture(
  decoded: Exclude<Decoded, { failed: string }>,
  series: SeriesFacts,
  frame: FrameFacts,
  fidelity: 'preview' | 'lossless',
  flaw: Flaw | null = null,
): Picture {
  const { width, height } = decoded;
  const base = { width, height, columns: frame.columns, rows: frame.rows, fidelity, flaw };
  if ('rgba' in decoded) return { ...base, kind: 'colour', rgba: decoded.rgba, bytes: decoded.rgba.byteLength };
  const { patterns } = decoded;
  const grey = { ...base, kind: 'grey' as const, patterns, bytes: patterns.byteLength };
  if (fidelity === 'preview') {
    return { ...grey, signed: false, stored: false, ...unwindowed(ownWindow(series), series.inverted) };
  }
  const slope = frame.slope ?? series.slope;
  const intercept = frame.intercept ?? series.intercept;
  if (decoded.rescaled) {
    const start = decoded.offset * slope + intercept;
    return { ...grey, signed: false, stored: false, slope: decoded.scale * slope, intercept: start };
  }
  return { ...grey, signed: series.signed, stored: true, slope, intercept };
}

/** Slope and intercept that turn the 8-bit levels of a preview back into values, as far as its window reached. */
export function unwindowed(window: Window, inverted: boolean): { slope: number; intercept: number } {
  const low = window.centre - 0.5 - (window.width - 1) / 2;
  const slope = Math.max(window.width - 1, 1) / 255;
  return inverted ? { slope: -slope, intercept: low + slope * 255 } : { slope, intercept: low };
}
