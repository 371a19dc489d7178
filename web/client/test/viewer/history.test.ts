import { describe, expect, test } from 'vitest';
import { History, type Changes } from '../../src/viewer/tools/history';
import type { MarkComplete, Point, ViewerMark } from '../../src/viewer/types';

/** A table of marks that does at once what it is told, as a room does a little later. */
function table() {
  const marks = new Map<string, ViewerMark>();
  const used = new Set<string>();
  const changes: Changes = {
    draw: (drawn) => {
      expect(used).not.toContain(drawn.mark);
      used.add(drawn.mark);
      marks.set(drawn.mark, { ...drawn, revision: 1, delivery: 'delivered' } as unknown as ViewerMark);
    },
    move: ({ mark, points, text, revision }) => {
      const before = marks.get(mark)!;
      expect(revision).toBe(before.revision);
      marks.set(mark, { ...before, points, text, revision: revision + 1 });
    },
    erase: ({ mark }) => marks.delete(mark),
  };
  const history = new History(() => [...marks.values()], changes);
  const line = (to: Point): MarkComplete => ({
    mark: crypto.randomUUID(),
    kind: 'length',
    sop_instance_uid: '1.2.3',
    frame: 1,
    points: [[0, 0], to],
    text: '',
  });
  return {
    marks,
    history,
    draw: (to: Point) => {
      const mark = line(to);
      history.draw(mark);
      return mark.mark;
    },
    move: (mark: string, to: Point) => {
      const before = marks.get(mark)!;
      const move = { mark, revision: before.revision, points: [[0, 0], to] as Point[], text: '' };
      history.move(move);
    },
    erase: (mark: string) => {
      history.erase(marks.get(mark)!);
    },
    undo: () => history.undo(),
    redo: () => history.redo(),
    ends: () => [...marks.values()].map(({ points }) => points[1]).sort(),
  };
}

describe('undo and redo', () => {
  test('every change goes back and forth, under whatever name the mark has then', () => {
    const { draw, move, erase, undo, redo, ends } = table();
    const first = draw([1, 1]);
    draw([2, 2]);
    move(first, [3, 3]);
    erase(first);
    const seen = [ends()];
    while (undo()) seen.push(ends());
    expect(seen.at(-1)).toEqual([]);
    expect(seen).toHaveLength(5);
    while (redo()) expect(seen).toContainEqual(ends());
    expect(ends()).toEqual([[2, 2]]);
    expect(undo()).toBe(true);
    expect(ends()).toContainEqual([3, 3]);
  });

  test('a new change ends what could be done again', () => {
    const { draw, undo, redo } = table();
    draw([1, 1]);
    undo();
    draw([2, 2]);
    expect(redo()).toBe(false);
  });

  test('what somebody else has erased is passed over', () => {
    const { marks, draw, undo, ends } = table();
    draw([1, 1]);
    marks.delete(draw([2, 2]));
    expect(undo()).toBe(true);
    expect(ends()).toEqual([]);
  });

  test('a mark on its way to the server is waited for', () => {
    const { marks, draw, undo } = table();
    const mark = draw([1, 1]);
    marks.set(mark, { ...marks.get(mark)!, delivery: 'local' });
    expect(undo()).toBe(false);
    marks.set(mark, { ...marks.get(mark)!, delivery: 'delivered' });
    expect(undo()).toBe(true);
  });
});
