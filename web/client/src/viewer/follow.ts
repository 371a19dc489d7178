/** A screen as the room knows it, and back. Zoom and pan are relative to fit, so that canvas sizes may differ. */
import type { Grid } from './grid';
import type { Pane, PaneState } from './pane';
import type { PaneView, Viewport } from './types';

/** What a pane shows; null before it is known, and for cuts made here: they belong to no stored image. */
export function paneViewOf(pane: Pane): PaneView | null {
  const { series, state } = pane;
  const frame = pane.frame ?? pane.awaited;
  if (frame === null || series === null || pane.reformatted) return null;
  return {
    series_instance_uid: series,
    sop_instance_uid: frame.sop_instance_uid,
    frame: frame.frame,
    window_centre: state.window?.centre ?? null,
    window_width: state.window?.width ?? null,
    zoom: state.view.zoom,
    pan: state.view.pan,
    rotation: state.view.rotation,
    flipped: state.view.flipped,
    inverted: state.inverted,
  };
}

/** What a screen shows; null while nothing can be said of the pane that is worked in. */
export function viewportOf(grid: Grid): Viewport | null {
  const active = paneViewOf(grid.active);
  if (active === null) return null;
  const beside = grid.shown.filter((pane) => pane !== grid.active).map(paneViewOf);
  return { ...active, layout: grid.layout, place: grid.at, linked: grid.linking.on, beside };
}

/** What every pane of a screen shows, in their order. */
export function panesOf(viewport: Viewport): (PaneView | null)[] {
  const { beside, place } = viewport;
  return [...beside.slice(0, place), viewport, ...beside.slice(place)];
}

export function stateOf(viewport: PaneView): PaneState {
  const { window_centre: centre, window_width: width, zoom, pan, rotation, flipped, inverted } = viewport;
  const window = centre === null || width === null ? null : { centre, width };
  return { view: { zoom, pan, rotation, flipped }, window, inverted };
}

/** Show in a pane what somebody else shows there. */
export function follow(pane: Pane, view: PaneView | null): void {
  if (view === null) {
    if (pane.series !== null) pane.open(null, { index: 0 });
    return;
  }
  const shown = paneViewOf(pane);
  if (shown !== null && said(shown) === said(view)) return;
  const place = { sop_instance_uid: view.sop_instance_uid, frame: view.frame };
  pane.open(view.series_instance_uid, place, stateOf(view));
}

export function sameViewport(a: Viewport | null, b: Viewport | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.layout !== b.layout || a.place !== b.place || a.linked !== b.linked) return false;
  return panesOf(a).map(said).join() === panesOf(b).map(said).join();
}

/** Everything of a view in one text, whatever the order of its keys. */
function said(view: PaneView | null): string {
  if (view === null) return 'null';
  const { series_instance_uid: series, sop_instance_uid: image, frame } = view;
  return JSON.stringify([series, image, frame, stateOf(view)]);
}

/** Tells of a changed view at most once in a frame of the screen, and never twice the same. */
export class Teller {
  private told: Viewport | null = null;
  private scheduled = 0;
  /** A person moved on to something of which nothing could be said yet. */
  private owed = false;

  constructor(
    private readonly viewport: () => Viewport | null,
    private readonly tell: (viewport: Viewport) => void,
  ) {}

  /** The others know this already. */
  known(viewport: Viewport | null): void {
    this.told = viewport;
    this.owed = false;
  }

  soon(): void {
    if (this.scheduled !== 0) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      const now = this.viewport();
      this.owed = now === null;
      if (now === null || sameViewport(now, this.told)) return;
      this.told = now;
      this.tell(now);
    });
  }

  /** What was opened has come: tell it too, unless nothing of this screen was ever told, or ever by a hand. */
  settled(): void {
    if (this.told !== null || this.owed) this.soon();
  }

  stop(): void {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = 0;
  }
}
