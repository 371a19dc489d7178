/** A field of the joint text: a textarea everybody types into, with the others' carets and what the room did not take. */

import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { Panel } from '../room/panel';
import { tint } from '../room/badge';
import { named, reference } from '../room/references';
import { Area } from '../text/area';
import type { JointText, Kept } from '../text/joint-text';
import type { OthersCaret } from '../text/texts';
import type { Mark } from '../protocol';
import { markName } from './mark-chip';
import './mark-chip';

export class JointField extends Panel {
  static override properties: PropertyDeclarations = {
    caseId: { attribute: false },
    field: { attribute: false },
    label: { attribute: false },
    hint: { attribute: false },
    name: { attribute: false },
    rows: { attribute: false },
    most: { attribute: false },
  };

  caseId = '';
  field = '';
  label = '';
  hint = '';
  /** Identity of the textarea in the page. */
  name = '';
  rows = 2;
  /** Characters that fit. */
  most = 8000;
  private text: JointText | null = null;
  private area: Area | null = null;
  private unwatch: () => void = () => undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('selectionchange', this.caret);
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('selectionchange', this.caret);
    this.unwatch();
    this.unwatch = () => undefined;
    this.area?.stop();
    this.area = null;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('caseId') || this.text === null) this.text = this.model.texts.of(this.caseId);
  }

  override render(): TemplateResult {
    const text = this.text!;
    const may = this.model.may('draft');
    const carets = this.model.texts.carets(this.caseId, this.field);
    const kept = text.kept.filter((one) => one.field === this.field);
    const marks = Object.values(this.model.room.cases[this.caseId]?.marks ?? {});
    return html`<div class="field joint">
      <div class="joint-head">
        <label for=${this.name}>${this.label}</label>
        ${this.others(carets)} ${may && text.ready && marks.length > 0 ? this.citing(marks) : nothing}
      </div>
      <div class="joint-area">
        <div class="joint-mirror" aria-hidden="true">${this.mirror(text.words(this.field), carets)}</div>
        <textarea
          id=${this.name}
          rows=${this.rows}
          maxlength=${this.most}
          spellcheck="true"
          ?readonly=${!may || !text.ready}
          aria-busy=${text.ready ? 'false' : 'true'}
          aria-describedby=${this.hint === '' ? nothing : `${this.name}-hint`}
          @blur=${() => this.model.texts.present(this.caseId, this.field, null)}
        ></textarea>
      </div>
      ${this.named(named(text.words(this.field), marks))}
      ${this.hint === '' ? nothing : html`<p class="hint" id=${`${this.name}-hint`}>${this.hint}</p>`}
      ${kept.map((one) => this.keptWords(one))}
    </div>`;
  }

  protected override updated(): void {
    const found = this.querySelector('textarea');
    if (found === null || this.text === null) return;
    const same = this.area?.area === found && this.area.text === this.text && this.area.field === this.field;
    if (same) return;
    this.area?.stop();
    this.unwatch();
    this.area = new Area(found, this.text, this.field, () => this.typed());
    this.unwatch = this.model.texts.watch(() => this.requestUpdate());
    this.requestUpdate();
  }

  /** Marks to name where the caret is. */
  private citing(marks: readonly Mark[]): TemplateResult {
    return html`<details class="menu joint-cite">
      <summary class="btn btn-quiet btn-small" aria-label=${`Name a mark in: ${this.label}`}>
        ${icon('link')} Mark
      </summary>
      <div class="menu-list">
        ${marks.map(
          (mark) =>
            html`<button type="button" data-cite=${mark.mark} @click=${() => this.cite(mark)}>
              ${markName(mark)} <span class="muted small">${mark.author_name}</span>
            </button>`,
        )}
      </div>
    </details>`;
  }

  /** The reference goes where the caret is, as if it were typed. */
  private cite(mark: Mark): void {
    const menu = this.querySelector<HTMLDetailsElement>('.joint-cite');
    if (menu !== null) menu.open = false;
    const area = this.area?.area;
    if (area === undefined) return;
    area.focus();
    area.setRangeText(reference(mark.mark), area.selectionStart, area.selectionEnd, 'end');
    area.dispatchEvent(new InputEvent('input'));
  }

  private named(marks: readonly Mark[]): TemplateResult | typeof nothing {
    if (marks.length === 0) return nothing;
    return html`<p class="small joint-named">
      Names ${marks.map((mark) => html`<mark-chip .model=${this.model} .mark=${mark}></mark-chip> `)}
    </p>`;
  }

  private others(carets: readonly OthersCaret[]): TemplateResult | typeof nothing {
    if (carets.length === 0) return nothing;
    const names = carets.map(({ person }) => this.model.nameOf(person));
    const words = names.length > 2 ? `${names[0]} and ${names.length - 1} others type here` : names.join(' and ');
    return html`<span class="joint-others small" data-typing
      >${icon('pencil')} ${words}${names.length > 2 ? '' : names.length === 1 ? ' types here' : ' type here'}</span
    >`;
  }

  /** The same words in the same place, unseen, with a caret for each of the others between them. */
  private mirror(words: string, carets: readonly OthersCaret[]): unknown[] {
    const parts: unknown[] = [];
    let from = 0;
    for (const { person, index } of carets) {
      const at = Math.min(index, words.length);
      parts.push(words.slice(from, at), this.caretOf(person));
      from = at;
    }
    return [...parts, `${words.slice(from)}\n`];
  }

  private caretOf(person: string): TemplateResult {
    const seat = this.model.room.people[person];
    const colour = tint(this.model.discipline(seat?.discipline ?? null));
    return html`<span class="joint-caret" .style=${`--tint: ${colour}`} data-caret=${person}></span>`;
  }

  private keptWords(one: Kept): TemplateResult {
    return html`<div class="banner joint-kept" data-tone="warn" role="alert">
      ${icon('triangle-alert')}
      <div class="stack grow">
        <p><b>These words of yours were not taken.</b> ${one.reason}</p>
        <textarea readonly rows="2" aria-label="Your words that were not taken" .value=${one.words}></textarea>
        <div class="row">
          <button type="button" class="btn btn-small" @click=${() => this.copy(one)}>${icon('copy')} Copy</button>
          <button type="button" class="btn btn-quiet btn-small" @click=${() => this.drop(one)}>Discard</button>
        </div>
      </div>
    </div>`;
  }

  /** Without a secure context there is no clipboard to write to: then the words are selected, ready for Ctrl C. */
  private copy(one: Kept): void {
    const area = [...this.querySelectorAll<HTMLTextAreaElement>('.joint-kept textarea')].find(
      ({ value }) => value === one.words,
    );
    area?.select();
    if ('clipboard' in navigator) void navigator.clipboard.writeText(one.words).catch(() => undefined);
  }

  private drop(one: Kept): void {
    this.text?.dismiss(one.id);
    this.requestUpdate();
  }

  private typed(): void {
    this.caret();
    this.model.texts.tell();
  }

  private readonly caret = (): void => {
    const area = this.area?.area;
    if (area === undefined || document.activeElement !== area || area.readOnly) return;
    this.model.texts.present(this.caseId, this.field, area.selectionEnd);
  };
}

customElements.define('joint-field', JointField);
