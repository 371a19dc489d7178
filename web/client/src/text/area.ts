/** A `<textarea>` over a field of a joint text: what is typed goes there, what others type comes here around the caret. */

import { changed, moved, type Step } from './change';
import type { JointText } from './joint-text';

export class Area {
  /** What the field was last seen to say; while a character is being composed, the others are ahead of it. */
  private shown: string;
  private composing = false;
  private missed: (readonly Step[])[] = [];
  private readonly end: () => void;

  /** @param said called after the caret has moved or something was typed */
  constructor(
    readonly area: HTMLTextAreaElement,
    readonly text: JointText,
    readonly field: string,
    private readonly said: () => void,
  ) {
    this.shown = text.words(field);
    area.value = this.shown;
    area.addEventListener('input', this.typed);
    area.addEventListener('beforeinput', this.before);
    area.addEventListener('keydown', this.key);
    area.addEventListener('compositionstart', this.compose);
    area.addEventListener('compositionend', this.composed);
    this.end = text.listen(field, (steps) => this.heard(steps));
  }

  /** Let go of the textarea. */
  stop(): void {
    this.end();
    this.area.removeEventListener('input', this.typed);
    this.area.removeEventListener('beforeinput', this.before);
    this.area.removeEventListener('keydown', this.key);
    this.area.removeEventListener('compositionstart', this.compose);
    this.area.removeEventListener('compositionend', this.composed);
  }

  private readonly typed = (): void => {
    if (!this.composing) this.give();
  };

  /** The browser's own undo knows nothing of what others typed in between. */
  private readonly before = (event: InputEvent): void => {
    if (event.inputType !== 'historyUndo' && event.inputType !== 'historyRedo') return;
    event.preventDefault();
    this.turn(event.inputType === 'historyUndo');
  };

  private readonly key = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    this.turn(key === 'z' && !event.shiftKey);
  };

  private turn(back: boolean): void {
    if (this.area.readOnly) return;
    if (back) this.text.undo(this.field);
    else this.text.redo(this.field);
    this.said();
  }

  private readonly compose = (): void => {
    this.composing = true;
  };

  private readonly composed = (): void => {
    this.composing = false;
    this.give();
    this.show([]);
  };

  /** Give what was typed to the text, carried past what others typed while a character was composed. */
  private give(): void {
    const change = changed(this.shown, this.area.value, this.area.selectionEnd);
    if (change !== null) {
      const at = this.missed.reduce(moved, change.at);
      const end = this.missed.reduce(moved, change.at + change.removed);
      this.text.edit(this.field, { ...change, at, removed: end - at });
    }
    if (this.missed.length === 0) this.shown = this.area.value;
    this.said();
  }

  private heard(steps: readonly Step[] | null): void {
    if (steps === null) {
      this.missed = [];
      this.show([]);
    } else if (this.composing) this.missed.push(steps);
    else this.show(steps);
  }

  /** Show what the field says, the caret where it was among the letters. */
  private show(steps: readonly Step[]): void {
    const { area } = this;
    const carried = [...this.missed, steps];
    this.missed = [];
    this.shown = this.text.words(this.field);
    if (area.value === this.shown) return;
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = area;
    area.value = this.shown;
    const place = (index: number): number => carried.reduce(moved, index);
    area.setSelectionRange(place(selectionStart), place(selectionEnd), selectionDirection);
    area.scrollTop = scrollTop;
  }
}
