/** Where the images of other panes cut this one, as SVG. */
import { nothing, render, svg, type SVGTemplateResult } from 'lit';
import type { Point } from './types';

export interface CrossLine {
  readonly from: Point;
  readonly to: Point;
  /** The pane that somebody works in. */
  readonly active: boolean;
  /** What cuts here, as "MR AX T2 12/30". */
  readonly words: string;
}

type Place = (point: Point) => Point;

/** Draw the lines and a box; place: image point to CSS pixels, null where there is no image. */
export function drawLines(
  into: SVGSVGElement,
  lines: readonly CrossLine[],
  place: Place | null,
  region: readonly [Point, Point] | null,
): void {
  if (place === null || (lines.length === 0 && region === null)) {
    render(nothing, into);
    return;
  }
  render(svg`${lines.map((line) => drawn(line, place))}${region === null ? nothing : boxed(region)}`, into);
}

function drawn(line: CrossLine, place: Place): SVGTemplateResult {
  const [[x1, y1], [x2, y2]] = [place(line.from), place(line.to)];
  return svg`<line class="viewer-cross" data-active=${line.active ? 'true' : nothing}
    x1=${x1.toFixed(1)} y1=${y1.toFixed(1)} x2=${x2.toFixed(1)} y2=${y2.toFixed(1)}><title>${line.words}</title></line>`;
}

function boxed([a, b]: readonly [Point, Point]): SVGTemplateResult {
  const [x, y] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
  const [width, height] = [Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];
  return svg`<rect class="viewer-region" x=${x} y=${y} width=${width} height=${height}></rect>`;
}
