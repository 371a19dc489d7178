import { describe, expect, it } from 'vitest';
import type { Recorded } from '../src/protocol';
import { calledAt, clock, LONGEST_WAIT, playedAt, stepped, timeline } from '../src/replay/timeline';
import { line } from '../src/replay/words';
import { empty } from '../src/replica';

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 26, 8) + seconds * 1000).toISOString();
const seat = (person: string) => ({ person_id: person, name: person, discipline: null, role: 'member' as const });
const entries: readonly Recorded[] = [
  { seq: 1, at: at(-86_400), actor: null, event: { type: 'joined', participant: seat('Ada'), entry: 'member' } },
  { seq: 4, at: at(0), actor: 'Ada', event: { type: 'case-called', case: 'hip' } },
  { seq: 5, at: at(2), actor: 'Ada', event: { type: 'hand-raised', person: 'Ada' } },
  { seq: 6, at: at(2), actor: 'Ada', event: { type: 'hand-lowered', person: 'Ada' } },
  { seq: 9, at: at(600), actor: null, event: { type: 'left', person: 'Ada' } },
] as unknown as readonly Recorded[];

describe('the time of a replay', () => {
  const found = timeline(entries);

  it('cuts long waits short and keeps short ones', () => {
    expect(found.starts).toEqual([0, LONGEST_WAIT, LONGEST_WAIT + 2000, LONGEST_WAIT + 2000, 2 * LONGEST_WAIT + 2000]);
  });

  it('knows what the room was at each moment, and forgets it when it goes back', () => {
    expect(found.states[playedAt(found, LONGEST_WAIT)]!.table).toBe('hip');
    expect(found.states[playedAt(found, 0)]!.table).toBeNull();
    expect(playedAt(found, -1)).toBe(-1);
    expect(found.states.at(-1)!.people['Ada']!.present).toBe(false);
  });

  it('steps over records that begin together, and stops at the ends', () => {
    expect(stepped(found, LONGEST_WAIT, 1)).toBe(LONGEST_WAIT + 2000);
    expect(stepped(found, LONGEST_WAIT + 2000, 1)).toBe(2 * LONGEST_WAIT + 2000);
    expect(stepped(found, LONGEST_WAIT + 2000, -1)).toBe(LONGEST_WAIT);
    expect(stepped(found, 0, -1)).toBe(0);
    expect(stepped(found, found.length, 1)).toBe(found.length);
  });

  it('begins when the case is called', () => {
    expect(calledAt(found, 'hip')).toBe(LONGEST_WAIT);
    expect(calledAt(found, 'knee')).toBe(0);
    expect(clock(61_000)).toBe('1:01');
  });
});

describe('a mark drawn before its screen had rested', () => {
  const pane = (uid: string) => ({ sop_instance_uid: uid, frame: 1 });
  const screen = (uid: string, beside: unknown[] = []) => ({ ...pane(uid), layout: '1x1', place: 0, beside });
  const shown = (uid: string, beside: unknown[] = []) => ({
    type: 'shown',
    case: 'hip',
    viewport: screen(uid, beside),
  });
  const drawn = { type: 'drawn', mark: { mark: 'm1', case: 'hip', ...pane('2') } };
  const item = { brief: { case: 'hip' }, shown: null, marks: {}, options: [], studies: [] };
  const told = (...events: readonly (readonly [number, unknown])[]) => {
    const listed = {
      seq: 1,
      at: at(0),
      actor: null,
      event: { type: 'case-listed', brief: { case: 'hip' }, options: [] },
    };
    const rest = events.map(([seconds, event], index) => ({ seq: index + 2, at: at(seconds), actor: 'Ada', event }));
    return timeline([listed, ...rest] as unknown as readonly Recorded[]).states.map(
      (state) => (state.cases['hip'] ?? item).shown?.sop_instance_uid ?? null,
    );
  };

  it('has its picture under it from the first', () => {
    expect(told([1, shown('1')], [2, drawn], [2.6, shown('2')])).toEqual([null, '1', '2', '2']);
    expect(told([1, drawn], [1.2, { type: 'hand-raised', person: 'Ada' }], [1.6, shown('2')])).toEqual([
      null,
      '2',
      '2',
      '2',
    ]);
  });

  it('leaves every other screen as it was', () => {
    expect(told([1, shown('2')], [2, drawn], [2.6, shown('3')])).toEqual([null, '2', '2', '3']);
    expect(told([1, shown('1', [pane('2')])], [2, drawn], [2.6, shown('2')])).toEqual([null, '1', '1', '2']);
    expect(told([1, shown('1')], [2, drawn], [9, shown('2')])).toEqual([null, '1', '1', '2']);
    expect(told([1, shown('1')], [2, drawn], [2.6, shown('3')])).toEqual([null, '1', '1', '3']);
  });
});

it('says nothing of what needs no line', () => {
  const named = (code: string): string => code;
  expect(line(entries[0]!, empty(), undefined, named)).toBe('Ada comes in');
  const sealed = { seq: 2, at: at(0), actor: null, event: { type: 'sealed' } } as unknown as Recorded;
  expect(line(sealed, empty(), undefined, named)).toBeNull();
});
