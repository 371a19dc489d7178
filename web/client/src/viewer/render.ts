/** What both renderers do, and the choice between them. */
import { Canvas2DRenderer } from './render2d';
import type { GreyPicture, Picture } from './picture';
import type { SeriesFacts, Window } from './types';
import type { Affine } from './view';
import { WebGLRenderer } from './rendergl';
import { ownWindow, type Tone } from './window';

export interface Renderer {
  readonly kind: 'canvas2d' | 'webgl2';
  /** The size of the canvas in device pixels. */
  resize(width: number, height: number): void;
  /**
   * Draw a picture. map: image points to device pixels. tone: null for colour pictures, which have no window.
   * With no picture the canvas is black.
   */
  draw(picture: Picture | null, map: Affine, tone: Tone | null): void;
  close(): void;
}

/** The tone of a picture: a window chosen by a person, else the image's own window or table. */
export function tone(picture: GreyPicture, series: SeriesFacts, window: Window | null, inverted: boolean): Tone {
  return {
    signed: picture.signed,
    slope: picture.slope,
    intercept: picture.intercept,
    window: window ?? ownWindow(series),
    voi: window === null && picture.stored ? (series.voi_lut ?? null) : null,
    padding: picture.stored ? (series.padding ?? null) : null,
    inverted: inverted !== series.inverted,
  };
}

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|microsoft basic/i;
let accelerated: boolean | undefined;

/** Whether WebGL2 is drawn by a real graphics processor; drawn in software it is slower than a 2D canvas. */
export function hasGraphicsProcessor(): boolean {
  accelerated ??= probe();
  return accelerated;
}

function probe(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (gl === null) return false;
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  const name = names === null ? '' : String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return !SOFTWARE.test(name);
}

/** The renderer for a canvas: the one asked for, else WebGL2 on a graphics processor, else Canvas2D. */
export function renderer(canvas: HTMLCanvasElement, asked: string | null): Renderer {
  if (asked === 'webgl2' || (asked !== 'canvas2d' && hasGraphicsProcessor())) {
    const gl = canvas.getContext('webgl2', {
      alpha: false,
      antialias: false,
      depth: false,
      preserveDrawingBuffer: true,
    });
    if (gl !== null) return new WebGLRenderer(canvas, gl);
  }
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('This browser gives no canvas to draw on.');
  return new Canvas2DRenderer(canvas, context);
}
