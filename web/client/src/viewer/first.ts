/** The picture a page comes with, before any script: it stays in the first pane until the stream has a better one. */

import type { FrameFacts } from './types';

const FIGURE = '.first-picture';

/** Bring it into a pane when it is of this case, else take it away. */
export function adoptFirstPicture(caseId: string, pane: HTMLElement | undefined): void {
  const figure = document.querySelector<HTMLElement>(FIGURE);
  if (figure === null) return;
  if (figure.dataset['case'] === caseId && pane !== undefined) pane.querySelector('canvas')?.after(figure);
  else figure.remove();
}

/** Whether the picture may stay under the words of this series and frame; null: not known yet. */
export function isFirstPicture(
  figure: Readonly<Record<string, string | undefined>>,
  series: string | null,
  frame: Pick<FrameFacts, 'sop_instance_uid' | 'frame'> | null,
): boolean {
  if (series !== null && figure['series'] !== series) return false;
  return frame === null || (figure['sop'] === frame.sop_instance_uid && figure['frame'] === String(frame.frame));
}

/** Take the picture away if it is not of what the words of a pane say. */
export function checkFirstPicture(pane: HTMLElement, series: string | null, frame: FrameFacts | null): void {
  const figure = pane.querySelector<HTMLElement>(FIGURE);
  if (figure !== null && !isFirstPicture(figure.dataset, series, frame)) figure.remove();
}

/** The pane has something of its own to show. */
export function dropFirstPicture(where: ParentNode): void {
  where.querySelector(FIGURE)?.remove();
}
