/** Follow-me: one screen leads, the others follow until they look around, and one key brings them back. */

import type { Viewport } from '../protocol';
import type { RoomModel } from './model';

/** A view is kept for late joiners and the replay once it has rested this long. */
const REST_MS = 600;

/** The part of the viewer that follows and leads. */
export interface Screen {
  viewport: Viewport | null;
}

export class Follow {
  /** False while somebody looks around on their own. */
  following = true;
  private applied: Viewport | null = null;
  private placed: string | null = null;
  private resting = 0;

  constructor(
    private readonly model: RoomModel,
    private readonly screen: () => Screen | null,
  ) {}

  /** Whether my own screen leads. */
  get leading(): boolean {
    return this.model.leader === this.model.me && this.model.may('show');
  }

  /** Bring the screen to where it should be; called after every change of the room or of presence. */
  apply(): void {
    const table = this.model.table;
    const screen = this.screen();
    if (table === null || screen === null) return;
    if (this.placed !== table.id) this.arrive(table.id);
    if (this.leading) {
      this.resume(screen, table.item.shown);
      return;
    }
    const target = this.led() ?? table.item.shown;
    if (!this.following || target === null || target === this.applied) return;
    this.applied = target;
    screen.viewport = target;
  }

  /** My screen moved by my own hand. */
  moved(viewport: Viewport): void {
    if (!this.leading) return;
    this.applied = viewport;
    this.model.session.present({ viewport });
    window.clearTimeout(this.resting);
    this.resting = window.setTimeout(() => this.rest(viewport), REST_MS);
  }

  /** Look around alone. */
  leave(): void {
    this.following = false;
  }

  /** Back to the leader's screen. */
  rejoin(): void {
    this.following = true;
    this.applied = null;
    this.apply();
  }

  private arrive(caseId: string): void {
    this.placed = caseId;
    this.following = true;
    this.applied = null;
    window.clearTimeout(this.resting);
  }

  /** A leader who comes back, or takes the floor, goes on from where the room was. */
  private resume(screen: Screen, shown: Viewport | null): void {
    if (this.applied !== null || shown === null) return;
    this.applied = shown;
    screen.viewport = shown;
  }

  private led(): Viewport | null {
    const leader = this.model.leader;
    const viewport = leader === null ? undefined : this.model.session.others.get(leader)?.viewport;
    return viewport ?? null;
  }

  private rest(viewport: Viewport): void {
    const table = this.model.table;
    if (table === null || !this.leading || !this.model.session.live) return;
    this.model.ask({ type: 'show', case: table.id, viewport });
  }
}
