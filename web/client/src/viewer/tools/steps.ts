/** What is clicked one after the other, for marks of more than two points. */
import type { MarkKind } from '../types';

export interface Steps {
  /** What the next press marks. */
  readonly words: readonly string[];
  /** Numbers of points with which one may also stop, and what is then left out. */
  readonly ends: ReadonlyMap<number, string>;
}

const NONE: ReadonlyMap<number, string> = new Map<number, string>();

export const STEPS: Readonly<Partial<Record<MarkKind, Steps>>> = {
  angle: { words: ['End of the first side', 'Vertex', 'End of the second side'], ends: NONE },
  cobb: {
    words: [
      'Upper end plate: one end',
      'Upper end plate: the other end',
      'Lower end plate: one end',
      'Lower end plate: the other end',
    ],
    ends: NONE,
  },
  spinopelvic: {
    words: [
      'Middle of one femoral head',
      'Middle of the other femoral head (the same place where they lie over each other)',
      'Upper end plate of S1: back corner',
      'Upper end plate of S1: front corner',
      'Upper end plate of L1: back corner',
      'Upper end plate of L1: front corner',
      'Middle of the body of C7',
    ],
    ends: new Map([
      [4, 'without LL and SVA'],
      [6, 'without SVA'],
    ]),
  },
};

/** What a person is told while such a mark is drawn. */
export interface Guide {
  readonly text: string;
  /** "2 of 7"; empty where steps are not counted. */
  readonly count: string;
  /** What stopping here leaves out; null: one cannot stop here. */
  readonly end: string | null;
}

/** What to press next with so many points drawn; null: nothing that needs saying. */
export function guide(kind: MarkKind, drawn: number): Guide | null {
  const steps = STEPS[kind];
  const text = steps?.words[drawn];
  if (steps === undefined || text === undefined) return null;
  return { text, count: `${drawn + 1} of ${steps.words.length}`, end: steps.ends.get(drawn) ?? null };
}
