/** The keyboard map of the viewer; the help sheet is made from the same list. */
import { printed, TOOLS } from './tools';
import type { LayoutName } from './layouts';
import type { ToolName } from './types';
import type { Orthogonal, Projection } from './volume';

export type Action =
  | { readonly do: 'tool'; readonly tool: ToolName }
  | { readonly do: 'scroll'; readonly slices: number }
  | { readonly do: 'edge'; readonly last: boolean }
  | { readonly do: 'pan'; readonly by: readonly [number, number] }
  | { readonly do: 'zoom'; readonly factor: number }
  | { readonly do: 'rotate'; readonly degrees: number }
  | { readonly do: 'preset'; readonly number: number }
  | { readonly do: 'series'; readonly step: number }
  | { readonly do: 'layout'; readonly step: number }
  | { readonly do: 'arrange'; readonly layout: LayoutName }
  | { readonly do: 'speed'; readonly factor: number }
  | { readonly do: 'cut'; readonly plane: Orthogonal | null }
  | { readonly do: 'slab'; readonly thickness: number; readonly projection: Projection }
  | {
      readonly do:
        | 'fit'
        | 'one-to-one'
        | 'invert'
        | 'flip'
        | 'auto'
        | 'cine'
        | 'link'
        | 'lines'
        | 'compare'
        | 'reformat'
        | 'help'
        | 'cancel'
        | 'erase'
        | 'undo'
        | 'redo'
        | 'key'
        | 'screen';
    };

interface Entry {
  readonly keys: readonly string[];
  readonly words: string;
  readonly action: Action;
}

const PAN_PX = 40;

const ENTRIES: readonly Entry[] = [
  { keys: ['ArrowUp'], words: 'Previous image', action: { do: 'scroll', slices: -1 } },
  { keys: ['ArrowDown'], words: 'Next image', action: { do: 'scroll', slices: 1 } },
  { keys: ['PageUp'], words: 'Ten images back', action: { do: 'scroll', slices: -10 } },
  { keys: ['PageDown'], words: 'Ten images on', action: { do: 'scroll', slices: 10 } },
  { keys: ['Home'], words: 'First image', action: { do: 'edge', last: false } },
  { keys: ['End'], words: 'Last image', action: { do: 'edge', last: true } },
  { keys: ['['], words: 'Previous series', action: { do: 'series', step: -1 } },
  { keys: [']'], words: 'Next series', action: { do: 'series', step: 1 } },
  { keys: ['+', '='], words: 'Zoom in', action: { do: 'zoom', factor: 1.25 } },
  { keys: ['-'], words: 'Zoom out', action: { do: 'zoom', factor: 0.8 } },
  { keys: ['0'], words: 'Fit to the pane', action: { do: 'fit' } },
  { keys: ['g'], words: 'One image pixel per screen pixel', action: { do: 'one-to-one' } },
  { keys: ['Shift+ArrowLeft'], words: 'Move the image left', action: { do: 'pan', by: [-PAN_PX, 0] } },
  { keys: ['Shift+ArrowRight'], words: 'Move the image right', action: { do: 'pan', by: [PAN_PX, 0] } },
  { keys: ['Shift+ArrowUp'], words: 'Move the image up', action: { do: 'pan', by: [0, -PAN_PX] } },
  { keys: ['Shift+ArrowDown'], words: 'Move the image down', action: { do: 'pan', by: [0, PAN_PX] } },
  { keys: ['i'], words: 'Invert', action: { do: 'invert' } },
  { keys: ['h'], words: 'Mirror left to right', action: { do: 'flip' } },
  { keys: ['.'], words: 'Rotate clockwise', action: { do: 'rotate', degrees: 90 } },
  { keys: [','], words: 'Rotate anticlockwise', action: { do: 'rotate', degrees: -90 } },
  { keys: ['c'], words: 'Play or pause', action: { do: 'cine' } },
  { keys: ['<'], words: 'Play more slowly', action: { do: 'speed', factor: 0.8 } },
  { keys: ['>'], words: 'Play faster', action: { do: 'speed', factor: 1.25 } },
  { keys: ['x'], words: 'More images at a time: 1, 2, 4, 6', action: { do: 'layout', step: 1 } },
  { keys: ['X'], words: 'Fewer images at a time', action: { do: 'layout', step: -1 } },
  { keys: ['j'], words: 'Lay the earlier study beside it', action: { do: 'compare' } },
  { keys: ['k'], words: 'Scroll together or apart', action: { do: 'link' } },
  { keys: ['y'], words: 'Lines of the other images', action: { do: 'lines' } },
  { keys: ['m'], words: 'Cut the volume in three directions', action: { do: 'reformat' } },
  { keys: ['u'], words: 'Window to what is seen, or to the chosen area', action: { do: 'auto' } },
  { keys: ['K'], words: 'Make it a key image', action: { do: 'key' } },
  { keys: ['f'], words: 'Full screen', action: { do: 'screen' } },
  { keys: ['Delete', 'Backspace'], words: 'Erase your chosen mark', action: { do: 'erase' } },
  { keys: ['Escape'], words: 'Give up the drawing', action: { do: 'cancel' } },
  { keys: ['?'], words: 'This sheet', action: { do: 'help' } },
];

const NAMES: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  'Shift+ArrowLeft': 'Shift ←',
  'Shift+ArrowRight': 'Shift →',
  'Shift+ArrowUp': 'Shift ↑',
  'Shift+ArrowDown': 'Shift ↓',
  K: 'Shift K',
  X: 'Shift X',
  Escape: 'Esc',
  PageUp: 'Page ↑',
  PageDown: 'Page ↓',
};

/** With Ctrl, or Command: the only such keys that are not left to the browser. */
const HISTORY: Readonly<Record<string, Action | undefined>> = {
  z: { do: 'undo' },
  'z+': { do: 'redo' },
  y: { do: 'redo' },
};

/** What a key press means; null when nothing. Other keys with Ctrl, Alt or Meta are the browser's. */
export function actionOf(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>,
): Action | null {
  if (event.ctrlKey || event.metaKey)
    return event.altKey ? null : (HISTORY[event.key.toLowerCase() + (event.shiftKey ? '+' : '')] ?? null);
  if (event.altKey) return null;
  if (/^[1-9]$/.test(event.key)) return { do: 'preset', number: Number(event.key) };
  const name = event.shiftKey && event.key.startsWith('Arrow') ? `Shift+${event.key}` : event.key;
  const found = ENTRIES.find(({ keys }) => keys.includes(name));
  if (found !== undefined) return found.action;
  const tool = TOOLS.find(({ key }) => key === event.key) ?? TOOLS.find(({ key }) => key === event.key.toLowerCase());
  return tool === undefined ? null : { do: 'tool', tool: tool.name };
}

/** Keys that the image under the keyboard takes itself; see `tools/cursor.ts`. */
const HAND: readonly { readonly keys: readonly string[]; readonly words: string }[] = [
  { keys: ['Ctrl Z'], words: 'Take back your last mark or change' },
  { keys: ['Ctrl Shift Z'], words: 'Do it again' },
  { keys: ['Enter'], words: 'Draw with the arrows; Enter or Space places a point' },
  { keys: ['Shift Enter'], words: 'Finish with the points there are' },
  { keys: ['Shift E'], words: 'Next handle of your marks; arrows move it, Enter keeps it' },
];

/** The whole map for the help sheet: keys as they are printed, and what they do. */
export function sheet(): readonly { readonly keys: readonly string[]; readonly words: string }[] {
  const tools = TOOLS.map(({ key, label }) => ({ keys: [printed(key)], words: `${label} tool` }));
  const others = ENTRIES.map(({ keys, words }) => ({
    keys: keys.map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key)),
    words,
  }));
  return [...tools, { keys: ['1', '…', '9'], words: 'Window presets' }, ...others, ...HAND];
}

/** As `actionOf`, unless the key was meant for something to type or choose in. */
export function actionFor(event: KeyboardEvent): Action | null {
  const { target } = event;
  if (target instanceof Element && target.closest('select, dialog, textarea, .viewer-prompt') !== null) return null;
  // The slider has arrows and Home of its own.
  const moves = /^(Arrow|Home|End|Page)/.test(event.key);
  return target instanceof HTMLInputElement && moves ? null : actionOf(event);
}
