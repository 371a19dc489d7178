/** One layer of marks for each discipline: its colour and shape, and whether it is shown. */
import type { DisciplineLook, Point } from './types';

/** Looks for disciplines that the page did not describe; distinct on black, also for the colour-blind. */
const FALLBACK: readonly Omit<DisciplineLook, 'code' | 'name'>[] = [
  { colour: '#ffd60a', shape: 'circle' },
  { colour: '#4cc9f0', shape: 'square' },
  { colour: '#ff7ab8', shape: 'triangle' },
  { colour: '#7ee787', shape: 'diamond' },
  { colour: '#ffa657', shape: 'hexagon' },
  { colour: '#b692ff', shape: 'cross' },
  { colour: '#f1f5f9', shape: 'star' },
  { colour: '#ff8f8f', shape: 'pentagon' },
];

/** A mark whose author has no discipline. */
export const NOBODY: DisciplineLook = { code: '', name: 'No discipline', colour: '#e2e8f0', shape: 'circle' };

export class Layers {
  private looks = new Map<string, DisciplineLook>();
  private readonly hidden = new Set<string>();

  /** changed: what is shown became something else. */
  constructor(private readonly changed: () => void = () => undefined) {}

  /** Use the looks of the page's disciplines. */
  describe(disciplines: readonly DisciplineLook[]): void {
    this.looks = new Map(
      disciplines.map((look, at) => {
        const fallback = FALLBACK[at % FALLBACK.length]!;
        return [look.code, { ...look, colour: look.colour || fallback.colour, shape: look.shape || fallback.shape }];
      }),
    );
  }

  look(discipline: string | null): DisciplineLook {
    if (discipline === null) return NOBODY;
    const known = this.looks.get(discipline);
    if (known !== undefined) return known;
    const fallback = FALLBACK[this.looks.size % FALLBACK.length]!;
    const look = { code: discipline, name: discipline.replaceAll('-', ' '), ...fallback };
    this.looks.set(discipline, look);
    return look;
  }

  shows(discipline: string | null): boolean {
    return !this.hidden.has(discipline ?? '');
  }

  /** The disciplines some marks are of, each with whether its layer is shown. */
  among(marks: readonly { readonly discipline: string | null }[]): readonly (DisciplineLook & { shown: boolean })[] {
    const codes = new Set(marks.map(({ discipline }) => discipline));
    return [...codes].map((code) => ({ ...this.look(code), code: code ?? '', shown: this.shows(code) }));
  }

  toggle(discipline: string | null): void {
    const code = discipline ?? '';
    if (!this.hidden.delete(code)) this.hidden.add(code);
    this.changed();
  }

  /** Show one layer alone; where it is alone already, show all again. */
  focus(code: string, marks: readonly { readonly discipline: string | null }[]): void {
    const others = marks.map(({ discipline }) => discipline ?? '').filter((one) => one !== code);
    const alone = !this.hidden.has(code) && others.every((one) => this.hidden.has(one));
    this.hidden.clear();
    if (!alone) for (const one of others) this.hidden.add(one);
    this.changed();
  }
}

const SIDES: Readonly<Record<string, number | undefined>> = { triangle: 3, diamond: 4, pentagon: 5, hexagon: 6 };

/** The outline of a discipline's shape as an SVG path, `radius` around a point. */
export function outline(shape: string, [x, y]: Point, radius: number): string {
  const r = radius;
  switch (shape) {
    case 'square':
      return `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
    case 'cross':
      return `M${x - r},${y}h${2 * r}M${x},${y - r}v${2 * r}`;
    case 'star':
      return polygon(10, [x, y], (at) => (at % 2 === 0 ? r * 1.3 : r * 0.55));
    default: {
      const sides = SIDES[shape];
      if (sides !== undefined) return polygon(sides, [x, y], () => r * 1.15);
      return `M${x - r},${y}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0z`;
    }
  }
}

function polygon(corners: number, [x, y]: Point, radius: (at: number) => number): string {
  const points = Array.from({ length: corners }, (_, at) => {
    const angle = (2 * Math.PI * at) / corners - Math.PI / 2;
    return `${(x + radius(at) * Math.cos(angle)).toFixed(1)},${(y + radius(at) * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join('L')}z`;
}
