import { describe, expect, test } from 'vitest';
import type { Payload } from '../../src/viewer/frames';
import { ImageStream, inFull, TicketRefused, type Socket, type StreamOptions } from '../../src/viewer/source';

/** The far end of a stream, in the hands of a test. */
class Line {
  readonly sockets: FakeSocket[] = [];
  readonly states: string[] = [];
  readonly frames: { series: string; index: number; payload: Payload }[] = [];
  readonly timers: (() => void)[] = [];
  held: { preview: [number, number][]; lossless: [number, number][] } = { preview: [], lossless: [] };
  refuse: Error | null = null;
  readonly stream: ImageStream;

  constructor() {
    const options: StreamOptions = {
      series: () => undefined,
      frame: (series, index, payload) => this.frames.push({ series, index, payload }),
      failed: () => undefined,
      state: (state) => this.states.push(state),
      have: () => this.held,
      address: () => (this.refuse === null ? Promise.resolve('ws://here/sockets/images') : Promise.reject(this.refuse)),
      link: () => 'normal',
      open: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      later: (run) => this.timers.push(run),
    };
    this.stream = new ImageStream(options);
  }

  async connected(): Promise<FakeSocket> {
    await Promise.resolve();
    await Promise.resolve();
    const socket = this.sockets.at(-1)!;
    socket.onopen?.(new Event('open'));
    return socket;
  }

  run(): void {
    for (const timer of this.timers.splice(0)) timer();
  }
}

class FakeSocket implements Socket {
  binaryType = '';
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  readonly sent: { type: string; [key: string]: unknown }[] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data) as { type: string });
  }

  close(): void {
    this.onclose?.({ code: 1000, reason: '' } as CloseEvent);
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
  }

  brings(kind: number, flags: number, handle: number, index: number, payload: number[]): void {
    const data = new Uint8Array(12 + payload.length);
    const view = new DataView(data.buffer);
    view.setUint8(0, kind);
    view.setUint8(1, flags);
    view.setUint16(2, handle, true);
    view.setUint32(4, index, true);
    view.setUint32(8, payload.length, true);
    data.set(payload, 12);
    this.onmessage?.({ data: data.buffer } as MessageEvent);
  }
}

describe('the image stream', () => {
  test('asks for what is looked at as soon as it is connected', async () => {
    const line = new Line();
    line.stream.open();
    line.stream.show('1.2', 7);
    const socket = await line.connected();
    expect(socket.sent).toEqual([{ type: 'show', series: '1.2', index: 7, link: 'normal' }]);
  });

  test('many scrolls before the next turn are one message with the last place', async () => {
    const line = new Line();
    line.stream.open();
    const socket = await line.connected();
    for (const index of [1, 2, 3]) line.stream.show('1.2', index);
    line.run();
    expect(socket.sent).toEqual([{ type: 'show', series: '1.2', index: 3, link: 'normal' }]);
  });

  test('gives credit for payload bytes and tells pictures that are not lossless', async () => {
    const line = new Line();
    line.stream.open();
    line.stream.show('1.2', 0);
    const socket = await line.connected();
    socket.says({ type: 'series', series: '1.2', handle: 5, frames: [] });
    socket.brings(2, 1, 5, 3, [9, 8, 7]);
    expect(line.frames).toHaveLength(1);
    expect(line.frames[0]).toMatchObject({ series: '1.2', index: 3, payload: { kind: 2, flaw: 'reduced' } });
    expect([...line.frames[0]!.payload.bytes]).toEqual([9, 8, 7]);
    expect(socket.sent.at(-1)).toEqual({ type: 'credit', bytes: 3 });
    for (const flags of [0, 2, 4]) socket.brings(2, flags, 5, 3, [9]);
    expect(line.frames.slice(1).map(({ payload }) => payload.flaw)).toEqual([null, 'damaged', 'lossy']);
  });

  test('after a loss it says what it holds, so that nothing comes twice', async () => {
    const line = new Line();
    line.stream.open();
    line.stream.show('1.2', 4);
    const first = await line.connected();
    line.held = { preview: [[0, 9]], lossless: [[3, 5]] };
    first.onclose?.({ code: 1006, reason: '' } as CloseEvent);
    expect(line.states.at(-1)).toBe('waiting');
    line.run();
    const second = await line.connected();
    expect(second).not.toBe(first);
    expect(second.sent).toEqual([{ type: 'show', series: '1.2', index: 4, link: 'normal', held: line.held }]);
  });

  test('what may be looked at next is asked for once, marked as such, and again only if it has not come', async () => {
    const line = new Line();
    line.stream.show('1.2', 4);
    line.stream.foresee('1.2', 0);
    line.stream.foresee('1.3', 7);
    line.stream.foresee('1.3', 8);
    line.stream.open();
    const first = await line.connected();
    const ahead = { type: 'show', series: '1.3', index: 7, link: 'normal', ahead: true };
    const shown = { type: 'show', series: '1.2', index: 4, link: 'normal' };
    expect(first.sent).toEqual([ahead, shown]);
    first.onclose?.({ code: 1006, reason: '' } as CloseEvent);
    line.run();
    expect((await line.connected()).sent).toEqual([ahead, shown]);
  });

  test.each([4003, 4004, 4011, 4001])('does not come back after close code %i', async (code) => {
    const line = new Line();
    line.stream.open();
    const socket = await line.connected();
    line.run();
    socket.onclose?.({ code, reason: 'Your right was taken back.' } as CloseEvent);
    line.run();
    expect(line.states.at(-1)).toBe('ended');
    expect(line.sockets).toHaveLength(1);
  });

  test('does not come back when the ticket is refused', async () => {
    const line = new Line();
    line.refuse = new TicketRefused(403);
    line.stream.open();
    await Promise.resolve();
    await Promise.resolve();
    expect(line.states.at(-1)).toBe('ended');
    expect(line.timers).toHaveLength(0);
  });

  test('a dropped series is not asked for again', async () => {
    const line = new Line();
    line.stream.open();
    line.stream.show('1.2', 0);
    line.stream.show('3.4', 0);
    const socket = await line.connected();
    line.stream.drop('1.2');
    expect(socket.sent.at(-1)).toEqual({ type: 'drop', series: '1.2' });
    socket.onclose?.({ code: 1006, reason: '' } as CloseEvent);
    line.run();
    const second = await line.connected();
    expect(second.sent.map(({ series }) => series)).toEqual(['3.4']);
  });
});

test('what is said once of all frames, or in a list of each, holds for each', () => {
  const common = { sop_instance_uid: '1.2.', frame: 1, rows: 4, columns: 5 };
  const each = {
    sop_instance_uid: ['7', '8'],
    position: [
      [0, 0, 1],
      [0, 0, 2],
    ],
  };
  const full = [
    { sop_instance_uid: '1.2.7', frame: 1, rows: 4, columns: 5, position: [0, 0, 1] },
    { sop_instance_uid: '1.2.8', frame: 1, rows: 4, columns: 5, position: [0, 0, 2] },
  ];
  const said = (frames: readonly object[]) =>
    inFull({ type: 'series', series: '1', common, each, frames } as unknown as Parameters<typeof inFull>[0]).frames;
  expect(said([])).toEqual(full);
  expect(said([{}, { aspect: 2 }])).toEqual([full[0], { ...full[1], aspect: 2 }]);
});
