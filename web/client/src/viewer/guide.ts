/**
 * The line that says what to press next; also how somebody who hears the page is told. It stands at the foot of the
 * pane, and on a phone, once a mark is begun, over the series below: it would cover what is to be pressed.
 */
import { html, nothing, render } from 'lit';
import './guide.css';
import type { Guide } from './tools/steps';

export interface GuideActs {
  /** Stop with the points there are. */
  readonly finish: () => void;
  /** Give up what is drawn. */
  readonly cancel: () => void;
}

export class GuideLine {
  private readonly box = document.createElement('div');
  private shown: Guide | null = null;

  constructor(
    private readonly pane: HTMLElement,
    private readonly acts: GuideActs,
  ) {
    this.box.className = 'viewer-guide';
    this.box.hidden = true;
    this.box.setAttribute('role', 'status');
  }

  show(guide: Guide | null, begun: boolean): void {
    if (guide !== null || !this.box.isConnected) this.place(begun);
    this.shown = guide;
    this.box.hidden = guide === null;
    render(guide === null ? nothing : this.words(guide, begun), this.box);
  }

  get text(): string {
    return this.shown?.text ?? '';
  }

  /** The series below stay in reach until a mark is begun. */
  private place(begun: boolean): void {
    const below = begun ? stripBelow(this.pane) : null;
    const home = below?.parentElement ?? this.pane;
    if (this.box.parentElement !== home) home.append(this.box);
    this.box.style.minHeight = below === null ? '' : `${below.offsetHeight}px`;
  }

  private words({ text, count, end }: Guide, begun: boolean) {
    return html`<span>${text}${count === '' ? nothing : html` <span class="viewer-guide-count">${count}</span>`}</span>
      ${
        end === null
          ? nothing
          : html`<button type="button" class="btn btn-small" @click=${this.acts.finish}>
              ${end === '' ? 'Finish' : `Finish here, ${end}`}
            </button>`
      }
      ${
        begun
          ? html`<button type="button" class="btn btn-small btn-quiet" @click=${this.acts.cancel}>Give up</button>`
          : nothing
      }`;
  }
}

/** The strip of series, where it lies under the pane rather than beside it. */
function stripBelow(pane: HTMLElement): HTMLElement | null {
  const strip = pane.closest('.viewer-body')?.querySelector<HTMLElement>('.viewer-strip') ?? null;
  if (strip === null || strip.offsetHeight === 0) return null;
  return strip.getBoundingClientRect().top >= pane.getBoundingClientRect().bottom - 1 ? strip : null;
}
