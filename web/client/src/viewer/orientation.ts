/** Which side of the patient each edge of a pane shows, from the direction cosines of the image. Pure. */
import type { View } from './view';

/** Letters at the edges: to the patient's Right, Left, Anterior, Posterior, Head, Foot. */
export interface Edges {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
}

type Vector = readonly [number, number, number];

const AXES: readonly (readonly [string, string])[] = [
  ['L', 'R'],
  ['P', 'A'],
  ['H', 'F'],
];

/** The letters of a direction in LPS, the largest component first; a second letter where the plane is oblique. */
export function letters(direction: Vector): string {
  const parts = direction
    .map((size, axis) => ({ size: Math.abs(size), letter: AXES[axis]![size >= 0 ? 0 : 1] }))
    .filter(({ size }) => size > 0.26)
    .sort((a, b) => b.size - a.size);
  return parts
    .slice(0, 2)
    .map(({ letter }) => letter)
    .join('');
}

/** The letters at the edges for an image seen in a view; null where the image has no orientation. */
export function edges(orientation: readonly number[] | null, view: View): Edges | null {
  if (orientation?.length !== 6) return null;
  const [a, b, c, d, e, f] = orientation as unknown as [number, number, number, number, number, number];
  const across: Vector = view.flipped ? [-a, -b, -c] : [a, b, c];
  const down: Vector = [d, e, f];
  // Clockwise: what was to the right is now at the bottom.
  const clockwise = [across, down, negative(across), negative(down)];
  const turns = (((view.rotation / 90) % 4) + 4) % 4;
  const at = (edge: number) => letters(clockwise[(edge - turns + 4) % 4]!);
  return { right: at(0), bottom: at(1), left: at(2), top: at(3) };
}

function negative([x, y, z]: Vector): Vector {
  return [-x, -y, -z];
}
