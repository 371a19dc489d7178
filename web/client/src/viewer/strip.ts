/** The series of a case as small pictures. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { isPrior, seriesWords, studyWords, thumbnail } from './studies';
import type { SeriesListed, StudyListed } from './types';

export interface StripState {
  readonly caseId: string;
  readonly studies: readonly StudyListed[];
  /** Series on the screen. */
  readonly open: readonly (string | null)[];
  readonly choose: (series: string) => void;
}

export function strip(state: StripState): TemplateResult {
  return html`<nav class="viewer-strip" aria-label="Series">
    ${state.studies.map(
      (study) =>
        html`<section>
          <h3>
            ${isPrior(study, state.studies) ? html`<b class="viewer-prior">Prior</b> ` : nothing}${studyWords(study)}
          </h3>
          ${study.series.map((series) => item(series, state))}
        </section>`,
    )}
  </nav>`;
}

function item(series: SeriesListed, state: StripState): TemplateResult {
  const address = thumbnail(state.caseId, series);
  const uid = series.series_instance_uid;
  const open = state.open.includes(uid);
  return html`<button
    type="button"
    class="viewer-series"
    data-series=${uid}
    aria-pressed=${open ? 'true' : 'false'}
    @click=${() => state.choose(uid)}
  >
    ${address === null ? icon('image') : html`<img src=${address} alt="" width="56" height="56" loading="lazy" />`}
    <span
      ><b>${seriesWords(series)}</b
      ><small>${series.modality}, ${series.frames} ${series.frames === 1 ? 'image' : 'images'}</small></span
    >
  </button>`;
}
