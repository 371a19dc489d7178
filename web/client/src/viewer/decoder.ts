/** A few workers that decode, the most wanted payload first. */
import type { DecodeJob, Decoded } from './picture';

type Order = Omit<DecodeJob, 'id'>;
type Success = Exclude<Decoded, { failed: string }>;

interface Waiting {
  readonly order: Order;
  /** Lower is sooner; asked anew each time a worker is free, so that scrolling re-sorts what waits. */
  readonly rank: () => number;
  readonly resolve: (decoded: Success) => void;
  readonly reject: (reason: Error) => void;
}

interface Seat {
  readonly worker: Worker;
  job: Waiting | null;
}

export class Decoder {
  private readonly seats: Seat[] = [];
  private readonly waiting: Waiting[] = [];
  private next = 1;

  constructor(private readonly most = Math.max(1, Math.min(3, (navigator.hardwareConcurrency || 2) - 1))) {}

  /** Start one worker and fetch the codec while the first bytes are still on their way. */
  warm(): void {
    this.seat()?.worker.postMessage('warm');
  }

  /** The decoded samples; rejects with a sentence when the payload cannot be decoded. */
  decode(order: Order, rank: () => number): Promise<Success> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ order, rank, resolve, reject });
      this.pump();
    });
  }

  close(): void {
    for (const { worker } of this.seats) worker.terminate();
    this.seats.length = 0;
    this.waiting.length = 0;
  }

  private pump(): void {
    for (let seat = this.seat(); seat !== null && this.waiting.length > 0; seat = this.seat()) {
      const job = this.soonest();
      const id = this.next++;
      seat.job = job;
      seat.worker.postMessage({ ...job.order, id } satisfies DecodeJob, [job.order.payload]);
    }
  }

  private soonest(): Waiting {
    let best = 0;
    let least = Infinity;
    this.waiting.forEach((waiting, at) => {
      const rank = waiting.rank();
      if (rank < least) [best, least] = [at, rank];
    });
    return this.waiting.splice(best, 1)[0]!;
  }

  /** A worker with nothing to do; null when all are busy. */
  private seat(): Seat | null {
    const free = this.seats.find(({ job }) => job === null);
    if (free !== undefined) return free;
    if (this.seats.length >= this.most) return null;
    const worker = new Worker(new URL('./decode.worker.ts', import.meta.url), { type: 'module' });
    const seat: Seat = { worker, job: null };
    worker.onmessage = (event: MessageEvent<Decoded>) => this.settle(seat, event.data);
    worker.onerror = () => this.replace(seat);
    this.seats.push(seat);
    return seat;
  }

  private settle(seat: Seat, answer: Decoded): void {
    const job = seat.job;
    seat.job = null;
    if ('failed' in answer) job?.reject(new Error(answer.failed));
    else job?.resolve(answer);
    this.pump();
  }

  private replace(seat: Seat): void {
    seat.worker.terminate();
    this.seats.splice(this.seats.indexOf(seat), 1);
    seat.job?.reject(new Error('The picture decoder stopped.'));
    this.pump();
  }
}
