/** From image points to the screen and back. Pure; lengths on the screen in whatever pixels the size is given in. */
import type { Point } from './types';

/** What one pane shows of its image, independent of its size. */
export interface View {
  /** 1 fits the image into the pane. */
  readonly zoom: number;
  /** Shift of the image centre, to the right and down on the screen, in fractions of the fitted image. */
  readonly pan: Point;
  /** 0, 90, 180 or 270 degrees clockwise, after the flip. */
  readonly rotation: number;
  /** Mirrored left to right. */
  readonly flipped: boolean;
}

export const FITTED: View = { zoom: 1, pan: [0, 0], rotation: 0, flipped: false };

export const SMALLEST_ZOOM = 0.1;
export const LARGEST_ZOOM = 40;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The extent of an image: pixels, and how much taller than wide one pixel is. */
export interface Extent {
  readonly columns: number;
  readonly rows: number;
  /** Row spacing over column spacing; 1 for square pixels. */
  readonly aspect: number;
}

/** x' = a·x + c·y + e, y' = b·x + d·y + f: the order of the canvas `setTransform`. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** The size on the screen of the image when it just fits, after its rotation. */
export function fitted(image: Extent, screen: Size, rotation: number): Size & { readonly scale: number } {
  const turned = rotation % 180 !== 0;
  const width = turned ? image.rows * image.aspect : image.columns;
  const height = turned ? image.columns : image.rows * image.aspect;
  const scale = Math.min(screen.width / width, screen.height / height);
  return { width: width * scale, height: height * scale, scale };
}

/** Maps image points to the screen. */
export function toScreen(view: View, image: Extent, screen: Size): Affine {
  const fit = fitted(image, screen, view.rotation);
  const scale = fit.scale * view.zoom;
  const quarter = (((view.rotation / 90) % 4) + 4) % 4;
  const cos = [1, 0, -1, 0][quarter] ?? 1;
  const sin = [0, 1, 0, -1][quarter] ?? 0;
  const mirror = view.flipped ? -1 : 1;
  const a = scale * cos * mirror;
  const b = scale * sin * mirror;
  const c = -scale * sin * image.aspect;
  const d = scale * cos * image.aspect;
  const centre: Point = [screen.width / 2 + view.pan[0] * fit.width, screen.height / 2 + view.pan[1] * fit.height];
  const [column, row] = [image.columns / 2, image.rows / 2];
  return { a, b, c, d, e: centre[0] - a * column - c * row, f: centre[1] - b * column - d * row };
}

/** The affine map that undoes another. */
export function inverse(map: Affine): Affine {
  const determinant = map.a * map.d - map.b * map.c;
  const a = map.d / determinant;
  const b = -map.b / determinant;
  const c = -map.c / determinant;
  const d = map.a / determinant;
  return { a, b, c, d, e: -(a * map.e + c * map.f), f: -(b * map.e + d * map.f) };
}

export function apply(map: Affine, point: Point): Point {
  return [map.a * point[0] + map.c * point[1] + map.e, map.b * point[0] + map.d * point[1] + map.f];
}

/** The same view moved by a distance on the screen. */
export function panned(view: View, image: Extent, screen: Size, by: Point): View {
  const fit = fitted(image, screen, view.rotation);
  return { ...view, pan: [view.pan[0] + by[0] / fit.width, view.pan[1] + by[1] / fit.height] };
}

/** The view zoomed by a factor so that what is at `at` on the screen stays there. */
export function zoomed(view: View, image: Extent, screen: Size, factor: number, at: Point): View {
  const zoom = Math.min(LARGEST_ZOOM, Math.max(SMALLEST_ZOOM, view.zoom * factor));
  const fixed = apply(inverse(toScreen(view, image, screen)), at);
  const next = { ...view, zoom };
  const now = apply(toScreen(next, image, screen), fixed);
  return panned(next, image, screen, [at[0] - now[0], at[1] - now[1]]);
}

/** Zoom 1 in screen pixels for one image pixel, kept in the middle. */
export function oneToOne(view: View, image: Extent, screen: Size): View {
  return { ...view, zoom: 1 / fitted(image, screen, view.rotation).scale, pan: [0, 0] };
}
