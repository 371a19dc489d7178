/** The image stream: one WebSocket that brings previews and lossless frames, re-centred at every scroll. */
import type { Payload } from './frames';
import type { Flaw, FrameFacts, SeriesFacts } from './types';

const HEADER_BYTES = 12;
/** By the flags of a message: why the picture must not be called lossless. */
const FLAWS: Readonly<Record<number, Flaw>> = { 1: 'reduced', 2: 'damaged', 4: 'lossy' };
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;
const NOTHING = { preview: [], lossless: [] };
/** Close codes after which trying again cannot help. */
const FINAL = new Set([4001, 4003, 4004, 4011]);

/** What a WebSocket must do for the stream. */
export interface Socket {
  binaryType: string;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string): void;
  close(): void;
}

export type StreamState = 'idle' | 'connecting' | 'live' | 'waiting' | 'ended';

export interface StreamOptions {
  readonly series: (facts: SeriesFacts) => void;
  readonly frame: (series: string, index: number, payload: Payload) => void;
  readonly failed: (series: string, index: number | null, reason: string) => void;
  readonly state: (state: StreamState, reason: string) => void;
  /** What is held of a series; sent after a reconnect so that nothing comes twice. */
  readonly have: (series: string) => { preview: [number, number][]; lossless: [number, number][] };
  /** A fresh single-use address. */
  readonly address: () => Promise<string>;
  readonly link: () => 'thin' | 'normal';
  /** This browser cannot decode HTJ2K: lossless pictures come as raw samples. */
  readonly raw?: boolean;
  readonly open?: (address: string) => Socket;
  readonly later?: (run: () => void, milliseconds: number) => void;
}

export class ImageStream {
  private socket: Socket | null = null;
  private ready = false;
  private connecting = false;
  private attempt = 0;
  private closed = false;
  /** Series this connection was asked for. */
  private readonly asked = new Set<string>();
  /** Series that may be looked at next, and the frame each would open at. */
  private readonly foreseen = new Map<string, number>();
  /** Series wanted and where each is looked at; the last one shown comes last. */
  private readonly wanted = new Map<string, number>();
  private readonly handles = new Map<number, string>();
  private readonly unsent = new Set<string>();

  constructor(private readonly options: StreamOptions) {}

  /** Connect before anything is asked for, while the list of studies is still on its way. */
  open(): void {
    if (this.socket === null && !this.closed) void this.connect();
  }

  /** Look at a frame: it and its neighbours come next. */
  show(series: string, index: number): void {
    if (this.wanted.get(series) === index && [...this.wanted.keys()].at(-1) === series) return;
    this.wanted.delete(series);
    this.wanted.set(series, index);
    this.ask(series);
  }

  private ask(series: string): void {
    if (this.unsent.size === 0) this.defer(() => this.flush(), 0);
    this.unsent.add(series);
  }

  /** A frame that may be looked at next: it comes when nothing that is looked at waits for the line. */
  foresee(series: string, index: number): void {
    if (this.wanted.has(series) || this.foreseen.has(series)) return;
    this.foreseen.set(series, index);
    this.ask(series);
  }

  /** No longer want a series. */
  drop(series: string): void {
    if (this.wanted.delete(series)) this.send({ type: 'drop', series });
  }

  close(): void {
    this.closed = true;
    this.socket?.close();
    this.options.state('ended', '');
  }

  private async connect(): Promise<void> {
    if (this.connecting) return;
    this.connecting = true;
    this.options.state('connecting', '');
    const open = this.options.open ?? ((address: string) => new WebSocket(address));
    try {
      const address = await this.options.address();
      if (this.closed) return;
      const socket = open(address);
      this.socket = socket;
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => this.opened();
      socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.received(event.data);
      socket.onclose = (event) => this.lost(event.code, event.reason);
    } catch (error) {
      const denied = error instanceof TicketRefused && error.status < 500 && error.status !== 429;
      this.lost(denied ? 4003 : 1006, error instanceof Error ? error.message : '');
    } finally {
      this.connecting = false;
    }
  }

  private opened(): void {
    this.ready = true;
    this.options.state('live', '');
    for (const series of [...this.wanted.keys(), ...this.foreseen.keys()]) this.unsent.add(series);
    this.flush();
  }

  private lost(code: number, reason: string): void {
    this.socket = null;
    this.ready = false;
    this.asked.clear();
    this.handles.clear();
    if (this.closed) return;
    if (FINAL.has(code)) {
      this.closed = true;
      this.options.state('ended', reason === '' ? 'The image connection was closed by the server.' : reason);
      return;
    }
    this.options.state('waiting', 'The image connection was lost; trying again.');
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.attempt++) * (0.75 + Math.random() / 2);
    this.defer(() => {
      if (!this.closed) void this.connect();
    }, delay);
  }

  /** Tell the server where each changed series is looked at; the most recent one last, so that it wins. */
  private flush(): void {
    if (!this.ready) return;
    const raw = this.options.raw === true ? { raw: true } : {};
    for (const [series, index] of this.foreseen) {
      if (!this.unsent.has(series) || this.wanted.has(series) || this.options.have(series).preview.length > 0) continue;
      this.send({ type: 'show', series, index, link: this.options.link(), ahead: true, ...raw });
    }
    for (const [series, index] of this.wanted) {
      if (!this.unsent.has(series)) continue;
      const have = this.asked.has(series) ? NOTHING : this.options.have(series);
      const held = have.preview.length + have.lossless.length > 0 ? { held: have } : {};
      this.send({ type: 'show', series, index, link: this.options.link(), ...held, ...raw });
      this.asked.add(series);
    }
    this.unsent.clear();
  }

  private received(data: string | ArrayBuffer): void {
    this.attempt = 0;
    if (typeof data === 'string') this.told(JSON.parse(data) as ServerText);
    else this.brought(data);
  }

  private told(message: ServerText): void {
    if (message.type === 'series') {
      this.handles.set(message.handle, message.series);
      this.options.series(inFull(message));
    } else if (message.type === 'failed') {
      this.options.failed(message.series, message.index, message.reason);
    }
  }

  private brought(data: ArrayBuffer): void {
    const view = new DataView(data);
    const [kind, handle, index] = [view.getUint8(0), view.getUint16(2, true), view.getUint32(4, true)];
    const length = view.getUint32(8, true);
    const series = this.handles.get(handle);
    const flaw = FLAWS[view.getUint8(1)] ?? null;
    const payload = { kind, flaw, bytes: new Uint8Array(data, HEADER_BYTES, length) };
    if (series !== undefined) this.options.frame(series, index, payload);
    this.send({ type: 'credit', bytes: length });
  }

  private send(message: object): void {
    if (this.ready) this.socket?.send(JSON.stringify(message));
  }

  private defer(run: () => void, milliseconds: number): void {
    (this.options.later ?? setTimeout)(run, milliseconds);
  }
}

/** A series message: of a long series with what all frames have in common, the part their identities begin with too, and
 * what each has of its own, one value a frame; `frames` is then the rest, or empty. */
type SeriesText = {
  readonly type: 'series';
  readonly common?: Partial<FrameFacts>;
  readonly each?: { readonly [Key in keyof FrameFacts]?: readonly FrameFacts[Key][] };
} & SeriesFacts;

/** The message with every frame described by itself. */
export function inFull(message: SeriesText): SeriesFacts {
  const { common, each, ...facts } = message;
  if (common === undefined || each?.sop_instance_uid === undefined) return message;
  const columns = Object.entries(each);
  const frames = each.sop_instance_uid.map((identity, at) => ({
    ...common,
    ...(Object.fromEntries(columns.map(([key, values]) => [key, values[at]])) as Partial<FrameFacts>),
    ...message.frames[at],
    sop_instance_uid: (common.sop_instance_uid ?? '') + identity,
  })) as unknown as readonly FrameFacts[];
  return { ...facts, frames };
}

type ServerText =
  | SeriesText
  | { readonly type: 'complete'; readonly series: string }
  | { readonly type: 'failed'; readonly series: string; readonly index: number | null; readonly reason: string };

/** The server gives no ticket: signed out, or the case is not this person's. */
export class TicketRefused extends Error {
  constructor(readonly status: number) {
    super(status === 401 ? 'Sign in again to see the images.' : 'The images of this case are not open to you.');
  }
}

/** Asks for a single-use ticket to the images of a case and gives the address of the stream. */
export async function imageAddress(caseId: string): Promise<string> {
  const answer = await fetch('/tickets', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ for: 'images', case: caseId }),
    credentials: 'same-origin',
  });
  if (!answer.ok) throw new TicketRefused(answer.status);
  const { ticket, url } = (await answer.json()) as { ticket: string; url?: string };
  const address = new URL(url ?? `/sockets/images?ticket=${encodeURIComponent(ticket)}`, location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

interface NetworkInformation {
  readonly saveData?: boolean;
  readonly downlink?: number;
  readonly effectiveType?: string;
}

/** The class of this link, as far as the browser knows. */
export function linkClass(): 'thin' | 'normal' {
  const { connection } = navigator as Navigator & { connection?: NetworkInformation };
  if (connection === undefined) return 'normal';
  const slow = connection.effectiveType !== undefined && connection.effectiveType !== '4g';
  return connection.saveData === true || slow || (connection.downlink ?? 10) < 1.5 ? 'thin' : 'normal';
}
