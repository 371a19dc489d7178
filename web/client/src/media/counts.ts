/** What the browser counts of a connection, as far as a call reads it. Pure. */

import type { Counted } from './quality';

export type Report = Record<string, unknown>;

/** Counters of one moment, and who is loud at it. */
export interface Counts extends Counted {
  /** Requests for lost packets that were sent. */
  readonly asked: number;
  /** Receiving lines on which somebody is heard. */
  readonly audible: ReadonlySet<string>;
  /** This microphone hears somebody. */
  readonly spoke: boolean;
}

/** Loudness from which on somebody speaks, of 1. */
const AUDIBLE = 0.02;

/** @param reports the values of `getStats()` */
export function counted(reports: Iterable<Report>): Counts {
  let [received, lost, asked, spoke] = [0, 0, 0, false];
  let roundTrip: number | null = null;
  const audible = new Set<string>();
  for (const report of reports) {
    const loud = number(report['audioLevel']) > AUDIBLE;
    if (report['type'] === 'inbound-rtp') {
      received += number(report['packetsReceived']);
      lost += number(report['packetsLost']);
      asked += number(report['nackCount']);
      if (loud) audible.add(String(report['mid']));
    } else if (report['type'] === 'media-source' && report['kind'] === 'audio') {
      spoke ||= loud;
    } else if (report['type'] === 'candidate-pair' && report['nominated'] === true) {
      roundTrip = number(report['currentRoundTripTime']);
    }
  }
  return { received, lost, asked, roundTrip, audible, spoke };
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
