/** What others do on the image right now: pointers and half-drawn lines, without ghosts. */

import type { Pointer } from '../protocol';
import type { RemoteDraft, Telepointer } from '../viewer/types';
import type { RoomModel } from './model';
import { may } from './rights';

/** A pointer that has not moved for this long is no longer pointing; a hidden window sends nothing more. */
const STALE_MS = 6000;

export class Others {
  private readonly moved = new Map<string, { pointer: Pointer; at: number }>();

  constructor(private readonly model: RoomModel) {}

  /** Where others point at `now`, in milliseconds of the page's clock. */
  telepointers(now: number): Telepointer[] {
    const shown: Telepointer[] = [];
    for (const [person, presence] of this.model.session.others) {
      const seat = this.model.room.people[person];
      const pointer = presence.pointer;
      if (person === this.model.me || seat === undefined || pointer === undefined || pointer === null) continue;
      const known = this.moved.get(person);
      const at = known?.pointer === pointer ? known.at : now;
      this.moved.set(person, { pointer, at });
      if (now - at < STALE_MS) shown.push({ person, name: seat.name, discipline: seat.discipline, ...pointer });
    }
    return shown;
  }

  /** Lines being drawn by others who still may draw, and that are not finished marks yet. */
  drafts(): RemoteDraft[] {
    const marks = this.model.table?.item.marks ?? {};
    const shown: RemoteDraft[] = [];
    for (const [person, { draft }] of this.model.session.others) {
      const seat = this.model.room.people[person];
      if (person === this.model.me || seat === undefined || draft === undefined || draft === null) continue;
      const allowed = may(seat.role, 'draw') || (this.model.room.floor === person && may('presenter', 'draw'));
      if (!allowed || marks[draft.mark] !== undefined) continue;
      shown.push({ ...draft, person, name: seat.name, discipline: seat.discipline });
    }
    return shown;
  }
}
