/** A layer of marks shown again in the order it was drawn, one after the other, alone on the images. */

import type { MarkShown } from '../session';

const STEP_MS = 1200;

export class LayerReplay {
  /** The discipline whose layer runs; undefined: none does. */
  discipline: string | null | undefined = undefined;
  private count = 0;
  private timer = 0;

  /**
   * @param marks the marks of the case on the table, in the order they were drawn
   * @param reached called with each mark as it comes
   * @param changed called when what is shown became something else
   */
  constructor(
    private readonly marks: () => readonly MarkShown[],
    private readonly reached: (mark: string) => void,
    private readonly changed: () => void,
  ) {}

  /** Begin with the first mark of a layer, or stop the one that runs. */
  toggle(discipline: string | null): void {
    const again = this.discipline !== discipline;
    this.stop();
    if (!again) return;
    this.discipline = discipline;
    this.timer = window.setInterval(() => this.step(), STEP_MS);
    this.step();
  }

  /** Show everything again. */
  stop(): void {
    window.clearInterval(this.timer);
    this.discipline = undefined;
    this.count = 0;
    this.changed();
  }

  /** Which marks are shown now. */
  shown(): readonly MarkShown[] {
    return this.discipline === undefined ? this.marks() : this.layer().slice(0, this.count);
  }

  private layer(): readonly MarkShown[] {
    return this.marks().filter(({ mark }) => mark.discipline === this.discipline);
  }

  private step(): void {
    const layer = this.layer();
    if (this.count >= layer.length) {
      this.stop();
      return;
    }
    this.count += 1;
    this.reached(layer[this.count - 1]!.mark.mark);
    this.changed();
  }
}
