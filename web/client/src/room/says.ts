/** Short messages of the room: what just happened stays a moment, a refusal until it is read. */

import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../icon';

export interface Said {
  readonly id: number;
  readonly words: string;
  readonly tone: 'info' | 'good' | 'bad';
}

/** The messages, newest last. Hearing them is the live region's job, but a refusal interrupts. */
export function says(said: readonly Said[], dismiss: (id: number) => void): TemplateResult {
  return html`<div class="says">
    ${repeat(
      said,
      ({ id }) => id,
      ({ id, words, tone }) =>
        html`<div class="says-one" data-tone=${tone} role=${tone === 'bad' ? 'alert' : 'presentation'}>
          ${icon(tone === 'bad' ? 'triangle-alert' : tone === 'good' ? 'circle-check' : 'info')}
          <span class="grow">${words}</span>
          <button
            type="button"
            class="btn btn-quiet btn-icon btn-small"
            aria-label="Dismiss"
            @click=${() => dismiss(id)}
          >
            ${icon('x')}
          </button>
        </div>`,
    )}
  </div>`;
}
