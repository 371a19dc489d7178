/** The words of the room: labels for closed sets, and a sentence for each event worth hearing. */

import type { Closing, MarkKind, Option, Outcome, Recorded, Role, Stance, StatedNonOperative } from '../protocol';
import type { RoomModel } from './model';

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  consensus: 'Consensus',
  majority: 'Majority',
  split: 'Split, both views recorded',
  none: 'No recommendation',
  deferred: 'Deferred',
  provisional: 'Provisional',
};

export const CLOSINGS: Readonly<Record<Closing, string>> = {
  concur: 'Concurs',
  reservation: 'Concurs with reservation',
  dissent: 'Dissents',
};

export const STANCES: Readonly<Record<Stance['stance'], string>> = {
  for: 'For',
  neutral: 'Neutral',
  against: 'Against',
};

export const STANDINGS: Readonly<Record<StatedNonOperative['standing'], string>> = {
  exhausted: 'Exhausted',
  contraindicated: 'Contraindicated',
  declined: 'Declined by the patient',
};

export const ROLES: Readonly<Record<Role, string>> = {
  chair: 'Chair',
  coordinator: 'Coordinator',
  presenter: 'Presenter',
  member: 'Member',
  guest: 'Guest',
  observer: 'Observer',
};

export const OPTION_KINDS: Readonly<Record<Option['kind'], string>> = {
  surgical: 'Surgical',
  interventional: 'Interventional pain',
  rehabilitation: 'Rehabilitation',
  psychological: 'Psychological',
  medical: 'Medical',
  watchful: 'Watchful waiting',
};

export const MARK_KINDS: Readonly<Record<MarkKind, string>> = {
  length: 'Length',
  angle: 'Angle',
  cobb: 'Cobb angle',
  arrow: 'Arrow',
  text: 'Text',
  ellipse: 'Ellipse',
  rectangle: 'Rectangle',
  freehand: 'Freehand area',
  path: 'Freehand line',
  point: 'Point',
  level: 'Level',
  probe: 'Value',
  spinopelvic: 'Spinopelvic',
};

/** What a refused command was, for the sentence that says so. */
export const COMMANDS: Readonly<Record<string, string>> = {
  draw: 'Your mark',
  reshape: 'The change to your mark',
  erase: 'Erasing the mark',
  'give-opinion': 'Your opinion',
  'draft-recommendation': 'The recommendation',
  choose: 'Your choice',
  'type-text': 'What you typed',
  'read-back': 'The read-back',
  attest: 'Your closing',
  'call-case': 'Calling the case',
  show: 'Showing this image to everybody',
  'admit-guest': 'Letting the guest in',
  'take-stances': 'Your stance',
  'state-non-operative': 'The word on non-operative care',
};

/** A sentence for the live region and the room's short messages; null for what needs no words. */
export function sentence(model: RoomModel, { event, actor }: Recorded): string | null {
  const mine = actor === model.me;
  switch (event.type) {
    case 'case-called':
      return closed(`On the table: ${titleOf(model, event.case)}`);
    case 'conference-opened':
      return 'The conference is open.';
    case 'conference-ended':
      return 'The conference has ended.';
    case 'joined':
      return waits(model, event.participant.person_id);
    case 'guest-admitted':
      return event.person === model.me ? 'You are in the room.' : `${model.nameOf(event.person)} is let in.`;
    case 'guest-put-out':
      return `${model.nameOf(event.person)} is back in the lobby.`;
    case 'hand-raised':
      return event.person === model.me ? 'Your hand is raised.' : `${model.nameOf(event.person)} raises a hand.`;
    case 'floor-passed':
      return floor(model, event.person);
    case 'role-assigned':
      return event.person === model.me ? `You are now ${ROLES[event.role].toLowerCase()}.` : null;
    case 'opinions-revealed':
      return 'The sealed opinions are open to everybody.';
    case 'round-opened':
      return `Round ${event.round} of opinions is open.`;
    case 'recommendation-drafted':
      return mine ? null : `${model.nameOf(event.person)} changed the recommendation, revision ${event.revision}.`;
    case 'recommendation-read-back':
      return `${closed(`Read back: ${decided(model, event.case)}`)} Close for your discipline.`;
    case 'minutes-frozen':
      return 'The minutes are on record.';
    case 'recommendation-reopened':
      return 'The recommendation is open for changes again; earlier closings are void.';
    case 'attested':
      return mine ? 'Your closing is recorded.' : `${event.name}: ${CLOSINGS[event.closing].toLowerCase()}.`;
    case 'signed':
      return closed(`${event.name} has signed: ${decided(model, event.case)}`);
    case 'levels-changed':
      return LEVELS[event.part];
    case 'images-arrived':
      return 'New images have arrived for a case on the agenda.';
    default:
      return null;
  }
}

/** What the words that were read back decide: `Majority, Structured rehabilitation`. */
export function decided(model: Pick<RoomModel, 'room'>, id: string): string {
  const item = model.room.cases[id];
  const words = item?.recommendation?.recommendation;
  if (item === undefined || words === undefined) return 'the recommendation';
  const option = item.options.find(({ key }) => key === words.option);
  return option === undefined ? OUTCOMES[words.outcome] : `${OUTCOMES[words.outcome]}, ${option.label}`;
}

const LEVELS = {
  numbering: 'The numbering of the vertebrae has changed.',
  grades: 'A grade was given.',
  plan: 'The plan has changed.',
} as const;

/** A guest who has come for the case on the table, told to whoever can let them in. */
function waits(model: RoomModel, person: string): string | null {
  const guest = model.waitingGuests.find((one) => one.person === person);
  if (guest === undefined || !model.may('seat')) return null;
  return guest.now ? `${guest.seat.name} waits in the lobby for this case.` : `${guest.seat.name} is in the lobby.`;
}

/** With a full stop, unless it ends as a question or a sentence already. */
function closed(words: string): string {
  return /[.?!]$/.test(words) ? words : `${words}.`;
}

function titleOf(model: RoomModel, id: string | null): string {
  const item = id === null ? undefined : model.room.cases[id];
  return item?.brief.title ?? 'another case';
}

function floor(model: RoomModel, person: string | null): string {
  if (person === null) return 'The floor is back with the chair.';
  return person === model.me
    ? 'You have the floor: everybody follows your screen.'
    : `${model.nameOf(person)} presents.`;
}
