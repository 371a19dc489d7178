/** Panes that scroll together by the place in the patient, and the lines in which they cut each other. */
import type { CrossLine } from './lines';
import type { Pane } from './pane';
import {
  alike,
  centre,
  minus,
  nearest,
  planeOf,
  plus,
  referenceLine,
  sameSpace,
  type Plane,
  type Vector,
} from './planes';

/** The plane of what a pane shows; null where its place in the patient is not known. */
export function planeShown(pane: Pane): Plane | null {
  const { facts, frame } = pane;
  return facts === null || frame === null ? null : planeOf(facts, frame);
}

/** Where two panes stood when their stacks, which have no frame of reference in common, began to move together. */
interface Start {
  readonly from: Vector;
  readonly to: Vector;
}

export class Linking {
  on = true;
  private readonly starts = new Map<string, Start>();

  /** From now on stacks without a common frame of reference move together from where they are. */
  restart(): void {
    this.starts.clear();
  }

  /** The frame another pane should show beside what this one shows; null: leave it where it is. */
  beside(lead: Pane, before: Plane | null, other: Pane): number | null {
    const [plane, own, facts] = [planeShown(lead), planeShown(other), other.facts];
    if (!this.on || plane === null || own === null || facts === null || !alike(plane, own)) return null;
    if (sameSpace(plane, own)) return nearest(facts, plane, centre(plane));
    const key = `${lead.series ?? ''} ${other.series ?? ''}`;
    const start = this.starts.get(key) ?? { from: centre(before ?? plane), to: centre(own) };
    this.starts.set(key, start);
    return nearest(facts, plane, plus(start.to, minus(centre(plane), start.from)));
  }
}

/** The lines in which the other panes cut this one. */
export function linesIn(pane: Pane, others: readonly Pane[], active: Pane | undefined): CrossLine[] {
  const shown = planeShown(pane);
  if (shown === null) return [];
  return others.flatMap((other) => {
    const plane = other === pane ? null : planeShown(other);
    const line = plane === null ? null : referenceLine(shown, plane);
    if (line === null) return [];
    const words = `${other.facts?.description ?? ''} ${other.index + 1}/${other.facts?.frames.length ?? 0}`;
    return [{ from: line[0], to: line[1], active: other === active, words }];
  });
}
