/**
 * The room as this browser knows it: the confirmed projection folded from shown events.
 *
 * `evolve` is total: whatever the server has recorded folds. It must give byte for byte the object that the server's
 * own projection gives, because digests of both are compared; the vectors in tests/data/room hold the two together.
 */

import type { CaseProjection, Interval, Opinion, Projection, Recorded, RoomEvent, Seat, Stay, Voice } from './protocol';
import { may } from './room/rights';

/** A room in which nothing has happened. */
export function empty(): Projection {
  return {
    seq: 0,
    phase: 'preparing',
    table: null,
    people: {},
    floor: null,
    hands: [],
    admitted: [],
    cases: {},
    order: [],
    planned: {},
  };
}

/** The projection after one more recorded event. Pure; shares what did not change. */
export function evolve(before: Projection, recorded: Recorded): Projection {
  return { ...happened(before, recorded.event, recorded.at), seq: recorded.seq };
}

/** The projection after several recorded events. */
export function fold(before: Projection, events: readonly Recorded[]): Projection {
  return events.reduce(evolve, before);
}

function happened(room: Projection, event: RoomEvent, at: string): Projection {
  switch (event.type) {
    case 'joined':
      return joined(room, event, at);
    case 'left':
      return left(room, event.person, at);
    case 'guest-admitted':
      return { ...room, admitted: [...room.admitted.filter((guest) => guest !== event.person), event.person] };
    case 'guest-put-out':
      return putOut(room, [event.person]);
    case 'case-listed':
      return listed(room, event);
    case 'case-unlisted':
      return unlisted(room, event.case);
    case 'conference-opened':
      return { ...room, phase: 'open' };
    case 'conference-ended':
      return { ...cleared(room, at), phase: 'ended', floor: null, hands: [] };
    case 'cases-arranged':
      return { ...room, order: event.order };
    case 'cases-timed':
      return { ...room, planned: event.planned };
    case 'case-called':
      return called(room, event.case, at);
    case 'role-assigned':
      return inRole(room, event, at);
    case 'floor-passed':
      return { ...room, floor: event.person, hands: room.hands.filter((person) => person !== event.person) };
    case 'hand-raised':
      return { ...room, hands: [...room.hands.filter((person) => person !== event.person), event.person] };
    case 'hand-lowered':
      return { ...room, hands: room.hands.filter((person) => person !== event.person) };
    case 'sealed':
    case 'levels-changed':
      return room;
    default:
      return inCase(room, event, at);
  }
}

type CaseEvent = Exclude<
  RoomEvent,
  {
    type:
      | 'joined'
      | 'left'
      | 'case-listed'
      | 'case-unlisted'
      | 'conference-opened'
      | 'conference-ended'
      | 'case-called'
      | 'cases-arranged'
      | 'cases-timed'
      | 'guest-admitted'
      | 'guest-put-out'
      | 'role-assigned'
      | 'floor-passed'
      | 'hand-raised'
      | 'hand-lowered'
      | 'levels-changed'
      | 'sealed';
  }
>;

function inCase(room: Projection, event: CaseEvent, at: string): Projection {
  const id = caseOf(room, event);
  const before = id === null ? undefined : room.cases[id];
  if (id === null || before === undefined) return room;
  return { ...room, cases: { ...room.cases, [id]: caseAfter(before, event, at) } };
}

function caseOf(room: Projection, event: CaseEvent): string | null {
  if (event.type === 'drawn') return event.mark.case;
  if (event.type === 'reshaped' || event.type === 'erased') {
    return Object.keys(room.cases).find((id) => room.cases[id]?.marks[event.mark] !== undefined) ?? null;
  }
  return event.case;
}

function caseAfter(item: CaseProjection, event: CaseEvent, at: string): CaseProjection {
  switch (event.type) {
    case 'images-arrived':
      if (item.studies.includes(event.study_instance_uid)) return item;
      return { ...item, studies: [...item.studies, event.study_instance_uid] };
    case 'shown':
      return { ...item, shown: event.viewport };
    case 'drawn':
      return { ...item, marks: { ...item.marks, [event.mark.mark]: event.mark } };
    case 'reshaped': {
      const mark = item.marks[event.mark];
      if (mark === undefined) return item;
      const { revision, points, text, measured } = event;
      return { ...item, marks: { ...item.marks, [event.mark]: { ...mark, revision, points, text, measured } } };
    }
    case 'erased':
      return { ...item, marks: without(item.marks, event.mark) };
    case 'option-added':
      return { ...item, options: [...item.options.filter(({ key }) => key !== event.option.key), event.option] };
    default:
      return deliberated(item, event, at);
  }
}

type Deliberation = Exclude<
  CaseEvent,
  { type: 'images-arrived' | 'shown' | 'drawn' | 'reshaped' | 'erased' | 'option-added' }
>;

function deliberated(item: CaseProjection, event: Deliberation, at: string): CaseProjection {
  switch (event.type) {
    case 'opinion-given':
    case 'opinion-sealed': {
      const { round, person, name, discipline } = event;
      const opinion = event.type === 'opinion-given' ? event.opinion : null;
      const key = `${round}:${person}`;
      return { ...item, opinions: { ...item.opinions, [key]: { round, person, name, discipline, opinion } } };
    }
    case 'opinions-revealed':
      return revealed(item, event.round, event.opinions);
    case 'stances-taken': {
      const { person, name, discipline } = event;
      const taken = Object.entries(event.stances).map(([key, one]) => [key, { ...one, person, name }] as const);
      const own = { ...item.stances[discipline], ...Object.fromEntries(taken) };
      return { ...item, stances: { ...item.stances, [discipline]: own } };
    }
    case 'evidence-listed':
      return { ...item, tried: event.rows };
    case 'non-operative-stated': {
      const { standing, reason, evidence, person, name } = event;
      return { ...item, non_operative: { standing, reason, evidence, person, name } };
    }
    case 'round-opened':
      return { ...item, round: event.round };
    case 'recommendation-drafted': {
      const { revision, person, recommendation } = event;
      return { ...item, recommendation: { revision, person, recommendation, digest: null }, closings: {} };
    }
    case 'recommendation-read-back':
      if (item.recommendation === null) return item;
      return { ...item, recommendation: { ...item.recommendation, digest: event.digest } };
    case 'recommendation-reopened':
      if (item.recommendation === null) return { ...item, closings: {}, minutes: null };
      return { ...item, recommendation: { ...item.recommendation, digest: null }, closings: {}, minutes: null };
    case 'minutes-frozen':
      return { ...item, minutes: { text: event.text, digest: event.digest } };
    case 'attested':
      return attested(item, event, at);
    case 'discipline-marked-absent':
      return { ...item, absent: { ...item.absent, [event.discipline]: event.reason } };
    case 'signed': {
      const { revision, person, name, signature, provisional } = event;
      return { ...item, signed: { revision, person, name, signature, provisional, at } };
    }
    default:
      return item; // an event of a later version: its number counts, its meaning is not ours
  }
}

/** A colleague's voice stands beside the first of the discipline, never over it. */
function attested(item: CaseProjection, event: Extract<RoomEvent, { type: 'attested' }>, at: string): CaseProjection {
  const { revision, person, name, discipline, closing, reason } = event;
  const voice: Voice = { revision, person, name, discipline, closing, reason, at };
  const before = item.closings[discipline];
  const first = before === undefined || before.person === person;
  const others = before?.others ?? [];
  const closed = first
    ? { ...voice, others }
    : { ...before, others: [...others.filter((other) => other.person !== person), voice] };
  return {
    ...item,
    closings: { ...item.closings, [discipline]: closed },
    absent: without(item.absent, discipline),
  };
}

function joined(room: Projection, event: Extract<RoomEvent, { type: 'joined' }>, at: string): Projection {
  const { person_id, name, discipline, role, cases } = event.participant;
  const before = room.people[person_id];
  let presence = before?.presence ?? [];
  const speaks = voiced(role, cases);
  if (before?.present !== true || presence.at(-1)?.voiced !== speaks) {
    presence = [...ended(presence, at), { since: at, until: null, voiced: speaks }];
  }
  const seat: Seat = { name, discipline, role, present: true, cases, presence };
  return { ...room, people: { ...room.people, [person_id]: seat } };
}

/** Whether somebody in this role closes for a discipline; a guest of one case never does. */
function voiced(role: Seat['role'], cases: Seat['cases']): boolean {
  return cases === null && may(role, 'attest');
}

function inRole(room: Projection, event: Extract<RoomEvent, { type: 'role-assigned' }>, at: string): Projection {
  const seat = room.people[event.person];
  if (seat === undefined) return room;
  const speaks = voiced(event.role, seat.cases);
  const changed = seat.present && seat.presence.at(-1)?.voiced !== speaks;
  const fresh: Stay = { since: at, until: null, voiced: speaks };
  const presence = changed ? [...ended(seat.presence, at), fresh] : seat.presence;
  return withSeat(room, event.person, { role: event.role, presence });
}

function ended<T extends Interval>(intervals: readonly T[], at: string): readonly T[] {
  const last = intervals.at(-1);
  if (last === undefined || last.until !== null) return intervals;
  return [...intervals.slice(0, -1), { ...last, until: at }];
}

/** Guests go back to the lobby and take nothing along. */
function putOut(room: Projection, guests: readonly string[]): Projection {
  const stays = (person: string): boolean => !guests.includes(person);
  return {
    ...room,
    admitted: room.admitted.filter(stays),
    hands: room.hands.filter(stays),
    floor: room.floor === null || stays(room.floor) ? room.floor : null,
  };
}

function cleared(room: Projection, at: string): Projection {
  if (room.table === null) return room;
  const item = room.cases[room.table];
  const after = { ...putOut(room, room.admitted), table: null };
  if (item === undefined) return after;
  return { ...after, cases: { ...room.cases, [room.table]: { ...item, on_table: ended(item.on_table, at) } } };
}

function left(room: Projection, person: string, at: string): Projection {
  const presence = ended(room.people[person]?.presence ?? [], at);
  const after = withSeat(room, person, { present: false, presence });
  return {
    ...after,
    floor: room.floor === person ? null : room.floor,
    hands: room.hands.filter((hand) => hand !== person),
  };
}

function withSeat(room: Projection, person: string, change: object): Projection {
  const seat = room.people[person];
  if (seat === undefined) return room;
  return { ...room, people: { ...room.people, [person]: { ...seat, ...change } } };
}

function listed(room: Projection, event: Extract<RoomEvent, { type: 'case-listed' }>): Projection {
  const id = event.brief.case;
  const known = room.cases[id];
  if (known === undefined) {
    const fresh: CaseProjection = {
      brief: event.brief,
      options: event.options,
      studies: [],
      shown: null,
      marks: {},
      round: 1,
      opinions: {},
      revealed: [],
      stances: {},
      tried: [],
      non_operative: null,
      recommendation: null,
      closings: {},
      absent: {},
      signed: null,
      minutes: null,
      called_at: null,
      on_table: [],
    };
    return { ...room, cases: { ...room.cases, [id]: fresh }, order: [...room.order, id] };
  }
  const keys = new Set(event.options.map((option) => option.key));
  const options = [...event.options, ...known.options.filter((option) => !keys.has(option.key))];
  const order = room.order.includes(id) ? room.order : [...room.order, id];
  return { ...room, cases: { ...room.cases, [id]: { ...known, brief: event.brief, options } }, order };
}

function unlisted(room: Projection, id: string): Projection {
  return {
    ...room,
    cases: without(room.cases, id),
    order: room.order.filter((other) => other !== id),
    table: room.table === id ? null : room.table,
  };
}

function called(before: Projection, id: string | null, at: string): Projection {
  const room = cleared(before, at);
  const item = id === null ? undefined : room.cases[id];
  if (id === null || item === undefined) return { ...room, table: id };
  const on_table = [...item.on_table, { since: at, until: null }];
  return { ...room, table: id, cases: { ...room.cases, [id]: { ...item, called_at: at, on_table } } };
}

function revealed(item: CaseProjection, round: number, opened: Readonly<Record<string, Opinion>>): CaseProjection {
  const opinions = { ...item.opinions };
  for (const [person, opinion] of Object.entries(opened)) {
    const key = `${round}:${person}`;
    const given = opinions[key];
    if (given !== undefined) opinions[key] = { ...given, opinion };
  }
  const rounds = item.revealed.includes(round) ? item.revealed : [...item.revealed, round];
  return { ...item, opinions, revealed: rounds };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key));
}

/** RFC 8785 canonical JSON: keys sorted by UTF-16 code units, numbers as ECMAScript writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 over the canonical JSON of a projection, lower-case hex. */
export async function digest(projection: Projection): Promise<string> {
  const bytes = new TextEncoder().encode(canonical(projection));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
