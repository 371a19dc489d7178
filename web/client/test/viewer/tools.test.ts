import { describe, expect, test } from 'vitest';
import { make } from '../../src/viewer/tools';
import { hit } from '../../src/viewer/tools/reshape';
import type { Guide } from '../../src/viewer/tools/steps';
import type { Press, Stage } from '../../src/viewer/tools/tool';
import type { FrameFacts, MarkKind, Point, ToolName, ViewerMark, Window } from '../../src/viewer/types';
import { FITTED, type View } from '../../src/viewer/view';

function table() {
  const guides: (Guide | null)[] = [];
  let image = '1.2.3';
  const finished: { kind: MarkKind; points: readonly Point[] }[] = [];
  const drafts: (readonly Point[] | null)[] = [];
  let view: View = FITTED;
  let window: Window = { centre: 40, width: 400 };
  let slices = 0;
  const stage: Stage = {
    frame: () => ({ sop_instance_uid: image, frame: 1 }) as FrameFacts,
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
    probe: () => undefined,
    anchor: () => undefined,
    anchoring: () => '',
    guide: (guide) => guides.push(guide),
  };
  return {
    stage,
    finished,
    drafts,
    guides,
    seen: () => ({ view, window, slices }),
    turn: (to: string) => (image = to),
  };
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

describe('marks of several steps', () => {
  test('each step says what comes next, and where one may stop', () => {
    const { stage, finished, guides } = table();
    const tool = make('spinopelvic', stage);
    expect(guides.at(-1)).toMatchObject({ text: 'Middle of one femoral head', count: '1 of 7', end: null });
    for (const press of [at(5, 90), at(5, 90), at(20, 60), at(40, 70)]) {
      tool.down(press);
      tool.up(press);
    }
    expect(guides.at(-1)).toMatchObject({ count: '5 of 7', end: 'without LL and SVA' });
    expect(tool.finish?.()).toBe(true);
    expect(finished).toMatchObject([{ kind: 'spinopelvic', points: [[5, 90], [5, 90], [20, 60], [40, 70]] }]); // prettier-ignore
  });

  test('one cannot stop in the middle of an end plate', () => {
    const { stage, finished } = table();
    const tool = make('spinopelvic', stage);
    for (const press of [at(5, 90), at(9, 90), at(20, 60)]) {
      tool.down(press);
      tool.up(press);
    }
    expect(tool.finish?.()).toBe(false);
    expect(finished).toEqual([]);
  });

  test('a mark never has points of two images', () => {
    const { stage, finished, turn } = table();
    const tool = make('cobb', stage);
    for (const press of [at(0, 0), at(50, 5)]) {
      tool.down(press);
      tool.up(press);
    }
    turn('1.2.4');
    for (const press of [at(0, 80), at(50, 60), at(1, 90), at(50, 95)]) {
      tool.down(press);
      tool.up(press);
    }
    expect(finished).toEqual([{ kind: 'cobb', points: [[0, 80], [50, 60], [1, 90], [50, 95]] }]); // prettier-ignore
  });
});

describe('freehand by clicks', () => {
  function clicked(name: 'freehand' | 'path', ...presses: Press[]) {
    return drawn(name, ...presses.map((press): [Press] => [press]));
  }

  test('an outline closes on its first corner', () => {
    const points = [[10, 10], [60, 10], [60, 60]]; // prettier-ignore
    expect(clicked('freehand', at(10, 10), at(60, 10), at(60, 60), at(12, 11))).toEqual([{ kind: 'freehand', points }]);
  });

  test('an open line ends on its last corner, and its first is a corner like any', () => {
    const points = [[10, 10], [60, 10], [60, 60], [11, 11]]; // prettier-ignore
    expect(clicked('path', at(10, 10), at(60, 10), at(60, 60), at(11, 11), at(11, 11))).toEqual([
      { kind: 'path', points },
    ]);
  });

  test('a traced line is whole when the button is let go', () => {
    const { stage, finished } = table();
    const tool = make('path', stage);
    tool.down(at(0, 0));
    for (let x = 5; x <= 50; x += 5) tool.move(at(x, x % 10), true);
    tool.up(at(50, 0));
    expect(finished).toHaveLength(1);
    expect(finished[0]!.points.length).toBeGreaterThan(3);
  });
});
