/**
 * How long voices and pictures wait before they are shown on a line that loses, so that what is sent again comes in time.
 *
 * A browser by itself shows the next picture it can and lets a late one go: on a quick line that loses a tenth, a fifth
 * of the pictures. Pure.
 */

/** Requests for lost packets within a second that are no accident. */
const LOSES = 3;
/** A gap shows by the next picture, a thirtieth of a second later, and the answer is asked for twice at most. */
const LEAST_MS = 100;
const MOST_MS = 400;
const ROUND_TRIPS = 1.5;
/** Readings without loss before the wait ends: a line that loses does so in bursts. */
const CALM = 10;

export class Cushion {
  private asked: number | null = null;
  private calm = 0;
  private wait: number | null = null;

  /**
   * One reading, once a second.
   *
   * @param asked requests for lost packets so far
   * @param roundTrip seconds there and back; null before the first measurement
   * @returns milliseconds to wait; null for as short as the browser thinks best
   */
  reads(asked: number, roundTrip: number | null): number | null {
    const lately = this.asked === null ? 0 : asked - this.asked;
    this.asked = asked;
    if (lately >= LOSES) {
      const wanted = Math.round(Math.min(MOST_MS, LEAST_MS + ROUND_TRIPS * 1000 * (roundTrip ?? 0)));
      this.wait = Math.max(this.wait ?? 0, wanted);
      this.calm = 0;
    } else if (this.wait !== null && ++this.calm >= CALM) {
      this.wait = null;
    }
    return this.wait;
  }
}
