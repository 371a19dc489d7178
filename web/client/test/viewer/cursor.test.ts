import { describe, expect, test } from 'vitest';
import { make } from '../../src/viewer/tools';
import { Cursor, type CursorBoard } from '../../src/viewer/tools/cursor';
import type { Guide } from '../../src/viewer/tools/steps';
import type { Stage, Tool } from '../../src/viewer/tools/tool';
import type { FrameFacts, MarkKind, Point, ToolName, ViewerMark } from '../../src/viewer/types';
import { FITTED } from '../../src/viewer/view';

/** A pane of 100 by 100 CSS pixels that shows an image upside down at two pixels for one. */
function table(name: ToolName, marks: ViewerMark[] = []) {
  const finished: { kind: MarkKind; points: readonly Point[] }[] = [];
  const moved: (readonly Point[])[] = [];
  const crosses: (Point | null)[] = [];
  const guides: (Guide | null)[] = [];
  const stage: Stage = {
    frame: () => ({ sop_instance_uid: '1.2.3', frame: 1 }) as FrameFacts,
    extent: () => null,
    size: () => ({ width: 100, height: 100 }),
    view: () => FITTED,
    setView: () => undefined,
    window: () => null,
    setWindow: () => undefined,
    scroll: () => undefined,
    draft: () => undefined,
    finish: (kind, points) => finished.push({ kind, points }),
    pointAt: () => undefined,
    probe: () => undefined,
    anchor: () => undefined,
    anchoring: () => '',
    guide: (guide) => guides.push(guide),
  };
  const tool: Tool = make(name, stage);
  const board: CursorBoard = {
    stage: {
      guide: (guide) => guides.push(guide),
      moving: (mark, points) => {
        const at = marks.findIndex((one) => one.mark === mark.mark);
        if (points !== null) marks[at] = { ...marks[at]!, points };
      },
      moved: (_, points) => moved.push(points),
    },
    tool: () => tool,
    presses: () => name !== 'window',
    size: () => ({ width: 100, height: 100 }),
    toImage: ([x, y]) => [50 - x / 2, 50 - y / 2],
    place: ([column, row]) => [100 - column * 2, 100 - row * 2],
    marks: () => marks,
    mayMove: (mark) => mark.author === 'me',
    select: () => undefined,
    cross: (at) => crosses.push(at),
  };
  const cursor = new Cursor(board);
  const press = (...keys: string[]) =>
    keys.map((key) => {
      const shiftKey = key.startsWith('Shift+');
      const bare = { ctrlKey: false, altKey: false, metaKey: false };
      return cursor.key({ key: key.replace('Shift+', ''), shiftKey, ...bare });
    });
  return { finished, moved, crosses, guides, press };
}

function mark(id: string, author: string): ViewerMark {
  return { mark: id, author, kind: 'length', points: [[10, 10], [20, 20]], text: '', delivery: 'delivered' } as unknown as ViewerMark; // prettier-ignore
}

describe('drawing by keys', () => {
  test('Enter shows a cross in the middle, arrows move it, Enter presses', () => {
    const { press, finished, crosses } = table('length');
    press('Enter', 'Enter', 'ArrowRight', 'ArrowDown', 'Shift+ArrowDown', 'Enter');
    expect(crosses[0]).toEqual([50, 50]);
    expect(finished).toEqual([{ kind: 'length', points: [[25, 25], [21, 20.5]] }]); // prettier-ignore
  });

  test('Escape gives up the mark, then puts the cross away', () => {
    const { press, finished, crosses } = table('length');
    press('Enter', 'Enter', 'Escape');
    expect(crosses.at(-1)).not.toBeNull();
    press('Escape');
    expect(crosses.at(-1)).toBeNull();
    expect(finished).toEqual([]);
  });

  test('keys are left to the viewer until then, and with tools that do not press', () => {
    expect(table('length').press('ArrowUp', 'Escape')).toEqual([false, false]);
    expect(table('window').press('Enter')).toEqual([false]);
  });
});

describe('handles by keys', () => {
  test('arrows move a handle the way they point on the screen, Enter keeps it', () => {
    const { press, moved } = table('window', [mark('a', 'me')]);
    press('Shift+E', 'ArrowRight', 'ArrowRight', 'ArrowUp', 'Enter');
    expect(moved).toEqual([[[8, 11], [20, 20]]]); // prettier-ignore
  });

  test("Shift E goes from handle to handle of one's own marks alone", () => {
    const { press, guides, crosses } = table('window', [mark('b', 'somebody'), mark('a', 'me')]);
    press('Shift+E', 'Shift+E');
    expect(guides.at(-1)).toMatchObject({ count: '2 of 2' });
    expect(crosses.at(-1)).toEqual([60, 60]);
    expect(table('window', [mark('b', 'somebody')]).press('Shift+E')).toEqual([false]);
  });

  test('Escape leaves the mark as it was', () => {
    const { press, moved } = table('window', [mark('a', 'me')]);
    press('Shift+E', 'ArrowRight', 'Escape');
    expect(moved).toEqual([]);
  });
});
