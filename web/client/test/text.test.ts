// @vitest-environment happy-dom
/** Joint text in the browser: changes found, carets kept, one command at a time, words kept that were not taken. */
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { empty } from '../src/replica';
import type { ClientMessage, ServerMessage } from '../src/protocol';
import { Session } from '../src/session';
import { Area } from '../src/text/area';
import { fromBase64, toBase64 } from '../src/text/base64';
import { changed, moved } from '../src/text/change';
import { JointText } from '../src/text/joint-text';
import { Texts } from '../src/text/texts';

const CASE = 'case-1';

describe('a change', () => {
  test.each([
    ['', 'a', 1, { at: 0, removed: 0, inserted: 'a' }],
    ['aaa', 'aaaa', 2, { at: 1, removed: 0, inserted: 'a' }],
    ['aaaa', 'aaa', 1, { at: 1, removed: 1, inserted: '' }],
    ['one two', 'one three two', 10, { at: 4, removed: 0, inserted: 'three ' }],
    ['one two', 'two', 0, { at: 0, removed: 4, inserted: '' }],
    ['x😀y', 'x😁y', 3, { at: 1, removed: 2, inserted: '😁' }],
    ['😀', '😀😀', 4, { at: 2, removed: 0, inserted: '😀' }],
  ])('%s → %s', (before, after, caret, expected) => {
    expect(changed(before, after, caret)).toEqual(expected);
  });

  test('is none where nothing changed', () => expect(changed('same', 'same', 2)).toBeNull());

  test('gives back what it was found in, wherever the caret is', () => {
    const letters = ['a', 'b', '😀', '😁', 'é'];
    let seed = 7;
    const next = (most: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % most;
    const word = (): string => Array.from({ length: next(7) }, () => letters[next(letters.length)]).join('');
    for (let round = 0; round < 3000; round += 1) {
      const [before, after] = [word(), word()];
      const change = changed(before, after, next(after.length + 1));
      if (change === null) continue;
      const { at, removed, inserted } = change;
      expect(before.slice(0, at) + inserted + before.slice(at + removed)).toBe(after);
      expect(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(inserted)).toBe(false);
    }
  });

  test('of others carries a caret along and stays behind it where they type at it', () => {
    expect(moved(5, [{ insert: 'abc' }])).toBe(8);
    expect(moved(5, [{ retain: 5 }, { insert: 'abc' }])).toBe(5);
    expect(moved(5, [{ retain: 2 }, { delete: 10 }])).toBe(2);
    expect(moved(5, [{ delete: 2 }, { insert: 'x' }])).toBe(4);
  });
});

/** The server as far as a text is concerned: takes commands or refuses them, and tells everybody. */
class Server {
  readonly doc = new Y.Doc();

  says(field = 'minutes'): string {
    return this.doc.getText(field).toJSON();
  }

  take(update: string): ServerMessage {
    Y.applyUpdate(this.doc, fromBase64(update));
    return { type: 'typed', case: CASE, updates: [{ author: 'x', at: '', update }] };
  }

  text(state: string): ServerMessage {
    const update = toBase64(Y.encodeStateAsUpdate(this.doc, state === '' ? undefined : fromBase64(state)));
    return { type: 'text', case: CASE, state: toBase64(Y.encodeStateVector(this.doc)), update };
  }
}

class Window {
  readonly session = new Session();
  readonly texts = new Texts(this.session, () => undefined);

  constructor(readonly server: Server) {
    this.connect();
  }

  get text(): JointText {
    return this.texts.of(CASE);
  }

  connect(): void {
    this.session.opened();
    this.session.receive({
      type: 'welcome',
      version: 1,
      room: 'r',
      you: { person_id: 'me', name: 'Dr A', discipline: null, role: 'member', cases: null },
      seq: 0,
      at: '2026-11-30T16:00:00.000Z',
      events: [],
      snapshot: empty(),
      presence: {},
      digest: null,
    });
    this.exchange();
  }

  type(words: string, field = 'minutes'): void {
    this.text.edit(field, { at: this.text.words(field).length, removed: 0, inserted: words });
  }

  /** Send everything, take every answer. */
  exchange(answer: 'ack' | 'refused' = 'ack'): ServerMessage[] {
    const told: ServerMessage[] = [];
    for (let round = 0; round < 20; round += 1) {
      this.texts.flush();
      const sent = this.session.take();
      if (sent.length === 0) break;
      for (const message of sent) told.push(...this.answered(message, answer));
    }
    return told;
  }

  private answered(message: ClientMessage, answer: 'ack' | 'refused'): ServerMessage[] {
    if (message.type === 'read-text') this.session.receive(this.server.text(message.state));
    if (message.type !== 'command' || message.command.type !== 'type-text') return [];
    if (answer === 'refused') {
      this.session.receive({ type: 'refused', id: message.id, code: 'not-permitted', reason: 'This takes the role.' });
      return [];
    }
    const typed = this.server.take(message.command.update);
    this.session.receive(typed);
    this.session.receive({ type: 'ack', id: message.id, seq: 0 });
    return [typed];
  }
}

describe('a window', () => {
  test('has what the server has once it is told, and gives what is typed', () => {
    const server = new Server();
    server.doc.getText('minutes').insert(0, 'before ');
    const window = new Window(server);
    expect(window.text.ready).toBe(false);
    window.exchange();
    expect(window.text.ready).toBe(true);
    window.type('and after');
    expect(window.texts.unsent(CASE)).toBe(true);
    window.exchange();
    expect(server.says()).toBe('before and after');
    expect(window.texts.unsent()).toBe(false);
  });

  test('sends one command at a time and merges what is typed meanwhile', () => {
    const window = new Window(new Server());
    window.exchange();
    for (const letter of 'abc') window.type(letter);
    window.texts.flush();
    for (const letter of 'def') window.type(letter);
    window.texts.flush();
    const commands = window.session.take().filter(({ type }) => type === 'command');
    expect(commands).toHaveLength(1);
  });

  test('keeps what is typed without a line and gives it after, once', () => {
    const server = new Server();
    const [one, other] = [new Window(server), new Window(server)];
    one.exchange();
    other.exchange();
    one.type('sent but not answered. ');
    one.texts.flush();
    const lost = one.session.take().find((message) => message.type === 'command');
    if (lost?.command.type === 'type-text') server.take(lost.command.update); // it arrived; the answer did not
    one.session.lost();
    for (let number = 0; number < 300; number += 1) one.type(`${number} `);
    other.type('Meanwhile. ');
    other.exchange();
    one.connect();
    one.exchange();
    other.connect();
    expect(one.text.words('minutes')).toBe(server.says());
    expect(other.text.words('minutes')).toBe(server.says());
    expect(server.says()).toContain('Meanwhile. ');
    expect(server.says().split('sent but not answered. ')).toHaveLength(2);
    expect(server.says()).toContain('298 299 ');
  });

  test('keeps the words the room did not take, and goes on from what the server has', () => {
    const server = new Server();
    const window = new Window(server);
    window.exchange();
    window.type('Taken. ');
    window.exchange();
    window.type('Not taken.');
    window.exchange('refused');
    expect(window.text.words('minutes')).toBe('Taken. ');
    expect(window.text.kept.map(({ words, reason }) => [words, reason])).toEqual([
      ['Not taken.', 'This takes the role.'],
    ]);
    expect(window.session.refused.size).toBe(0);
    window.type('Again.');
    window.exchange();
    expect(server.says()).toBe('Taken. Again.');
    window.text.dismiss(window.text.kept[0]!.id);
    expect(window.text.kept).toEqual([]);
  });

  test('splits a long paste so that each command carries it', () => {
    const server = new Server();
    const window = new Window(server);
    window.exchange();
    window.type('語'.repeat(20_000));
    window.exchange();
    expect(server.says()).toHaveLength(20_000);
  });

  test('tells where the others type and nothing of what nobody vouches for', () => {
    const window = new Window(new Server());
    window.exchange();
    window.type('Where is it?');
    const at = window.text.placeAt('minutes', 5);
    window.session.others.set('bo', { caret: { case: CASE, field: 'minutes', at } });
    window.session.others.set('cy', { caret: { case: CASE, field: 'minutes', at: 'AAAA!' } });
    window.session.others.set('me', { caret: { case: CASE, field: 'minutes', at } });
    window.session.others.set('di', { caret: { case: CASE, field: 'rationale', at } });
    window.text.edit('minutes', { at: 0, removed: 0, inserted: '>> ' });
    expect(window.texts.carets(CASE, 'minutes')).toEqual([{ person: 'bo', index: 8 }]);
    expect(window.texts.carets(CASE, 'rationale')).toEqual([]);
  });
});

describe('a textarea', () => {
  function area(text: JointText): [HTMLTextAreaElement, Area] {
    const found = document.createElement('textarea');
    document.body.append(found);
    return [found, new Area(found, text, 'minutes', () => undefined)];
  }

  function theirs(text: JointText, at: number, words: string): string {
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(text['doc']));
    const known = Y.encodeStateVector(other);
    other.getText('minutes').insert(at, words);
    return toBase64(Y.encodeStateAsUpdate(other, known));
  }

  test('keeps the caret among its letters when others type before it', () => {
    const text = new JointText();
    text.edit('minutes', { at: 0, removed: 0, inserted: 'hello world' });
    const [found] = area(text);
    found.setSelectionRange(6, 11, 'backward');
    text.hear(theirs(text, 0, '>> '));
    expect(found.value).toBe('>> hello world');
    expect([found.selectionStart, found.selectionEnd]).toEqual([9, 14]);
  });

  test('undoes what was typed here and nothing of what others typed', () => {
    const text = new JointText();
    const [found] = area(text);
    found.value = 'mine';
    found.dispatchEvent(new Event('input'));
    text.hear(theirs(text, 4, ' theirs'));
    found.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, cancelable: true }));
    expect(found.value).toBe(' theirs');
    found.dispatchEvent(new KeyboardEvent('keydown', { key: 'y', ctrlKey: true, cancelable: true }));
    expect(found.value).toBe('mine theirs');
  });

  test('lets a character be composed while others type, and gives it when it is done', () => {
    const text = new JointText();
    text.edit('minutes', { at: 0, removed: 0, inserted: 'ab' });
    const [found] = area(text);
    found.setSelectionRange(2, 2);
    found.dispatchEvent(new Event('compositionstart'));
    found.value = 'abに';
    found.setSelectionRange(3, 3);
    found.dispatchEvent(new Event('input'));
    expect(text.words('minutes')).toBe('ab');
    text.hear(theirs(text, 0, 'them '));
    expect(found.value).toBe('abに');
    found.value = 'ab日';
    found.dispatchEvent(new Event('compositionend'));
    expect(text.words('minutes')).toBe('them ab日');
    expect(found.value).toBe('them ab日');
  });

  test('shows what the server has when the room refused, and lets go when it is told to', () => {
    const text = new JointText();
    const [found, held] = area(text);
    found.value = 'refused';
    found.dispatchEvent(new Event('input'));
    text.refused('Frozen.');
    expect(found.value).toBe('');
    held.stop();
    found.value = 'elsewhere';
    found.dispatchEvent(new Event('input'));
    expect(text.words('minutes')).toBe('');
  });
});
