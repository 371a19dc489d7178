/** The words of the room on the wire, version 1: values, commands, shown events and frames (docs/protocol.md). */

export type Point = readonly [number, number];
export type MarkKind =
  'length' | 'angle' | 'cobb' | 'arrow' | 'text' | 'ellipse' | 'rectangle' | 'freehand' | 'point' | 'level';
export type Closing = 'concur' | 'reservation' | 'dissent';
export type Outcome = 'consensus' | 'majority' | 'split' | 'none' | 'deferred' | 'provisional';
export type Phase = 'preparing' | 'open' | 'ended';
export type Role = 'chair' | 'coordinator' | 'presenter' | 'member' | 'guest' | 'observer';

export interface Participant {
  readonly person_id: string;
  readonly name: string;
  readonly discipline: string | null;
  readonly role: Role;
  /** The cases a guest may see; null: every case. */
  readonly cases?: readonly string[] | null;
}

/** A value computed by the server; `error` is the 95 % half-width in `unit`, null when not known. */
export interface Measured {
  readonly value: number;
  readonly unit: 'mm' | 'deg' | 'px' | 'mm2' | 'px2';
  readonly error: number | null;
  readonly method: string;
}

export interface Mark {
  readonly mark: string;
  readonly case: string;
  readonly kind: MarkKind;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly points: readonly Point[];
  readonly text: string;
  readonly author: string;
  readonly author_name: string;
  readonly discipline: string | null;
  readonly role: Role;
  readonly revision: number;
  readonly measured: Measured | null;
}

/** What a screen shows, independent of its size: zoom 1 fits, pan is in fractions of the fitted image. */
export interface Viewport {
  readonly series_instance_uid: string;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly window_centre: number | null;
  readonly window_width: number | null;
  readonly zoom: number;
  readonly pan: Point;
  readonly rotation: number;
  readonly flipped: boolean;
  readonly inverted: boolean;
}

export interface QuestionAsked {
  readonly question: string;
  readonly kind: string;
  readonly text: string;
  readonly discipline: string | null;
}

export interface CaseBrief {
  readonly case: string;
  readonly title: string;
  readonly questions: readonly QuestionAsked[];
  readonly required: readonly string[];
  readonly goal: string;
  readonly minutes: number;
  readonly referrer: string;
}

export interface Option {
  readonly key: string;
  readonly kind: 'surgical' | 'interventional' | 'rehabilitation' | 'psychological' | 'medical' | 'watchful';
  readonly label: string;
}

export interface Opinion {
  readonly preferred: string;
  readonly ratings: Readonly<Record<string, number>>;
  readonly confidence: number;
  readonly concordance: number | null;
  readonly improvement: number | null;
  readonly comment: string;
}

export interface ActionItem {
  readonly text: string;
  readonly owner: string;
  readonly due: string;
}

export interface Recommendation {
  readonly outcome: Outcome;
  readonly option: string;
  readonly rationale: string;
  readonly answers: Readonly<Record<string, string>>;
  readonly actions: readonly ActionItem[];
  readonly follow_up: string;
  readonly goal_answered: string;
  readonly cited: readonly string[];
}

export interface Signature {
  readonly digest: string;
  readonly value: string;
  readonly key_id: string;
  readonly meaning: string;
}

/** What a participant may ask; the host's own commands and `sign` never come from a wire. */
export type Command =
  | { type: 'open-conference' }
  | { type: 'call-case'; case: string }
  | { type: 'end-conference' }
  | { type: 'assign-role'; person: string; role: Role }
  | { type: 'pass-floor'; person: string | null }
  | { type: 'raise-hand' }
  | { type: 'lower-hand'; person: string }
  | { type: 'show'; case: string; viewport: Viewport }
  | {
      type: 'draw';
      mark: string;
      case: string;
      kind: MarkKind;
      sop_instance_uid: string;
      frame: number;
      points: readonly Point[];
      text: string;
    }
  | { type: 'reshape'; mark: string; revision: number; points: readonly Point[]; text: string }
  | { type: 'erase'; mark: string }
  | { type: 'give-opinion'; case: string; opinion: Opinion }
  | { type: 'reveal'; case: string }
  | { type: 'open-round'; case: string }
  | { type: 'add-option'; case: string; option: Option }
  | { type: 'draft-recommendation'; case: string; revision: number; recommendation: Recommendation }
  | { type: 'read-back'; case: string; revision: number }
  | { type: 'reopen'; case: string }
  | { type: 'attest'; case: string; revision: number; closing: Closing; reason: string }
  | { type: 'mark-absent'; case: string; discipline: string; reason: string };

/** An event as this viewer is shown it. `sealed` holds a place in the numbering and says nothing. */
export type ShownEvent =
  | { type: 'joined'; participant: Participant; entry: Role }
  | { type: 'left'; person: string }
  | { type: 'case-listed'; brief: CaseBrief; options: readonly Option[] }
  | { type: 'case-unlisted'; case: string }
  | { type: 'images-arrived'; case: string; study_instance_uid: string }
  | { type: 'conference-opened' }
  | { type: 'case-called'; case: string | null }
  | { type: 'conference-ended' }
  | { type: 'cases-arranged'; order: readonly string[] }
  | { type: 'role-assigned'; person: string; role: Role }
  | { type: 'floor-passed'; person: string | null }
  | { type: 'hand-raised'; person: string }
  | { type: 'hand-lowered'; person: string }
  | { type: 'shown'; case: string; viewport: Viewport }
  | { type: 'drawn'; mark: Mark }
  | {
      type: 'reshaped';
      mark: string;
      revision: number;
      points: readonly Point[];
      text: string;
      measured: Measured | null;
    }
  | { type: 'erased'; mark: string }
  | {
      type: 'opinion-given';
      case: string;
      round: number;
      person: string;
      name: string;
      discipline: string;
      opinion: Opinion;
    }
  | { type: 'opinion-sealed'; case: string; round: number; person: string; name: string; discipline: string }
  | { type: 'opinions-revealed'; case: string; round: number; opinions: Readonly<Record<string, Opinion>> }
  | { type: 'round-opened'; case: string; round: number }
  | { type: 'option-added'; case: string; option: Option }
  | {
      type: 'recommendation-drafted';
      case: string;
      revision: number;
      person: string;
      recommendation: Recommendation;
    }
  | { type: 'recommendation-read-back'; case: string; revision: number; digest: string }
  | { type: 'recommendation-reopened'; case: string }
  | {
      type: 'attested';
      case: string;
      revision: number;
      person: string;
      name: string;
      discipline: string;
      closing: Closing;
      reason: string;
    }
  | { type: 'discipline-marked-absent'; case: string; discipline: string; reason: string }
  | {
      type: 'signed';
      case: string;
      revision: number;
      person: string;
      name: string;
      signature: Signature;
      provisional: boolean;
    }
  | { type: 'sealed' };

export interface Recorded {
  readonly seq: number;
  /** RFC 3339 instant, UTC. */
  readonly at: string;
  readonly actor: string | null;
  readonly event: ShownEvent;
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

/** Last value wins per key; a missing key is unchanged. */
export interface Presence {
  pointer?: Pointer | null;
  viewport?: Viewport | null;
  draft?: Draft | null;
  seen?: number;
}

export interface Seat {
  readonly name: string;
  readonly discipline: string | null;
  readonly role: Role;
  readonly present: boolean;
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

export interface CaseProjection {
  readonly brief: CaseBrief;
  readonly options: readonly Option[];
  readonly studies: readonly string[];
  readonly shown: Viewport | null;
  readonly marks: Readonly<Record<string, Mark>>;
  readonly round: number;
  readonly opinions: Readonly<Record<string, OpinionShown>>;
  readonly revealed: readonly number[];
  readonly recommendation: DraftedRecommendation | null;
  readonly closings: Readonly<Record<string, Attestation>>;
  readonly absent: Readonly<Record<string, string>>;
  readonly signed: SignedRecord | null;
  readonly called_at: string | null;
}

/** What one viewer may know of the room; the same object in Python and here, compared by digest. */
export interface Projection {
  readonly seq: number;
  readonly phase: Phase;
  readonly table: string | null;
  readonly people: Readonly<Record<string, Seat>>;
  readonly floor: string | null;
  readonly hands: readonly string[];
  readonly cases: Readonly<Record<string, CaseProjection>>;
  readonly order: readonly string[];
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
  | { type: 'ack'; id: string; seq: number }
  | { type: 'refused'; id: string; code: string; reason: string }
  | { type: 'events'; events: readonly Recorded[]; digest: string | null }
  | { type: 'presence'; people: Readonly<Record<string, Presence | null>> };

export type ClientMessage =
  | { type: 'hello'; versions: readonly number[]; since: number | null }
  | { type: 'command'; id: string; command: Command }
  | ({ type: 'presence' } & Presence);
