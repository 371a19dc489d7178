/** The series of a case as small pictures: a click opens one in the active pane, a drag in any. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { isPrior, pictured, seriesWords, studyWords, thumbnail, unpictured } from './studies';
import type { SeriesListed, StudyListed } from './types';

/** The kind of what is dragged from the strip. */
const DRAGGED = 'text/x-consilium-series';

export interface StripState {
  readonly caseId: string;
  readonly studies: readonly StudyListed[];
  /** Series on the screen. */
  readonly open: readonly (string | null)[];
  /** The series of the pane that somebody works in. */
  readonly active: string | null;
  readonly choose: (series: string) => void;
}

export function strip(state: StripState): TemplateResult {
  return html`<nav class="viewer-strip" aria-label="Series">
    ${state.studies
      .filter((study) => pictured(study).length + unpictured(study).length > 0)
      .map(
        (study) =>
          html`<section>
            <h3>
              ${isPrior(study, state.studies) ? html`<b class="viewer-prior">Prior</b> ` : nothing}${studyWords(study)}
            </h3>
            ${pictured(study).map((series) => item(series, state))} ${unpictured(study).map(none)}
          </section>`,
      )}
  </nav>`;
}

function item(series: SeriesListed, state: StripState): TemplateResult {
  const address = thumbnail(state.caseId, series);
  const uid = series.series_instance_uid;
  const open = state.open.includes(uid);
  const without = series.without ?? null;
  return html`<button
    type="button"
    class="viewer-series"
    data-series=${uid}
    aria-pressed=${open ? 'true' : 'false'}
    data-active=${uid === state.active ? 'true' : nothing}
    title=${[seriesWords(series), without?.reason ?? ''].filter((part) => part !== '').join('. ')}
    draggable="true"
    @dragstart=${(event: DragEvent) => event.dataTransfer?.setData(DRAGGED, uid)}
    @click=${() => state.choose(uid)}
  >
    ${thumb(address)}
    <span class="viewer-series-words"
      ><b>${seriesWords(series)}</b
      ><small>${series.modality}, ${series.frames} ${series.frames === 1 ? 'image' : 'images'}</small>${
        without === null ? nothing : html`<small class="viewer-without">${without.images} cannot be shown</small>`
      }</span
    >
  </button>`;
}

/** The icon is what is seen where the picture does not come. */
function thumb(address: string | null): TemplateResult {
  const gone = (event: Event) => (event.target as HTMLElement).toggleAttribute('hidden', true);
  return html`<span class="viewer-series-thumb"
    >${icon('image')}${
      address === null
        ? nothing
        : html`<img src=${address} alt="" width="56" height="56" loading="lazy" draggable="false" @error=${gone} />`
    }</span
  >`;
}

/** A series that is kept and never drawn, such as a film or a tracing: it is said, lest nobody misses it. */
function none(series: SeriesListed): TemplateResult {
  return html`<p class="viewer-series-none">
    <b>${seriesWords(series)}</b> <small>${series.without?.reason ?? 'Nothing of it can be shown.'}</small>
  </p>`;
}

/** Let series be dropped into panes; taken: the number of the pane and the series. */
export function dropTarget(panes: HTMLElement, taken: (at: number, series: string) => void, signal: AbortSignal): void {
  const roots = [...panes.querySelectorAll<HTMLElement>('.viewer-pane')];
  const over = (event: DragEvent): HTMLElement | undefined =>
    roots.find((root) => event.target instanceof Node && root.contains(event.target));
  const mark = (root: HTMLElement | undefined) => {
    for (const one of roots) one.toggleAttribute('data-over', one === root);
  };
  panes.addEventListener(
    'dragover',
    (event) => {
      if (event.dataTransfer?.types.includes(DRAGGED) !== true) return;
      event.preventDefault();
      mark(over(event));
    },
    { signal },
  );
  panes.addEventListener('dragleave', () => mark(undefined), { signal });
  panes.addEventListener(
    'drop',
    (event) => {
      const [root, series] = [over(event), event.dataTransfer?.getData(DRAGGED) ?? ''];
      mark(undefined);
      if (root === undefined || series === '') return;
      event.preventDefault();
      taken(roots.indexOf(root), series);
    },
    { signal },
  );
}
