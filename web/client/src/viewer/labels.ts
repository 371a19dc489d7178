/** Where the words beside marks go, so that they neither leave the image nor cover each other. */
import type { Point } from './types';

export interface Line {
  readonly text: string;
  /** Provisional: in italics. */
  readonly soft: boolean;
  readonly small?: boolean;
}

/** Where words may begin, right of a mark, or end, left of it. */
export interface Anchor {
  readonly right: Point;
  readonly left: Point;
}

/** The first baseline of a label in CSS pixels, and the side it grows to. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly align: 'start' | 'end';
}

/** A place that is taken, in CSS pixels of the pane. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** About how wide a letter is and how far its lines are apart, in CSS pixels (viewer.css: 13 px and 11 px, 1.2 em). */
const WIDE = { letter: 7, line: 15.6, ascent: 12 };
const SMALL = { letter: 6, line: 13.2, ascent: 10 };
/** Words further than this from their mark would seem another mark's; then they rather overlap. */
const FURTHEST_PX = 96;
/** Boxes that share less than this only touch. */
const TOUCH_PX = 0.01;

/** The labels of one drawing. Who is placed first stays at its mark; later ones give way, up or down. */
export class Labels {
  private readonly taken: Box[];

  /** @param width, height the pane in CSS pixels; taken: where other words stand already */
  constructor(
    private readonly width: number,
    private readonly height: number,
    taken: readonly Box[] = [],
  ) {
    this.taken = [...taken];
  }

  place(anchor: Anchor, lines: readonly Line[]): Placed {
    const sizes = lines.map(({ small }) => (small === true ? SMALL : WIDE));
    const longest = Math.max(0, ...lines.map(({ text }, at) => text.length * sizes[at]!.letter));
    const inwards = anchor.right[0] + longest > this.width && anchor.left[0] > longest;
    const [beside, y] = inwards ? anchor.left : anchor.right;
    // No room on either side: rather over its own mark than cut off.
    const x = inwards ? beside : Math.max(0, Math.min(beside, this.width - longest));
    const align = inwards ? 'end' : 'start';
    if (lines.length === 0) return { x, y, align };
    const top = y - sizes[0]!.ascent;
    const tall = sizes.reduce((sum, { line }) => sum + line, 0);
    const left = inwards ? x - longest : x;
    const moved = this.clear({ left, right: left + longest, top, bottom: top + tall });
    return { x, y: y + moved, align };
  }

  /** How far down (negative: up) the box goes, as little as it takes; and its place is taken from now on. */
  private clear(box: Box): number {
    const beside = this.taken.filter((other) => other.left < box.right && box.left < other.right);
    const ways = beside.flatMap((other) => [other.bottom - box.top, other.top - box.bottom]);
    const free = (by: number): boolean =>
      beside.every((other) => other.bottom <= box.top + by + TOUCH_PX || box.bottom + by <= other.top + TOUCH_PX);
    const inside = (by: number): boolean => box.top + by >= 0 && box.bottom + by <= this.height;
    const found = [0, ...ways.filter((by) => Math.abs(by) <= FURTHEST_PX && inside(by))]
      .sort((one, other) => Math.abs(one) - Math.abs(other))
      .find(free);
    const by = found ?? 0;
    this.taken.push({ ...box, top: box.top + by, bottom: box.bottom + by });
    return by;
  }
}
