/**
 * The joint text of one case as this window has it, without any I/O: a document to type into, one that holds what the
 * server is known to have, and what is on its way between the two.
 *
 * One command is on its way at a time; what is typed meanwhile waits and is merged into the next. When the room does not
 * take what was typed, the words are kept for copying and the document goes on from what the server has.
 */

import * as Y from 'yjs';
import { changed, type Change, type Step } from './change';
import { fromBase64, toBase64 } from './base64';

/** As much of what waits as goes into one command; the server takes 32 KiB. */
const LARGEST_BYTES = 24 * 1024;
/** A paste is taken in pieces, so that no update is larger than a command can carry. */
const PIECE = 4_000;

/** Words that the room did not take. */
export interface Kept {
  readonly id: number;
  readonly field: string;
  readonly words: string;
  readonly reason: string;
}

/** Steps of somebody else's change to a field; null: the field was replaced as a whole. */
export type FieldListener = (steps: readonly Step[] | null) => void;

export class JointText {
  /** Whether the server has told what it has. */
  ready = false;
  /** What the room did not take, until somebody has dealt with it. */
  kept: Kept[] = [];
  private doc = new Y.Doc();
  private readonly server = new Y.Doc();
  private waiting: Uint8Array[] = [];
  private undoing = new Map<string, Y.UndoManager>();
  private readonly listeners = new Map<string, Set<FieldListener>>();
  private keptCount = 0;

  constructor() {
    this.watch();
  }

  /** What a field says in this window. */
  words(field: string): string {
    return this.doc.getText(field).toJSON();
  }

  /** Whether anything typed here waits to be sent. */
  get unsent(): boolean {
    return this.waiting.length > 0;
  }

  /** The state vector of what the server is known to have, in base64. */
  get known(): string {
    return toBase64(Y.encodeStateVector(this.server));
  }

  /** Hear of changes to a field that did not come from `edit`; gives what ends it. */
  listen(field: string, listener: FieldListener): () => void {
    let heard = this.listeners.get(field);
    if (heard === undefined) {
      heard = new Set();
      this.listeners.set(field, heard);
      this.observe(field, heard);
    }
    const all = heard.add(listener);
    return () => all.delete(listener);
  }

  /** Something was typed here. */
  edit(field: string, { at, removed, inserted }: Change): void {
    const text = this.doc.getText(field);
    this.history(field);
    for (let from = 0; from === 0 || from < inserted.length; from += PIECE) {
      this.doc.transact(() => {
        if (from === 0 && removed > 0) text.delete(at, removed);
        const piece = inserted.slice(from, from + PIECE);
        if (piece !== '') text.insert(at + from, piece);
      }, this);
    }
  }

  /** Take back one's own last change of a field, or bring it again. */
  undo(field: string): void {
    this.history(field).undo();
  }

  redo(field: string): void {
    this.history(field).redo();
  }

  /** A place in a field that stays with its letter, in base64. */
  placeAt(field: string, index: number): string {
    return toBase64(
      Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(this.doc.getText(field), index, -1)),
    );
  }

  /** Where such a place is now; null: not in this field, or beyond what has arrived here. */
  indexOf(field: string, place: string): number | null {
    try {
      const found = Y.createAbsolutePositionFromRelativePosition(
        Y.decodeRelativePosition(fromBase64(place)),
        this.doc,
        false,
      );
      return found?.type === this.doc.getText(field) ? found.index : null;
    } catch {
      return null; // another window's own words: nobody vouches for them
    }
  }

  /** What is to be sent next, in base64; null: nothing waits. Its answer is `taken` or `refused`. */
  take(): string | null {
    if (this.waiting.length === 0) return null;
    let count = 1;
    let bytes = this.waiting[0]!.length;
    while (count < this.waiting.length && bytes + this.waiting[count]!.length <= LARGEST_BYTES) {
      bytes += this.waiting[count]!.length;
      count += 1;
    }
    const going = this.waiting.splice(0, count);
    return toBase64(count === 1 ? going[0]! : Y.mergeUpdates(going));
  }

  /** The server's word on what it has. */
  hear(...updates: string[]): void {
    for (const update of updates) {
      const bytes = fromBase64(update);
      Y.applyUpdate(this.server, bytes, 'server');
      Y.applyUpdate(this.doc, bytes, 'server');
    }
  }

  /** The room did not take what was sent: keep the words, and go on from what the server has. */
  refused(reason: string): void {
    for (const field of this.doc.share.keys()) this.keep(field, reason);
    this.doc.destroy();
    this.doc = new Y.Doc();
    this.waiting = [];
    this.undoing = new Map();
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.server), 'server');
    this.watch();
    for (const [field, heard] of this.listeners) {
      this.observe(field, heard);
      for (const listener of heard) listener(null);
    }
  }

  /** Words that were kept have been dealt with. */
  dismiss(id: number): void {
    this.kept = this.kept.filter((one) => one.id !== id);
  }

  private keep(field: string, reason: string): void {
    const mine = this.words(field);
    const change = changed(this.server.getText(field).toJSON(), mine, mine.length);
    if (change === null || change.inserted.trim() === '') return;
    this.keptCount += 1;
    this.kept = [...this.kept, { id: this.keptCount, field, words: change.inserted, reason }];
  }

  private watch(): void {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') this.waiting.push(update);
    });
  }

  private observe(field: string, heard: ReadonlySet<FieldListener>): void {
    this.doc.getText(field).observe((event, { origin }) => {
      if (origin === this) return;
      for (const listener of heard) listener(event.delta as readonly Step[]);
    });
  }

  /** One's own changes of a field, undone one by one as they were typed; nobody else's. */
  private history(field: string): Y.UndoManager {
    const known = this.undoing.get(field);
    if (known !== undefined) return known;
    const made = new Y.UndoManager(this.doc.getText(field), { trackedOrigins: new Set([this]) });
    this.undoing.set(field, made);
    return made;
  }
}
