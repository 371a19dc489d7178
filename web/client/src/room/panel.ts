/** The base of the room's panels: light DOM, so that one theme and one accessibility tree hold for all. */

import { LitElement, type PropertyDeclarations } from 'lit';
import type { RoomModel } from './model';

export abstract class Panel extends LitElement {
  static override properties: PropertyDeclarations = {
    model: { attribute: false },
    tick: { attribute: false },
  };

  model!: RoomModel;
  /** Grows with every change of the room; only there to make the panel draw again. */
  tick = 0;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
