// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sameFiles, type Chosen } from '../src/upload/files';
import { question, reasons, summary } from '../src/upload/show';
import { Refused, Transfer, type Progress, type Upload } from '../src/upload/transfer';

const CHUNK = 4;

function chosen(...texts: string[]): Chosen[] {
  return texts.map((text, index) => ({ name: `DISC/IM${index}`, file: new File([text], `IM${index}`) }));
}

function upload(files: readonly Chosen[], received: number[] = []): Upload {
  return {
    id: 'u1',
    state: 'receiving',
    files: files.map((one) => ({ name: one.name, size: one.file.size })),
    received,
    chunk_bytes: CHUNK,
    interrupted: false,
    reason: '',
    done: 0,
    total: 0,
    patients: [],
    differences: [],
    results: [],
  };
}

/** A server that holds what it was sent; `trouble` may answer or throw instead. */
class Server {
  readonly files = new Map<string, string>();
  readonly calls: string[] = [];
  trouble: (method: string, path: string) => Response | undefined = () => undefined;

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const method = init.method ?? 'GET';
    this.calls.push(`${method} ${path}`);
    const odd = this.trouble(method, path);
    if (odd !== undefined) return odd;
    const have = this.files.get(path) ?? '';
    if (method === 'HEAD') return new Response(null, { headers: { 'Upload-Offset': String(have.length) } });
    const from = Number((init.headers as Record<string, string>)['Upload-Offset']);
    if (from !== have.length) {
      const headers = { 'Upload-Offset': String(have.length) };
      return new Response(JSON.stringify({ detail: 'not there' }), { status: 409, headers });
    }
    const now = have + (await (init.body as Blob).text());
    this.files.set(path, now);
    return new Response(null, { status: 204, headers: { 'Upload-Offset': String(now.length) } });
  };
}

describe('Transfer', () => {
  let server: Server;
  let told: Progress[];

  beforeEach(() => {
    vi.useFakeTimers();
    server = new Server();
    told = [];
    vi.stubGlobal('fetch', server.fetch);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const send = async (files: Chosen[], received: number[] = []): Promise<void> => {
    const sending = new Transfer('/up', upload(files, received), files, (progress) => told.push(progress)).send();
    const ended = sending.then(
      () => undefined,
      (error: unknown) => error,
    );
    await vi.runAllTimersAsync();
    const error = await ended;
    if (error !== undefined) throw error as Error;
  };

  it('sends every file in parts and says how far it is', async () => {
    await send(chosen('0123456789', 'abc'));
    expect([...server.files.values()].sort()).toEqual(['0123456789', 'abc']);
    expect(told.at(-1)).toMatchObject({ bytes: 13, totalBytes: 13, files: 2, totalFiles: 2, waiting: false });
  });

  it('goes on where the server says after a lost connection', async () => {
    let lost = 2;
    server.trouble = (method) => {
      if (method === 'PATCH' && server.calls.length > 1 && lost-- > 0) throw new TypeError('network');
      return undefined;
    };
    await send(chosen('0123456789'));
    expect([...server.files.values()]).toEqual(['0123456789']);
    expect(told.some((progress) => progress.waiting)).toBe(true);
  });

  it('jumps to the offset of a 409 instead of sending twice', async () => {
    server.files.set('/up/u1/files/0', '01234567');
    await send(chosen('0123456789'));
    expect(server.files.get('/up/u1/files/0')).toBe('0123456789');
  });

  it('sends only what an earlier visit left out', async () => {
    server.files.set('/up/u1/files/0', 'abc').set('/up/u1/files/1', '0123');
    await send(chosen('abc', '0123456789'), [3, 4]);
    expect(server.calls.filter((call) => call.includes('/files/0'))).toEqual([]);
    expect(server.files.get('/up/u1/files/1')).toBe('0123456789');
  });

  it('stops with the sentence of a refusal', async () => {
    server.trouble = () => new Response(JSON.stringify({ detail: 'Too long.' }), { status: 413 });
    await expect(send(chosen('abc'))).rejects.toEqual(new Refused('Too long.', 413));
  });
});

describe('an interrupted upload', () => {
  it('is known again by names and sizes in any order', () => {
    const files = chosen('abc', 'de');
    const announced = upload(files).files;
    expect(sameFiles([...files].reverse(), announced)).toBe(true);
    expect(sameFiles(files.slice(1), announced)).toBe(false);
    expect(sameFiles(chosen('abc', 'dee'), announced)).toBe(false);
  });
});

describe('what people read', () => {
  it('sums up in one sentence', () => {
    const result = (kind: 'taken' | 'refused' | 'already here') => ({ name: 'a', result: kind, code: '', reason: '' });
    expect(summary([result('taken'), result('taken'), result('refused')])).toBe('2 files taken, 1 refused.');
    expect(summary([result('already here')])).toBe('0 files taken, 1 already here.');
  });

  it('never takes a name from a file as markup', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const list = reasons([{ name: evil, result: 'refused', code: 'x', reason: evil }]);
    const asked = question({ ...upload([]), differences: [{ field: 'name', found: evil, expected: '' }] });
    expect(list?.querySelector('img')).toBeNull();
    expect(asked.querySelector('img')).toBeNull();
    expect(asked.textContent).toContain(evil);
  });
});
