/** `<consilium-room>`: the conference room of one person, over a session that keeps it true. */

import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import './room/room.css';
import { Connection } from './connection';
import './panels/agenda';
import type { HelpSheet } from './panels/help';
import './panels/help';
import './panels/marks';
import './panels/minutes';
import './panels/opinions';
import './panels/people';
import './panels/recommendation';
import { strip } from './media/strip';
import { Activity } from './room/activity';
import { bar } from './room/bar';
import { Focus } from './room/focus';
import { footer } from './room/footer';
import { hearing } from './room/hearing';
import { Follow } from './room/follow';
import { thinned } from './room/drafts';
import { keyOf, type RoomKey } from './room/keys';
import { lobby } from './room/lobby';
import { facts, RoomModel } from './room/model';
import { Others } from './room/others';
import { LayerReplay } from './room/replay';
import { says, Told, type Said } from './room/says';
import { ending, stage } from './room/stage';
import { PANELS, tabs, type PanelName } from './room/tabs';
import { Typing } from './room/typing';
import { COMMANDS, sentence } from './room/words';
import { Session, type Notice } from './session';
import type { ConsiliumViewer, Draft, MarkComplete, MarkMove, PointerAt, ViewerMark, Viewport } from './viewer';
import { listen as listenForKeyImages } from './key-images';
import { dropFirstPicture } from './viewer/first';
import './viewer';

export class ConsiliumRoom extends LitElement {
  static override properties: PropertyDeclarations = {
    tick: { state: true },
    panel: { state: true },
    agendaOpen: { state: true },
    sheetOpen: { state: true },
  };

  private tick = 0;
  private panel: PanelName = 'people';
  private agendaOpen = false;
  private sheetOpen = false;
  private readonly told = new Told(() => this.again());
  private drafting: Draft | null = null;
  private couldDraw = false;
  private table: string | null = null;
  private pointing = false;
  private version = -1;
  private clock = 0;
  private readonly session = new Session();
  private readonly model = new RoomModel(facts(), this.session, () => this.pushed());
  private readonly others = new Others(this.model);
  private readonly focused = new Focus(this);
  private readonly activity = new Activity(() => {
    if (!this.pointing) this.session.present({ pointer: null });
  });
  private readonly typing = new Typing(this.model.texts);
  private readonly ways = { agenda: () => (this.agendaOpen = !this.agendaOpen), help: () => this.help() };
  private readonly follow = new Follow(this.model, () => this.viewer);
  private readonly replay = new LayerReplay(
    () => this.model.marks,
    (mark) => this.focusMark(mark),
    () => this.again(),
  );
  private connection = this.connect();

  override connectedCallback(): void {
    super.connectedCallback();
    this.connection.start();
    this.clock = window.setInterval(() => this.again(), 1000);
    this.typing.start();
    this.focused.start();
    document.addEventListener('keydown', this.onKey, true);
    document.addEventListener('visibilitychange', this.onVisible);
    this.activity.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.connection.stop();
    window.clearInterval(this.clock);
    this.typing.stop();
    this.focused.stop();
    document.removeEventListener('keydown', this.onKey, true);
    document.removeEventListener('visibilitychange', this.onVisible);
    this.activity.stop();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override render(): TemplateResult {
    const { model } = this;
    const told = this.session.lobby;
    if (told !== null) return html`${bar(model, this.ways)} ${lobby(model, told)} ${this.around()}`;
    return html`
      ${bar(model, this.ways)}
      <div
        class="room-body"
        ?inert=${model.link.state === 'closed'}
        data-agenda=${this.agendaOpen ? 'open' : 'closed'}
        data-sheet=${this.sheetOpen ? 'open' : 'closed'}
      >
        <aside class="room-left" aria-label="Agenda" tabindex="-1">
          <room-agenda .model=${model} .tick=${this.tick}></room-agenda>
        </aside>
        <main class="room-centre" id="main" tabindex="-1">
          ${this.centre()} ${hearing(model)} ${this.foot()} ${strip(model, this.tick)}
        </main>
        <aside
          class="room-right"
          aria-label="Deliberation"
          @focus-mark=${(event: CustomEvent<string>) => this.focusMark(event.detail)}
          @erase-mark=${(event: CustomEvent<string>) => this.erase(event.detail)}
          @replay-layer=${(event: CustomEvent<string | null>) => this.replay.toggle(event.detail)}
          @room-changed=${() => this.again()}
        >
          ${tabs(model, this.panel, this.tick, {
            choose: (panel) => (this.panel = panel),
            sheet: () => (this.sheetOpen = !this.sheetOpen),
            sheetOpen: this.sheetOpen,
            replaying: this.replay.discipline,
          })}
        </aside>
      </div>
      ${this.around()}
    `;
  }

  /** What lies around the room, in it and outside: short messages, the key sheet, the ending. */
  private around(): TemplateResult {
    const { link } = this.model;
    return html`
      ${says(this.told.said, (id) => this.told.forget(id))}
      <p class="sr-only" role="status" aria-live="polite" data-heard>${this.told.heard}</p>
      <help-sheet .model=${this.model}></help-sheet>
      ${link.state === 'closed' ? ending(link, () => this.comeBack()) : nothing}
    `;
  }

  protected override updated(): void {
    this.follow.apply();
    this.focused.keep();
    if (this.model.link.state === 'live' && this.model.table === null) dropFirstPicture(document);
    const ended = this.querySelector('.ending');
    if (ended !== null && !ended.contains(document.activeElement)) ended.querySelector<HTMLElement>('.btn')?.focus();
  }

  private centre(): TemplateResult {
    const { model } = this;
    const table = model.table;
    if (table === null) return stage(model);
    return html`<h2 class="sr-only">Images</h2>
      <consilium-viewer
        .caseId=${table.id}
        .me=${model.me}
        .discipline=${model.myDiscipline}
        .disciplines=${model.looks}
        .marks=${this.viewerMarks()}
        .canDraw=${model.may('draw')}
        .following=${this.follow.following && !this.follow.leading}
        .telepointers=${this.others.telepointers(performance.now())}
        .drafts=${this.others.drafts()}
        @viewportchange=${(event: CustomEvent<Viewport>) => this.follow.moved(event.detail)}
        @leave=${() => this.lookAround()}
        @markcomplete=${(event: CustomEvent<MarkComplete>) => this.draw(event.detail)}
        @markmove=${(event: CustomEvent<MarkMove>) => this.model.ask({ type: 'reshape', ...event.detail })}
        @markerase=${(event: CustomEvent<Pick<ViewerMark, 'mark'>>) => this.model.ask({ type: 'erase', mark: event.detail.mark })}
        @draft=${(event: CustomEvent<Draft | null>) => this.draftChanged(event.detail)}
        @pointerat=${(event: CustomEvent<PointerAt | null>) => this.point(event.detail)}
      ></consilium-viewer>`;
  }

  private foot(): TemplateResult {
    return footer(this.model, this.follow, {
      lookAround: () => this.lookAround(),
      rejoin: () => this.rejoin(),
      hand: () => this.hand(),
      layDown: () => this.model.ask({ type: 'pass-floor', person: null }),
    });
  }

  private viewerMarks(): ViewerMark[] {
    return this.replay.shown().map(({ mark, delivery }) => {
      const reason = delivery.state === 'refused' ? { reason: delivery.refusal.reason } : {};
      return { ...mark, delivery: delivery.state, ...reason };
    });
  }

  private get viewer(): ConsiliumViewer | null {
    return this.querySelector<ConsiliumViewer>('consilium-viewer');
  }

  private connect(): Connection {
    return new Connection(this.model.facts.conference, this.session, (notices) => this.changed(notices));
  }

  /** The window that was replaced takes the room back. */
  private comeBack(): void {
    this.connection = this.connect();
    this.connection.start();
    this.again();
  }

  private changed(notices: readonly Notice[]): void {
    this.model.link = this.connection.link;
    for (const notice of notices) this.tell(notice);
    if (!document.hidden) this.session.sawEverything();
    this.roleChanged();
    if (this.session.version === this.version && notices.length === 0 && this.model.link.state === 'live') {
      this.presenceChanged();
      return;
    }
    this.version = this.session.version;
    this.again();
  }

  /** Others moved: only the image needs to know, many times a second. */
  private presenceChanged(): void {
    this.model.texts.tell();
    const viewer = this.viewer;
    if (viewer === null) return;
    viewer.telepointers = this.others.telepointers(performance.now());
    viewer.drafts = this.others.drafts();
    this.follow.apply();
  }

  private again(): void {
    this.tick += 1;
  }

  private pushed(): void {
    this.connection.push();
    this.again();
  }

  private tell(notice: Notice): void {
    if (notice.kind === 'welcomed') {
      this.relevelled();
      if (this.session.welcomedAt !== null) this.model.skew = Date.parse(this.session.welcomedAt) - Date.now();
      if (!notice.fresh) this.say('You are back in the room; nothing was lost.', 'good');
    } else if (notice.kind === 'waiting') {
      if (this.session.lobby !== null) this.model.skew = Date.parse(this.session.lobby.at) - Date.now();
      if (notice.putOut) this.say('You are back in the lobby.', 'info');
      this.told.heard = this.querySelector('.lobby h2')?.textContent ?? '';
    } else if (notice.kind === 'refused') {
      const { command, code, reason } = notice.refusal;
      if (command.type === 'choose' && code === 'stale-revision') return; // the form asks again by itself
      this.say(`${COMMANDS[command.type] ?? 'That'} was refused. ${reason}`, 'bad');
    } else if (notice.kind === 'event') {
      if (notice.recorded.event.type === 'levels-changed') this.relevelled();
      const words = sentence(this.model, notice.recorded);
      if (words === null) return;
      this.model.captions.take(notice.recorded.event, words);
      if (notice.recorded.actor === this.model.me) this.told.heard = words;
      else this.say(words, 'info');
    }
  }

  /** The panel and the images ask again what stands. */
  private relevelled(): void {
    this.model.levels += 1;
    void this.viewer?.numbered.refresh();
  }

  private say(words: string, tone: Said['tone']): void {
    this.told.say(words, tone);
  }

  /** A right or a case that went away in mid-gesture takes the unfinished line with it, and says so. */
  private roleChanged(): void {
    const can = this.model.may('draw');
    const gone = this.table !== this.model.room.table;
    if (this.drafting !== null && ((this.couldDraw && !can) || gone)) {
      this.viewer?.cancelDraft();
      this.drafting = null;
      this.session.present({ draft: null });
      const why = gone ? 'the case has changed' : `you can no longer draw here`;
      this.say(`Your unfinished line was dropped: ${why}.`, 'bad');
    }
    if (gone && this.replay.discipline !== undefined) this.replay.stop();
    this.couldDraw = can;
    this.table = this.model.room.table;
  }

  private draw(done: MarkComplete): void {
    this.drafting = null;
    this.session.present({ draft: null });
    const table = this.model.table;
    if (table === null) return;
    this.follow.settle();
    this.model.ask({ type: 'draw', case: table.id, ...done });
  }

  private erase(mark: string): void {
    if (this.viewer?.history.eraseOf(mark) !== true) this.model.ask({ type: 'erase', mark });
  }

  private draftChanged(draft: Draft | null): void {
    this.drafting = draft;
    this.session.present({ draft: draft === null ? null : thinned(draft) });
  }

  private point(pointer: PointerAt | null): void {
    this.pointing = pointer !== null;
    if (this.model.may('point')) this.session.present({ pointer });
  }

  private hand(): void {
    const raised = this.model.room.hands.includes(this.model.me);
    this.model.ask(raised ? { type: 'lower-hand', person: this.model.me } : { type: 'raise-hand' });
  }

  private lookAround(): void {
    this.follow.leave();
    this.again();
  }

  private rejoin(): void {
    this.follow.rejoin();
    this.again();
  }

  private help(): void {
    this.querySelector<HelpSheet>('help-sheet')?.open();
  }

  private focusMark(mark: string): void {
    if (!this.follow.leading) this.follow.leave();
    this.viewer?.focusMark(mark);
    this.again();
  }

  private readonly onVisible = (): void => {
    if (document.hidden) return;
    this.session.sawEverything();
    this.again();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const key = keyOf(event);
    if (key === null || !this.pressed(key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** Whether the key did something. */
  private pressed(key: RoomKey): boolean {
    switch (key) {
      case 'escape':
        return this.escape();
      case 'follow':
        if (this.follow.leading) return false;
        if (this.follow.following) this.lookAround();
        else this.rejoin();
        return true;
      case 'hand':
        if (!this.model.may('raise-hand')) return false;
        this.hand();
        return true;
      case 'help':
        this.help();
        return true;
      case 'onward':
      case 'back':
        return this.focused.onward(key === 'back' ? -1 : 1);
      default:
        this.panel = PANELS[key]!.name;
        this.querySelector<HTMLElement>(`#tab-${PANELS[key]!.name}`)?.focus();
        return true;
    }
  }

  /** First the line being drawn, then the drawer, then back to the presenter. */
  private escape(): boolean {
    if (this.drafting !== null) {
      this.viewer?.cancelDraft();
      this.draftChanged(null);
      return true;
    }
    if (this.agendaOpen) {
      this.agendaOpen = false;
      return true;
    }
    if (this.follow.following || this.follow.leading) return false;
    this.rejoin();
    return true;
  }
}

customElements.define('consilium-room', ConsiliumRoom);
listenForKeyImages();
