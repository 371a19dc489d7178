/** Which key means what in the room. Taken before the viewer, whose own map leaves these to the room. */

import { keysOn } from '../panels/help';

/** A number is the place of a panel. */
export type RoomKey = 'escape' | 'follow' | 'hand' | 'help' | 'onward' | 'back' | number;

const EVERYWHERE: Readonly<Record<string, RoomKey>> = { f: 'follow', u: 'hand', '?': 'help' };
/** On the image digits are window presets. */
const PANEL_KEYS = ['1', '2', '3', '4', '5'];
const TYPING = 'input:not([type=range], [type=checkbox], [type=radio]), select, textarea, .viewer-prompt';

/** The room's meaning of a key press; null for what belongs to a field, a dialog, the viewer or nobody. */
export function keyOf(event: KeyboardEvent): RoomKey | null {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  const inside = (selector: string): boolean =>
    event.target instanceof Element && event.target.closest(selector) !== null;
  if (inside('dialog[open], .viewer-prompt')) return null;
  if (event.key === 'F6') return event.shiftKey ? 'back' : 'onward';
  if (event.key === 'Escape') return inside('details.menu[open]') ? null : 'escape';
  if (!keysOn() || inside(TYPING)) return null;
  const key = event.key.toLowerCase();
  const panel = PANEL_KEYS.indexOf(key);
  if (panel >= 0) return inside('consilium-viewer') ? null : panel;
  return EVERYWHERE[key] ?? null;
}
