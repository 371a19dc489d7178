/** Sends files in parts that resume: after a lost connection the server says where each file goes on. */
import type { Chosen } from './files';

/** One upload as the server shows it. */
export interface Upload {
  readonly id: string;
  readonly state: 'receiving' | 'checking' | 'asking' | 'keeping' | 'done' | 'refused';
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly received: readonly number[];
  readonly chunk_bytes: number;
  readonly interrupted: boolean;
  readonly reason: string;
  readonly done: number;
  readonly total: number;
  readonly patients: readonly Patient[];
  readonly differences: readonly { readonly field: string; readonly found: string; readonly expected: string }[];
  readonly results: readonly FileResult[];
}

/** An identity as a file header writes it. */
export interface Patient {
  readonly name: string;
  readonly born_on: string;
  readonly sex: string;
  readonly patient_id: string;
}

/** What became of one file. */
export interface FileResult {
  readonly name: string;
  readonly result: 'taken' | 'already here' | 'refused' | 'passed over';
  readonly code: string;
  readonly reason: string;
}

/** The server said no, in a sentence for the person. */
export class Refused extends Error {
  constructor(
    sentence: string,
    readonly status: number,
    readonly offset: number | null = null,
  ) {
    super(sentence);
  }
}

/** How far the sending is. */
export interface Progress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly files: number;
  readonly totalFiles: number;
  /** Files on their way now, with their share from 0 to 1. */
  readonly current: readonly { readonly name: string; readonly share: number }[];
  /** The connection is lost; it is tried again. */
  readonly waiting: boolean;
}

const AT_ONCE = 3;
const LONGEST_WAIT_MS = 15_000;

/** Asks the server; raises Refused with its sentence, TypeError when there is no connection. */
export async function ask(
  path: string,
  method = 'GET',
  body?: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  const sent = await fetch(path, {
    method,
    headers: { Accept: 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  if (sent.ok) return sent;
  if (sent.status >= 502) throw new TypeError('the server cannot be reached');
  const offset = sent.headers.get('Upload-Offset');
  throw new Refused(await sentence(sent), sent.status, offset === null ? null : Number(offset));
}

async function sentence(answer: Response): Promise<string> {
  const fallback = `The server refused this (${answer.status}). Please try again.`;
  try {
    const said = (await answer.json()) as { detail?: unknown };
    return typeof said.detail === 'string' ? said.detail : fallback;
  } catch {
    return fallback;
  }
}

/** One sending of chosen files into an upload that the server knows. */
export class Transfer {
  private readonly sent: number[];
  private readonly running = new Set<number>();
  private waiting = false;
  private stopped = false;

  constructor(
    private readonly base: string,
    private readonly upload: Upload,
    private readonly chosen: readonly Chosen[],
    private readonly report: (progress: Progress) => void,
  ) {
    this.sent = upload.files.map((_file, index) => upload.received[index] ?? 0);
  }

  /** Send everything that is missing; ends when all is there, or raises Refused. */
  async send(): Promise<void> {
    const byName = new Map(this.chosen.map((one) => [`${one.file.size}:${one.name}`, one.file]));
    const queue = this.upload.files.flatMap((file, index) => (this.sent[index] === file.size ? [] : [index]));
    const next = async (): Promise<void> => {
      for (let index = queue.shift(); index !== undefined && !this.stopped; index = queue.shift()) {
        const announced = this.upload.files[index]!;
        const file = byName.get(`${announced.size}:${announced.name}`);
        if (file !== undefined) await this.one(index, file);
      }
    };
    this.tell();
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  /** Send no further part. */
  stop(): void {
    this.stopped = true;
  }

  private async one(index: number, file: File): Promise<void> {
    this.running.add(index);
    let wait = 1000;
    while (this.sent[index]! < file.size && !this.stopped) {
      try {
        await this.part(index, file);
        wait = 1000;
      } catch (error) {
        if (error instanceof Refused && error.offset !== null) this.sent[index] = error.offset;
        else if (error instanceof Refused) throw error;
        else wait = await this.pause(index, wait);
      }
      this.tell();
    }
    this.running.delete(index);
    this.tell();
  }

  private async part(index: number, file: File): Promise<void> {
    const from = this.sent[index]!;
    const answer = await ask(
      `${this.base}/${this.upload.id}/files/${index}`,
      'PATCH',
      file.slice(from, from + this.upload.chunk_bytes),
      { 'Upload-Offset': String(from), 'Content-Type': 'application/offset+octet-stream' },
    );
    this.sent[index] = Number(answer.headers.get('Upload-Offset'));
    this.waiting = false;
  }

  /** Wait for the connection, then learn how much of the part had arrived; gives the next wait. */
  private async pause(index: number, wait: number): Promise<number> {
    this.waiting = true;
    this.tell();
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const answer = await ask(`${this.base}/${this.upload.id}/files/${index}`, 'HEAD');
      this.sent[index] = Number(answer.headers.get('Upload-Offset'));
      this.waiting = false;
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    return Math.min(wait * 2, LONGEST_WAIT_MS);
  }

  private tell(): void {
    const sizes = this.upload.files.map((file) => file.size);
    this.report({
      bytes: this.sent.reduce((sum, part) => sum + part, 0),
      totalBytes: sizes.reduce((sum, size) => sum + size, 0),
      files: this.sent.filter((part, index) => part === sizes[index]).length,
      totalFiles: sizes.length,
      current: [...this.running].map((index) => ({
        name: this.upload.files[index]!.name,
        share: sizes[index] ? this.sent[index]! / sizes[index] : 1,
      })),
      waiting: this.waiting,
    });
  }
}
