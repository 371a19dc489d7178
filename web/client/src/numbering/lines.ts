/** Marks as the form writes them: a line for each vertebra with its image, column and row. Pure. */

export interface Mark {
  readonly vertebra: string;
  /** From 1, in the order a reader scrolls. */
  readonly image: number;
  readonly column: number;
  readonly row: number;
}

/** The marks of a text; a line that cannot be read is left out. */
export function read(text: string): Mark[] {
  return text.split('\n').flatMap((line) => {
    const [vertebra = '', ...rest] = line.trim().split(/\s+/);
    const [image = NaN, column = NaN, row = NaN] = rest.map(Number);
    if (vertebra === '' || rest.length !== 3 || ![image, column, row].every(Number.isFinite)) return [];
    return [{ vertebra: vertebra.toUpperCase(), image, column, row }];
  });
}

/** The text of marks, from the head down. */
export function written(marks: readonly Mark[], order: readonly string[]): string {
  return [...marks]
    .sort((one, other) => order.indexOf(one.vertebra) - order.indexOf(other.vertebra))
    .map(({ vertebra, image, column, row }) => `${vertebra} ${image} ${tenth(column)} ${tenth(row)}`)
    .join('\n');
}

/** The marks with one more; a vertebra has one mark. */
export function added<T extends { readonly vertebra: string }>(marks: readonly T[], mark: T): T[] {
  return [...marks.filter((one) => one.vertebra !== mark.vertebra), mark];
}

/** The vertebra after this one, or the last. */
export function next(vertebra: string, order: readonly string[]): string {
  return order[order.indexOf(vertebra) + 1] ?? vertebra;
}

function tenth(value: number): string {
  return String(Math.round(value * 10) / 10);
}
