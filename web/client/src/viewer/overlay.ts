/** Marks, drafts and telepointers as SVG over one image. Presentation attributes only: the page allows no inline styles. */
import { nothing, render, svg, type SVGTemplateResult } from 'lit';
import type { Sampled } from '../geometry';
import { Labels, type Anchor, type Box, type Line } from './labels';
import { outline, type Layers } from './layers';
import type { LaidOn } from './laid';
import { drawLaid } from './laid-draw';
import { drawLevels, type LevelOn } from './levels';
import { lines } from './marks';
import { pelvisPaths } from './pelvis';
import { detailLines, provisional, valueText } from './values';
import type { Draft, FrameFacts, MarkKind, Measured, Point, RemoteDraft, Telepointer, ViewerMark } from './types';

export interface Scene {
  readonly frame: FrameFacts;
  /** CSS pixels of the pane from left to right: words turn inwards before they are cut. */
  readonly width: number;
  /** CSS pixels of the pane from top to bottom. */
  readonly height: number;
  /** Where the words in the corners stand. */
  readonly taken?: () => readonly Box[];
  /** Image point to CSS pixels of the pane. */
  readonly place: (point: Point) => Point;
  readonly layers: Layers;
  readonly marks: readonly ViewerMark[];
  readonly drafts: readonly RemoteDraft[];
  readonly own: Draft | null;
  readonly ownDiscipline: string | null;
  readonly pointers: readonly Telepointer[];
  readonly selected: string | null;
  /** What other objects lay over the image. */
  readonly laid: LaidOn | null;
  /** Numbered vertebrae. */
  readonly levels?: readonly LevelOn[];
  /** What is said of a place, in CSS pixels; null: nothing is probed. */
  readonly reading: { readonly at: Point; readonly lines: readonly string[] } | null;
  /** Where the keyboard is, in CSS pixels. */
  readonly cross: Point | null;
  /** The pixels under a mark, where they are here without loss; null: not to be told. */
  readonly sampled: (mark: { readonly kind: MarkKind; readonly points: readonly Point[] }) => Sampled | null;
}

/** Draw the scene; null clears it. */
export function drawOverlay(into: SVGSVGElement, scene: Scene | null): void {
  const shown = scene?.marks.filter((mark) => scene.layers.shows(mark.discipline)) ?? [];
  // While an image without marks is scrolled there is nothing to compare.
  if (scene === null || (shown.length === 0 && bare(scene))) {
    render(nothing, into);
    return;
  }
  // In this order: words of marks stay where they are, words of what moves give way to them.
  const labels = new Labels(scene.width, scene.height, scene.taken?.());
  const content = svg`
    ${scene.laid === null ? nothing : drawLaid(scene.laid, scene, labels)}
    ${scene.frame.overlay === undefined ? nothing : planes(scene.frame.overlay, scene)}
    ${drawLevels(scene.levels ?? [], scene.place)}
    ${shown.map((mark) => markOf(mark, scene, labels))}
    ${scene.drafts.map((draft) => draftOf(draft, scene, labels))}
    ${scene.own === null ? nothing : ownOf(scene.own, scene, labels)}
    ${scene.pointers.map((pointer) => pointerOf(pointer, scene, labels))}
    ${scene.reading === null ? nothing : readingOf(scene.reading, labels)}
    ${scene.cross === null ? nothing : crossOf(scene.cross)}`;
  render(content, into);
}

/** Whether nothing but marks would be drawn. */
function bare({ laid, frame, levels, drafts, own, pointers, reading, cross }: Scene): boolean {
  const single = [laid, frame.overlay ?? null, own, reading, cross];
  return single.every((one) => one === null) && drafts.length + pointers.length + (levels?.length ?? 0) === 0;
}

/** The overlay planes of the file itself, exactly over its pixels. */
function planes(address: string, { frame, place }: Scene): SVGTemplateResult {
  const [origin, right, down] = [place([0, 0]), place([1, 0]), place([0, 1])];
  const axes = [right[0] - origin[0], right[1] - origin[1], down[0] - origin[0], down[1] - origin[1]];
  return svg`<image class="viewer-planes" href=${address} width=${frame.columns} height=${frame.rows}
    preserveAspectRatio="none" transform=${`matrix(${[...axes, ...origin].join(' ')})`} aria-hidden="true" />`;
}

const WAITING: Readonly<Record<ViewerMark['delivery'], string>> = {
  local: 'not yet delivered',
  delivered: '',
  refused: 'not accepted',
};

function markOf(mark: ViewerMark, scene: Scene, labels: Labels): SVGTemplateResult {
  const look = scene.layers.look(mark.discipline);
  const selected = scene.selected === mark.mark;
  const measured = mark.measured ?? provisional(mark.kind, mark.points, scene.frame, scene.sampled(mark));
  const value = measured === null ? '' : valueText(mark.kind, measured);
  const state = mark.delivery === 'refused' ? (mark.reason ?? WAITING.refused) : WAITING[mark.delivery];
  const label = [value, mark.text].filter((part) => part !== '');
  const points = mark.points.map(scene.place);
  return svg`<g class="viewer-mark" data-mark=${mark.mark} data-delivery=${mark.delivery}
      data-selected=${selected ? 'true' : nothing} role="img"
      aria-label=${`${mark.kind} by ${mark.author_name}, ${look.name}: ${label.join(', ')} ${state}`}>
    ${shape(mark.kind, points, look.colour, mark.delivery === 'delivered' ? null : '5 4', scene)}
    ${handles(points, look.colour, look.shape, selected)}
    ${words(labels, anchor(mark.kind, points), look.colour, [
      ...valueLines(mark.kind, measured, mark.measured === null, selected),
      { text: mark.text, soft: false },
      { text: state === '' ? mark.author_name : `${mark.author_name}, ${state}`, soft: false, small: true },
    ])}
  </g>`;
}

/** The value, and its details for marks that are short of words: a chosen one, and the pelvis, which is its details. */
function valueLines(kind: MarkKind, value: Measured | null, soft: boolean, chosen: boolean): readonly Line[] {
  if (value === null) return [];
  const all = detailLines(kind, value);
  const details = chosen || kind === 'spinopelvic' ? all : all.slice(0, 1);
  return [{ text: valueText(kind, value), soft }, ...details.map((text) => ({ text, soft, small: true }))];
}

function draftOf(draft: RemoteDraft, scene: Scene, labels: Labels): SVGTemplateResult {
  const look = scene.layers.look(draft.discipline);
  const points = draft.points.map(scene.place);
  return svg`<g class="viewer-draft" data-person=${draft.person}>
    ${shape(draft.kind, points, look.colour, '2 4', scene)}
    ${words(labels, anchor(draft.kind, points), look.colour, [
      ...valueLines(draft.kind, provisional(draft.kind, draft.points, scene.frame), true, false),
      { text: `${draft.name}, drawing`, soft: false, small: true },
    ])}
  </g>`;
}

function ownOf(draft: Draft, scene: Scene, labels: Labels): SVGTemplateResult {
  const look = scene.layers.look(scene.ownDiscipline);
  const points = draft.points.map(scene.place);
  return svg`<g class="viewer-own">
    ${shape(draft.kind, points, look.colour, null, scene)}
    ${handles(points, look.colour, look.shape, draft.kind !== 'freehand')}
    ${words(labels, anchor(draft.kind, points), look.colour, [
      ...valueLines(draft.kind, provisional(draft.kind, draft.points, scene.frame, scene.sampled(draft)), true, true),
    ])}
  </g>`;
}

function pointerOf(pointer: Telepointer, scene: Scene, labels: Labels): SVGTemplateResult {
  const look = scene.layers.look(pointer.discipline);
  const [x, y] = scene.place(pointer.point);
  return svg`<g class="viewer-pointer" data-person=${pointer.person}>
    <path d=${outline(look.shape, [x, y], 9)} fill="none" stroke="#000" stroke-width="5" opacity="0.6"></path>
    <path d=${outline(look.shape, [x, y], 9)} fill="none" stroke=${look.colour} stroke-width="2.5"></path>
    ${words(labels, { right: [x + 14, y + 4], left: [x - 14, y + 4] }, look.colour, [
      { text: pointer.name, soft: false, small: true },
    ])}
  </g>`;
}

function readingOf({ at: [x, y], lines: said }: NonNullable<Scene['reading']>, labels: Labels): SVGTemplateResult {
  const all = said.map((text, index): Line => ({ text, soft: false, small: index > 0 }));
  return svg`<g class="viewer-reading">
    ${words(labels, { right: [x + 16, y + 4], left: [x - 16, y + 4] }, '#ffffff', all)}
  </g>`;
}

/** Where the keyboard presses: an open cross, so that the pixel itself is seen. */
function crossOf([x, y]: Point): SVGTemplateResult {
  const d = `M${x - 16},${y}h11M${x + 5},${y}h11M${x},${y - 16}v11M${x},${y + 5}v11`;
  return svg`<g class="viewer-crosshair">
    <path d=${d} fill="none" stroke="#000" stroke-width="4"></path>
    <path d=${d} fill="none" stroke="#fff" stroke-width="1.75"></path>
  </g>`;
}

/** The lines of a mark, over a dark line of their own so that they show on bright bone too. */
function shape(
  kind: MarkKind,
  points: readonly Point[],
  colour: string,
  dash: string | null,
  scene: Scene,
): SVGTemplateResult {
  const pelvis = kind === 'spinopelvic' ? pelvisPaths(points, plumbLine(scene)) : null;
  const d = pelvis?.full ?? path(kind, points);
  return svg`
    <path d=${d} fill="none" stroke="#000" stroke-opacity="0.55" stroke-width="4" stroke-linecap="round"></path>
    <path class="viewer-line" d=${d} fill="none" stroke=${colour} stroke-width="1.75" stroke-linecap="round"
      stroke-dasharray=${dash ?? nothing}></path>
    ${kind === 'cobb' && points.length === 4 ? bridge(points, colour) : nothing}
    ${pelvis === null ? nothing : thin(pelvis.thin, colour)}`;
}

/** The unit vector on the screen of the image's columns. */
function plumbLine({ place }: Scene): Point {
  const [from, to] = [place([0, 0]), place([0, 1])];
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  return [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
}

function thin(d: string, colour: string): SVGTemplateResult {
  return svg`
    <path d=${d} fill="none" stroke="#000" stroke-opacity="0.45" stroke-width="2.5"></path>
    <path d=${d} fill="none" stroke=${colour} stroke-width="1" stroke-dasharray="4 3"></path>`;
}

function path(kind: MarkKind, points: readonly Point[]): string {
  const straight = lines(kind, points).map(([a, b]) => `M${at(a)}L${at(b)}`);
  return straight.join('') + (kind === 'arrow' && points.length === 2 ? head(points[0]!, points[1]!) : '');
}

/** The thin line between the middles of the two end plates. */
function bridge(points: readonly Point[], colour: string): SVGTemplateResult {
  const [a, b, c, d] = points as readonly [Point, Point, Point, Point];
  const from: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const to: Point = [(c[0] + d[0]) / 2, (c[1] + d[1]) / 2];
  return thin(`M${at(from)}L${at(to)}`, colour);
}

/** Two strokes at the tip, which is the second point. */
function head([x0, y0]: Point, [x1, y1]: Point): string {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  const barb = (turn: number) => at([x1 - 13 * Math.cos(angle + turn), y1 - 13 * Math.sin(angle + turn)]);
  return `M${barb(0.45)}L${at([x1, y1])}L${barb(-0.45)}`;
}

/** The discipline's shape at the first point always, at every point of a chosen mark. */
function handles(points: readonly Point[], colour: string, kind: string, all: boolean): SVGTemplateResult[] {
  const shown = all ? points : points.slice(0, 1);
  return shown.map(
    (point) =>
      svg`<path d=${outline(kind, point, all ? 5.5 : 4)} fill="#000" fill-opacity="0.45" stroke=${colour} stroke-width="1.75"></path>`,
  );
}

function words(labels: Labels, points: Anchor, colour: string, all: readonly Line[]): SVGTemplateResult {
  const shown = all.filter(({ text }) => text !== '');
  const { x, y, align } = labels.place(points, shown);
  return svg`<text class="viewer-label" x=${x.toFixed(1)} y=${y.toFixed(1)} fill=${colour}
    text-anchor=${align}>${shown.map(
      (line, index) =>
        svg`<tspan x=${x.toFixed(1)} dy=${index === 0 ? '0' : '1.2em'} font-style=${line.soft ? 'italic' : nothing}
        class=${line.small === true ? 'viewer-label-small' : nothing}>${line.text}</tspan>`,
    )}</text>`;
}

function anchor(kind: MarkKind, points: readonly Point[]): Anchor {
  if (points.length === 0) return { right: [0, 0], left: [0, 0] };
  const sorted = [...points].sort((a, b) => a[0] - b[0]);
  const [leftmost, rightmost] = [sorted[0]!, sorted.at(-1)!];
  if (kind === 'cobb' && points.length === 4) {
    const y = (points[0]![1] + points[3]![1]) / 2;
    return { right: [rightmost[0] + 12, y], left: [leftmost[0] - 12, y] };
  }
  const [from, to] = kind === 'angle' && points.length > 1 ? [points[1]!, points[1]!] : [leftmost, rightmost];
  return { right: [to[0] + 12, to[1] + 4], left: [from[0] - 12, from[1] + 4] };
}

function at([x, y]: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
