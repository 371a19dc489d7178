import { describe, expect, test } from 'vitest';
import { make } from '../../src/viewer/tools';
import { hit } from '../../src/viewer/tools/reshape';
import type { Press, Stage } from '../../src/viewer/tools/tool';
import type { MarkKind, Point, ToolName, ViewerMark, Window } from '../../src/viewer/types';
import { FITTED, type View } from '../../src/viewer/view';

function table() {
  const finished: { kind: MarkKind; points: readonly Point[] }[] = [];
  const drafts: (readonly Point[] | null)[] = [];
  let view: View = FITTED;
  let window: Window = { centre: 40, width: 400 };
  let slices = 0;
  const stage: Stage = {
    frame: () => null,
    extent: () => ({ columns: 100, rows: 100, aspect: 1 }),
    size: () => ({ width: 100, height: 100 }),
    view: () => view,
    setView: (next) => (view = next),
    window: () => window,
    setWindow: (next) => (window = next),
    scroll: (by) => (slices += by),
    draft: (_, points) => drafts.push(points),
    finish: (kind, points) => finished.push({ kind, points }),
    pointAt: () => undefined,
  };
  return { stage, finished, drafts, seen: () => ({ view, window, slices }) };
}

const at = (x: number, y: number): Press => ({ screen: [x, y], image: [x, y] });

function drawn(name: ToolName, ...gestures: [Press, Press?][]) {
  const { stage, finished } = table();
  const tool = make(name, stage);
  for (const [from, to] of gestures) {
    tool.down(from);
    if (to !== undefined) tool.move(to, true);
    tool.up(to ?? from);
  }
  return finished;
}

describe('drawing', () => {
  test('a length is one drag', () => {
    expect(drawn('length', [at(1, 1), at(30, 40)])).toEqual([{ kind: 'length', points: [[1, 1], [30, 40]] }]); // prettier-ignore
  });

  test('a length is two clicks', () => {
    expect(drawn('length', [at(1, 1)], [at(30, 40)])).toEqual([{ kind: 'length', points: [[1, 1], [30, 40]] }]); // prettier-ignore
  });

  test('a Cobb angle is two drags, or four clicks', () => {
    const points = [[0, 0], [50, 5], [0, 80], [50, 60]]; // prettier-ignore
    expect(drawn('cobb', [at(0, 0), at(50, 5)], [at(0, 80), at(50, 60)])).toEqual([{ kind: 'cobb', points }]);
    expect(drawn('cobb', [at(0, 0)], [at(50, 5)], [at(0, 80)], [at(50, 60)])).toEqual([{ kind: 'cobb', points }]);
  });

  test('an angle is a drag and a click, its vertex second', () => {
    expect(drawn('angle', [at(0, 0), at(50, 50)], [at(0, 90)])).toEqual([
      { kind: 'angle', points: [[0, 0], [50, 50], [0, 90]] }, // prettier-ignore
    ]);
  });

  test('the last point follows the pointer until it is let go', () => {
    expect(drawn('length', [at(1, 1)], [at(30, 40), at(60, 70)])[0]?.points[1]).toEqual([60, 70]);
  });

  test('a mark without extent is not made', () => {
    expect(drawn('length', [at(5, 5)], [at(5, 5)])).toEqual([]);
  });

  test('giving up takes the draft away', () => {
    const { stage, drafts, finished } = table();
    const tool = make('cobb', stage);
    tool.down(at(0, 0));
    tool.up(at(0, 0));
    expect(tool.busy).toBe(true);
    tool.cancel();
    expect(tool.busy).toBe(false);
    expect(drafts.at(-1)).toBeNull();
    expect(finished).toEqual([]);
  });
});

describe('looking', () => {
  test('dragging down scrolls, one slice each eight pixels', () => {
    const { stage, seen } = table();
    const tool = make('scroll', stage);
    tool.down(at(0, 0));
    tool.move(at(0, 17), true);
    tool.move(at(0, 4), true);
    expect(seen().slices).toBe(0);
    tool.move(at(0, 30), true);
    expect(seen().slices).toBe(3);
  });

  test('a tool does nothing when it hovers', () => {
    const { stage, seen } = table();
    for (const name of ['window', 'pan', 'zoom', 'scroll'] as const) make(name, stage).move(at(50, 50), false);
    expect(seen()).toEqual({ view: FITTED, window: { centre: 40, width: 400 }, slices: 0 });
  });

  test('dragging up zooms in', () => {
    const { stage, seen } = table();
    const tool = make('zoom', stage);
    tool.down(at(50, 50));
    tool.move(at(50, 0), true);
    expect(seen().view.zoom).toBeGreaterThan(1.2);
  });
});

describe('taking hold', () => {
  const mark = { mark: 'm', kind: 'length', points: [[10, 10], [90, 10]] } as unknown as ViewerMark; // prettier-ignore
  const place = (point: Point) => point;

  test('a handle within reach is taken before the line', () => {
    expect(hit([mark], place, [13, 12], 10)).toEqual({ mark, handle: 0 });
    expect(hit([mark], place, [50, 13], 10)).toEqual({ mark, handle: null });
    expect(hit([mark], place, [50, 40], 10)).toBeNull();
  });

  test('a finger reaches 22 pixels', () => {
    expect(hit([mark], place, [10, 31], 22)?.handle).toBe(0);
  });
});
