/** The slider along a stack. It costs more to repaint than a slice, so while a stack runs it follows a few times a second. */

const EVERY_MS = 100;

export class Slider {
  private waiting = 0;
  private index = 0;
  private count = 0;

  constructor(
    private readonly input: HTMLInputElement,
    chosen: (index: number) => void,
  ) {
    input.addEventListener('input', () => chosen(input.valueAsNumber - 1));
  }

  /** Show the place in a stack; hidden for a single image. */
  show(index: number, count: number): void {
    const other = count !== this.count;
    this.index = index;
    this.count = count;
    if (this.waiting === 0 || other) this.follow();
  }

  close(): void {
    clearTimeout(this.waiting);
  }

  private follow(): void {
    const { input, index, count } = this;
    clearTimeout(this.waiting);
    this.waiting = 0;
    input.hidden = count < 2;
    input.max = String(Math.max(1, count));
    if (input.value === String(index + 1) && input.ariaValueText !== null) return;
    input.value = String(index + 1);
    input.setAttribute('aria-valuetext', `Image ${index + 1} of ${count}`);
    this.waiting = window.setTimeout(() => this.follow(), EVERY_MS);
  }
}
