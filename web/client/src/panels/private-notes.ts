/**
 * Refused marks that their author kept. They are nobody else's: in this browser tab's own storage, by conference and
 * person, through a reload and until the tab closes; nothing of them goes to the server.
 */

import type { Mark } from '../protocol';

export interface PrivateNote {
  readonly mark: Mark;
  readonly reason: string;
}

export class PrivateNotes {
  private readonly key: string;

  constructor(conference: string, person: string) {
    this.key = `consilium-notes:${conference}:${person}`;
  }

  /** The notes of one case, oldest first. */
  of(caseId: string): readonly PrivateNote[] {
    return this.all().filter((note) => note.mark.case === caseId);
  }

  keep(note: PrivateNote): void {
    this.write([...this.all(), note]);
  }

  drop(mark: string): void {
    this.write(this.all().filter((note) => note.mark.mark !== mark));
  }

  private all(): readonly PrivateNote[] {
    const kept = sessionStorage.getItem(this.key);
    return kept === null ? [] : (JSON.parse(kept) as PrivateNote[]);
  }

  private write(notes: readonly PrivateNote[]): void {
    sessionStorage.setItem(this.key, JSON.stringify(notes));
  }
}
