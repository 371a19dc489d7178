/** Short messages of the room: what just happened stays a moment, a refusal until it is read. */

import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../icon';

export interface Said {
  readonly id: number;
  readonly words: string;
  readonly tone: 'info' | 'good' | 'bad';
}

/** How long a short message stays; a refusal stays until it is read. */
const SAID_MS = 6000;
const MOST = 3;

/** What was said lately, and what the live region speaks. */
export class Told {
  said: readonly Said[] = [];
  heard = '';
  private count = 0;

  constructor(private readonly changed: () => void) {}

  say(words: string, tone: Said['tone']): void {
    this.count += 1;
    const id = this.count;
    const others = this.said.filter((said) => said.words !== words); // twice the same stands once, as the newest
    this.said = [...others.slice(1 - MOST), { id, words, tone }];
    this.heard = words;
    if (tone !== 'bad') window.setTimeout(() => this.forget(id), SAID_MS);
    this.changed();
  }

  forget(id: number): void {
    this.said = this.said.filter((said) => said.id !== id);
    this.changed();
  }
}

/** The messages, newest last. Hearing them is the live region's job, but a refusal interrupts. */
export function says(said: readonly Said[], dismiss: (id: number) => void): TemplateResult {
  return html`<section class="says" aria-label="Messages">
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
  </section>`;
}
