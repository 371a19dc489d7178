/** Decodes payloads of the image stream away from the page: WebP by the browser, HTJ2K by OpenJPH, raw samples by hand. */
import factory, { type HTJ2KDecoder } from '@cornerstonejs/codec-openjph';
import wasmUrl from '@cornerstonejs/codec-openjph/wasm?url';
import type { DecodeJob, Decoded } from './picture';
import { patterns16, rgbaOf } from './samples';

type Result = Exclude<Decoded, { failed: string }>;

let decoder: Promise<HTJ2KDecoder> | undefined;

function openjph(): Promise<HTJ2KDecoder> {
  decoder ??= factory({ locateFile: () => new URL(wasmUrl, self.location.origin).href }).then(
    (codec) => new codec.HTJ2KDecoder(),
  );
  return decoder;
}

async function htj2k(job: DecodeJob): Promise<Result> {
  const codec = await openjph();
  const source = new Uint8Array(job.payload);
  codec.getEncodedBuffer(source.length).set(source);
  codec.decode();
  const { width, height, bitsPerSample, componentCount, isSigned } = codec.getFrameInfo();
  const bytes = codec.getDecodedBuffer().slice();
  if (componentCount === 3) return { id: job.id, width, height, rgba: rgbaOf(bytes) };
  const type = `${isSigned ? 'i' : 'u'}${bitsPerSample <= 8 ? 8 : bitsPerSample <= 16 ? 16 : 32}`;
  return { id: job.id, width, height, ...patterns16(bytes, type) };
}

async function webp(job: DecodeJob): Promise<Result> {
  const blob = new Blob([job.payload], { type: 'image/webp' });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser gives no canvas to a worker.');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  if (job.colour) return { id: job.id, width, height, rgba };
  const patterns = new Uint16Array(width * height);
  for (let at = 0; at < patterns.length; at++) patterns[at] = rgba[at * 4]!;
  return { id: job.id, width, height, patterns, scale: 1, offset: 0, rescaled: false };
}

function raw(job: DecodeJob): Result {
  const [width, height] = [job.columns, job.rows];
  const bytes = new Uint8Array(job.payload);
  if (job.colour) return { id: job.id, width, height, rgba: rgbaOf(bytes) };
  return { id: job.id, width, height, ...patterns16(bytes, job.sample) };
}

async function decode(job: DecodeJob): Promise<Result> {
  if (job.form === 'webp') return webp(job);
  return job.form === 'htj2k' ? htj2k(job) : raw(job);
}

self.onmessage = async (event: MessageEvent<DecodeJob | 'warm'>): Promise<void> => {
  if (event.data === 'warm') {
    await openjph().catch(() => undefined);
    return;
  }
  const job = event.data;
  try {
    const decoded = await decode(job);
    const pixels = 'rgba' in decoded ? decoded.rgba : decoded.patterns;
    self.postMessage(decoded, { transfer: [pixels.buffer] });
  } catch (error) {
    const failed = error instanceof Error ? error.message : 'The picture could not be decoded.';
    self.postMessage({ id: job.id, failed } satisfies Decoded);
  }
};
