/** Under the image: whose screen this is, the way out and back, and one's hand. */

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { Follow } from './follow';
import type { RoomModel } from './model';

export interface FooterActions {
  readonly lookAround: () => void;
  readonly rejoin: () => void;
  readonly hand: () => void;
  readonly layDown: () => void;
}

/** The bar for this moment. */
export function footer(model: RoomModel, follow: Follow, actions: FooterActions): TemplateResult {
  return html`<div class="room-foot">
    ${model.table === null ? html`<span class="grow"></span>` : following(model, follow, actions)}
    ${hand(model, actions)}
  </div>`;
}

function following(model: RoomModel, follow: Follow, actions: FooterActions): TemplateResult {
  if (follow.leading) {
    const floor = model.room.floor === model.me;
    return html`<span class="room-follow grow" data-follow="leading"
        >${icon('presentation')} <span><b>You present.</b> Everybody follows your screen.</span></span
      >
      ${floor ? html`<button type="button" class="btn btn-small" @click=${actions.layDown}>Give the floor back</button>` : nothing}`;
  }
  const leader = model.leader;
  if (leader === null) return html`<span class="room-follow grow muted">Nobody presents</span>`;
  const name = model.nameOf(leader);
  if (follow.following) {
    return html`<span class="room-follow grow" data-follow="following"
        >${icon('eye')} <span>Following <b>${name}</b></span></span
      >
      <button type="button" class="btn btn-small" @click=${actions.lookAround}>Look around <kbd>F</kbd></button>`;
  }
  return html`<span class="room-follow grow" data-follow="alone"
      >${icon('mouse-pointer-2')}
      <span>Looking around<span class="room-wide"> on your own; nobody sees your screen</span></span></span
    >
    <button type="button" class="btn btn-small btn-primary" @click=${actions.rejoin}>
      Back to ${name} <kbd>Esc</kbd>
    </button>`;
}

function hand(model: RoomModel, actions: FooterActions): TemplateResult | typeof nothing {
  if (!model.may('raise-hand')) return nothing;
  const raised = model.room.hands.includes(model.me);
  return html`<button
    type="button"
    class="btn btn-small hand"
    aria-pressed=${raised ? 'true' : 'false'}
    @click=${actions.hand}
  >
    ${icon('hand')} <span>${raised ? 'Lower' : 'Raise'}<span class="room-bar-wide"> your</span> hand</span>
  </button>`;
}
