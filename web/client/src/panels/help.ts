/** The keys of the room, on `?`, and the switch that turns single keys off (WCAG 2.2 SC 2.1.4). */

import { html, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { Panel } from '../room/panel';

const STORED = 'consilium-keys';

const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'Room',
    [
      ['?', 'This sheet'],
      ['F', 'Follow again, or look around'],
      ['Esc', 'Drop the line being drawn; then come back to the presenter'],
      ['H', 'Raise or lower your hand'],
      ['1 – 4', 'People, opinions, recommendation, marks'],
      ['Ctrl Enter', 'Save the recommendation'],
    ],
  ],
  [
    'Image',
    [
      ['↑ ↓', 'Image before, image after'],
      ['Page Up, Page Down', 'Ten images'],
      ['Home, End', 'First and last image'],
      ['+ −', 'Zoom'],
      ['0', 'Fit to the window'],
    ],
  ],
];

/** Whether single keys do something outside of fields. */
export function keysOn(): boolean {
  return localStorage.getItem(STORED) !== 'off';
}

export class HelpSheet extends Panel {
  static override properties: PropertyDeclarations = { on: { state: true } };

  private on = keysOn();

  /** Show the sheet. */
  open(): void {
    const dialog = this.querySelector('dialog');
    if (dialog !== null && !dialog.open) dialog.showModal();
  }

  override render(): TemplateResult {
    return html`<dialog class="help" aria-labelledby="help-title">
      <div class="stack">
        <div class="panel-head">
          <h2 id="help-title">Keys</h2>
          <button
            type="button"
            class="btn btn-quiet btn-icon"
            aria-label="Close"
            @click=${() => this.querySelector('dialog')?.close()}
          >
            ${icon('x')}
          </button>
        </div>
        ${KEYS.map(
          ([title, keys]) =>
            html`<section>
              <h3>${title}</h3>
              <dl class="keys">
                ${keys.map(
                  ([key, words]) =>
                    html`<dt><kbd>${key}</kbd></dt>
                      <dd>${words}</dd>`,
                )}
              </dl>
            </section>`,
        )}
        <label class="check"
          ><input
            type="checkbox"
            .checked=${this.on}
            @change=${(event: Event) => this.turn((event.target as HTMLInputElement).checked)}
          />
          <span>Single keys work outside of text fields</span></label
        >
      </div>
    </dialog>`;
  }

  private turn(on: boolean): void {
    this.on = on;
    localStorage.setItem(STORED, on ? 'on' : 'off');
  }
}

customElements.define('help-sheet', HelpSheet);
