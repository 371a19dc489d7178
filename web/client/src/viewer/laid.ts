/** What other objects of the case lay over its images: segmentations as coloured masks, presentation states applied. */
import type { Pane, PaneState } from './pane';
import type { FrameFacts, Point } from './types';
import { FITTED, fitted, panned, toScreen, apply, type Extent, type Size, type View } from './view';

/** An object that is no picture, as the server lists it. */
export interface CaseObject {
  readonly sop: string;
  readonly kind: 'report' | 'document' | 'presentation' | 'segmentation';
  readonly title: string;
  /** Of its study, `YYYY-MM-DD`; empty: not known. */
  readonly date?: string;
}

export interface Segment {
  readonly number: number;
  readonly label: string;
  readonly colour: string;
}

interface Segmentation {
  readonly segments: readonly Segment[];
  readonly rows: number;
  readonly columns: number;
  readonly frames: readonly {
    readonly frame: number;
    readonly segment: number;
    readonly sop_instance_uid: string;
    readonly of_frame: number;
    readonly matrix: readonly [number, number, number, number, number, number];
  }[];
}

export interface Graphic {
  readonly kind: 'point' | 'polyline' | 'interpolated' | 'circle' | 'ellipse' | 'text';
  readonly points: readonly Point[];
  readonly text: string;
  readonly filled: boolean;
  /** Points are fractions of the displayed area. */
  readonly display: boolean;
}

type Images = readonly (readonly [string, readonly number[]])[];

interface Presentation {
  readonly references: Images;
  readonly parts: readonly {
    readonly images: Images;
    readonly graphics: readonly Graphic[];
    readonly window: readonly [number, number] | null;
    readonly area: readonly [number, number, number, number] | null;
  }[];
  readonly rotation: number;
  readonly flipped: boolean;
  readonly inverted: boolean;
  readonly shutter: readonly Point[];
}

type Overlay =
  | { readonly title: string; readonly segmentation: Segmentation }
  | { readonly title: string; readonly presentation: Presentation };

/** One frame of a segmentation on an image; matrix: its pixels to those of the image. */
export interface Mask {
  readonly href: string;
  readonly rows: number;
  readonly columns: number;
  readonly matrix: readonly [number, number, number, number, number, number];
  readonly opacity: number;
}

/** What lies on one image. */
export interface LaidOn {
  readonly masks: readonly Mask[];
  readonly graphics: readonly Graphic[];
  readonly shutter: readonly Point[];
  readonly area: readonly [number, number, number, number];
}

export interface LaidMenu {
  /** Null: not asked for yet. */
  readonly objects: readonly CaseObject[] | null;
  readonly problem: string;
  readonly caseId: string;
  readonly opacity: number;
  readonly shown: (sop: string) => boolean;
  readonly segments: (sop: string) => readonly Segment[];
  readonly load: () => void;
  readonly toggle: (sop: string) => void;
  readonly fade: (opacity: number) => void;
}

export class Laid {
  private caseId = '';
  private objects: readonly CaseObject[] | null = null;
  private problem = '';
  private opacity = 0.45;
  private readonly shown = new Map<string, Overlay>();
  /** What a presentation state turned a pane into, and from what. */
  private readonly applied = new Map<string, { pane: Pane; from: PaneState; to: PaneState }>();

  constructor(private readonly changed: () => void) {}

  /** Another case: nothing is laid over its images yet. */
  open(caseId: string): void {
    this.caseId = caseId;
    this.objects = null;
    this.problem = '';
    this.shown.clear();
    this.applied.clear();
  }

  menu(pane: Pane | undefined): LaidMenu {
    return {
      objects: this.objects,
      problem: this.problem,
      caseId: this.caseId,
      opacity: this.opacity,
      shown: (sop) => this.shown.has(sop),
      segments: (sop) => {
        const overlay = this.shown.get(sop);
        return overlay !== undefined && 'segmentation' in overlay ? overlay.segmentation.segments : [];
      },
      load: () => void this.load(),
      toggle: (sop) => void this.toggle(sop, pane),
      fade: (opacity) => {
        this.opacity = opacity;
        this.changed();
      },
    };
  }

  /** Null: nothing lies on this image. */
  on(frame: FrameFacts): LaidOn | null {
    const masks: Mask[] = [];
    const graphics: Graphic[] = [];
    let [shutter, area]: [readonly Point[], LaidOn['area']] = [[], [0, 0, frame.columns, frame.rows]];
    for (const [sop, overlay] of this.shown) {
      if ('segmentation' in overlay) masks.push(...this.masksOn(sop, overlay.segmentation, frame));
      else if (refers(overlay.presentation.references, frame)) {
        const parts = overlay.presentation.parts.filter(({ images }) => images.length === 0 || refers(images, frame));
        graphics.push(...parts.flatMap((part) => part.graphics));
        area = parts.find((part) => part.area !== null)?.area ?? area;
        shutter = overlay.presentation.shutter;
      }
    }
    return masks.length + graphics.length + shutter.length === 0 ? null : { masks, graphics, shutter, area };
  }

  private masksOn(sop: string, { frames, rows, columns }: Segmentation, frame: FrameFacts): readonly Mask[] {
    return frames
      .filter((one) => one.sop_instance_uid === frame.sop_instance_uid && one.of_frame === frame.frame)
      .map(({ frame: number, matrix }) => {
        const href = `${this.address(sop)}/parts/${number}`;
        return { href, rows, columns, matrix, opacity: this.opacity };
      });
  }

  private async load(): Promise<void> {
    if (this.objects !== null || this.caseId === '') return;
    const { caseId } = this;
    const answer = await ask<{ objects: CaseObject[] }>(`/cases/${encodeURIComponent(caseId)}/objects.json`);
    if (caseId !== this.caseId) return;
    this.objects = typeof answer === 'string' ? [] : answer.objects;
    this.problem = typeof answer === 'string' ? answer : '';
    this.changed();
  }

  private async toggle(sop: string, pane: Pane | undefined): Promise<void> {
    const { caseId } = this;
    if (this.shown.delete(sop)) this.takeBack(sop);
    else {
      const answer = await ask<Overlay>(`${this.address(sop)}/overlay.json`);
      if (caseId !== this.caseId) return;
      this.problem = typeof answer === 'string' ? answer : '';
      if (typeof answer !== 'string') {
        this.shown.set(sop, answer);
        if (pane !== undefined) {
          const from = pane.state;
          bring(answer, pane);
          if (pane.state !== from) this.applied.set(sop, { pane, from, to: pane.state });
        }
      }
    }
    this.changed();
  }

  /** The image as it was before a presentation state, unless somebody has changed it since. */
  private takeBack(sop: string): void {
    const applied = this.applied.get(sop);
    this.applied.delete(sop);
    if (applied?.pane.state === applied?.to) applied?.pane.update(applied.from);
  }

  private address(sop: string): string {
    return `/cases/${encodeURIComponent(this.caseId)}/objects/${encodeURIComponent(sop)}`;
  }
}

/** What the server answers, or a sentence why it does not. */
async function ask<T>(address: string): Promise<T | string> {
  try {
    const answer = await fetch(address, { headers: { Accept: 'application/json' } });
    const said = (await answer.json()) as T & { detail?: string };
    return answer.ok ? said : (said.detail ?? 'This object cannot be shown.');
  } catch {
    return 'The server cannot be reached.';
  }
}

function refers(images: Images, frame: FrameFacts): boolean {
  return images.some(
    ([sop, frames]) => sop === frame.sop_instance_uid && (frames.length === 0 || frames.includes(frame.frame)),
  );
}

/** Go to an image of the series that the overlay lies on, and show it as a presentation state asks. */
function bring(overlay: Overlay, pane: Pane): void {
  const lies = (frame: FrameFacts): boolean =>
    'segmentation' in overlay
      ? overlay.segmentation.frames.some(
          (one) => one.sop_instance_uid === frame.sop_instance_uid && one.of_frame === frame.frame,
        )
      : refers(overlay.presentation.references, frame);
  const { facts, frame } = pane;
  if (facts === null || frame === null) return;
  const index = lies(frame) ? pane.index : facts.frames.findIndex(lies);
  if (index < 0) return;
  pane.go(index);
  const on = facts.frames[index]!;
  if (!('presentation' in overlay) || pane.extent === null) return;
  const { parts, rotation, flipped, inverted } = overlay.presentation;
  const own = parts.filter(({ images }) => images.length === 0 || refers(images, on));
  const window = own.find((part) => part.window !== null)?.window ?? null;
  const area = own.find((part) => part.area !== null)?.area ?? null;
  const turned = Math.round(rotation / 90) * 90;
  pane.update({
    view:
      area === null ? { ...FITTED, rotation: turned, flipped } : onArea(area, turned, flipped, pane.extent, pane.size),
    window: window === null ? pane.state.window : { centre: window[0], width: window[1] },
    inverted,
  });
}

/** The view that fits an area of the image, given by its edges, into the pane. */
export function onArea(
  [left, top, right, bottom]: readonly [number, number, number, number],
  rotation: number,
  flipped: boolean,
  extent: Extent,
  size: Size,
): View {
  const { scale } = fitted(extent, size, rotation);
  const [wide, tall] = [(right - left) * scale, (bottom - top) * extent.aspect * scale];
  const [across, down] = rotation % 180 === 0 ? [wide, tall] : [tall, wide];
  const zoom = Math.min(size.width / Math.max(across, 1), size.height / Math.max(down, 1));
  const view: View = { zoom, pan: [0, 0], rotation, flipped };
  const at = apply(toScreen(view, extent, size), [(left + right) / 2, (top + bottom) / 2]);
  return panned(view, extent, size, [size.width / 2 - at[0], size.height / 2 - at[1]]);
}
