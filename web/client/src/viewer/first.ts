/** The picture a page comes with, before any script: it stays in the first pane until the stream has a better one. */

const FIGURE = '.first-picture';

/** Bring it into a pane when it is of this case, else take it away. */
export function adoptFirstPicture(caseId: string, pane: HTMLElement | undefined): void {
  const figure = document.querySelector<HTMLElement>(FIGURE);
  if (figure === null) return;
  if (figure.dataset['case'] === caseId && pane !== undefined) pane.querySelector('canvas')?.after(figure);
  else figure.remove();
}

/** The pane has something of its own to show. */
export function dropFirstPicture(where: ParentNode): void {
  where.querySelector(FIGURE)?.remove();
}
