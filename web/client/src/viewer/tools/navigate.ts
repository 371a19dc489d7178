/** Tools that change what is seen: window, pan, zoom, scroll. */
import { dragged, sensitivity } from '../window';
import { panned, zoomed, type View } from '../view';
import type { Point, Window } from '../types';
import type { Press, Stage, Tool } from './tool';

/** CSS pixels of drag for one slice. */
const SLICE_PX = 8;
const ZOOM_PER_PX = 0.006;

abstract class Drag implements Tool {
  readonly busy = false;
  protected start: Press | null = null;

  constructor(protected readonly stage: Stage) {}

  down(press: Press): void {
    this.start = press;
    this.begin();
  }

  move(press: Press, pressed: boolean): void {
    if (!pressed || this.start === null) return;
    const by: Point = [press.screen[0] - this.start.screen[0], press.screen[1] - this.start.screen[1]];
    this.drag(by, this.start);
  }

  up(): void {
    this.start = null;
  }

  cancel(): void {
    this.start = null;
  }

  protected abstract begin(): void;
  /** by: CSS pixels from where the drag began. */
  protected abstract drag(by: Point, start: Press): void;
}

/** Right for a wider window, down for a brighter picture's opposite: a higher centre. */
export class WindowTool extends Drag {
  private before: Window | null = null;

  protected begin(): void {
    this.before = this.stage.window();
  }

  protected drag([across, down]: Point): void {
    if (this.before === null) return;
    this.stage.setWindow(dragged(this.before, across, down, sensitivity(this.before)));
  }
}

export class PanTool extends Drag {
  private before: View | null = null;

  protected begin(): void {
    this.before = this.stage.view();
  }

  protected drag(by: Point): void {
    const extent = this.stage.extent();
    if (this.before === null || extent === null) return;
    this.stage.setView(panned(this.before, extent, this.stage.size(), by));
  }
}

/** Up for larger, around the place where the drag began. */
export class ZoomTool extends Drag {
  private before: View | null = null;

  protected begin(): void {
    this.before = this.stage.view();
  }

  protected drag([, down]: Point, start: Press): void {
    const extent = this.stage.extent();
    if (this.before === null || extent === null) return;
    const factor = Math.exp(-down * ZOOM_PER_PX);
    this.stage.setView(zoomed(this.before, extent, this.stage.size(), factor, start.screen));
  }
}

export class ScrollTool extends Drag {
  private gone = 0;

  protected begin(): void {
    this.gone = 0;
  }

  protected drag([, down]: Point): void {
    const slices = Math.trunc(down / SLICE_PX);
    if (slices === this.gone) return;
    this.stage.scroll(slices - this.gone);
    this.gone = slices;
  }
}
