/** Draws masks, graphics and shutters over one image, under the marks. Presentation attributes only. */
import { nothing, svg, type SVGTemplateResult } from 'lit';
import type { Labels } from './labels';
import type { Graphic, LaidOn, Mask } from './laid';
import { ellipsePoints } from './marks';
import type { Point } from './types';

/** The ink of presentation states: no discipline has it. */
const INK = '#ffe066';

export interface Surface {
  readonly width: number;
  readonly height: number;
  readonly place: (point: Point) => Point;
}

/** labels: where words go, so that those of a presentation state do not cover others. */
export function drawLaid(laid: LaidOn, on: Surface, labels: Labels): SVGTemplateResult {
  return svg`<g class="viewer-laid" aria-hidden="true">
    ${laid.masks.map((mask) => maskOf(mask, on))}
    ${laid.graphics.map((graphic) => graphicOf(graphic, laid, on, labels))}
    ${laid.shutter.length < 3 ? nothing : shutterOf(laid.shutter, on)}
  </g>`;
}

/** From the pixels of the mask to those of the image, and on to the screen. */
function maskOf({ href, matrix, rows, columns, opacity }: Mask, { place }: Surface): SVGTemplateResult {
  const [a, b, c, d, e, f] = matrix;
  const put = ([x, y]: Point): Point => place([a * x + c * y + e, b * x + d * y + f]);
  const [origin, right, down] = [put([0, 0]), put([1, 0]), put([0, 1])];
  const parts = [right[0] - origin[0], right[1] - origin[1], down[0] - origin[0], down[1] - origin[1], ...origin];
  return svg`<image class="viewer-mask" href=${href} width=${columns} height=${rows} opacity=${opacity}
    preserveAspectRatio="none" image-rendering="pixelated"
    transform=${`matrix(${parts.map((part) => part.toFixed(5)).join(' ')})`}></image>`;
}

function graphicOf(graphic: Graphic, { area }: LaidOn, { place }: Surface, labels: Labels): SVGTemplateResult {
  const [left, top, right, bottom] = area;
  const inside = ([x, y]: Point): Point => [left + x * (right - left), top + y * (bottom - top)];
  const points = graphic.points.map((point) => place(graphic.display ? inside(point) : point));
  if (graphic.kind === 'text') return textOf(graphic.text, points[0]!, labels);
  return svg`
    <path d=${pathOf(graphic.kind, points)} fill="none" stroke="#000" stroke-opacity="0.5" stroke-width="4"></path>
    <path d=${pathOf(graphic.kind, points)} fill=${graphic.filled ? INK : 'none'} fill-opacity="0.25" stroke=${INK}
      stroke-width="1.5"></path>`;
}

function textOf(text: string, at: Point, labels: Labels): SVGTemplateResult {
  const rows = text.split(/\r?\n/u).slice(0, 20);
  const lines = rows.map((row) => ({ text: row, soft: false }));
  const { x, y, align } = labels.place({ right: at, left: at }, lines);
  return svg`<text class="viewer-label" x=${x.toFixed(1)} y=${y.toFixed(1)} fill=${INK}
    text-anchor=${align}>${rows.map(
      (row, at) => svg`<tspan x=${x.toFixed(1)} dy=${at === 0 ? '0' : '1.2em'}>${row}</tspan>`,
    )}</text>`;
}

function pathOf(kind: Graphic['kind'], points: readonly Point[]): string {
  const [first, second] = points;
  if (first === undefined) return '';
  if (kind === 'point') return `M${at([first[0] - 5, first[1]])}h10M${at([first[0], first[1] - 5])}v10`;
  if (kind === 'circle' && second !== undefined) {
    const radius = Math.hypot(second[0] - first[0], second[1] - first[1]);
    return `M${at([first[0] - radius, first[1]])}a${radius},${radius} 0 1 0 ${2 * radius},0a${radius},${radius} 0 1 0 ${-2 * radius},0`;
  }
  if (kind === 'ellipse' && points.length === 4) return `M${ellipsePoints(points).map(at).join('L')}z`;
  return `M${points.map(at).join('L')}`;
}

/** All but what the shutter leaves open is black. */
function shutterOf(outline: readonly Point[], { width, height, place }: Surface): SVGTemplateResult {
  const open = `M${outline.map((point) => at(place(point))).join('L')}z`;
  return svg`<path class="viewer-shutter" d=${`M0,0h${width}v${height}h${-width}z${open}`} fill="#000"
    fill-rule="evenodd"></path>`;
}

function at([x, y]: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
