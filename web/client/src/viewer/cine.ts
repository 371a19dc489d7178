/** Plays a stack at the rate of its file, or at one that a person chose. */

const FRAMES_PER_SECOND = 12;
const [SLOWEST, FASTEST] = [1, 60];

export class Cine {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** 1 is the rate of the file. */
  private factor = 1;

  /** frameTime: of the series that is played, in ms; null where its file does not say. */
  constructor(
    private readonly step: () => void,
    private readonly frameTime: () => number | null,
  ) {}

  get playing(): boolean {
    return this.timer !== undefined;
  }

  /** Frames in a second. */
  get rate(): number {
    const time = this.frameTime();
    const own = time === null || time <= 0 ? FRAMES_PER_SECOND : 1000 / time;
    return Math.min(FASTEST, Math.max(SLOWEST, own * this.factor));
  }

  toggle(): void {
    if (this.playing) this.stop();
    else this.run();
  }

  /** Faster (above 1) or slower. */
  change(factor: number): void {
    this.factor = Math.min(8, Math.max(1 / 8, this.factor * factor));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private run(): void {
    this.timer = setTimeout(() => {
      this.run();
      this.step();
    }, 1000 / this.rate);
  }
}
