/** Whether Space is free to talk with: it is where pressing it would do nothing else that was meant. */

/** Where letters or choices are made, Space is always theirs. */
const TYPED = 'input, select, textarea, dialog, .viewer-prompt';
/** Pressed by Space when a keyboard brought the focus here; a pointer only left it behind. */
const PRESSED = 'button, summary, a[href], [role=tab], [role=tabpanel], [role=slider], [role=application]';
/** The cross that keys draw with; then Space places a point. */
const DRAWING = '.viewer-crosshair';
const QUIET = new Set([' ', 'Shift', 'Control', 'Alt', 'Meta']);

export class Space {
  /** Where the focus is, a pointer put it. */
  private pointed = false;

  start(): void {
    document.addEventListener('pointerdown', this.onPointer, true);
    document.addEventListener('keydown', this.onKey, true);
  }

  stop(): void {
    document.removeEventListener('pointerdown', this.onPointer, true);
    document.removeEventListener('keydown', this.onKey, true);
  }

  /** Whether it talks when pressed here. */
  free(target: EventTarget | null): boolean {
    if (!(target instanceof Element)) return true;
    if (target.closest(TYPED) !== null) return false;
    const viewer = target.closest('consilium-viewer');
    if (viewer !== null && viewer.querySelector(DRAWING) !== null) return false;
    return this.pointed || target.closest(PRESSED) === null;
  }

  private readonly onPointer = (): void => {
    this.pointed = true;
  };

  private readonly onKey = ({ key }: KeyboardEvent): void => {
    if (!QUIET.has(key)) this.pointed = false;
  };
}
