/** What the room has just decided, as a caption of the call: in sight for a moment, kept nowhere. Pure but for its clock. */

import type { Recorded } from '../protocol';

/** Events by which something is settled for everybody; all else is talk. */
const DECISIONS: ReadonlySet<Recorded['event']['type']> = new Set([
  'case-called',
  'opinions-revealed',
  'recommendation-read-back',
  'recommendation-reopened',
  'signed',
]);
/** Long enough to be read by somebody who looked at the image when it came. */
export const SHOWN_MS = 8000;

export class Captions {
  words = '';
  private clock = 0;

  /** @param changed called when a caption comes or goes */
  constructor(private readonly changed: () => void) {}

  /** Show the sentence of an event if it is a decision; it takes the place of the one before. */
  take(event: Recorded['event'], words: string): void {
    if (!DECISIONS.has(event.type)) return;
    this.words = words;
    clearTimeout(this.clock);
    this.clock = setTimeout(() => this.end(), SHOWN_MS) as unknown as number;
    this.changed();
  }

  private end(): void {
    this.words = '';
    this.changed();
  }
}
