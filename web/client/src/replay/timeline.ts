/** The time of a replay: when each record plays, and what the room was then. Pure. */
import type { Mark, PaneView, Projection, Recorded, Viewport } from '../protocol';
import { empty, evolve } from '../replica';

/** Milliseconds; nothing happens for longer than this without the wait being cut short. */
export const LONGEST_WAIT = 8000;
/** How long the last state stays before the replay is over. */
const AFTERWARDS = 3000;
/** A screen is on record once it has rested; a mark drawn within this before was drawn on it. Milliseconds. */
const RESTING = 2000;

export interface Timeline {
  readonly entries: readonly Recorded[];
  /** For each record, when it plays: milliseconds from the beginning, waits cut short. */
  readonly starts: readonly number[];
  /** The room after each record. */
  readonly states: readonly Projection[];
  readonly length: number;
}

export function timeline(entries: readonly Recorded[]): Timeline {
  const starts: number[] = [];
  const states: Projection[] = [];
  let [at, room] = [0, empty()];
  entries.forEach((entry, index) => {
    const before = entries[index - 1];
    const wait = before === undefined ? 0 : Date.parse(entry.at) - Date.parse(before.at);
    at += Math.min(LONGEST_WAIT, Math.max(0, wait));
    room = evolve(room, entry);
    starts.push(at);
    states.push(room);
  });
  return { entries, starts, states: withPictures(entries, states), length: at + AFTERWARDS };
}

/** The same states; where a mark was drawn on a screen that rested a moment later, that screen is there already. */
function withPictures(entries: readonly Recorded[], states: readonly Projection[]): Projection[] {
  const found = [...states];
  entries.forEach(({ at, event }, index) => {
    if (event.type !== 'drawn') return;
    const { mark } = event;
    const before = states[index]!.cases[mark.case];
    if (before === undefined || (before.shown !== null && isOn(mark, before.shown))) return;
    const next = entries.findIndex((later, place) => place > index && later.event.type === 'shown');
    const rested = entries[next];
    if (rested === undefined || rested.event.type !== 'shown' || rested.event.case !== mark.case) return;
    if (!isOn(mark, rested.event.viewport) || Date.parse(rested.at) - Date.parse(at) > RESTING) return;
    for (let place = index; place < next; place += 1)
      found[place] = showing(found[place]!, mark.case, rested.event.viewport);
  });
  return found;
}

function isOn(mark: Mark, screen: Viewport): boolean {
  const shows = (pane: PaneView | null): boolean =>
    pane !== null && pane.sop_instance_uid === mark.sop_instance_uid && pane.frame === mark.frame;
  return shows(screen) || screen.beside.some(shows);
}

function showing(room: Projection, id: string, shown: Viewport): Projection {
  const item = room.cases[id];
  return item === undefined ? room : { ...room, cases: { ...room.cases, [id]: { ...item, shown } } };
}

/** Index of the last record that has played at a moment; -1: none. */
export function playedAt({ starts }: Timeline, moment: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The moment of the next record that begins later, or of the one before; the ends hold it. */
export function stepped(line: Timeline, moment: number, by: 1 | -1): number {
  if (by === 1) return line.starts.find((start) => start > moment) ?? line.length;
  const played = line.starts.filter((start) => start < moment);
  return played.at(-1) ?? 0;
}

/** The record with which a case came to the table, where a replay begins; 0 where it never did. */
export function calledAt(line: Timeline, caseId: string): number {
  const index = line.entries.findIndex(({ event }) => event.type === 'case-called' && event.case === caseId);
  return index < 0 ? 0 : line.starts[index]!;
}

/** ``m:ss`` of a moment. */
export function clock(moment: number): string {
  const seconds = Math.floor(moment / 1000);
  return `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
}
