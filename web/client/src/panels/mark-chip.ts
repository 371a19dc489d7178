/** A mark named in the text: its kind and value, a button that brings it on screen. */

import { html, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { Mark } from '../protocol';
import { badge } from '../room/badge';
import { measured } from '../room/model';
import { Panel } from '../room/panel';
import { MARK_KINDS } from '../room/words';

/** `Cobb angle 34.2° ±4.9`, or the text of a mark that has one. */
export function markName(mark: Mark): string {
  const value = mark.measured === null ? mark.text : measured(mark.measured);
  return value === '' ? MARK_KINDS[mark.kind] : `${MARK_KINDS[mark.kind]} ${value}`;
}

/** Asks the room to bring a mark on screen. */
export function focusMark(from: HTMLElement, mark: string): void {
  from.dispatchEvent(new CustomEvent('focus-mark', { detail: mark, bubbles: true, composed: true }));
}

export class MarkChip extends Panel {
  static override properties: PropertyDeclarations = { mark: { attribute: false } };

  mark!: Mark;

  override render(): TemplateResult {
    return html`<button type="button" class="chip chip-button" @click=${() => focusMark(this, this.mark.mark)}>
      ${badge(this.model.discipline(this.mark.discipline))} ${markName(this.mark)}
    </button>`;
  }
}

customElements.define('mark-chip', MarkChip);
