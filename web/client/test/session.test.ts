/** The client's session: commands survive losses, nothing undelivered is called shared. */
import { expect, test } from 'vitest';
import { backoff, ENDINGS } from '../src/connection';
import { empty } from '../src/replica';
import { CLOSE, type Command, type Mark, type Projection, type Recorded, type ServerMessage } from '../src/protocol';
import { marksShown, Session } from '../src/session';

const ME = 'me';
const OTHER = 'other';
const CASE = 'case-1';

function mark(id: string, author = ME): Mark {
  return {
    mark: id,
    case: CASE,
    kind: 'length',
    sop_instance_uid: '1.2.3',
    frame: 1,
    points: [
      [1, 1],
      [2, 2],
    ],
    text: '',
    author,
    author_name: 'Dr A',
    discipline: 'spine-surgery',
    role: 'member',
    revision: 1,
    measured: { value: 12, unit: 'mm', error: null, method: 'length/1', spacing: null, parts: [] },
  };
}

function draw(id: string): Command {
  const { kind, sop_instance_uid, frame, points, text } = mark(id);
  return { type: 'draw', mark: id, case: CASE, kind, sop_instance_uid, frame, points, text };
}

function room(seq: number, marks: Record<string, Mark> = {}): Projection {
  const seat = { discipline: 'spine-surgery', role: 'member' as const, present: true, cases: null, presence: [] };
  const brief = { case: CASE, title: 'T', questions: [], required: [], goal: '', minutes: 10, referrer: 'r' };
  return {
    ...empty(),
    seq,
    phase: 'open',
    table: CASE,
    people: { [ME]: { name: 'Dr A', ...seat }, [OTHER]: { name: 'Dr B', ...seat } },
    order: [CASE],
    cases: {
      [CASE]: {
        brief,
        options: [],
        studies: [],
        shown: null,
        marks,
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
      },
    },
  };
}

function welcome(seq: number, snapshot: Projection | null, events: readonly Recorded[] = []): ServerMessage {
  const you = { person_id: ME, name: 'Dr A', discipline: 'spine-surgery', role: 'member' as const, cases: null };
  const at = '2026-11-26T08:00:00.000Z';
  return { type: 'welcome', version: 1, room: 'r', you, seq, at, events, snapshot, presence: {}, digest: null };
}

function drawn(seq: number, id: string, author = ME): Recorded {
  return { seq, at: '2026-11-26T08:00:01.000Z', actor: author, event: { type: 'drawn', mark: mark(id, author) } };
}

function joined(): Session {
  const session = new Session();
  session.opened();
  session.receive(welcome(5, room(5)));
  session.take();
  session.takeNotices();
  return session;
}

test('the first hello asks for everything, a later one for what came since', () => {
  const session = new Session();
  session.opened();
  expect(session.take()).toEqual([{ type: 'hello', versions: [1], since: null }]);
  session.receive(welcome(5, room(5)));
  session.lost();
  session.opened();
  expect(session.take()).toEqual([{ type: 'hello', versions: [1], since: 5 }]);
});

test('a replica that is not trusted asks for a snapshot again', () => {
  const session = joined();
  session.distrust();
  session.lost();
  session.opened();
  expect(session.take()).toEqual([{ type: 'hello', versions: [1], since: null }]);
});

test('a command without an answer is sent again with the same identity after a loss, in order', () => {
  const session = joined();
  session.ask(draw('m1'), 'c1');
  session.ask({ type: 'raise-hand' }, 'c2');
  expect(session.take().map((message) => message.type)).toEqual(['command', 'command']);
  session.lost();
  session.ask({ type: 'lower-hand', person: ME }, 'c3');
  expect(session.take()).toEqual([]);
  session.opened();
  session.take();
  session.receive(welcome(5, null));
  expect(session.take().flatMap((message) => (message.type === 'command' ? [message.id] : []))).toEqual([
    'c1',
    'c2',
    'c3',
  ]);
});

test('an acknowledged command is not sent again, even when its events come later', () => {
  const session = joined();
  session.ask(draw('m1'), 'c1');
  session.receive({ type: 'ack', id: 'c1', seq: 6 });
  expect(marksShown(session, CASE).map(({ delivery }) => delivery.state)).toEqual(['local']);
  session.lost();
  session.opened();
  session.take();
  session.receive(welcome(6, null, [drawn(6, 'm1')]));
  expect(session.take().filter((message) => message.type === 'command')).toEqual([]);
  expect(marksShown(session, CASE).map(({ delivery }) => delivery.state)).toEqual(['delivered']);
});

test('a mark is local until its event is in the log', () => {
  const session = joined();
  session.ask(draw('m1'), 'c1');
  const [local] = marksShown(session, CASE);
  expect(local?.delivery).toEqual({ state: 'local' });
  expect(local?.mark.measured).toBeNull();
  session.receive({ type: 'events', events: [drawn(6, 'm1')], digest: null });
  session.receive({ type: 'ack', id: 'c1', seq: 6 });
  const [delivered] = marksShown(session, CASE);
  expect(delivered?.delivery).toEqual({ state: 'delivered', seen: [], unseen: ['Dr B'] });
  expect(delivered?.mark.measured?.value).toBe(12);
  expect(session.pending.size).toBe(0);
});

test('a mark is seen by those whose window has shown its event, and by no more', () => {
  const session = joined();
  session.receive({ type: 'events', events: [drawn(6, 'm1')], digest: null });
  session.receive({ type: 'presence', people: { [OTHER]: { seen: 5 } } });
  expect(marksShown(session, CASE)[0]?.delivery).toMatchObject({ seen: [], unseen: ['Dr B'] });
  session.receive({ type: 'presence', people: { [OTHER]: { seen: 6 } } });
  expect(marksShown(session, CASE)[0]?.delivery).toMatchObject({ seen: ['Dr B'], unseen: [] });
  session.receive({ type: 'presence', people: { [OTHER]: null } });
  expect(marksShown(session, CASE)[0]?.delivery).toMatchObject({ seen: [], unseen: ['Dr B'] });
});

test('a refused mark is shown as refused with its reason until it is dealt with', () => {
  const session = joined();
  session.ask(draw('m1'), 'c1');
  session.receive({ type: 'refused', id: 'c1', code: 'not-permitted', reason: 'You are an observer.' });
  const [shown] = marksShown(session, CASE);
  expect(shown?.delivery).toMatchObject({ state: 'refused', refusal: { reason: 'You are an observer.' } });
  session.dismiss('c1');
  expect(marksShown(session, CASE)).toEqual([]);
});

test('a reshaped mark is local again and loses its old value until the room has measured anew', () => {
  const session = joined();
  session.receive({ type: 'events', events: [drawn(6, 'm1')], digest: null });
  session.ask({
    type: 'reshape',
    mark: 'm1',
    revision: 1,
    points: [
      [0, 0],
      [9, 9],
    ],
    text: '',
  });
  const [shown] = marksShown(session, CASE);
  expect(shown?.delivery.state).toBe('local');
  expect(shown?.mark.measured).toBeNull();
});

test('an event that was already folded is not folded twice', () => {
  const session = joined();
  session.receive({ type: 'events', events: [drawn(6, 'm1')], digest: null });
  session.takeNotices();
  session.receive({ type: 'events', events: [drawn(6, 'm1')], digest: null });
  expect(session.takeNotices()).toEqual([]);
  expect(session.confirmed.seq).toBe(6);
});

test('presence keeps the last value of each key and goes out once', () => {
  const session = joined();
  session.flushPresence();
  session.take();
  session.present({ pointer: { sop_instance_uid: '1', frame: 1, point: [1, 1] } });
  session.present({ pointer: { sop_instance_uid: '1', frame: 1, point: [2, 2] }, seen: 6 });
  session.flushPresence();
  session.flushPresence();
  expect(session.take()).toEqual([
    { type: 'presence', pointer: { sop_instance_uid: '1', frame: 1, point: [2, 2] }, seen: 6 },
  ]);
});

test('presence of others ends with the connection', () => {
  const session = joined();
  session.receive({ type: 'presence', people: { [OTHER]: { seen: 9 } } });
  session.lost();
  expect(session.others.size).toBe(0);
});

test('the delay grows, stays within eight seconds and is never zero', () => {
  for (let attempt = 1; attempt < 20; attempt += 1) {
    expect(backoff(attempt, 0)).toBeGreaterThan(0);
    expect(backoff(attempt, 1)).toBeLessThanOrEqual(8000);
  }
  expect(backoff(4, 0.5)).toBeGreaterThan(backoff(1, 0.5));
});

test('every close code of the protocol has words, and a lost right is not retried', () => {
  expect(Object.keys(ENDINGS).map(Number)).toEqual(Object.values(CLOSE));
  expect(ENDINGS[4003]?.retry).toBe(false);
  expect(ENDINGS[4000]?.retry).toBe(true);
});

test('a guest put out forgets the room, and what was on its way is refused, not lost', () => {
  const session = joined();
  session.ask(draw('m9'), 'c9');
  const told = {
    type: 'lobby',
    version: 1,
    at: '2026-11-26T08:00:09Z',
    phase: 'open',
    cases: [],
    lets_in: true,
  } as const;
  session.receive(told);
  expect(session.lobby).toEqual(told);
  expect(session.confirmed).toEqual(empty());
  expect(session.live).toBe(false);
  expect(session.refused.get('c9')?.code).toBe('in-lobby');
  expect(session.takeNotices()).toContainEqual({ kind: 'waiting', putOut: true });
  session.receive(welcome(7, room(7)));
  expect(session.lobby).toBeNull();
  expect(session.confirmed.seq).toBe(7);
});
