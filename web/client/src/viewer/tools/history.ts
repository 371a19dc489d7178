/** Undo and redo of one's own marks: every change is taken back by another one, which the room records like any. */
import type { MarkComplete, MarkErase, MarkMove, Point, ViewerMark } from '../types';

interface Shape {
  readonly points: readonly Point[];
  readonly text: string;
}

/** What was done to a mark: made from nothing, changed, or erased. The id is the one it had then. */
interface Change {
  readonly mark: MarkComplete;
  readonly before: Shape | null;
  readonly after: Shape | null;
}

/** What carries a change out. */
export interface Changes {
  draw(mark: MarkComplete): void;
  move(move: MarkMove): void;
  erase(erase: MarkErase): void;
}

const MOST = 100;

export class History {
  private done: Change[] = [];
  private undone: Change[] = [];
  /** A mark that was erased and drawn again has another id: a room uses each once. */
  private readonly names = new Map<string, string>();

  constructor(
    private readonly marks: () => readonly ViewerMark[],
    private readonly changes: Changes,
  ) {}

  clear(): void {
    this.done = [];
    this.undone = [];
    this.names.clear();
  }

  get undoable(): boolean {
    return this.done.length > 0;
  }

  get redoable(): boolean {
    return this.undone.length > 0;
  }

  draw(mark: MarkComplete): void {
    this.record({ mark, before: null, after: mark });
    this.changes.draw(mark);
  }

  move(move: MarkMove): void {
    const before = this.marks().find(({ mark }) => mark === move.mark);
    if (before !== undefined) this.record({ mark: before, before, after: move });
    this.changes.move(move);
  }

  erase(mark: ViewerMark): void {
    this.record({ mark, before: mark, after: null });
    this.changes.erase({ mark: mark.mark, revision: mark.revision });
  }

  /** Erase one of these marks by its name; false: it is not among them. */
  eraseOf(name: string): boolean {
    const mark = this.marks().find((one) => one.mark === name);
    if (mark !== undefined) this.erase(mark);
    return mark !== undefined;
  }

  /** Take the last change back; false: there is none, or its mark is still on its way to the server. */
  undo(): boolean {
    return this.step(this.done, this.undone, true);
  }

  redo(): boolean {
    return this.step(this.undone, this.done, false);
  }

  private record(change: Change): void {
    this.done.push(change);
    if (this.done.length > MOST) this.done.shift();
    this.undone = [];
  }

  private step(from: Change[], to: Change[], back: boolean): boolean {
    for (;;) {
      const change = from.at(-1);
      if (change === undefined) return false;
      const [now, then] = back ? [change.after, change.before] : [change.before, change.after];
      const mark = this.marks().find((one) => one.mark === this.name(change.mark.mark));
      if (mark?.delivery === 'local') return false;
      from.pop();
      // What somebody else has erased since, or the server refused, can be changed no more: on to the one before.
      if (now !== null && mark?.delivery !== 'delivered') continue;
      this.carryOut(change, mark, then);
      to.push(change);
      return true;
    }
  }

  private carryOut(change: Change, mark: ViewerMark | undefined, then: Shape | null): void {
    if (mark === undefined && then !== null) {
      const { kind, sop_instance_uid, frame } = change.mark;
      const again = crypto.randomUUID();
      this.names.set(change.mark.mark, again);
      this.changes.draw({ mark: again, kind, sop_instance_uid, frame, points: then.points, text: then.text });
    } else if (mark !== undefined && then === null) {
      this.changes.erase({ mark: mark.mark, revision: mark.revision });
    } else if (mark !== undefined && then !== null) {
      this.changes.move({ mark: mark.mark, revision: mark.revision, points: then.points, text: then.text });
    }
  }

  private name(first: string): string {
    let name = first;
    for (let next = this.names.get(name); next !== undefined; next = this.names.get(name)) name = next;
    return name;
  }
}
