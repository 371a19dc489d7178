/**
 * The client's side of the room protocol, without any I/O: messages in, messages out, and what a person must be told.
 *
 * A shell (`connection.ts`) calls `opened` when a socket opens, `receive` for each text frame and `lost` when it closes,
 * then sends everything `take` gives. A command waits here until it is acknowledged or refused, across any number of
 * connections, and carries the same identity each time, so that the server answers a resent one without doing it twice.
 */

import { empty, evolve } from './replica';
import {
  VERSION,
  type ClientMessage,
  type Command,
  type LobbyMessage,
  type Mark,
  type Participant,
  type Presence,
  type Projection,
  type Recorded,
  type ServerMessage,
} from './protocol';

/** A command of ours that is not answered yet. `sent`: it left on the present connection. */
export interface Pending {
  readonly id: string;
  readonly command: Command;
  sent: boolean;
  /** Set by the acknowledgement: its events are in the log up to here. */
  settled: number | null;
}

/** A command of ours that the room did not accept. */
export interface Refusal {
  readonly id: string;
  readonly command: Command;
  readonly code: string;
  readonly reason: string;
}

/** Something a person should hear of; the shell turns it into words and sound. */
export type Notice =
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'event'; recorded: Recorded; before: Projection }
  | { kind: 'welcomed'; fresh: boolean }
  | { kind: 'waiting'; putOut: boolean }
  | { kind: 'compare'; projection: Projection; digest: string };

/** What the server says of joint texts; `text/texts.ts` takes it. */
type TextMessage = Extract<ServerMessage, { type: 'text' | 'typed' }>;

export class Session {
  /** Folded from confirmed events only; replaced, never changed in place. */
  confirmed: Projection = empty();
  you: Participant | null = null;
  /** True between the welcome and the loss of the connection: commands reach the room now. */
  live = false;
  /** For a guest who waits: how their own cases stand; null: in the room. */
  lobby: LobbyMessage | null = null;
  /** The server's clock at the last welcome, RFC 3339. */
  welcomedAt: string | null = null;
  /** Presence of the others, by person. */
  readonly others = new Map<string, Presence>();
  /** Every command without an answer or without its events, oldest first. */
  readonly pending = new Map<string, Pending>();
  /** Refused commands, kept until the person has dealt with them. */
  readonly refused = new Map<string, Refusal>();
  /** Sequence number at which each mark last changed, as far as known. */
  readonly markSeq = new Map<string, number>();
  /** Grows with everything that is not presence. */
  version = 0;
  /** Called with what was typed into joint texts. */
  onText: (message: TextMessage) => void = () => undefined;
  /** Called at each welcome, before anything waiting is sent again. */
  onWelcome: () => void = () => undefined;
  private outgoing: ClientMessage[] = [];
  private notices: Notice[] = [];
  private ready = false;
  private told = -1;
  private draft: Presence = {};

  /** A socket opened: ask for everything since the last confirmed event. */
  opened(): void {
    this.outgoing = [{ type: 'hello', versions: [VERSION], since: this.ready ? this.confirmed.seq : null }];
  }

  /** The socket closed; commands stay pending, presence of others is no longer known. */
  lost(): void {
    this.live = false;
    this.outgoing = [];
    this.others.clear();
    for (const item of this.pending.values()) item.sent = false;
  }

  /** The replica is not what the server has: forget it, so that the next hello asks for a snapshot. */
  distrust(): void {
    this.ready = false;
    this.markSeq.clear();
  }

  /** Ask the room for something; returns the command's identity. Sent at once when live, else after the welcome. */
  ask(command: Command, id: string = newId()): string {
    const item: Pending = { id, command, sent: false, settled: null };
    this.pending.set(id, item);
    if (this.live) this.send(item);
    return id;
  }

  /** Ask for the joint text of a case beyond a state vector in base64; nothing while there is nobody to ask. */
  readText(caseId: string, state: string): void {
    if (this.live) this.outgoing.push({ type: 'read-text', case: caseId, state });
  }

  /** What of mine others may see; coalesced until `flushPresence`. */
  present(change: Presence): void {
    Object.assign(this.draft, change);
  }

  /** Move coalesced presence to the outgoing messages; nothing when there is none or nobody to tell. */
  flushPresence(): void {
    if (!this.live || Object.keys(this.draft).length === 0) return;
    this.outgoing.push({ type: 'presence', ...this.draft });
    this.draft = {};
  }

  /** One message from the server. */
  receive(message: ServerMessage): void {
    if (message.type === 'text' || message.type === 'typed') {
      this.onText(message);
      return;
    }
    if (message.type !== 'presence') this.version += 1;
    switch (message.type) {
      case 'welcome':
        this.welcome(message);
        break;
      case 'lobby':
        this.wait(message);
        break;
      case 'events':
        this.happened(message.events);
        this.compare(message.digest);
        break;
      case 'ack':
        this.acknowledged(message.id, message.seq);
        break;
      case 'refused':
        this.refuse(message.id, message.code, message.reason);
        break;
      case 'presence':
        this.seen(message.people);
        break;
    }
  }

  /** Everything to send now; empties the list. */
  take(): ClientMessage[] {
    const messages = this.outgoing;
    this.outgoing = [];
    return messages;
  }

  /** Everything to tell now; empties the list. */
  takeNotices(): Notice[] {
    const notices = this.notices;
    this.notices = [];
    return notices;
  }

  /** A person looks at this window, and everything confirmed is on it. */
  sawEverything(): void {
    if (this.told === this.confirmed.seq) return;
    this.told = this.confirmed.seq;
    this.present({ seen: this.told });
  }

  /** A refused command was dealt with (read, or kept as a private note). */
  dismiss(id: string): void {
    this.refused.delete(id);
  }

  /** In the lobby: nothing of the room is known any more, and nothing asked of it holds. */
  private wait(message: LobbyMessage): void {
    const wasIn = this.live;
    this.lobby = message;
    this.welcomedAt = message.at;
    this.distrust();
    this.live = false;
    this.confirmed = empty();
    this.others.clear();
    const late = 'You were back in the lobby before it arrived.';
    for (const id of [...this.pending.keys()]) this.refuse(id, 'in-lobby', late);
    this.notices.push({ kind: 'waiting', putOut: wasIn });
  }

  private welcome(message: Extract<ServerMessage, { type: 'welcome' }>): void {
    this.you = message.you;
    this.lobby = null;
    this.welcomedAt = message.at;
    if (message.snapshot !== null) {
      this.confirmed = message.snapshot;
      this.markSeq.clear();
    }
    this.happened(message.events);
    this.others.clear();
    for (const [person, presence] of Object.entries(message.presence)) this.others.set(person, presence);
    const fresh = !this.ready;
    this.ready = true;
    this.live = true;
    this.onWelcome();
    for (const item of this.pending.values()) if (item.settled === null) this.send(item);
    this.told = -1;
    this.notices.push({ kind: 'welcomed', fresh });
    this.compare(message.digest);
    this.settle();
  }

  /** Large rooms send a digest now and then only. */
  private compare(digest: string | null): void {
    if (digest !== null) this.notices.push({ kind: 'compare', projection: this.confirmed, digest });
  }

  private happened(events: readonly Recorded[]): void {
    for (const recorded of events) {
      if (recorded.seq <= this.confirmed.seq) continue;
      const before = this.confirmed;
      this.confirmed = evolve(before, recorded);
      if (recorded.event.type === 'drawn') this.markSeq.set(recorded.event.mark.mark, recorded.seq);
      if (recorded.event.type === 'reshaped') this.markSeq.set(recorded.event.mark, recorded.seq);
      this.notices.push({ kind: 'event', recorded, before });
    }
    this.settle();
  }

  private acknowledged(id: string, seq: number): void {
    const item = this.pending.get(id);
    if (item === undefined) return;
    item.settled = seq;
    this.settle();
  }

  /** An acknowledged command leaves when its events are folded in, so that nothing flickers between the two. */
  private settle(): void {
    for (const item of this.pending.values()) {
      if (item.settled !== null && item.settled <= this.confirmed.seq) this.pending.delete(item.id);
    }
  }

  private refuse(id: string, code: string, reason: string): void {
    const item = this.pending.get(id);
    if (item === undefined) return;
    this.pending.delete(id);
    const refusal = { id, command: item.command, code, reason };
    this.refused.set(id, refusal);
    this.notices.push({ kind: 'refused', refusal });
  }

  private seen(people: Readonly<Record<string, Presence | null>>): void {
    for (const [person, change] of Object.entries(people)) {
      if (change === null) this.others.delete(person);
      else this.others.set(person, { ...this.others.get(person), ...change });
    }
  }

  private send(item: Pending): void {
    item.sent = true;
    this.outgoing.push({ type: 'command', id: item.id, command: item.command });
  }
}

/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` exists in secure contexts only, a hospital's LAN may be none. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** How far a mark has come: never more than what was delivered is called shared. */
export type Delivery =
  | { state: 'local' }
  | { state: 'delivered'; seen: readonly string[]; unseen: readonly string[] }
  | { state: 'refused'; refusal: Refusal };

/** A mark with how far it has come. */
export interface MarkShown {
  readonly mark: Mark;
  readonly delivery: Delivery;
}

/** The marks of a case: confirmed ones with our pending changes laid over them, and our refused ones. */
export function marksShown(session: Session, caseId: string): MarkShown[] {
  const item = session.confirmed.cases[caseId];
  if (item === undefined) return [];
  const shown = new Map<string, MarkShown>();
  for (const mark of Object.values(item.marks)) {
    shown.set(mark.mark, { mark, delivery: delivered(session, mark.mark, mark.author) });
  }
  for (const waiting of session.pending.values()) overlay(shown, waiting.command, session.you, caseId);
  for (const refusal of session.refused.values()) {
    if (refusal.command.type !== 'draw' || refusal.command.case !== caseId || session.you === null) continue;
    shown.set(refusal.command.mark, {
      mark: drawnBy(refusal.command, session.you),
      delivery: { state: 'refused', refusal },
    });
  }
  return [...shown.values()];
}

function delivered(session: Session, mark: string, author: string): Delivery {
  const seq = session.markSeq.get(mark) ?? 0;
  const { people, admitted } = session.confirmed;
  const audience = Object.entries(people).filter(
    ([id, seat]) => seat.present && id !== author && (seat.cases === null || admitted.includes(id)),
  );
  const me = session.you?.person_id;
  const saw = ([id]: readonly [string, unknown]): boolean => id === me || (session.others.get(id)?.seen ?? -1) >= seq;
  const named = (entries: typeof audience): string[] => entries.map(([, seat]) => seat.name);
  return {
    state: 'delivered',
    seen: named(audience.filter(saw)),
    unseen: named(audience.filter((entry) => !saw(entry))),
  };
}

function overlay(shown: Map<string, MarkShown>, command: Command, you: Participant | null, caseId: string): void {
  if (command.type === 'draw' && command.case === caseId && you !== null && !shown.has(command.mark)) {
    shown.set(command.mark, { mark: drawnBy(command, you), delivery: { state: 'local' } });
  }
  if (command.type === 'reshape') {
    const known = shown.get(command.mark);
    if (known === undefined) return;
    const mark = { ...known.mark, points: command.points, text: command.text, measured: null };
    shown.set(command.mark, { mark, delivery: { state: 'local' } });
  }
  if (command.type === 'erase') shown.delete(command.mark);
}

function drawnBy(command: Extract<Command, { type: 'draw' }>, you: Participant): Mark {
  const { mark, kind, sop_instance_uid, frame, points, text } = command;
  return {
    mark,
    case: command.case,
    kind,
    sop_instance_uid,
    frame,
    points,
    text,
    author: you.person_id,
    author_name: you.name,
    discipline: you.discipline,
    role: you.role,
    revision: 0,
    measured: null,
  };
}
