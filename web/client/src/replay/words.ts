/** What a record of a replay says in one line; null for what needs no line. Pure. */
import type { CaseProjection, Projection, Recorded, Stance } from '../protocol';
import { CLOSINGS, MARK_KINDS, OUTCOMES, ROLES, STANCES, STANDINGS } from '../room/words';

const LEVELS = {
  numbering: 'The numbering of the vertebrae changes',
  grades: 'A grade is given',
  plan: 'The plan changes',
} as const;

export type Named = (code: string) => string;

/** @param room the room after the record. */
export function line(entry: Recorded, room: Projection, item: CaseProjection | undefined, named: Named): string | null {
  const { event, actor } = entry;
  const who = nameOf(room, actor);
  switch (event.type) {
    case 'joined':
      return `${event.participant.name} comes in`;
    case 'left':
      return `${nameOf(room, event.person)} leaves`;
    case 'conference-opened':
      return 'The conference opens';
    case 'conference-ended':
      return 'The conference ends';
    case 'case-called':
      return event.case === null ? 'The case leaves the table' : 'The case comes to the table';
    case 'floor-passed':
      return event.person === null ? 'The floor is back with the chair' : `${nameOf(room, event.person)} has the floor`;
    case 'role-assigned':
      return `${nameOf(room, event.person)} is now ${ROLES[event.role].toLowerCase()}`;
    case 'hand-raised':
      return `${nameOf(room, event.person)} raises a hand`;
    case 'shown':
      return `${who} shows an image`;
    case 'drawn':
      return `${event.mark.author_name} draws: ${MARK_KINDS[event.mark.kind].toLowerCase()}${event.mark.text === '' ? '' : `, “${event.mark.text}”`}`;
    case 'reshaped':
      return `${who} changes a mark`;
    case 'erased':
      return `${who} erases a mark`;
    case 'opinion-sealed':
      return `${event.name} seals an opinion for ${named(event.discipline)}`;
    case 'opinions-revealed':
      return `Round ${String(event.round)} is revealed: ${String(Object.keys(event.opinions).length)} opinions`;
    case 'round-opened':
      return `Round ${String(event.round)} of opinions opens`;
    case 'option-added':
      return `Another option: ${event.option.label}`;
    case 'stances-taken':
      return `${named(event.discipline)}: ${taken(item, event.stances)}`;
    case 'non-operative-stated':
      return `Non-operative care: ${STANDINGS[event.standing].toLowerCase()}`;
    case 'minutes-frozen':
      return 'The minutes go on record';
    case 'levels-changed':
      return LEVELS[event.part];
    case 'guest-admitted':
      return `${nameOf(room, event.person)} is let in from the lobby`;
    case 'guest-put-out':
      return `${nameOf(room, event.person)} is back in the lobby`;
    case 'recommendation-drafted':
      return `${who} writes revision ${String(event.revision)}: ${OUTCOMES[event.recommendation.outcome].toLowerCase()}, ${optionOf(item, event.recommendation.option)}`;
    case 'recommendation-read-back':
      return 'The recommendation is read back';
    case 'recommendation-reopened':
      return 'The words are opened again; closings are void';
    case 'attested':
      return `${named(event.discipline)}: ${CLOSINGS[event.closing].toLowerCase()}`;
    case 'discipline-marked-absent':
      return `${named(event.discipline)} is marked absent`;
    case 'signed':
      return `${event.name} signs`;
    default:
      return null;
  }
}

function nameOf(room: Projection, person: string | null): string {
  return person === null ? 'Consilium' : (room.people[person]?.name ?? 'Somebody');
}

function optionOf(item: CaseProjection | undefined, key: string): string {
  return item?.options.find((option) => option.key === key)?.label ?? 'no option';
}

function taken(item: CaseProjection | undefined, stances: Readonly<Record<string, Stance>>): string {
  const said = Object.entries(stances).map(
    ([key, { stance, needs }]) =>
      `${STANCES[stance].toLowerCase()} ${optionOf(item, key)}${needs === '' ? '' : ` (it would take: ${needs})`}`,
  );
  return said.join('; ');
}
