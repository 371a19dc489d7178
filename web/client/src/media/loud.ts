/**
 * Who was audible since the last reading.
 *
 * A voice rises and falls many times a second: its level at one moment says little about the second before it, so the
 * energy that the browser adds up all along is compared (`totalAudioEnergy`, W3C webrtc-stats). Pure.
 */

/** What the browser has added up of one line: energy in s × level², level 0 to 1, over seconds; and its level now. */
export interface Sound {
  readonly energy: number | null;
  readonly seconds: number | null;
  readonly level: number;
}

/** Root mean square over the time from which on somebody speaks: −40 dB of full scale; a quiet room lies 10 dB below. */
const AUDIBLE = 0.01;
/** The same of one moment, for browsers that add nothing up. */
const AUDIBLE_NOW = 0.02;

export class Loud {
  private before: ReadonlyMap<string, Sound> = new Map();

  /** The lines that were loud since the last call; a line that is new has not been heard yet. */
  since(now: ReadonlyMap<string, Sound>): ReadonlySet<string> {
    const lines = [...now].filter(([line, sound]) => loud(sound, this.before.get(line)));
    this.before = now;
    return new Set(lines.map(([line]) => line));
  }
}

function loud(now: Sound, before: Sound | undefined): boolean {
  if (now.energy === null || now.seconds === null) return now.level > AUDIBLE_NOW;
  if (before === undefined || before.energy === null || before.seconds === null) return false;
  const seconds = now.seconds - before.seconds;
  return seconds > 0 && Math.sqrt(Math.max(0, now.energy - before.energy) / seconds) > AUDIBLE;
}
