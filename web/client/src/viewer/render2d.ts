/** Canvas2D: a lookup table to 8 bits at the picture's own size, then the browser's scaling. Seven times cheaper than WebGL in software. */
import type { Picture } from './picture';
import type { Renderer } from './render';
import type { Affine } from './view';
import { levels, toneKey, type Tone } from './window';

export class Canvas2DRenderer implements Renderer {
  readonly kind = 'canvas2d';
  private readonly off = document.createElement('canvas');
  private readonly offContext = this.off.getContext('2d')!;
  private readonly grey = new Uint8Array(65536);
  private readonly words = new Uint32Array(65536);
  private image: ImageData | null = null;
  private drawn: Picture | null = null;
  private key = '';

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context: CanvasRenderingContext2D,
  ) {}

  resize(width: number, height: number): void {
    this.canvas.width = width;
    this.canvas.height = height;
  }

  draw(picture: Picture | null, map: Affine, tone: Tone | null): void {
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (picture === null) return;
    this.prepare(picture, tone);
    context.setTransform(map.a, map.b, map.c, map.d, map.e, map.f);
    context.imageSmoothingEnabled = true;
    // "low" is bilinear, as in the shader; "high" is needed only where several samples fall on one pixel.
    context.imageSmoothingQuality = Math.hypot(map.a, map.b) * (picture.columns / picture.width) < 1 ? 'high' : 'low';
    // The picture covers the image from corner to corner: no half pixel is added or lost.
    context.drawImage(this.off, 0, 0, picture.columns, picture.rows);
  }

  close(): void {
    this.image = null;
    this.drawn = null;
    this.off.width = this.off.height = 0;
  }

  /** Bring the windowed picture onto the hidden canvas, unless it is there already. */
  private prepare(picture: Picture, tone: Tone | null): void {
    const key = tone === null ? '' : toneKey(tone);
    if (this.drawn === picture && this.key === key) return;
    if (tone !== null && key !== this.key) this.fill(tone);
    const image = this.sized(picture.width, picture.height);
    if (picture.kind === 'colour') image.data.set(picture.rgba);
    else {
      const target = new Uint32Array(image.data.buffer);
      const { patterns } = picture;
      const { words } = this;
      for (let at = 0; at < target.length; at++) target[at] = words[patterns[at]!]!;
    }
    this.offContext.putImageData(image, 0, 0);
    this.drawn = picture;
    this.key = key;
  }

  private fill(tone: Tone): void {
    levels(this.grey, tone);
    for (let pattern = 0; pattern < 65536; pattern++)
      this.words[pattern] = 0xff000000 | (this.grey[pattern]! * 0x010101);
  }

  private sized(width: number, height: number): ImageData {
    if (this.image?.width !== width || this.image.height !== height) {
      this.off.width = width;
      this.off.height = height;
      this.image = this.offContext.createImageData(width, height);
    }
    return this.image;
  }
}
