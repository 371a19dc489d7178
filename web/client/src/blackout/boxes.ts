/**
 * The boxes that will be black, with undo and redo. Pure: whole pixels of the image in, whole pixels out; the top left
 * pixel is (0, 0).
 */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Boxes = readonly Box[];

const LIMIT = 200;

/** A box of whole pixels on a picture of this size, at least one pixel wide and high. */
export function fitted(box: Box, columns: number, rows: number): Box {
  const left = clamp(Math.floor(box.left), 0, columns - 1);
  const top = clamp(Math.floor(box.top), 0, rows - 1);
  const right = clamp(Math.ceil(box.left + box.width), left + 1, columns);
  const bottom = clamp(Math.ceil(box.top + box.height), top + 1, rows);
  return { left, top, width: right - left, height: bottom - top };
}

/** The box between two corners, in any order. */
export function spanned(from: readonly [number, number], to: readonly [number, number]): Box {
  return {
    left: Math.min(from[0], to[0]),
    top: Math.min(from[1], to[1]),
    width: Math.abs(to[0] - from[0]),
    height: Math.abs(to[1] - from[1]),
  };
}

/** A box moved, its size kept, never off the picture. */
export function moved(box: Box, right: number, down: number, columns: number, rows: number): Box {
  return {
    ...box,
    left: clamp(Math.round(box.left + right), 0, columns - box.width),
    top: clamp(Math.round(box.top + down), 0, rows - box.height),
  };
}

/** A box whose right lower corner is moved, at least a pixel wide and high. */
export function stretched(box: Box, right: number, down: number, columns: number, rows: number): Box {
  const width = clamp(Math.round(box.width + right), 1, columns - box.left);
  const height = clamp(Math.round(box.height + down), 1, rows - box.top);
  return { ...box, width, height };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), Math.max(least, most));
}

/** What was drawn so far. */
export class Drawing {
  private past: Boxes[] = [];
  private future: Boxes[] = [];
  private now: Boxes = [];

  constructor(
    private readonly columns: number,
    private readonly rows: number,
  ) {}

  get boxes(): Boxes {
    return this.now;
  }

  get undoable(): boolean {
    return this.past.length > 0;
  }

  get redoable(): boolean {
    return this.future.length > 0;
  }

  /** Add boxes in one step; false when there are too many. */
  add(...boxes: Box[]): boolean {
    if (boxes.length === 0 || this.now.length + boxes.length > LIMIT) return false;
    this.become([...this.now, ...boxes.map((box) => fitted(box, this.columns, this.rows))]);
    return true;
  }

  replace(index: number, box: Box): void {
    const next = [...this.now];
    next[index] = fitted(box, this.columns, this.rows);
    this.become(next);
  }

  remove(index: number): void {
    this.become(this.now.filter((_, at) => at !== index));
  }

  clear(): void {
    if (this.now.length > 0) this.become([]);
  }

  undo(): void {
    const before = this.past.pop();
    if (before === undefined) return;
    this.future.push(this.now);
    this.now = before;
  }

  redo(): void {
    const after = this.future.pop();
    if (after === undefined) return;
    this.past.push(this.now);
    this.now = after;
  }

  /** As the server takes it: `[[left, top, width, height], …]`. */
  json(): string {
    return JSON.stringify(this.now.map((box) => [box.left, box.top, box.width, box.height]));
  }

  private become(next: Boxes): void {
    this.past.push(this.now);
    this.future = [];
    this.now = next;
  }
}
