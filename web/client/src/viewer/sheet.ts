/** The fixed parts of the viewer: panes, the sheet of keys and the usual vertebral levels. */
import { html, nothing, type TemplateResult } from 'lit';
import { sheet } from './keys';

const LEVELS: readonly string[] = [
  ...Array.from({ length: 7 }, (_, at) => `C${at + 1}`),
  ...Array.from({ length: 12 }, (_, at) => `T${at + 1}`),
  ...['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'S1', 'S2'],
];

/** Suggestions for the level tool; six lumbar vertebrae are not rare. */
export function levels(): TemplateResult {
  return html`<datalist id="viewer-levels">${LEVELS.map((level) => html`<option value=${level}></option>`)}</datalist>`;
}

/** Where a `Pane` draws. */
export function paneRoot(active: boolean, hidden: boolean): TemplateResult {
  return html`<div
    class="viewer-pane"
    role="group"
    tabindex="0"
    data-active=${active ? 'true' : nothing}
    ?hidden=${hidden}
  >
    <canvas></canvas>
    <svg class="viewer-lines"></svg>
    <svg class="viewer-overlay"></svg>
    <div class="viewer-facts"></div>
    <input class="viewer-slider" type="range" min="1" max="1" step="1" aria-label="Image of the series" hidden />
  </div>`;
}

/** A word when the image connection is lost. */
export function linkNote({ state, reason }: { readonly state: string; readonly reason: string }) {
  if (state !== 'waiting' && state !== 'ended') return nothing;
  return html`<p class="viewer-link" role="status">${reason}</p>`;
}

/** On a phone: that the presenter shows more than fits here. */
export function oneOf(count: number) {
  if (count < 2) return nothing;
  return html`<p class="viewer-oneof" role="status">One of ${count} images shown: the one in use</p>`;
}

/** Every key and what it does. */
export function helpSheet(): TemplateResult {
  return html`<dialog class="viewer-help" aria-label="Keys of the viewer">
    <form method="dialog">
      <h2>Keys of the viewer</h2>
      <dl>
        ${sheet().map(
          ({ keys, words }) =>
            html`<div>
              <dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt>
              <dd>${words}</dd>
            </div>`,
        )}
      </dl>
      <p>
        Wheel: scroll. Ctrl and wheel: zoom. Middle button: pan. Right button: zoom. Shift and a box: window to what is
        in it. Two fingers: zoom and pan; one finger sideways with the scroll tool: next series. Drag a series from the
        strip into an image. Drag the handles of your own marks to move them.
      </p>
      <button class="btn btn-primary" autofocus>Close</button>
    </form>
  </dialog>`;
}
