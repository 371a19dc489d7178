/**
 * What travels between the room and this browser (docs/protocol.md). Values, commands and events are generated from the
 * server's own; here stand the frames around them, presence, and the projection that the events fold into.
 */

import type {
  CaseBrief,
  Closing,
  Command,
  EvidenceRow,
  Mark,
  MarkKind,
  NonOperativeStatedEvent,
  Opinion,
  Option,
  PaneView,
  Participant,
  Phase,
  PlannedTime,
  Point,
  Recommendation,
  Role,
  RoomEvent,
  Signature,
  Stance,
  Viewport,
} from './protocol.gen';

export * from './protocol.gen';

export interface Recorded {
  readonly seq: number;
  /** RFC 3339 instant, UTC. */
  readonly at: string;
  readonly actor: string | null;
  readonly event: RoomEvent;
}

export interface Pointer {
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly point: Point;
}

/** A line being drawn: relayed, never stored. */
export interface Draft {
  readonly mark: string;
  readonly kind: MarkKind;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly points: readonly Point[];
}

/** Where somebody types: the letter a caret stands at, as a Yjs relative position in base64. */
export interface Caret {
  readonly case: string;
  readonly field: string;
  readonly at: string;
}

/** Something typed into the text of a case: a Yjs update in base64, with who typed it and when. */
export interface TypedUpdate {
  readonly author: string;
  readonly at: string;
  readonly update: string;
}

/** How many panes a screen has, and what lies beside the one that is worked in. */
export type Screen = Pick<Viewport, 'layout' | 'place' | 'linked' | 'beside'>;

/** Last value wins per key; a missing key is unchanged. */
export interface Presence {
  pointer?: Pointer | null;
  /** The pane that is worked in: all that is said while it is scrolled. */
  viewport?: PaneView | null;
  /** Said when something else of the screen changes. */
  screen?: Screen | null;
  draft?: Draft | null;
  caret?: Caret | null;
  seen?: number;
}

export interface Seat {
  readonly name: string;
  readonly discipline: string | null;
  readonly role: Role;
  readonly present: boolean;
  /** What a guest may see of the agenda, as far as I may; null: of the board. */
  readonly cases: readonly string[] | null;
  readonly presence: readonly Stay[];
}

/** A stretch of time, RFC 3339; `until` null: it runs on. */
export interface Interval {
  readonly since: string;
  readonly until: string | null;
}

/** Time somebody was in the room; `voiced`: in a role that closes for a discipline. */
export interface Stay extends Interval {
  readonly voiced: boolean;
}

/** How a discipline stands to one option, and who said so last. */
export interface TakenStance extends Stance {
  readonly person: string;
  readonly name: string;
}

/** Why non-operative care is not enough, and who said so. */
export interface StatedNonOperative {
  readonly standing: NonOperativeStatedEvent['standing'];
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly person: string;
  readonly name: string;
}

export interface OpinionShown {
  readonly round: number;
  readonly person: string;
  readonly name: string;
  readonly discipline: string;
  /** null: sealed for this viewer. */
  readonly opinion: Opinion | null;
}

export interface DraftedRecommendation {
  readonly revision: number;
  readonly person: string;
  readonly recommendation: Recommendation;
  /** Set by the read-back: the words are frozen. */
  readonly digest: string | null;
}

export interface Voice {
  readonly revision: number;
  readonly person: string;
  readonly name: string;
  readonly discipline: string;
  readonly closing: Closing;
  readonly reason: string;
  readonly at: string;
}

/** A discipline's closing: the first voice, with colleagues of the same discipline who spoke too. */
export interface Attestation extends Voice {
  readonly others: readonly Voice[];
}

export interface SignedRecord {
  readonly revision: number;
  readonly person: string;
  readonly name: string;
  readonly signature: Signature;
  readonly provisional: boolean;
  readonly at: string;
}

/** The minutes of a case as they were frozen. */
export interface Minutes {
  readonly text: string;
  /** SHA-256, hex, over the canonical JSON of case and text. */
  readonly digest: string;
}

export interface CaseProjection {
  readonly brief: CaseBrief;
  readonly options: readonly Option[];
  readonly studies: readonly string[];
  readonly shown: Viewport | null;
  readonly marks: Readonly<Record<string, Mark>>;
  readonly round: number;
  readonly opinions: Readonly<Record<string, OpinionShown>>;
  readonly revealed: readonly number[];
  /** Discipline → option key → stance. */
  readonly stances: Readonly<Record<string, Readonly<Record<string, TakenStance>>>>;
  /** What was tried, as the referral has it. */
  readonly tried: readonly EvidenceRow[];
  readonly non_operative: StatedNonOperative | null;
  readonly recommendation: DraftedRecommendation | null;
  readonly closings: Readonly<Record<string, Attestation>>;
  readonly absent: Readonly<Record<string, string>>;
  readonly signed: SignedRecord | null;
  readonly minutes: Minutes | null;
  readonly called_at: string | null;
  readonly on_table: readonly Interval[];
}

/** What one viewer may know of the room; the same object in Python and here, compared by digest. */
export interface Projection {
  readonly seq: number;
  readonly phase: Phase;
  readonly table: string | null;
  readonly people: Readonly<Record<string, Seat>>;
  readonly floor: string | null;
  readonly hands: readonly string[];
  /** Guests who are in from the lobby. */
  readonly admitted: readonly string[];
  readonly cases: Readonly<Record<string, CaseProjection>>;
  readonly order: readonly string[];
  readonly planned: Readonly<Record<string, PlannedTime>>;
}

/** How one of a waiting guest's own cases stands. */
export interface WaitingCase {
  readonly case: string;
  readonly title: string;
  readonly standing: 'waiting' | 'on-table' | 'heard' | 'signed';
  /** When it should come to the table, RFC 3339 to the minute; null: it does not wait any more. */
  readonly starts_at: string | null;
  /** Cases before it. */
  readonly ahead: number;
}

/** All that a guest in the lobby is told. */
export interface LobbyMessage {
  type: 'lobby';
  version: number;
  at: string;
  phase: Phase;
  cases: readonly WaitingCase[];
  /** Whether somebody who can let them in is in the room. */
  lets_in: boolean;
}

export type ServerMessage =
  | {
      type: 'welcome';
      version: number;
      room: string;
      you: Participant;
      seq: number;
      at: string;
      events: readonly Recorded[];
      snapshot: Projection | null;
      presence: Readonly<Record<string, Presence>>;
      digest: string | null;
    }
  | LobbyMessage
  | { type: 'ack'; id: string; seq: number }
  | { type: 'refused'; id: string; code: string; reason: string }
  | { type: 'events'; events: readonly Recorded[]; digest: string | null }
  | { type: 'presence'; people: Readonly<Record<string, Presence | null>> }
  | { type: 'text'; case: string; state: string; update: string }
  | { type: 'typed'; case: string; updates: readonly TypedUpdate[] };

export type ClientMessage =
  | { type: 'hello'; versions: readonly number[]; since: number | null }
  | { type: 'command'; id: string; command: Command }
  | { type: 'read-text'; case: string; state: string }
  | ({ type: 'presence' } & Presence);
