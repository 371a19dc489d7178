/** How good the line is, from what the browser counts, and when it is too thin for pictures. Pure. */

export type Quality = 'good' | 'fair' | 'poor';

/** Counters of one moment. */
export interface Counted {
  readonly received: number;
  readonly lost: number;
  /** Seconds there and back; null before the first measurement. */
  readonly roundTrip: number | null;
}

/** A tenth lost is repaired; of a voice alone so many packets come that a fifth is no accident. */
const POOR_LOSS = 0.2;
const FAIR_LOSS = 0.03;
const POOR_S = 0.8;
const FAIR_S = 0.3;
/** Readings looked back on, the last one with them. */
const WINDOW = 5;
/** Readings in a row: a short dip takes nobody's picture away. */
const THIN_AFTER = 4;

/** The line between two moments. */
export function judged(before: Counted, after: Counted): Quality {
  const lost = Math.max(0, after.lost - before.lost);
  const received = Math.max(0, after.received - before.received);
  const share = lost + received < 20 ? 0 : lost / (lost + received);
  const delay = after.roundTrip ?? 0;
  if (share > POOR_LOSS || delay > POOR_S) return 'poor';
  return share > FAIR_LOSS || delay > FAIR_S ? 'fair' : 'good';
}

/** The line over the last seconds, so that what is said of it does not flicker. */
export class Line {
  private readonly readings: Counted[] = [];

  reads(now: Counted): Quality {
    this.readings.push(now);
    if (this.readings.length > WINDOW) this.readings.shift();
    return judged(this.readings[0]!, now);
  }
}

/** Counts poor readings in a row; true from the reading on that makes the line too thin for pictures. */
export class ThinLine {
  private poor = 0;

  reads(quality: Quality): boolean {
    this.poor = quality === 'poor' ? this.poor + 1 : 0;
    return this.poor >= THIN_AFTER;
  }
}
