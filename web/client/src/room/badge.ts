/** A discipline's sign: its shape in its colour, with its name for those who see neither. */

import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { onDark } from './colour';
import { initials, type Discipline } from './model';

const SHAPES: Readonly<Record<string, SVGTemplateResult>> = {
  circle: svg`<circle cx="8" cy="8" r="6.5"></circle>`,
  square: svg`<rect x="2" y="2" width="12" height="12"></rect>`,
  diamond: svg`<path d="M8 .8 15.2 8 8 15.2.8 8Z"></path>`,
  triangle: svg`<path d="M8 1.2 15.4 14.5H.6Z"></path>`,
  hexagon: svg`<path d="M8 .8 14.4 4.4V11.6L8 15.2 1.6 11.6V4.4Z"></path>`,
  star: svg`<path d="m8 .6 2.2 4.9 5.3.5-4 3.6 1.2 5.3L8 12.1l-4.7 2.8 1.2-5.3-4-3.6 5.3-.5Z"></path>`,
  cross: svg`<path d="M5.5 1h5v4.5H15v5h-4.5V15h-5v-4.5H1v-5h4.5Z"></path>`,
  pentagon: svg`<path d="M8 .8 15.3 6.2 12.5 14.8H3.5L.7 6.2Z"></path>`,
};

/** The colour on either ground. */
export function tint({ colour }: Discipline): string {
  return `light-dark(${colour}, ${onDark(colour)})`;
}

/** The shape alone; decorative, its name always stands beside it. */
export function badge(discipline: Discipline): TemplateResult {
  return html`<svg class="badge" viewBox="0 0 16 16" aria-hidden="true" .style=${`fill: ${tint(discipline)}`}>
    ${SHAPES[discipline.shape] ?? SHAPES.circle}
  </svg>`;
}

/** Shape and name. */
export function disciplineName(discipline: Discipline): TemplateResult {
  return html`<span class="discipline">${badge(discipline)}<span>${discipline.name}</span></span>`;
}

/** Initials in a ring of the discipline's colour; decorative. */
export function face(name: string, discipline: Discipline): TemplateResult {
  return html`<span class="face" aria-hidden="true" .style=${`--tint: ${tint(discipline)}`}>
    <span>${initials(name)}</span>${badge(discipline)}
  </span>`;
}
