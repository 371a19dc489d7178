/** What has arrived of each series: payloads as they came, and the decoded pictures nearest to what is looked at. */
import type { Decoder } from './decoder';
import { picture, type DecodeJob, type Picture } from './picture';
import type { Counted, PictureSource } from './pictures';
import type { Flaw, FrameFacts, SeriesFacts } from './types';

/** Payload kinds of the image stream. */
export const PREVIEW = 1;
export const HTJ2K = 2;
export const RAW = 3;

/** Decoded pictures further than this from the current one are let go first. */
const DECODED_BUDGET_BYTES = 256 * 1024 * 1024;
const NEAR = 40;

/** What the stream brings of one frame. */
export interface Payload {
  readonly kind: number;
  /** All there is, and yet not lossless. */
  readonly flaw: Flaw | null;
  readonly bytes: Uint8Array;
}

type Tier = 'none' | 'preview' | 'lossless';

interface Held {
  preview: Payload | null;
  lossless: Payload | null;
  picture: Picture | null;
  decoding: Tier;
  failed: string | null;
}

interface Stack {
  readonly facts: SeriesFacts;
  readonly held: Held[];
  current: number;
}

export interface FramesOptions {
  readonly decoder: Pick<Decoder, 'decode'>;
  /** A better picture of a frame is ready, or it is known that there will be none. */
  readonly changed: (series: string, index: number) => void;
  /** A lossless frame has arrived. */
  readonly arrived?: (series: string, index: number) => void;
  readonly budget?: number;
}

export class Frames implements PictureSource {
  private readonly stacks = new Map<string, Stack>();
  private bytes = 0;

  constructor(private readonly options: FramesOptions) {}

  /** Begin a series; frames already held are kept when it is announced again after a reconnect. */
  open(facts: SeriesFacts): void {
    const known = this.stacks.get(facts.series);
    const same = known?.facts.frames.length === facts.frames.length;
    const held = same ? known.held : facts.frames.map(empty);
    this.stacks.set(facts.series, { facts, held, current: known?.current ?? 0 });
  }

  /** What is known of a series; with an index, as it holds for that frame. */
  facts(series: string, index?: number): SeriesFacts | null {
    const facts = this.stacks.get(series)?.facts ?? null;
    const frame = index === undefined ? undefined : facts?.frames[index];
    return facts === null || frame === undefined ? facts : factsOf(facts, frame);
  }

  frame(series: string, index: number): FrameFacts | null {
    return this.stacks.get(series)?.facts.frames[index] ?? null;
  }

  /** The best picture that is decoded; asks for a better one if there is more than that. */
  look(series: string, index: number): Picture | null {
    const stack = this.stacks.get(series);
    if (stack === undefined) return null;
    stack.current = index;
    for (const at of around(index, stack.held.length)) this.decode(stack, at);
    return stack.held[index]?.picture ?? null;
  }

  /** Why a frame cannot be shown; null when it can or may yet. */
  failure(series: string, index: number): string | null {
    const held = this.stacks.get(series)?.held[index];
    return held?.picture === null ? held.failed : null;
  }

  /** Keep what the stream brought. */
  put(series: string, index: number, payload: Payload): void {
    const stack = this.stacks.get(series);
    const held = stack?.held[index];
    if (stack === undefined || held === undefined) return;
    if (payload.kind === PREVIEW) held.preview = payload;
    else held.lossless = payload;
    this.decode(stack, index);
    if (payload.kind !== PREVIEW) this.options.arrived?.(series, index);
  }

  arrived(series: string, index: number): boolean {
    const held = this.stacks.get(series)?.held[index];
    return held !== undefined && (held.preview ?? held.lossless) !== null;
  }

  pending(series: string, index: number): boolean {
    const held = this.stacks.get(series)?.held[index];
    return held?.picture === null && held.failed === null && (held.preview ?? held.lossless) !== null;
  }

  /** The stored values of a frame, decoded once more if need be and not kept; null while they have not arrived. */
  lossless(series: string, index: number): Promise<Picture> | null {
    const stack = this.stacks.get(series);
    const [held, frame] = [stack?.held[index], stack?.facts.frames[index]];
    if (stack === undefined || held === undefined || frame === undefined || held.lossless === null) return null;
    if (held.picture?.fidelity === 'lossless') return Promise.resolve(held.picture);
    const { lossless } = held;
    const facts = factsOf(stack.facts, frame);
    return this.options.decoder
      .decode(order(facts, frame, lossless), () => NEAR)
      .then((decoded) => picture(decoded, facts, frame, 'lossless', lossless.flaw));
  }

  fail(series: string, index: number | null, reason: string): void {
    const stack = this.stacks.get(series);
    stack?.held.forEach((held, at) => {
      if (index !== null && index !== at) return;
      held.failed = reason;
      this.options.changed(series, at);
    });
  }

  /** How much has arrived, as indexes; for a server that can skip what is here. */
  have(series: string): { preview: [number, number][]; lossless: [number, number][] } {
    const held = this.stacks.get(series)?.held ?? [];
    return {
      preview: ranges(held.map(({ preview, lossless }) => preview !== null || lossless !== null)),
      lossless: ranges(held.map(({ lossless }) => lossless !== null)),
    };
  }

  /** Frames that have arrived: with any picture, and without loss; and those that cannot be shown. */
  counted(series: string): Counted {
    const all = this.stacks.get(series)?.held ?? [];
    const good = all.filter(({ failed }) => failed === null);
    return {
      total: all.length,
      seen: good.filter(({ preview, lossless }) => preview !== null || lossless !== null).length,
      lossless: good.filter(({ lossless }) => lossless !== null).length,
      failed: all.length - good.length,
    };
  }

  close(series: string): void {
    for (const held of this.stacks.get(series)?.held ?? []) this.bytes -= held.picture?.bytes ?? 0;
    this.stacks.delete(series);
  }

  private decode(stack: Stack, index: number): void {
    const held = stack.held[index];
    const frame = stack.facts.frames[index];
    if (held === undefined || frame === undefined) return;
    const want = held.lossless !== null ? 'lossless' : held.preview !== null ? 'preview' : 'none';
    const has = better(held.picture?.fidelity ?? 'none', held.decoding);
    if (want === 'none' || RANK[want] <= RANK[has] || !this.affordable(stack, index)) return;
    held.decoding = want;
    void this.run(stack, index, frame, held, want);
  }

  private async run(stack: Stack, index: number, frame: FrameFacts, held: Held, tier: 'preview' | 'lossless') {
    const source = tier === 'lossless' ? held.lossless! : held.preview!;
    const facts = factsOf(stack.facts, frame);
    try {
      const decoded = await this.options.decoder.decode(order(facts, frame, source), () =>
        Math.abs(index - stack.current),
      );
      if (tier === 'preview' && held.picture?.fidelity === 'lossless') return;
      this.bytes -= held.picture?.bytes ?? 0;
      held.picture = picture(decoded, facts, frame, tier, source.flaw);
      this.bytes += held.picture.bytes;
      held.failed = null;
    } catch (error) {
      held.failed = error instanceof Error ? error.message : 'The picture could not be decoded.';
    }
    this.options.changed(stack.facts.series, index);
    this.shrink();
  }

  private affordable(stack: Stack, index: number): boolean {
    return Math.abs(index - stack.current) <= NEAR || this.bytes < this.budget;
  }

  private get budget(): number {
    return this.options.budget ?? DECODED_BUDGET_BYTES;
  }

  /** Let go of the pictures furthest from what is looked at; their payloads stay. */
  private shrink(): void {
    if (this.bytes <= this.budget) return;
    const all = [...this.stacks.values()].flatMap((stack) =>
      stack.held.map((held, index) => ({ held, far: Math.abs(index - stack.current) })),
    );
    all.sort((a, b) => b.far - a.far);
    for (const { held, far } of all) {
      if (this.bytes <= this.budget || far <= NEAR) return;
      this.bytes -= held.picture?.bytes ?? 0;
      held.picture = null;
      held.decoding = 'none';
    }
  }
}

const FORMS: Readonly<Record<number, 'webp' | 'htj2k' | 'raw' | undefined>> = { [PREVIEW]: 'webp', [HTJ2K]: 'htj2k' };
const RANK: Readonly<Record<Tier, number>> = { none: 0, preview: 1, lossless: 2 };

const merged = new WeakMap<FrameFacts, SeriesFacts>();

/** The facts of a series as they hold for one frame of it: images of one series need not be alike. */
export function factsOf(series: SeriesFacts, frame: FrameFacts): SeriesFacts {
  const known = merged.get(frame);
  if (known !== undefined && known.frames === series.frames) return known;
  const { photometric, bits_stored, signed, sample, colour, lossy, window, presets, padding, inverted } = frame;
  const own = { photometric, bits_stored, signed, sample, colour, lossy, window, presets, padding, inverted };
  const said = Object.entries(own).filter(([, value]) => value !== undefined);
  const facts = said.length === 0 ? series : { ...series, ...(Object.fromEntries(said) as Partial<SeriesFacts>) };
  merged.set(frame, facts);
  return facts;
}

function order(facts: SeriesFacts, frame: FrameFacts, source: Payload): Omit<DecodeJob, 'id'> {
  return {
    form: FORMS[source.kind] ?? 'raw',
    payload: source.bytes.slice().buffer,
    colour: facts.colour,
    columns: frame.columns,
    rows: frame.rows,
    sample: facts.sample ?? `${facts.signed ? 'i' : 'u'}${facts.bits_stored <= 8 ? 8 : 16}`,
  };
}

function empty(): Held {
  return { preview: null, lossless: null, picture: null, decoding: 'none', failed: null };
}

function better(a: Tier, b: Tier): Tier {
  return RANK[a] >= RANK[b] ? a : b;
}

/** An index and its neighbours, nearest first. */
function around(index: number, length: number): number[] {
  const offsets = [0, 1, -1, 2, -2, 3, -3];
  return offsets.map((offset) => index + offset).filter((at) => at >= 0 && at < length);
}

/** Inclusive ranges of the places that are true. */
export function ranges(flags: readonly boolean[]): [number, number][] {
  const found: [number, number][] = [];
  flags.forEach((flag, at) => {
    if (!flag) return;
    const last = found.at(-1);
    if (last?.[1] === at - 1) last[1] = at;
    else found.push([at, at]);
  });
  return found;
}
