/** The server ends a session in which nobody does anything; reading a panel is doing something, and is told. */

const KINDS = ['pointermove', 'keydown', 'wheel'] as const;
const EVERY_MS = 60_000;

export class Activity {
  private last = 0;

  /** @param tell called at most once a minute, when somebody does something */
  constructor(private readonly tell: () => void) {}

  start(): void {
    for (const kind of KINDS) document.addEventListener(kind, this.heard, { passive: true, capture: true });
  }

  stop(): void {
    for (const kind of KINDS) document.removeEventListener(kind, this.heard, { capture: true });
  }

  private readonly heard = (): void => {
    const now = performance.now();
    if (now - this.last < EVERY_MS) return;
    this.last = now;
    this.tell();
  };
}
