/**
 * Presence for a case, reckoned as `conference/room/quorum.py` does: time in which somebody with a voice was in the room
 * while the case was on the table, the longest of them. Pure.
 */

import type { CaseProjection, Interval, Seat } from '../protocol';

type Presence = Pick<Seat, 'discipline' | 'presence'>;

/** Seconds for which at least one person with a voice for the discipline was there for the case. */
export function presentSeconds(
  people: Iterable<Presence>,
  item: Pick<CaseProjection, 'on_table'>,
  discipline: string,
  now: number,
): number {
  let longest = 0;
  for (const seat of people) {
    if (seat.discipline !== discipline) continue;
    const stays = seat.presence.filter(({ voiced }) => voiced);
    const shared = stays.flatMap((stay) => item.on_table.map((table) => overlap(stay, table, now)));
    longest = Math.max(
      longest,
      shared.reduce((sum, ms) => sum + ms, 0),
    );
  }
  return longest / 1000;
}

function overlap(one: Interval, other: Interval, now: number): number {
  const since = Math.max(Date.parse(one.since), Date.parse(other.since));
  const until = (interval: Interval): number => (interval.until === null ? now : Date.parse(interval.until));
  return Math.max(0, Math.min(until(one), until(other)) - since);
}
