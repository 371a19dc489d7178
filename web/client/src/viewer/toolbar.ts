/** The row of tools above the image. */
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { IconName } from '../icons';
import type { Action } from './keys';
import type { LaidMenu } from './laid';
import { laidMenu } from './laid-menu';
import { outline } from './layers';
import { cutMenu, layoutMenu, type CutMenu, type LayoutMenu } from './menus';
import { printed, TOOLS } from './tools';
import type { DisciplineLook, Preset, ToolName } from './types';

export interface ToolbarState {
  readonly tool: ToolName;
  readonly canDraw: boolean;
  readonly inverted: boolean;
  readonly flipped: boolean;
  readonly playing: boolean;
  /** Frames in a second while a stack is played. */
  readonly rate: number;
  readonly stack: boolean;
  readonly layout: LayoutMenu;
  readonly cuts: CutMenu;
  readonly presets: readonly Preset[];
  readonly disciplines: readonly (DisciplineLook & { readonly shown: boolean })[];
  readonly act: (action: Action) => void;
  readonly toggleLayer: (code: string) => void;
  /** Show this layer alone; again: all of them. */
  readonly focusLayer: (code: string) => void;
  readonly laid: LaidMenu;
  readonly undoable: boolean;
  readonly redoable: boolean;
}

export function toolbar(state: ToolbarState): TemplateResult {
  const offered = TOOLS.filter(({ draws }) => state.canDraw || !draws);
  const { act } = state;
  return html`<div class="viewer-tools" role="toolbar" aria-label="Image tools">
    <div class="viewer-tools-draw">
      ${offered.map(
        (tool) =>
          html`<button
            type="button"
            class="viewer-tool"
            data-tool=${tool.name}
            aria-pressed=${tool.name === state.tool ? 'true' : 'false'}
            title=${`${tool.label} (${printed(tool.key)})`}
            @click=${() => act({ do: 'tool', tool: tool.name })}
          >
            ${icon(tool.icon)}<span>${tool.label}</span>
          </button>`,
      )}
    </div>
    <div class="viewer-tools-more">
      ${state.canDraw ? history(state) : nothing} ${state.presets.length > 1 ? presets(state) : nothing}
      ${state.disciplines.length > 0 ? layers(state) : nothing}
      ${state.presets.length > 0 ? button('Window to what is seen (U)', 'sun', { do: 'auto' }, act) : nothing}
      ${button('Invert (I)', 'moon', { do: 'invert' }, act, state.inverted)}
      ${button('Mirror (H)', 'flip-horizontal', { do: 'flip' }, act, state.flipped)}
      ${button('Rotate (.)', 'rotate-cw', { do: 'rotate', degrees: 90 }, act)}
      ${button('Fit (0)', 'move-diagonal', { do: 'fit' }, act)}
      ${button('One image pixel per screen pixel (G)', 'square', { do: 'one-to-one' }, act)}
      ${state.stack ? cine(state) : nothing} ${laidMenu(state.laid)} ${layoutMenu(state.layout, act)}
      ${cutMenu(state.cuts, act)} ${button('Full screen (F)', 'maximize', { do: 'screen' }, act)}
      ${button('Keys (?)', 'keyboard', { do: 'help' }, act)}
    </div>
  </div>`;
}

function button(
  title: string,
  name: IconName,
  action: Action,
  act: (action: Action) => void,
  on?: boolean,
): TemplateResult {
  return html`<button
    type="button"
    class="viewer-tool"
    data-do=${action.do}
    title=${title}
    aria-label=${title}
    aria-pressed=${on === undefined ? nothing : on ? 'true' : 'false'}
    @click=${() => act(action)}
  >
    ${icon(name)}
  </button>`;
}

function cine({ playing, rate, act }: ToolbarState): TemplateResult {
  const title = playing ? `Pause (C), ${rate.toFixed(0)} images a second; faster > slower <` : 'Play (C)';
  return html`${button(title, playing ? 'pause' : 'play', { do: 'cine' }, act, playing)}${
    playing ? html`<span class="viewer-rate">${rate.toFixed(0)}/s</span>` : nothing
  }`;
}

function presets({ presets: offered, act }: ToolbarState): TemplateResult {
  const chosen = (event: Event) => {
    const select = event.target as HTMLSelectElement;
    act({ do: 'preset', number: Number(select.value) });
    select.value = '';
  };
  return html`<select class="viewer-presets" aria-label="Window preset" @change=${chosen}>
    <option value="">Window…</option>
    ${offered.map((preset, at) => html`<option value=${at + 1}>${at + 1} ${preset.name}</option>`)}
  </select>`;
}

function history({ undoable, redoable, act }: ToolbarState): TemplateResult {
  return html`${step('Undo (Ctrl Z)', 'undo-2', { do: 'undo' }, undoable, act)}
  ${step('Redo (Ctrl Shift Z)', 'redo-2', { do: 'redo' }, redoable, act)}`;
}

function step(
  title: string,
  name: IconName,
  action: Action,
  possible: boolean,
  act: (action: Action) => void,
): TemplateResult {
  return html`<button
    type="button"
    class="viewer-tool"
    data-do=${action.do}
    title=${title}
    aria-label=${title}
    aria-disabled=${possible ? 'false' : 'true'}
    @click=${() => act(action)}
  >
    ${icon(name)}
  </button>`;
}

function layers({ disciplines, toggleLayer, focusLayer }: ToolbarState): TemplateResult {
  return html`<details class="viewer-menu" name="viewer-menu">
    <summary class="viewer-tool" title="Marks by discipline" aria-label="Marks by discipline">${icon('eye')}</summary>
    <div class="viewer-menu-list">
      ${disciplines.map(
        (one) =>
          html`<div class="viewer-layer">
            <label
              ><input type="checkbox" .checked=${one.shown} @change=${() => toggleLayer(one.code)} />
              <svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
                <path d=${outline(one.shape, [0, 0], 5)} fill="none" stroke=${one.colour} stroke-width="2"></path>
              </svg>
              ${one.name}</label
            ><button type="button" class="btn btn-small btn-quiet" @click=${() => focusLayer(one.code)}>Only</button>
          </div>`,
      )}
    </div>
  </details>`;
}
