/** Where the call goes in the room; nothing of it is loaded where there is none. */

import { html, nothing, type TemplateResult } from 'lit';
import type { RoomModel } from '../room/model';

/** The strip of the call, for who may speak in an installation that has voice and video. */
export function strip(model: RoomModel, tick: number): TemplateResult | typeof nothing {
  if (!model.facts.media || !model.may('speak')) return nothing;
  void import('./room-media');
  return html`<room-media .model=${model} .tick=${tick}></room-media>`;
}
