/** Follow-me: one screen leads, the others follow until they look around, and one key brings them back. */

import type { PaneView, Presence, Screen as Layout, Viewport } from '../protocol';
import type { RoomModel } from './model';

/** A view is kept for late joiners and the replay once it has rested this long. */
const REST_MS = 600;

/** What somebody's screen is like who has not said. */
const ALONE: Layout = { layout: '1x1', place: 0, linked: true, beside: [] };

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
  /** My screen as it moved last, until the log is told of it. */
  private unrested: Viewport | null = null;
  /** The layout told last, so that it is not told again at every slice. */
  private told = '';
  /** What the leader showed of the case before: not to be followed in this one. */
  private stale: PaneView | null = null;
  private joined: { readonly view: PaneView; readonly layout: Layout; readonly viewport: Viewport } | null = null;

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
    const arrived = this.placed !== table.id;
    if (arrived) this.arrive(table.id);
    if (this.leading) {
      this.resume(screen, table.item.shown);
      // On arrival the viewer has yet to put the images of the case before away.
      if (!arrived && table.item.shown === null) this.begin(screen);
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
    const { layout, place, linked, beside, ...pane } = viewport;
    const screen = { layout, place, linked, beside };
    const told = JSON.stringify(screen);
    this.model.session.present(told === this.told ? { viewport: pane } : { viewport: pane, screen });
    this.told = told;
    window.clearTimeout(this.resting);
    this.unrested = viewport;
    this.resting = window.setTimeout(() => this.rest(viewport), REST_MS);
  }

  /** Before something is drawn: the log has the screen it lies on first, as whoever looked on saw it. */
  settle(): void {
    if (this.unrested !== null) this.rest(this.unrested);
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
    if (this.placed !== null) this.stale = this.shownBy(this.model.leader)?.viewport ?? null;
    if (this.leading) this.model.session.present({ viewport: null, screen: null });
    this.told = '';
    this.placed = caseId;
    this.following = true;
    this.applied = null;
    this.unrested = null;
    window.clearTimeout(this.resting);
  }

  /** A leader who comes back, or takes the floor, goes on from where the room was. */
  private resume(screen: Screen, shown: Viewport | null): void {
    if (this.applied !== null || shown === null) return;
    this.applied = shown;
    screen.viewport = shown;
  }

  /** The image that the viewer opens with is shown to everybody as well, and stands in the replay. */
  private begin(screen: Screen): void {
    const opening = this.applied === null ? screen.viewport : null;
    if (opening !== null) this.moved(opening);
  }

  /** What the leader shows now; the same object as long as it is the same. */
  private led(): Viewport | null {
    const shown = this.shownBy(this.model.leader);
    const view = shown?.viewport ?? null;
    if (view === null || view === this.stale) return null;
    const layout = shown?.screen ?? this.model.table?.item.shown ?? ALONE;
    if (this.joined?.view !== view || this.joined.layout !== layout) {
      const { place, linked, beside } = layout;
      this.joined = { view, layout, viewport: { ...view, layout: layout.layout, place, linked, beside } };
    }
    return this.joined.viewport;
  }

  private shownBy(person: string | null): Presence | undefined {
    return person === null ? undefined : this.model.session.others.get(person);
  }

  private rest(viewport: Viewport): void {
    window.clearTimeout(this.resting);
    this.unrested = null;
    // Told anew with the next movement: a connection may have broken in between.
    this.told = '';
    const table = this.model.table;
    if (table === null || !this.leading || !this.model.session.live) return;
    this.model.ask({ type: 'show', case: table.id, viewport });
  }
}
