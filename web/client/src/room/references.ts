/** Marks named in prose: `[#1a2b3c4d]`, the beginning of a mark's identity. The same rule as `conference/room/references.py`. */

import type { Mark } from '../protocol';

const LETTERS = 8;
const REFERENCE = /\[#([0-9A-Za-z-]{1,8})\]/g;

/** How prose names this mark. */
export function reference(mark: string): string {
  return `[#${mark.slice(0, LETTERS)}]`;
}

/** Prose in its parts: words, and the marks it names; a reference that fits none or several stays words. */
export function parts(prose: string, marks: readonly Mark[]): (string | Mark)[] {
  const found: (string | Mark)[] = [];
  let from = 0;
  for (const hit of prose.matchAll(REFERENCE)) {
    const fitting = marks.filter(({ mark }) => mark.slice(0, LETTERS) === hit[1]);
    if (fitting.length !== 1) continue;
    if (hit.index > from) found.push(prose.slice(from, hit.index));
    found.push(fitting[0]!);
    from = hit.index + hit[0].length;
  }
  if (from < prose.length) found.push(prose.slice(from));
  return found;
}

/** The marks that prose names, each once. */
export function named(prose: string, marks: readonly Mark[]): Mark[] {
  const found = parts(prose, marks).filter((part) => typeof part !== 'string');
  return [...new Set(found)];
}
