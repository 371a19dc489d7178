/** Which key means what in the room. */

import { keysOn } from '../panels/help';

/** A number is the place of a panel. */
export type RoomKey = 'escape' | 'follow' | 'hand' | 'help' | number;

const LETTERS: Readonly<Record<string, RoomKey>> = {
  f: 'follow',
  h: 'hand',
  '?': 'help',
  '1': 0,
  '2': 1,
  '3': 2,
  '4': 3,
};

/** The room's meaning of a key press; null for what belongs to a field, a dialog or nobody. */
export function keyOf(event: KeyboardEvent): RoomKey | null {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target?.closest('dialog[open]') !== null && target !== null) return null;
  if (event.key === 'Escape')
    return target?.closest('details.menu[open]') === null || target === null ? 'escape' : null;
  if (
    !keysOn() ||
    (target?.closest('input:not([type=range], [type=checkbox], [type=radio]), select, textarea') ?? null) !== null
  ) {
    return null;
  }
  return LETTERS[event.key.toLowerCase()] ?? null;
}
