/** The words in the corners of a pane: what a radiologist expects to read beside an image. */
import { html, nothing, render, type TemplateResult } from 'lit';
import { edges } from './orientation';
import type { Fidelity, FrameFacts, SeriesFacts, Window } from './types';
import type { View } from './view';

export interface Told {
  readonly series: SeriesFacts | null;
  readonly frame: FrameFacts | null;
  readonly index: number;
  /** Study description and date, and the series' description. */
  readonly title: readonly string[];
  readonly window: Window | null;
  readonly view: View;
  readonly inverted: boolean;
  readonly fidelity: Fidelity;
  readonly progress: { readonly total: number; readonly seen: number; readonly lossless: number };
  /** Why there is no picture. */
  readonly message: string | null;
  readonly prior: boolean;
}

const SOURCES: Readonly<Record<string, string>> = {
  calibrated: 'calibrated',
  pixel: 'pixel spacing',
  imager: 'at the detector',
  region: 'ultrasound region',
  volume: 'distance of the slices',
};

export const BADGES: Readonly<Record<Fidelity, string>> = {
  none: 'Loading',
  preview: 'Preview, not for diagnosis',
  reduced: 'Reduced to 8 bits, not lossless',
  lossless: 'Lossless',
};

/** Where millimetres come from on this image, or that there are none. */
export function spacingWords(frame: FrameFacts): string {
  const { row_spacing_mm: row, column_spacing_mm: column, spacing_source: source } = frame;
  if (row === null || column === null || source === null) return 'No trusted spacing: pixels only';
  const size = Math.abs(row - column) < 1e-3 ? row.toFixed(2) : `${row.toFixed(2)} × ${column.toFixed(2)}`;
  return `${size} mm, ${SOURCES[source] ?? source}`;
}

/** Slice, loading state and window in one sentence, for a screen reader. */
export function spoken(told: Told): string {
  if (told.series === null) return told.message ?? 'No image';
  return `${told.title.join(', ')}. Image ${told.index + 1} of ${told.series.frames.length}. ${BADGES[told.fidelity]}.`;
}

export function drawFacts(into: HTMLElement, told: Told): void {
  render(corners(told), into);
}

function corners(told: Told): TemplateResult {
  const { series, frame } = told;
  const letters = series === null ? null : edges(series.orientation, told.view);
  return html`
    <div class="viewer-corner" data-at="top-left">
      ${told.prior ? html`<b class="viewer-prior">Prior</b>` : nothing}${told.title.map((line) => html`<span>${line}</span>`)}
    </div>
    <div class="viewer-corner" data-at="top-right">
      ${series === null ? nothing : html`<span class="viewer-slice">${series.modality} ${told.index + 1}/${series.frames.length}</span>`}
      ${loading(told)}
    </div>
    <div class="viewer-corner" data-at="bottom-left">
      ${
        told.window === null || series === null || series.colour
          ? nothing
          : html`<span
              >W ${round(told.window.width)} L ${round(told.window.centre)}${told.inverted ? ', inverted' : ''}</span
            >`
      }
      <span>Zoom ${told.view.zoom.toFixed(2)}${turned(told.view)}</span>
      ${frame === null ? nothing : html`<span>${spacingWords(frame)}</span>`}
    </div>
    <div class="viewer-corner" data-at="bottom-right">
      <span class="viewer-badge" data-fidelity=${told.fidelity}>${badge(told)}</span>
      <span>Not for primary diagnosis</span>
    </div>
    ${
      letters === null
        ? nothing
        : html`<span class="viewer-edge" data-at="left">${letters.left}</span>
            <span class="viewer-edge" data-at="right">${letters.right}</span>
            <span class="viewer-edge" data-at="top">${letters.top}</span>
            <span class="viewer-edge" data-at="bottom">${letters.bottom}</span>`
    }
    ${told.message === null ? nothing : html`<p class="viewer-message">${told.message}</p>`}
  `;
}

function badge({ fidelity, message }: Told): string {
  return fidelity === 'none' && message !== null ? 'No picture' : BADGES[fidelity];
}

function loading({ progress }: Told): TemplateResult | typeof nothing {
  const { total, seen, lossless } = progress;
  if (total === 0 || lossless === total) return nothing;
  const [count, word] = seen < total ? [seen, 'Loading'] : [lossless, 'Lossless'];
  return html`<span class="viewer-dim">${word} ${Math.floor((100 * count) / total)} %</span>`;
}

function turned(view: View): string {
  return (view.rotation === 0 ? '' : `, ${view.rotation}°`) + (view.flipped ? ', mirrored' : '');
}

function round(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0);
}
