/** One change of a field, found between what it said and what it says, and positions carried past others' changes. Pure. */

/** What a Y.Text event says: from the start on, so many stay, these come, so many go. */
export interface Step {
  readonly retain?: number;
  readonly insert?: unknown;
  readonly delete?: number;
}

export interface Change {
  /** Where, in UTF-16 code units. */
  readonly at: number;
  readonly removed: number;
  readonly inserted: string;
}

/**
 * The change that made `after` of `before`; null: none.
 *
 * @param caret where the caret stands afterwards, which tells of equal letters which one was typed
 */
export function changed(before: string, after: string, caret: number): Change | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let end = 0;
  const room = Math.min(shorter, Math.max(0, after.length - caret));
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  let at = 0;
  while (at < shorter - end && before[at] === after[at]) at += 1;
  while (end < shorter - at && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  // Half a character (RFC 3629 knows no surrogates) would reach the others as U+FFFD.
  if (at > 0 && isHigh(before.charCodeAt(at - 1))) at -= 1;
  if (end > 0 && isLow(before.charCodeAt(before.length - end))) end -= 1;
  return { at, removed: before.length - at - end, inserted: after.slice(at, after.length - end) };
}

/** Where a position is after somebody else's change; what they type right at it comes behind it. */
export function moved(position: number, steps: readonly Step[]): number {
  let walked = 0;
  let place = position;
  for (const step of steps) {
    if (step.retain !== undefined) walked += step.retain;
    else if (typeof step.insert === 'string') {
      if (walked < place) place += step.insert.length;
      walked += step.insert.length;
    } else if (step.delete !== undefined && walked < place) {
      place -= Math.min(step.delete, place - walked);
    }
  }
  return place;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
