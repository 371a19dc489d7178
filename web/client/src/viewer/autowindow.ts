/** A window that suits what is in a part of the image. Pure. */
import type { GreyPicture } from './picture';
import type { Point, Window } from './types';

/** Shares of the samples that may fall outside the window at either end. */
const OUTSIDE = 0.005;
/** At most about this many samples are looked at. */
const ENOUGH = 200_000;

/** Two corners of an upright box in image points. */
export type Box = readonly [Point, Point];

/** The window over the values inside a box; null where there is nothing but padding or one single value. */
export function windowOf(picture: GreyPicture, box: Box, padding: readonly [number, number] | null): Window | null {
  const values = samplesIn(picture, box, padding);
  if (values.length < 4) return null;
  values.sort();
  const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
  const ends = [at(OUTSIDE), at(1 - OUTSIDE)].map((value) => value * picture.slope + picture.intercept);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  // LINEAR (PS3.3 C.11.2.1.2): black up to centre - 0.5 - (width - 1) / 2.
  return high <= low ? null : { centre: (low + high) / 2 + 0.5, width: Math.max(1, high - low + 1) };
}

/** Stored values inside a box, thinned when they are very many. */
function samplesIn(picture: GreyPicture, box: Box, padding: readonly [number, number] | null): Float64Array {
  const across = picture.width / picture.columns;
  const along = picture.height / picture.rows;
  const from = (a: number, b: number, scale: number) => Math.max(0, Math.floor(Math.min(a, b) * scale));
  const to = (a: number, b: number, scale: number, most: number) => Math.min(most, Math.ceil(Math.max(a, b) * scale));
  const [left, right] = [from(box[0][0], box[1][0], across), to(box[0][0], box[1][0], across, picture.width)];
  const [top, bottom] = [from(box[0][1], box[1][1], along), to(box[0][1], box[1][1], along, picture.height)];
  const count = Math.max(0, right - left) * Math.max(0, bottom - top);
  const stride = Math.max(1, Math.ceil(count / ENOUGH));
  const found = new Float64Array(Math.ceil(count / stride));
  let kept = 0;
  for (let at = 0; at < count; at += stride) {
    const row = top + Math.floor(at / (right - left));
    const pattern = picture.patterns[row * picture.width + left + (at % (right - left))]!;
    const value = picture.signed && pattern > 32767 ? pattern - 65536 : pattern;
    const nothing = padding !== null && picture.stored && value >= padding[0] && value <= padding[1];
    if (!nothing) found[kept++] = value;
  }
  return found.subarray(0, kept);
}
