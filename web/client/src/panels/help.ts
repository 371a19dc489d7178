/** The keys of the room, on `?`, and the switch that turns single keys off (WCAG 2.2 SC 2.1.4). */

import { html, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { Panel } from '../room/panel';
import { sheet } from '../viewer/keys';

const STORED = 'consilium-keys';

const ROOM: readonly (readonly [string, string])[] = [
  ['?', 'This sheet'],
  ['F6', 'On to the agenda, the image, the panels; with Shift back'],
  ['F', 'Look around, or follow again'],
  ['Esc', 'Drop the line being drawn; then come back to the presenter'],
  ['U', 'Put your hand up or down'],
  ['1 … 5', 'People, opinions, decision, marks, minutes (on the image: window presets)'],
  ['Ctrl D', 'In a call: microphone on or off'],
  ['Space (held)', 'In a call: talk while muted'],
  ['Ctrl Z, Ctrl Y', 'In a text typed together: take back what you typed, nobody else’s'],
];
/** Keys of the viewer that mean something else here. */
const TAKEN = ['F', '?', 'Esc'];

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
        <h3>Room</h3>
        <dl class="keys">${ROOM.map(([key, words]) => entry(key, words))}</dl>
        <h3>Image</h3>
        <dl class="keys">
          ${sheet()
            .filter(({ keys }) => !keys.some((key) => TAKEN.includes(key)))
            .map(({ keys, words }) => entry(keys.join(' '), words))}
        </dl>
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

function entry(key: string, words: string): TemplateResult {
  return html`<dt><kbd>${key}</kbd></dt>
    <dd>${words}</dd>`;
}

customElements.define('help-sheet', HelpSheet);
