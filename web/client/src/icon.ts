/** An icon of the sprite for Lit templates; decorative unless a label is given. */
import { html, nothing, type TemplateResult } from 'lit';
import spriteUrl from 'virtual:icon-sprite';
import type { IconName } from './icons';

/** `<svg class="icon">` showing one icon; with a label it is announced, without one it is hidden from assistive technology. */
export function icon(name: IconName, label?: string): TemplateResult {
  return html`<svg
    class="icon"
    width="20"
    height="20"
    role=${label === undefined ? nothing : 'img'}
    aria-label=${label ?? nothing}
    aria-hidden=${label === undefined ? 'true' : nothing}
  >
    <use href=${`${spriteUrl}#${name}`}></use>
  </svg>`;
}
