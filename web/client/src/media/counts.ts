/** What the browser counts of a connection, as far as a call reads it. Pure. */

import type { Sound } from './loud';
import type { Counted } from './quality';

export type Report = Record<string, unknown>;

/** The line of one's own microphone. */
export const OWN = 'mic';

/** Counters of one moment. */
export interface Counts extends Counted {
  /** Requests for lost packets that were sent. */
  readonly asked: number;
  /** What came in by each receiving line, and into this microphone. */
  readonly sounds: ReadonlyMap<string, Sound>;
}

/** @param reports the values of `getStats()` */
export function counted(reports: Iterable<Report>): Counts {
  let [received, lost, asked] = [0, 0, 0];
  let roundTrip: number | null = null;
  const sounds = new Map<string, Sound>();
  for (const report of reports) {
    if (report['type'] === 'inbound-rtp') {
      received += number(report['packetsReceived']);
      lost += number(report['packetsLost']);
      asked += number(report['nackCount']);
      if (report['kind'] === 'audio') sounds.set(String(report['mid']), sound(report));
    } else if (report['type'] === 'media-source' && report['kind'] === 'audio') {
      sounds.set(OWN, sound(report));
    } else if (report['type'] === 'candidate-pair' && report['nominated'] === true) {
      roundTrip = number(report['currentRoundTripTime']);
    }
  }
  return { received, lost, asked, roundTrip, sounds };
}

function sound(report: Report): Sound {
  const given = (name: string): number | null => (typeof report[name] === 'number' ? report[name] : null);
  return {
    energy: given('totalAudioEnergy'),
    seconds: given('totalSamplesDuration'),
    level: number(report['audioLevel']),
  };
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
