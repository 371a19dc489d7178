/** What every panel reads: the session's confirmed room, seen by one person, with the words the page brought along. */

import type { CaseProjection, Command, Measured, Projection, Role, Seat } from '../protocol';
import { marksShown, type MarkShown, type Session } from '../session';
import type { Link } from '../connection';
import { Captions } from '../media/captions';
import { SPOKE_S, Talk } from '../media/talk';
import { amount } from '../viewer/values';
import { onDark } from './colour';
import { Texts } from '../text/texts';
import { course, type Course } from './course';
import { presentSeconds } from './quorum';
import { may, type RoomAction } from './rights';

/** How far a required discipline has been heard on a case. */
export interface Heard {
  readonly discipline: Discipline;
  readonly here: boolean;
  readonly heard: boolean;
  /** Seconds it was heard to speak, and seconds somebody with a voice was there for the case. */
  readonly spoke: number;
  readonly present: number;
  readonly absent: string | null;
}

export interface Discipline {
  readonly code: string;
  readonly name: string;
  /** Fits above a column. */
  readonly short: string;
  /** Hex sRGB. */
  readonly colour: string;
  readonly shape: string;
}

/** What the page says of the conference before the socket says anything. */
export interface Facts {
  readonly conference: string;
  readonly title: string;
  readonly time_zone: string;
  readonly starts_at: string;
  readonly me: string;
  readonly disciplines: readonly Discipline[];
  /** Whether this person signs with a one-time code besides the password. */
  readonly totp: boolean;
  /** Whether this installation has voice and video. */
  readonly media: boolean;
}

/** What the floor adds to the role of whoever holds it. */
const BY_FLOOR: readonly RoomAction[] = ['show', 'draw', 'point'];

const UNKNOWN: Discipline = { code: '', name: 'No discipline', short: 'None', colour: '#9aa4b2', shape: 'circle' };

export class RoomModel {
  link: Link = { state: 'connecting' };
  /** How long each discipline has spoken in the call, as heard here. */
  readonly talk = new Talk();
  /** Grows whenever the numbering, grades or plan of a case may stand otherwise: what was read of them is old. */
  levels = 0;
  /** Milliseconds to add to this machine's clock to have the server's. */
  skew = 0;
  /** The disciplines with colours for images, whose ground is always dark. */
  readonly looks: readonly Discipline[];
  /** The joint texts of the room's cases. */
  readonly texts: Texts;
  /** What the room has just decided, for whoever looks at the call. */
  readonly captions: Captions;
  private readonly disciplines: ReadonlyMap<string, Discipline>;

  constructor(
    readonly facts: Facts,
    readonly session: Session,
    private readonly push: () => void,
  ) {
    this.looks = facts.disciplines.map((discipline) => ({ ...discipline, colour: onDark(discipline.colour) }));
    this.texts = new Texts(session, push);
    this.captions = new Captions(push);
    this.disciplines = new Map(facts.disciplines.map((discipline) => [discipline.code, discipline]));
  }

  get room(): Projection {
    return this.session.confirmed;
  }

  get me(): string {
    return this.session.you?.person_id ?? this.facts.me;
  }

  get mySeat(): Seat | null {
    return this.room.people[this.me] ?? null;
  }

  /** My role as the room's state has it now, not as it was on entering. */
  get role(): Role | null {
    return this.mySeat?.role ?? this.session.you?.role ?? null;
  }

  get myDiscipline(): string | null {
    return this.mySeat?.discipline ?? this.session.you?.discipline ?? null;
  }

  /** The case on the table with its identity; null between cases. */
  get table(): { id: string; item: CaseProjection } | null {
    const id = this.room.table;
    const item = id === null ? undefined : this.room.cases[id];
    return id === null || item === undefined ? null : { id, item };
  }

  /** Whose screen everybody follows: who has the floor, else the chair if here. */
  get leader(): string | null {
    if (this.room.floor !== null) return this.room.floor;
    const chair = Object.entries(this.room.people).find(([, seat]) => seat.present && seat.role === 'chair');
    return chair?.[0] ?? null;
  }

  get present(): [string, Seat][] {
    return Object.entries(this.room.people).filter(([, seat]) => seat.present);
  }

  get marks(): MarkShown[] {
    return this.table === null ? [] : marksShown(this.session, this.table.id);
  }

  /** Milliseconds since the epoch by the server's clock. */
  now(): number {
    return Date.now() + this.skew;
  }

  may(action: RoomAction): boolean {
    if (this.room.phase === 'ended') return false;
    return (
      may(this.role, action) || (this.room.floor === this.me && BY_FLOOR.includes(action) && may('presenter', action))
    );
  }

  ask(command: Command): string {
    const id = this.session.ask(command);
    this.push();
    return id;
  }

  /** Whether a command of this type of ours is still on its way. */
  waits(type: Command['type']): boolean {
    return [...this.session.pending.values()].some((item) => item.command.type === type);
  }

  discipline(code: string | null): Discipline {
    if (code === null) return UNKNOWN;
    return this.disciplines.get(code) ?? { ...UNKNOWN, code, name: spoken(code), short: spoken(code) };
  }

  nameOf(person: string): string {
    return this.room.people[person]?.name ?? 'Somebody who has left';
  }

  /** Time of day in the conference's zone. */
  clock(instant: number): string {
    return new Intl.DateTimeFormat(undefined, {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZone: this.facts.time_zone,
    }).format(instant);
  }

  /** How the sitting runs, as of now. */
  get course(): Course {
    return course(this.room, this.now());
  }

  /** Guests in the lobby, those of the case on the table first. */
  get waitingGuests(): { person: string; seat: Seat; case: string | null; now: boolean }[] {
    const { admitted, table } = this.room;
    return this.present
      .filter(([person, seat]) => seat.cases !== null && !admitted.includes(person))
      .map(([person, seat]) => {
        const now = table !== null && (seat.cases ?? []).includes(table);
        return { person, seat, case: now ? table : (seat.cases?.[0] ?? null), now };
      })
      .sort((one, other) => Number(other.now) - Number(one.now));
  }

  /** Everybody who is past the lobby. */
  get inside(): [string, Seat][] {
    return this.present.filter(([person, seat]) => seat.cases === null || this.room.admitted.includes(person));
  }

  /** Minutes left of the case on the table, negative when over; null between cases. */
  get minutesLeft(): number | null {
    const table = this.table;
    if (table === null || table.item.called_at === null) return null;
    const spent = (this.now() - Date.parse(table.item.called_at)) / 60_000;
    return table.item.brief.minutes - spent;
  }

  /** Disciplines that must be heard, with how far they have been. */
  hearing(id: string, item: CaseProjection): Heard[] {
    const people = Object.values(this.room.people);
    const voices = people.filter(({ present, presence }) => present && presence.at(-1)?.voiced === true);
    const here = new Set(voices.map(({ discipline }) => discipline));
    const heard = new Set<string | null>([
      ...Object.values(item.opinions).map((opinion) => opinion.discipline),
      ...Object.values(item.marks).map((mark) => mark.discipline),
      ...Object.keys(item.closings),
    ]);
    return item.brief.required.map((code) => ({
      discipline: this.discipline(code),
      here: here.has(code),
      heard: heard.has(code) || this.talk.spoken(id, code) >= SPOKE_S,
      spoke: this.talk.spoken(id, code),
      present: presentSeconds(people, item, code, this.now()),
      absent: item.absent[code] ?? null,
    }));
  }
}

/** `spine-surgery` → `Spine surgery`. */
export function spoken(code: string): string {
  const words = code.replaceAll(/[-_]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `34.2° ± 5°`: the first value of a mark, as it is written in the text. */
export function measured(value: Measured): string {
  return amount(value);
}

/** First letters of the first and last name, titles left out. */
export function initials(name: string): string {
  const words = name
    .replace(/^(Dr|Prof|Mr|Ms|Mrs)\.?\s+/u, '')
    .split(/\s+/u)
    .filter((word) => word !== '');
  const first = words[0]?.charAt(0) ?? '?';
  return words.length > 1 ? first + (words.at(-1)?.charAt(0) ?? '') : first;
}

/** What the page says of the conference, from its data block. */
export function facts(): Facts {
  const block = document.querySelector('#room-facts');
  const text = block?.textContent;
  if (typeof text !== 'string') throw new Error('The page carries no facts of its conference.');
  return JSON.parse(text) as Facts;
}
