/** The voxels of one series: gathers its slices as they arrive and has them cut by a worker. */
import type { GreyPicture, Picture } from './picture';
import type { Flaw } from './types';
import type { Cut, Slab, Volume } from './volume';
import type { VolumeAnswer, VolumeOrder } from './volume.worker';

/** Slices decoded at a time: a volume must not crowd out what somebody looks at. */
const AT_ONCE = 2;
/** A volume that grows is drawn anew about this many times. */
const REDRAWS = 16;

export interface VoxelsOptions {
  /** The lossless picture of a frame; null while it has not arrived. */
  readonly lossless: (index: number) => Promise<Picture> | null;
  /** More of the volume is here, or it is known that it cannot be made. */
  readonly grown: () => void;
  readonly worker?: () => Worker;
}

export class Voxels {
  /** Slices that are here. */
  loaded = 0;
  failed: string | null = null;
  /** Of a slice that is not what was once measured: a cut is no better than that. */
  flaw: Flaw | null = null;
  private readonly worker: Worker;
  private readonly queue: number[] = [];
  private readonly taken = new Set<number>();
  private running = 0;
  private next = 1;
  private readonly waiting = new Map<number, (patterns: Uint16Array<ArrayBuffer>) => void>();

  constructor(
    readonly volume: Volume,
    private readonly options: VoxelsOptions,
  ) {
    this.worker = (options.worker ?? started)();
    this.worker.onmessage = (event: MessageEvent<VolumeAnswer>) => this.answered(event.data);
    this.worker.onerror = () => this.fail('The volume could not be made: the browser has not enough memory.');
    this.order({ do: 'open', shape: { size: volume.size, signed: volume.signed } });
    for (const index of volume.order) this.fed(index);
  }

  get complete(): boolean {
    return this.loaded === this.volume.order.length;
  }

  /** Something of a frame has arrived. */
  fed(index: number): void {
    if (this.taken.has(index) || this.queue.includes(index)) return;
    this.queue.push(index);
    this.pump();
  }

  /** A cut as 16-bit patterns. */
  cut(cut: Cut, index: number, slab: Slab): Promise<Uint16Array<ArrayBuffer>> {
    const id = this.next++;
    this.order({ do: 'cut', id, cut, index, slab });
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  close(): void {
    this.queue.length = 0;
    this.failed ??= '';
    this.worker.terminate();
  }

  private pump(): void {
    while (this.running < AT_ONCE && this.failed === null) {
      const index = this.queue.shift();
      if (index === undefined) return;
      const coming = this.options.lossless(index);
      if (coming === null) continue;
      this.taken.add(index);
      this.running++;
      void this.take(index, coming);
    }
  }

  private async take(index: number, coming: Promise<Picture>): Promise<void> {
    try {
      const picture = await coming;
      if (this.failed === null) this.place(index, picture);
    } catch {
      this.fail('A slice of the stack could not be decoded.');
    }
    this.running--;
    this.pump();
  }

  private place(index: number, picture: Picture): void {
    const [columns, rows] = this.volume.size;
    if (!isStored(picture) || picture.patterns.length !== columns * rows) {
      this.fail('Its samples are not here as they are stored.');
      return;
    }
    const patterns = picture.patterns.slice();
    this.order({ do: 'slice', slice: this.volume.order.indexOf(index), patterns }, [patterns.buffer]);
    this.loaded++;
    if (this.flaw !== 'damaged') this.flaw = picture.flaw ?? this.flaw;
    const every = Math.ceil(this.volume.order.length / REDRAWS);
    if (this.complete || this.loaded % every === 0) this.options.grown();
  }

  private answered({ id, patterns }: VolumeAnswer): void {
    this.waiting.get(id)?.(patterns);
    this.waiting.delete(id);
  }

  private fail(reason: string): void {
    if (this.failed !== null) return;
    this.failed = reason;
    this.options.grown();
  }

  private order(order: VolumeOrder, transfer: Transferable[] = []): void {
    this.worker.postMessage(order, transfer);
  }
}

function isStored(picture: Picture): picture is GreyPicture {
  return picture.kind === 'grey' && picture.stored;
}

function started(): Worker {
  return new Worker(new URL('./volume.worker.ts', import.meta.url), { type: 'module' });
}
