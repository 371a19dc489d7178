import { describe, expect, it } from 'vitest';
import { Drawing, fitted, moved, spanned, stretched } from '../src/blackout/boxes';

const BOX = { left: 10, top: 20, width: 30, height: 5 };

describe('boxes', () => {
  it('cover whole pixels, all that was touched, and stay on the picture', () => {
    expect(fitted({ left: 1.6, top: 2.2, width: 3, height: 0.1 }, 100, 50)).toEqual({
      left: 1,
      top: 2,
      width: 4,
      height: 1,
    });
    expect(fitted({ left: -5, top: 45, width: 500, height: 500 }, 100, 50)).toEqual({
      left: 0,
      top: 45,
      width: 100,
      height: 5,
    });
    expect(fitted({ left: 400, top: 400, width: 5, height: 5 }, 100, 50)).toEqual({
      left: 99,
      top: 49,
      width: 1,
      height: 1,
    });
  });

  it('span two corners in any order', () => {
    expect(spanned([9, 8], [3, 10])).toEqual({ left: 3, top: 8, width: 6, height: 2 });
  });

  it('move without changing size, and are stretched without leaving the picture', () => {
    expect(moved(BOX, 500, -500, 100, 50)).toEqual({ ...BOX, left: 70, top: 0 });
    expect(stretched(BOX, 500, -500, 100, 50)).toEqual({ ...BOX, width: 90, height: 1 });
  });
});

describe('a drawing', () => {
  it('goes back and forward, step by step', () => {
    const drawing = new Drawing(100, 50);
    drawing.add(BOX);
    drawing.add(BOX, BOX);
    drawing.remove(0);
    expect(drawing.boxes.length).toBe(2);
    drawing.undo();
    drawing.undo();
    expect(drawing.json()).toBe('[[10,20,30,5]]');
    drawing.redo();
    expect(drawing.boxes.length).toBe(3);
    drawing.clear();
    expect(drawing.redoable).toBe(false);
    drawing.undo();
    expect(drawing.boxes.length).toBe(3);
  });

  it('takes no more boxes than the server does', () => {
    const drawing = new Drawing(100, 50);
    expect(drawing.add(...Array<typeof BOX>(200).fill(BOX))).toBe(true);
    expect(drawing.add(BOX)).toBe(false);
    expect(drawing.boxes.length).toBe(200);
  });
});
