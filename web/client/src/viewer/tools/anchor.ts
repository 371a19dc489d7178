/** Marks the middle of a vertebra with a click, for the numbering; a drag does nothing. */
import { moved, SLOP, type Press, type Stage, type Tool } from './tool';

export class AnchorTool implements Tool {
  readonly busy = false;
  private from: Press | null = null;

  constructor(private readonly stage: Stage) {
    this.retell();
  }

  down(press: Press): void {
    this.from = press;
  }

  move(): void {}

  up(press: Press): void {
    if (this.from !== null && moved(this.from, press) <= SLOP) this.stage.anchor(press.image);
    this.from = null;
  }

  cancel(): void {
    this.from = null;
  }

  close(): void {
    this.stage.guide(null);
  }

  /** Say again which vertebra is next. */
  retell(): void {
    this.stage.guide({ text: this.stage.anchoring(), count: '', end: null });
  }
}
