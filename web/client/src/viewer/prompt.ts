/** Asks for the words of a mark, beside it. */
import { html, nothing, render } from 'lit';
import type { Point } from './types';

export interface Question {
  readonly label: string;
  /** Whether an empty answer means that the mark is given up. */
  readonly required: boolean;
  /** Id of a datalist with usual answers. */
  readonly list?: string;
}

const LONGEST = 200;
const MARGIN_PX = 8;

/** The words, or null when the person gave up. at: CSS pixels from the top left of the pane. */
export function askText(pane: HTMLElement, at: Point, question: Question): Promise<string | null> {
  const box = document.createElement('div');
  box.className = 'viewer-prompt';
  pane.append(box);
  return new Promise((resolve) => {
    const close = (answer: string | null) => {
      box.remove();
      pane.focus({ preventScroll: true });
      resolve(answer);
    };
    const answered = (event: Event) => {
      event.preventDefault();
      const text = box.querySelector('input')!.value.trim();
      close(text === '' && question.required ? null : text);
    };
    const keyed = (event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.key === 'Escape') close(null);
    };
    render(
      html`<form @submit=${answered} @keydown=${keyed}>
        <input
          type="text"
          maxlength=${LONGEST}
          aria-label=${question.label}
          placeholder=${question.label}
          list=${question.list ?? nothing}
          autocomplete="off"
        />
        <button type="submit" class="btn btn-small btn-primary">Keep</button>
        <button type="button" class="btn btn-small btn-quiet" @click=${() => close(null)}>Cancel</button>
      </form>`,
      box,
    );
    place(box, pane, at);
    box.querySelector('input')!.focus({ preventScroll: true });
  });
}

/**
 * Right of the mark; where the pane has no room for that, above or below it. Never over it: the place stays in sight,
 * and the click that follows a finger's tap must not press a key that came up under it.
 */
function place(box: HTMLElement, pane: HTMLElement, [x, y]: Point): void {
  const across = pane.clientWidth - box.offsetWidth - MARGIN_PX;
  const down = pane.clientHeight - box.offsetHeight - MARGIN_PX;
  const beside = x + 12 <= across;
  const above = y - 20 - box.offsetHeight;
  const top = beside ? y - 20 : above >= MARGIN_PX ? above : y + 20;
  box.style.left = `${Math.max(MARGIN_PX, Math.min(x + 12, across))}px`;
  box.style.top = `${Math.max(MARGIN_PX, Math.min(top, down))}px`;
}
