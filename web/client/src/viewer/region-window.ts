/** With Shift held: a box drawn over the image, and the window that suits what is in it. */
import type { Point } from './types';
import { moved, SLOP, type Press, type Tool } from './tools/tool';

export interface RegionStage {
  /** Show the box that is being drawn, in CSS pixels of the pane; null takes it away. */
  region(box: readonly [Point, Point] | null): void;
  /** Set the window that suits the box, in image points. */
  fitWindow(box: readonly [Point, Point]): void;
}

export class RegionWindowTool implements Tool {
  readonly busy = false;
  private start: Press | null = null;

  constructor(private readonly stage: RegionStage) {}

  down(press: Press): void {
    this.start = press;
  }

  move(press: Press, pressed: boolean): void {
    if (pressed && this.start !== null) this.stage.region([this.start.screen, press.screen]);
  }

  up(press: Press): void {
    const { start } = this;
    this.cancel();
    if (start !== null && moved(start, press) > SLOP) this.stage.fitWindow([start.image, press.image]);
  }

  cancel(): void {
    this.start = null;
    this.stage.region(null);
  }
}
