import { describe, expect, it } from 'vitest';
import { explain } from '../src/media/devices';
import { judged, Line, ThinLine } from '../src/media/quality';

const at = (received: number, lost: number, roundTrip: number | null = 0.02) => ({ received, lost, roundTrip });

describe('the line', () => {
  it('is judged by loss and delay between two moments', () => {
    expect(judged(at(0, 0), at(500, 0))).toBe('good');
    expect(judged(at(500, 0), at(950, 50))).toBe('fair');
    expect(judged(at(0, 0), at(85, 15))).toBe('fair');
    expect(judged(at(0, 0), at(75, 25))).toBe('poor');
    expect(judged(at(0, 0), at(500, 0, 0.5))).toBe('fair');
    expect(judged(at(0, 0), at(500, 0, 1))).toBe('poor');
  });

  it('is not judged by a handful of packets', () => {
    expect(judged(at(0, 0), at(5, 5, null))).toBe('good');
  });

  it('is judged over four seconds, so that one bad second is not the line', () => {
    const line = new Line();
    const readings = [
      at(0, 0),
      at(30, 0),
      at(60, 0),
      at(80, 10),
      at(110, 10),
      at(130, 20),
      at(150, 30),
      at(170, 40),
      at(190, 50),
    ];
    expect(readings.map((one) => line.reads(one))).toEqual([
      'good',
      'good',
      'good',
      'fair',
      'fair',
      'fair',
      'poor',
      'poor',
      'poor',
    ]);
  });

  it('is too thin for pictures after four poor readings in a row', () => {
    const line = new ThinLine();
    const readings = (['poor', 'poor', 'poor', 'fair', 'poor', 'poor', 'poor', 'poor'] as const).map((one) =>
      line.reads(one),
    );
    expect(readings).toEqual([false, false, false, false, false, false, false, true]);
  });
});

describe('a device that cannot be had', () => {
  const failed = (name: string) => Object.assign(new Error(name), { name });

  it.each([
    ['NotAllowedError', 'Allow it beside the address'],
    ['NotFoundError', 'No microphone was found'],
    ['NotReadableError', 'is busy'],
    ['InsecureContextError', 'HTTPS'],
    ['Other', 'could not be started'],
  ])('is explained: %s', (name, words) => {
    expect(explain(failed(name), 'microphone')).toContain(words);
  });

  it('is explained for a screen that was not chosen', () => {
    expect(explain(failed('NotAllowedError'), 'screen')).toContain('Nothing is shared');
  });
});
