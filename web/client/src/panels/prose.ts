/** Words that were frozen, with the marks they name as links that bring them on screen. */

import { html } from 'lit';
import type { CaseProjection } from '../protocol';
import type { RoomModel } from '../room/model';
import { parts } from '../room/references';
import './mark-chip';

/** The prose of a case; white space counts, so it goes into an element of class `prose` without any around it. */
export function prose(model: RoomModel, item: CaseProjection, words: string): unknown[] {
  return parts(words, Object.values(item.marks)).map((part) =>
    typeof part === 'string' ? part : html`<mark-chip .model=${model} .mark=${part}></mark-chip>`,
  );
}
