/** The words in the corners of a pane: what a radiologist expects to read beside an image. */
import { html, nothing, render, type TemplateResult } from 'lit';
import type { Box } from './labels';
import { edges, type Edges } from './orientation';
import type { Counted } from './pictures';
import type { Title } from './titles';
import type { Fidelity, FrameFacts, SeriesFacts, Window } from './types';
import type { Size, View } from './view';

export interface Told {
  readonly series: SeriesFacts | null;
  readonly frame: FrameFacts | null;
  readonly index: number;
  /** Null: the pane is empty. */
  readonly title: Title | null;
  readonly window: Window | null;
  readonly view: View;
  readonly inverted: boolean;
  readonly fidelity: Fidelity;
  readonly progress: Counted;
  /** Why there is no picture. */
  readonly message: string | null;
  /** The level an axial image passes, how the numbering stands, or why no level is written; empty: nothing to say. */
  readonly levels: string;
}

const SOURCES: Readonly<Record<string, string>> = {
  calibrated: 'calibrated',
  pixel: 'pixel spacing',
  imager: 'at the detector',
  region: 'ultrasound region',
  volume: 'slice distance',
};

export const BADGES: Readonly<Record<Fidelity, string>> = {
  none: 'Loading',
  preview: 'Preview, not for diagnosis',
  damaged: 'Damaged: decoded as far as it goes',
  reduced: 'Reduced to 8 bits, not lossless',
  lossy: 'As stored: with loss in the file',
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
  const { lines = [], patient = '' } = told.title ?? {};
  const title = [...lines, patient].filter((part) => part !== '').join(', ');
  const levels = told.levels === '' ? '' : ` ${told.levels}.`;
  return `${title}. Image ${told.index + 1} of ${told.series.frames.length}. ${badge(told)}.${levels}`;
}

/** What stands in the corners and on the edges, but for the number of the slice. */
interface Words {
  readonly title: Title | null;
  readonly levels: string;
  readonly loading: string;
  readonly left: readonly string[];
  readonly fidelity: Fidelity;
  readonly badge: string;
  readonly letters: Edges | null;
  readonly message: string | null;
}

/** Draws the words of a pane: all of them when any has changed, else only the number of the slice. */
export class Facts {
  private drawn = '';
  private slice: HTMLElement | null = null;
  private measured: { readonly of: string; readonly boxes: readonly Box[] } = { of: '', boxes: [] };

  constructor(private readonly into: HTMLElement) {}

  show(told: Told): void {
    const words = wordsOf(told);
    const drawn = JSON.stringify(words);
    if (drawn !== this.drawn || this.slice === null) {
      render(corners(words), this.into);
      this.drawn = drawn;
      this.slice = this.into.querySelector('.viewer-slice');
    }
    const { series, index } = told;
    const slice = series === null ? '' : `${series.modality} ${index + 1}/${series.frames.length}`;
    if (this.slice!.textContent === slice) return;
    this.slice!.textContent = slice;
    const longest = series === null ? '' : `${series.modality} ${series.frames.length}/${series.frames.length}`;
    // As wide as the longest of its numbers, and a little for capitals; written only when that changes.
    if (this.slice!.dataset['for'] !== longest) this.slice!.style.width = `calc(${longest.length}ch + 1em)`;
    this.slice!.dataset['for'] = longest;
  }

  /** Where the words stand in a pane of this size, in CSS pixels; measured once for what is written and how large. */
  boxes({ width, height }: Size): readonly Box[] {
    const of = `${width} ${height} ${this.into.className} ${this.drawn}`;
    if (of !== this.measured.of) {
      const { left: x, top: y } = this.into.parentElement!.getBoundingClientRect();
      const all = [...this.into.querySelectorAll('.viewer-corner > *, .viewer-edge')];
      const boxes = all
        .map((word) => word.getBoundingClientRect())
        .map(({ left, right, top, bottom }) => ({
          left: left - x,
          right: right - x,
          top: top - y,
          bottom: bottom - y,
        }));
      this.measured = { of, boxes };
    }
    return this.measured.boxes;
  }
}

function wordsOf(told: Told): Words {
  const { series, frame, window } = told;
  const tone =
    window === null || series === null || series.colour
      ? []
      : [`W ${round(window.width)} L ${round(window.centre)}${told.inverted ? ', inverted' : ''}`];
  const zoom = `Zoom ${told.view.zoom.toFixed(2)}${turned(told.view)}`;
  return {
    title: told.title,
    levels: told.levels,
    loading: loading(told),
    left: told.title === null ? [] : [...tone, zoom, ...(frame === null ? [] : [spacingWords(frame)])],
    fidelity: told.fidelity,
    badge: badge(told),
    letters: series === null ? null : edges(series.orientation, told.view),
    message: told.message,
  };
}

function corners({ title, levels, loading, left, fidelity, badge, letters, message }: Words): TemplateResult {
  return html`
    <div class="viewer-corner" data-at="top-left">
      ${title?.prior === true ? html`<b class="viewer-prior">Prior</b>` : nothing}${(title?.lines ?? []).map((line) => html`<span>${line}</span>`)}
      ${
        title === null || title.patient === ''
          ? nothing
          : html`<span class="viewer-whose" data-differs=${title.differs}>${title.patient}</span>`
      }
      ${levels === '' ? nothing : html`<span class="viewer-numbered">${levels}</span>`}
    </div>
    <div class="viewer-corner" data-at="top-right">
      <span class="viewer-slice"></span>
      ${loading === '' ? nothing : html`<span class="viewer-dim">${loading}</span>`}
    </div>
    <div class="viewer-corner" data-at="bottom-left">${left.map((line) => html`<span>${line}</span>`)}</div>
    <div class="viewer-corner" data-at="bottom-right" ?hidden=${title === null}>
      <span class="viewer-badge" data-fidelity=${fidelity}>${badge}</span>
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
    ${message === null ? nothing : html`<p class="viewer-message">${message}</p>`}
  `;
}

function badge({ fidelity, message }: Told): string {
  return fidelity === 'none' && message !== null ? 'No picture' : BADGES[fidelity];
}

/** How much is here of what can be shown; empty when all is. */
export function loading({ progress: { total, seen, lossless, failed } }: Pick<Told, 'progress'>): string {
  const wanted = total - failed;
  if (lossless === wanted) return failed === 0 || total === 1 ? '' : `${failed} of ${total} cannot be shown`;
  const [count, word] = seen < wanted ? [seen, 'Loading'] : [lossless, 'Lossless'];
  return `${word} ${Math.floor((100 * count) / wanted)} %`;
}

function turned(view: View): string {
  return (view.rotation === 0 ? '' : `, ${view.rotation}°`) + (view.flipped ? ', mirrored' : '');
}

function round(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0);
}
