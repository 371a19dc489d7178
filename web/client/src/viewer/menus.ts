/** The menus of the toolbar: how the images are laid out, and cuts through a volume. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { IconName } from '../icons';
import type { Action } from './keys';
import { LAYOUTS, type LayoutName } from './layouts';
import type { Orthogonal, Projection } from './volume';

export interface LayoutMenu {
  readonly name: LayoutName;
  readonly linked: boolean;
  readonly lines: boolean;
  /** Whether there is an earlier study of what is shown. */
  readonly prior: boolean;
}

export interface CutMenu {
  /** The series is cut in this direction; null: shown as it was acquired. */
  readonly plane: Orthogonal | null;
  /** Why the series is no volume; null when it is. */
  readonly reason: string | null;
  /** Thickness that was asked for in mm; 0 is one layer. */
  readonly thickness: number;
  readonly projection: Projection;
}

type Act = (action: Action) => void;

const LAYOUT_ICONS: Readonly<Record<LayoutName, IconName>> = {
  '1x1': 'square',
  '1x2': 'columns-2',
  '2x2': 'layout-grid',
  '2x3': 'grid-3x2',
};

const PLANES: readonly Orthogonal[] = ['axial', 'coronal', 'sagittal'];
const THICKNESSES: readonly number[] = [0, 3, 5, 10, 20, 40];

/** A menu that closes when something in it was chosen. */
function menu(title: string, name: IconName, on: boolean, content: TemplateResult): TemplateResult {
  return html`<details class="viewer-menu" name="viewer-menu" data-menu=${name}>
    <summary class="viewer-tool" title=${title} aria-label=${title} data-on=${on ? 'true' : nothing}>
      ${icon(name)}${icon('chevron-down')}
    </summary>
    <div class="viewer-menu-list">${content}</div>
  </details>`;
}

function entry(words: string, name: IconName | null, on: boolean, act: Act, action: Action): TemplateResult {
  const chosen = (event: Event) => {
    (event.currentTarget as HTMLElement).closest('details')?.removeAttribute('open');
    act(action);
  };
  return html`<button
    type="button"
    class="viewer-entry"
    data-do=${action.do}
    aria-pressed=${on ? 'true' : 'false'}
    @click=${chosen}
  >
    ${name === null ? nothing : icon(name)}<span>${words}</span>
  </button>`;
}

export function layoutMenu(state: LayoutMenu, act: Act): TemplateResult {
  const several = state.name !== '1x1';
  return menu(
    'Layout (X)',
    LAYOUT_ICONS[state.name],
    several,
    html`${LAYOUTS.map(({ name, words }) =>
        entry(words, LAYOUT_ICONS[name], name === state.name, act, { do: 'arrange', layout: name }),
      )}
      <hr />
      ${state.prior ? entry('Compare with the earlier study (J)', 'history', false, act, { do: 'compare' }) : nothing}
      ${entry('Scroll together by position (K)', state.linked ? 'link' : 'unlink', state.linked, act, { do: 'link' })}
      ${entry('Lines of the other images (Y)', 'scan-line', state.lines, act, { do: 'lines' })}`,
  );
}

export function cutMenu(state: CutMenu, act: Act): TemplateResult {
  return menu('Cuts through the volume, MPR (M)', 'box', state.plane !== null, cuts(state, act));
}

function cuts(state: CutMenu, act: Act): TemplateResult {
  if (state.reason !== null && state.plane === null) {
    return html`<p class="viewer-why"><b>No cuts through this series.</b> ${state.reason}</p>`;
  }
  const chosen = (thickness: number, projection: Projection) => act({ do: 'slab', thickness, projection });
  return html`${entry('As acquired', 'layers', state.plane === null, act, { do: 'cut', plane: null })}
    ${PLANES.map((plane) => entry(words(plane), 'box', plane === state.plane, act, { do: 'cut', plane }))}
    ${entry('All three, two by two (M)', 'layout-grid', false, act, { do: 'reformat' })}
    ${
      state.plane === null
        ? nothing
        : html`<hr />
            <label
              >Slab
              <select
                aria-label="Thickness of the slab"
                @change=${(event: Event) => chosen(Number((event.target as HTMLSelectElement).value), state.projection)}
              >
                ${THICKNESSES.map(
                  (mm) =>
                    html`<option value=${mm} ?selected=${mm === state.thickness}>
                      ${mm === 0 ? 'One layer' : `${mm} mm`}
                    </option>`,
                )}
              </select></label
            >
            ${(['max', 'mean'] as const).map((projection) =>
              entry(
                projection === 'max' ? 'Brightest in the slab (MIP)' : 'Mean of the slab',
                null,
                projection === state.projection,
                act,
                { do: 'slab', thickness: state.thickness, projection },
              ),
            )}`
    }
    <p class="viewer-why">Made here from the lossless slices. Nobody else sees these cuts, and they take no marks.</p>`;
}

function words(plane: Orthogonal): string {
  return `${plane[0]!.toUpperCase()}${plane.slice(1)}`;
}

/** A key asked for cuts that cannot be made: the menu says why. */
export function sayWhyNoCuts(viewer: ParentNode): void {
  viewer.querySelector('details[data-menu="box"]')?.setAttribute('open', '');
}

/** Somebody turns to the images: what hangs over them goes. */
export function closeMenus(viewer: ParentNode): void {
  for (const menu of viewer.querySelectorAll('details[open]')) menu.removeAttribute('open');
}
