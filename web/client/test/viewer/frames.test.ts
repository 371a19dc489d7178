import { describe, expect, test } from 'vitest';
import { Frames, HTJ2K, PREVIEW, ranges } from '../../src/viewer/frames';
import { BADGES } from '../../src/viewer/facts';
import { fidelityOf, hasValues, type DecodeJob, type Decoded } from '../../src/viewer/picture';
import type { Flaw, SeriesFacts } from '../../src/viewer/types';

type Order = Omit<DecodeJob, 'id'>;
type Success = Exclude<Decoded, { failed: string }>;

/** A decoder whose answers the test gives when it likes. */
class Bench {
  readonly orders: { order: Order; resolve: (decoded: Success) => void; reject: (reason: Error) => void }[] = [];

  decode(order: Order): Promise<Success> {
    return new Promise((resolve, reject) => this.orders.push({ order, resolve, reject }));
  }

  async finish(at: number): Promise<void> {
    const patterns = new Uint16Array(4);
    this.orders[at]!.resolve({ id: 0, width: 2, height: 2, patterns, scale: 1, offset: 0, rescaled: false });
    await new Promise((done) => setImmediate(done));
  }
}

function series(count: number): SeriesFacts {
  const frame = { sop_instance_uid: '1', rows: 2, columns: 2, position: null, spacing_source: null };
  const frames = Array.from({ length: count }, (_, at) => ({
    ...frame,
    frame: at + 1,
    row_spacing_mm: null,
    column_spacing_mm: null,
  }));
  const pixels = { bits_stored: 12, signed: false, slope: 1, intercept: 0, inverted: false, colour: false };
  const words = { modality: 'MR', description: '', photometric: 'MONOCHROME2' };
  const rest = { window: { centre: 50, width: 100 }, presets: [], orientation: null, frame_of_reference: null };
  return { series: '1.2', handle: 0, frames, ...pixels, ...words, ...rest };
}

const payload = (kind: number, flaw: Flaw | null = null) => ({ kind, flaw, bytes: new Uint8Array([1, 2, 3]) });

function opened(count = 3) {
  const bench = new Bench();
  const changed: number[] = [];
  const frames = new Frames({ decoder: bench, changed: (_, index) => changed.push(index) });
  frames.open(series(count));
  return { bench, changed, frames };
}

describe('what has arrived', () => {
  test('a preview is shown until the lossless picture is there, and never again after', async () => {
    const { bench, frames } = opened();
    frames.put('1.2', 0, payload(PREVIEW));
    frames.put('1.2', 0, payload(HTJ2K));
    expect(bench.orders.map(({ order }) => order.form)).toEqual(['webp', 'htj2k']);
    await bench.finish(1);
    expect(frames.look('1.2', 0)?.fidelity).toBe('lossless');
    await bench.finish(0);
    expect(frames.look('1.2', 0)?.fidelity).toBe('lossless');
  });

  test('a frame that cannot be decoded says why', async () => {
    const { bench, frames } = opened();
    frames.put('1.2', 1, payload(HTJ2K));
    bench.orders[0]!.reject(new Error('The codestream ends early.'));
    await new Promise((done) => setImmediate(done));
    expect(frames.failure('1.2', 1)).toBe('The codestream ends early.');
    expect(frames.failure('1.2', 0)).toBeNull();
  });

  test('what is held is kept when the series is announced again', async () => {
    const { bench, frames } = opened();
    frames.put('1.2', 2, payload(HTJ2K));
    await bench.finish(0);
    frames.open(series(3));
    expect(frames.look('1.2', 2)?.fidelity).toBe('lossless');
    expect(frames.have('1.2')).toEqual({ preview: [[2, 2]], lossless: [[2, 2]] });
  });

  test('a picture that was decoded as far as it goes is called damaged, and has no values', async () => {
    const { bench, frames } = opened();
    frames.put('1.2', 0, payload(HTJ2K, 'damaged'));
    await bench.finish(0);
    const shown = fidelityOf(frames.look('1.2', 0)!, { lossy: true });
    expect([shown, BADGES[shown], hasValues(shown)]).toEqual(['damaged', 'Damaged: decoded as far as it goes', false]);
    expect(fidelityOf(frames.look('1.2', 0)!, null)).toBe('damaged');
  });

  test('progress counts any picture and lossless ones', () => {
    const { frames } = opened(4);
    frames.put('1.2', 0, payload(PREVIEW));
    frames.put('1.2', 1, payload(HTJ2K));
    expect(frames.counted('1.2')).toEqual({ total: 4, seen: 2, lossless: 1, failed: 0 });
    frames.fail('1.2', 1, 'The codestream ends early.');
    frames.fail('1.2', 3, 'The codestream ends early.');
    expect(frames.counted('1.2')).toEqual({ total: 4, seen: 1, lossless: 0, failed: 2 });
  });
});

test('decoded pictures far from the current one are let go, their payloads stay', async () => {
  const bench = new Bench();
  const frames = new Frames({ decoder: bench, changed: () => undefined, budget: 8 * 50 });
  frames.open(series(200));
  for (let index = 0; index < 200; index++) frames.put('1.2', index, payload(HTJ2K));
  for (let at = 0; at < bench.orders.length; at++) await bench.finish(at);
  frames.look('1.2', 199);
  for (let at = 0; at < bench.orders.length; at++) await bench.finish(at);
  expect(frames.look('1.2', 199)).not.toBeNull();
  expect(frames.counted('1.2').lossless).toBe(200);
});

test('images of one series need not be alike: each frame has its own window, inversion and kind', async () => {
  const { bench, frames } = opened(2);
  const own = { window: { centre: 7, width: 9 }, inverted: true, colour: true };
  const facts = series(2);
  frames.open({ ...facts, frames: [facts.frames[0]!, { ...facts.frames[1]!, ...own }] });
  expect(frames.facts('1.2', 0)).toMatchObject({ window: { centre: 50 }, inverted: false, colour: false });
  expect(frames.facts('1.2', 1)).toMatchObject(own);
  expect(frames.facts('1.2')).toMatchObject({ window: { centre: 50 } });
  frames.put('1.2', 1, payload(PREVIEW));
  expect(bench.orders[0]!.order.colour).toBe(true);
  await bench.finish(0);
});

test('ranges are inclusive and joined', () => {
  expect(ranges([true, true, false, true])).toEqual([[0, 1], [3, 3]]); // prettier-ignore
  expect(ranges([])).toEqual([]);
});
