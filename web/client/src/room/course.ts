/**
 * How the sitting runs against its agenda: when each waiting case should come, and the drift. The same reckoning as
 * `conference/room/course.py`; `tests/data/room/course.json` holds the two together. Instants are milliseconds since
 * the epoch.
 */

import type { Projection } from '../protocol';

const MINUTE_MS = 60_000;

export interface Course {
  /** Waiting cases in their order. */
  readonly waiting: readonly { readonly id: string; readonly startsAt: number; readonly ahead: number }[];
  /** How much later than planned the next case comes, or the last one ends, in milliseconds; null: not planned. */
  readonly drift: number | null;
}

type Sitting = Pick<Projection, 'phase' | 'table' | 'order' | 'planned' | 'cases'>;

/** What is to be expected at an instant. */
export function course(room: Sitting, now: number): Course {
  const order = room.order.filter((id) => id !== room.table && waits(room, id));
  let clock = now + left(room, now);
  let ahead = room.table === null ? 0 : 1;
  const first = order[0];
  if (room.phase === 'preparing' && first !== undefined) clock = Math.max(clock, planned(room, first) ?? clock);
  const waiting = order.map((id, place) => {
    if (place > 0 || room.table !== null) clock += (room.planned[id]?.pause_min ?? 0) * MINUTE_MS;
    const entry = { id, startsAt: clock, ahead };
    clock += minutes(room, id) * MINUTE_MS;
    ahead += 1;
    return entry;
  });
  return { waiting, drift: drift(room, waiting[0], now) };
}

function waits(room: Sitting, id: string): boolean {
  const item = room.cases[id];
  return item !== undefined && item.called_at === null && item.signed === null;
}

function minutes(room: Sitting, id: string): number {
  return room.cases[id]?.brief.minutes ?? 0;
}

/** What the case on the table has left of its planned minutes; none when it is over them. */
function left(room: Sitting, now: number): number {
  const item = room.table === null ? undefined : room.cases[room.table];
  if (item === undefined || item.called_at === null) return 0;
  return Math.max(0, Date.parse(item.called_at) + item.brief.minutes * MINUTE_MS - now);
}

function planned(room: Sitting, id: string): number | null {
  const time = room.planned[id];
  return time === undefined ? null : Date.parse(time.starts_at);
}

function drift(room: Sitting, next: Course['waiting'][number] | undefined, now: number): number | null {
  if (next !== undefined) {
    const at = planned(room, next.id);
    return at === null ? null : next.startsAt - at;
  }
  const begins = room.table === null ? null : planned(room, room.table);
  if (room.table === null || begins === null) return null;
  return now + left(room, now) - begins - minutes(room, room.table) * MINUTE_MS;
}

/** `12 min late`, `3 min early`, `on time`: to the minute, which is as exact as an agenda is. */
export function driftWords(milliseconds: number): string {
  const late = Math.round(milliseconds / MINUTE_MS);
  if (late === 0) return 'on time';
  return late > 0 ? `${late} min late` : `${-late} min early`;
}
