/** The joint texts of the room: opened as they are looked at, sent as commands, put right when the room refuses. */

import type { Session } from '../session';
import { JointText } from './joint-text';

interface Open {
  readonly text: JointText;
  /** The command on its way. */
  sent: string | null;
}

/** Somebody else's caret in a field. */
export interface OthersCaret {
  readonly person: string;
  readonly index: number;
}

export class Texts {
  private readonly open = new Map<string, Open>();
  private readonly watchers = new Set<() => void>();

  /** @param push sends what the session wants to say now */
  constructor(
    private readonly session: Session,
    private readonly push: () => void,
  ) {
    session.onText = (message) => {
      const found = this.open.get(message.case);
      if (found === undefined) return;
      if (message.type === 'text') {
        found.text.hear(message.update);
        found.text.ready = true;
      } else found.text.hear(...message.updates.map(({ update }) => update));
      this.tell();
    };
    session.onWelcome = () => {
      for (const [id, { text }] of this.open) session.readText(id, text.known);
    };
  }

  /** The text of a case; asked for when it is first looked at. */
  of(caseId: string): JointText {
    const known = this.open.get(caseId);
    if (known !== undefined) return known.text;
    const made = { text: new JointText(), sent: null };
    this.open.set(caseId, made);
    this.session.readText(caseId, made.text.known);
    this.push();
    return made.text;
  }

  /** Whether words typed here are not yet with the server, in this case or in any. */
  unsent(caseId?: string): boolean {
    const asked = caseId === undefined ? [...this.open.values()] : [this.open.get(caseId)];
    return asked.some((one) => one !== undefined && (one.sent !== null || one.text.unsent));
  }

  /** Send what waits, one command at a time for each case; take note of answers. Called often. */
  flush(): void {
    let asked = false;
    for (const [id, one] of this.open) {
      this.settle(id, one);
      if (one.sent !== null || !this.session.live) continue;
      const update = one.text.take();
      if (update === null) continue;
      one.sent = this.session.ask({ type: 'type-text', case: id, update });
      asked = true;
    }
    if (asked) this.push();
  }

  /** Where others type in a field now. */
  carets(caseId: string, field: string): OthersCaret[] {
    const text = this.open.get(caseId)?.text;
    if (text === undefined) return [];
    const found: OthersCaret[] = [];
    for (const [person, { caret }] of this.session.others) {
      if (caret?.case !== caseId || caret.field !== field || person === this.session.you?.person_id) continue;
      const index = text.indexOf(field, caret.at);
      if (index !== null) found.push({ person, index });
    }
    return found.sort((one, other) => one.index - other.index);
  }

  /** Say where one types; null: nowhere any more. */
  present(caseId: string, field: string, index: number | null): void {
    const text = this.open.get(caseId)?.text;
    const at = index === null || text === undefined ? null : text.placeAt(field, index);
    this.session.present({ caret: at === null ? null : { case: caseId, field, at } });
  }

  /** Hear when texts, carets or what waits have changed; gives what ends it. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Everybody who shows a text looks again. */
  tell(): void {
    for (const watcher of this.watchers) watcher();
  }

  private settle(id: string, one: Open): void {
    if (one.sent === null || this.session.pending.has(one.sent)) return;
    const refusal = this.session.refused.get(one.sent);
    one.sent = null;
    if (refusal !== undefined) {
      this.session.dismiss(refusal.id);
      one.text.refused(refusal.reason);
      this.session.readText(id, one.text.known);
      this.push();
    }
    this.tell();
  }
}
