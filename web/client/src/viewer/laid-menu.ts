/** The menu of what can be laid over the images, and of reports and documents to read beside them. */
import { html, nothing, type TemplateResult } from 'lit';
import './laid.css';
import { icon } from '../icon';
import type { CaseObject, LaidMenu } from './laid';
import { dateWords } from './studies';

export function laidMenu(menu: LaidMenu): TemplateResult {
  const opened = (event: Event) => {
    if ((event.target as HTMLDetailsElement).open) menu.load();
  };
  const title = 'Reports and overlays';
  return html`<details class="viewer-menu" name="viewer-menu" data-menu="objects" @toggle=${opened}>
    <summary class="viewer-tool" title=${title} aria-label=${title}>${icon('shapes')}</summary>
    <div class="viewer-menu-list">${menu.objects === null ? html`<p>Looking …</p>` : list(menu, menu.objects)}</div>
  </details>`;
}

function list(menu: LaidMenu, objects: readonly CaseObject[]): TemplateResult {
  const problem = menu.problem === '' ? nothing : html`<p role="alert">${menu.problem}</p>`;
  if (objects.length === 0) {
    return html`${problem}
      <p>This case has no reports, documents or overlays. They come in with the images.</p>`;
  }
  const masks = objects.some(({ kind, sop }) => kind === 'segmentation' && menu.shown(sop));
  return html`${problem} ${objects.map((one) => row(menu, one))} ${masks ? fade(menu) : nothing}`;
}

function row(menu: LaidMenu, { sop, kind, title, date = '' }: CaseObject): TemplateResult {
  const words = html`<span>${title}${date === '' ? nothing : html`<small>${dateWords(date)}</small>`}</span>`;
  if (kind === 'report' || kind === 'document') {
    const href = `/cases/${encodeURIComponent(menu.caseId)}/objects/${encodeURIComponent(sop)}`;
    return html`<a href=${href} target="_blank" rel="noopener">${icon('file-text')} ${words}</a>`;
  }
  return html`<label data-object=${sop}
      ><input type="checkbox" .checked=${menu.shown(sop)} @change=${() => menu.toggle(sop)} /> ${words}</label
    >
    ${menu.segments(sop).map(
      ({ label, colour }) =>
        html`<span class="viewer-segment"
          ><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            <rect width="12" height="12" rx="2" fill=${colour}></rect></svg
          >${label}</span
        >`,
    )}`;
}

function fade(menu: LaidMenu): TemplateResult {
  const moved = (event: Event) => menu.fade((event.target as HTMLInputElement).valueAsNumber);
  return html`<label class="viewer-fade"
    >How strong <input type="range" min="0.1" max="1" step="0.05" .value=${String(menu.opacity)} @input=${moved}
  /></label>`;
}
