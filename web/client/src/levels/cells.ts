/** The cells of a plan, `L4.fusion-posterior`: how one plan departs from another. Pure. */

export type Cells = ReadonlySet<string>;

export interface CellChange {
  readonly added: readonly string[];
  readonly dropped: readonly string[];
}

/** What `after` adds to `before` and drops from it. */
export function changed(before: Cells, after: Cells): CellChange {
  return {
    added: [...after].filter((cell) => !before.has(cell)),
    dropped: [...before].filter((cell) => !after.has(cell)),
  };
}

/** One's own changes, made from `before`, put on what somebody else made of it. */
export function rebased(before: Cells, own: Cells, theirs: Cells): Cells {
  const { added, dropped } = changed(before, own);
  const gone = new Set(dropped);
  return new Set([...[...theirs].filter((cell) => !gone.has(cell)), ...added]);
}

export function toggled(cells: Cells, cell: string): Cells {
  const next = new Set(cells);
  if (!next.delete(cell)) next.add(cell);
  return next;
}

export function same(one: Cells, other: Cells): boolean {
  return one.size === other.size && [...one].every((cell) => other.has(cell));
}
