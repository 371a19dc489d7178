/** What a pane draws from: series of stored images, or cuts made here from one of them. */
import type { Picture } from './picture';
import type { FrameFacts, SeriesFacts } from './types';

export interface Counted {
  readonly total: number;
  readonly seen: number;
  readonly lossless: number;
  /** Frames that cannot be shown; in none of the other counts but the total. */
  readonly failed: number;
}

export const NOTHING: Counted = { total: 0, seen: 0, lossless: 0, failed: 0 };

export interface PictureSource {
  /** What is known of a series; with an index, as it holds for that frame. */
  facts(series: string, index?: number): SeriesFacts | null;
  frame(series: string, index: number): FrameFacts | null;
  /** The best picture there is; asks for a better one if there is more than that. */
  look(series: string, index: number): Picture | null;
  /** Whether a picture is being made right now: what is on the screen may stay for this moment. */
  pending(series: string, index: number): boolean;
  /** Whether anything of a frame is here to be drawn. */
  arrived(series: string, index: number): boolean;
  /** Why a frame cannot be shown; null when it can or may yet. */
  failure(series: string, index: number): string | null;
  /** Frames that have arrived: with any picture, and without loss. */
  counted(series: string): Counted;
}
