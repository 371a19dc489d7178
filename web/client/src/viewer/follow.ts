/** A pane's state as the room knows it, and back. Zoom and pan are relative to fit, so that canvas sizes may differ. */
import type { Pane, PaneState } from './pane';
import type { Viewport } from './types';

/** What a pane shows; null before its series is known, and for cuts made here: they belong to no stored image. */
export function viewportOf(pane: Pane): Viewport | null {
  const { frame, facts, state } = pane;
  if (frame === null || facts === null || pane.reformatted) return null;
  return {
    series_instance_uid: facts.series,
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

export function stateOf(viewport: Viewport): PaneState {
  const { window_centre: centre, window_width: width, zoom, pan, rotation, flipped, inverted } = viewport;
  const window = centre === null || width === null ? null : { centre, width };
  return { view: { zoom, pan, rotation, flipped }, window, inverted };
}

/** Show in a pane what somebody else shows. */
export function follow(pane: Pane, viewport: Viewport): void {
  const place = { sop_instance_uid: viewport.sop_instance_uid, frame: viewport.frame };
  pane.open(viewport.series_instance_uid, place, stateOf(viewport));
}

export function sameViewport(a: Viewport | null, b: Viewport | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Tells of a changed view at most once in a frame of the screen, and never twice the same. */
export class Teller {
  private told: Viewport | null = null;
  private scheduled = 0;

  constructor(
    private readonly viewport: () => Viewport | null,
    private readonly tell: (viewport: Viewport) => void,
  ) {}

  /** The others know this already. */
  known(viewport: Viewport | null): void {
    this.told = viewport;
  }

  soon(): void {
    if (this.scheduled !== 0) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      const now = this.viewport();
      if (now === null || sameViewport(now, this.told)) return;
      this.told = now;
      this.tell(now);
    });
  }

  stop(): void {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = 0;
  }
}
