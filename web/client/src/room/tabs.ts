/** The panels of deliberation as tabs (WAI-ARIA tabs pattern, arrows move, panels keep what was typed). */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { IconName } from '../icons';
import type { RoomModel } from './model';

export type PanelName = 'people' | 'opinions' | 'recommendation' | 'marks' | 'minutes';

interface PanelEntry {
  readonly name: PanelName;
  readonly label: string;
  readonly icon: IconName;
}

export const PANELS: readonly PanelEntry[] = [
  { name: 'people', label: 'People', icon: 'users' },
  { name: 'opinions', label: 'Opinions', icon: 'scale' },
  { name: 'recommendation', label: 'Decision', icon: 'clipboard-check' },
  { name: 'marks', label: 'Marks', icon: 'ruler' },
  { name: 'minutes', label: 'Minutes', icon: 'pen-line' },
];

export interface TabActions {
  readonly choose: (panel: PanelName) => void;
  readonly sheet: () => void;
  readonly sheetOpen: boolean;
  /** The discipline whose layer is being shown again; undefined: none. */
  readonly replaying: string | null | undefined;
}

/** The tab list with its panels. */
export function tabs(model: RoomModel, chosen: PanelName, tick: number, actions: TabActions): TemplateResult {
  return html`
    <h2 class="sr-only">Deliberation</h2>
    <div class="room-tabs">
      <div
        class="tabs"
        role="tablist"
        aria-label="Deliberation"
        @keydown=${(event: KeyboardEvent) => arrow(event, chosen, actions)}
      >
        ${PANELS.map(
          (entry) =>
            html`<button
              type="button"
              role="tab"
              id=${`tab-${entry.name}`}
              aria-controls=${`panel-${entry.name}`}
              aria-selected=${entry.name === chosen ? 'true' : 'false'}
              tabindex=${entry.name === chosen ? 0 : -1}
              @click=${() => actions.choose(entry.name)}
            >
              ${icon(entry.icon)} <span>${entry.label}</span> ${count(model, entry.name)}
            </button>`,
        )}
      </div>
      <button
        type="button"
        class="btn btn-quiet btn-icon room-sheet"
        aria-expanded=${actions.sheetOpen ? 'true' : 'false'}
        aria-label=${actions.sheetOpen ? 'Make the panel smaller' : 'Make the panel larger'}
        @click=${actions.sheet}
      >
        ${icon(actions.sheetOpen ? 'chevron-down' : 'chevron-up')}
      </button>
    </div>
    ${PANELS.map(
      (entry) =>
        html`<div
          class="room-panel"
          role="tabpanel"
          id=${`panel-${entry.name}`}
          aria-labelledby=${`tab-${entry.name}`}
          tabindex="0"
          ?hidden=${entry.name !== chosen}
        >
          ${panel(model, entry.name, tick, actions.replaying)}
        </div>`,
    )}
  `;
}

function panel(model: RoomModel, name: PanelName, tick: number, replaying: string | null | undefined): TemplateResult {
  switch (name) {
    case 'people':
      return html`<room-people .model=${model} .tick=${tick}></room-people>`;
    case 'opinions':
      return html`<room-opinions .model=${model} .tick=${tick}></room-opinions>`;
    case 'recommendation':
      return html`<room-recommendation .model=${model} .tick=${tick}></room-recommendation>`;
    case 'marks':
      return html`<room-marks .model=${model} .tick=${tick} .replaying=${replaying}></room-marks>`;
    case 'minutes':
      return html`<room-minutes .model=${model} .tick=${tick}></room-minutes>`;
  }
}

/** A number beside a tab that asks to be looked at. */
function count(model: RoomModel, name: PanelName): TemplateResult | typeof nothing {
  const item = model.table?.item;
  const hands = model.room.hands.length;
  if (name === 'people' && hands > 0) {
    return html`<span class="tab-count" data-tone="warn">${icon('hand', 'hands raised:')}${hands}</span>`;
  }
  if (item === undefined) return nothing;
  if (name === 'opinions') {
    const given = Object.values(item.opinions).filter((opinion) => opinion.round === item.round).length;
    return given === 0 ? nothing : html`<span class="tab-count">${given}</span>`;
  }
  if (name === 'marks') {
    const marks = model.marks.length;
    return marks === 0 ? nothing : html`<span class="tab-count">${marks}</span>`;
  }
  return nothing;
}

function arrow(event: KeyboardEvent, chosen: PanelName, actions: TabActions): void {
  const at = PANELS.findIndex((entry) => entry.name === chosen);
  const places: Readonly<Record<string, number>> = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    Home: 0,
    End: PANELS.length - 1,
  };
  const place = places[event.key];
  if (place === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const next = PANELS[(place + PANELS.length) % PANELS.length]!;
  actions.choose(next.name);
  (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${next.name}`)?.focus();
}
