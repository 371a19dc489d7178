/** Keeps the joint texts going while the room is on screen: what is typed leaves, and leaving asks first. */

import type { Texts } from '../text/texts';

/** What is typed leaves this often; a person's keys come slower. */
const EVERY_MS = 50;

export class Typing {
  private timer = 0;

  constructor(private readonly texts: Texts) {}

  start(): void {
    this.timer = window.setInterval(() => this.texts.flush(), EVERY_MS);
    window.addEventListener('beforeunload', this.onUnload);
  }

  stop(): void {
    window.clearInterval(this.timer);
    window.removeEventListener('beforeunload', this.onUnload);
  }

  /** Words that are only in this window would go with it. */
  private readonly onUnload = (event: BeforeUnloadEvent): void => {
    if (this.texts.unsent()) event.preventDefault();
  };
}
