/** Counting vertebrae while they are marked: which there are, and where those between two marks lie. Pure. */
import type { Level } from '../viewer/levels';
import type { Vector } from '../viewer/planes';

/** The vertebrae of a spine with so many ribs and lumbar vertebrae; `every`: all there can be, from the head down. */
export function present(every: readonly string[], ribs: number, lumbar: number): readonly string[] {
  const counted: Readonly<Record<string, number>> = { T: ribs, L: lumbar };
  return every.filter((name) => Number(name.slice(1)) <= (counted[name.charAt(0)] ?? Infinity));
}

/**
 * Every vertebra between the outermost marks, from the head down, as `agenda.numbering.labels` places them; a mark of a
 * vertebra that is not in `order` is left out.
 */
export function between(
  marks: readonly { readonly vertebra: string; readonly at: Vector }[],
  order: readonly string[],
): readonly Level[] {
  const known = marks
    .map(({ vertebra, at }) => ({ at, place: order.indexOf(vertebra) }))
    .filter(({ place }) => place >= 0)
    .sort((one, other) => one.place - other.place);
  return known.flatMap(({ at, place }, index): Level[] => {
    const next = known[index + 1];
    const own: Level = { vertebra: order[place]!, at, marked: true };
    if (next === undefined) return [own];
    const steps = next.place - place;
    const inner = order.slice(place + 1, next.place).map((vertebra, step): Level => {
      const share = (step + 1) / steps;
      return { vertebra, at: mixed(at, next.at, share), marked: false };
    });
    return [own, ...inner];
  });
}

function mixed(upper: Vector, lower: Vector, share: number): Vector {
  const one = (axis: 0 | 1 | 2) => upper[axis] + (lower[axis] - upper[axis]) * share;
  return [one(0), one(1), one(2)];
}
