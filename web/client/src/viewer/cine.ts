/** Plays a stack at a steady rate. */

const FRAMES_PER_SECOND = 12;

export class Cine {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly step: () => void) {}

  get playing(): boolean {
    return this.timer !== undefined;
  }

  toggle(): void {
    if (this.playing) this.stop();
    else this.timer = setInterval(this.step, 1000 / FRAMES_PER_SECOND);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
