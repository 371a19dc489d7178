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

/** The words, or null when the person gave up. at: CSS pixels from the top left of the pane. */
export function askText(pane: HTMLElement, at: Point, question: Question): Promise<string | null> {
  const box = document.createElement('div');
  box.className = 'viewer-prompt';
  box.style.left = `${Math.max(8, Math.min(at[0] + 12, pane.clientWidth - 260))}px`;
  box.style.top = `${Math.max(8, Math.min(at[1] - 20, pane.clientHeight - 64))}px`;
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
    box.querySelector('input')!.focus();
  });
}
