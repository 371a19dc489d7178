/** Each discipline's last word on the words read back: concur, reservation, dissent, or stated as absent. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { IconName } from '../icons';
import type { CaseProjection, Closing } from '../protocol';
import { badge } from '../room/badge';
import { Panel } from '../room/panel';
import { CLOSINGS } from '../room/words';
import { dissentUnderConsensus, unstanced } from './agreement';
import type { SignDialog } from './sign';

const SIGNS: Readonly<Record<Closing, { icon: IconName; tone: string }>> = {
  concur: { icon: 'check', tone: 'good' },
  reservation: { icon: 'triangle-alert', tone: 'warn' },
  dissent: { icon: 'ban', tone: 'bad' },
};

export class ClosingPanel extends Panel {
  static override properties: PropertyDeclarations = {
    caseId: { attribute: false },
    choice: { state: true },
    absentFor: { state: true },
  };

  caseId = '';
  private choice: Closing | null = null;
  private absentFor: string | null = null;

  override render(): TemplateResult | typeof nothing {
    const item = this.model.room.cases[this.caseId];
    if (item === undefined || item.recommendation === null) return nothing;
    const codes = [...new Set([...item.brief.required, ...Object.keys(item.closings)])];
    const open = item.brief.required.filter(
      (code) => item.closings[code] === undefined && item.absent[code] === undefined,
    );
    return html`<section class="stack" aria-labelledby="closing-title">
      <h3 id="closing-title">Closing by discipline</h3>
      <ul class="closings" role="list">
        ${codes.map((code) => this.row(item, code))}
      </ul>
      ${item.signed === null ? html`${this.mine(item)} ${this.doubt(item)} ${this.sign(item, open)}` : nothing}
    </section>`;
  }

  private row(item: CaseProjection, code: string): TemplateResult {
    const closing = item.closings[code];
    const absent = item.absent[code];
    const discipline = this.model.discipline(code);
    return html`<li>
      ${badge(discipline)}
      <div class="grow">
        <span>${discipline.name}</span>
        ${closing === undefined ? nothing : html`<span class="muted small">${closing.name}</span>`}
        ${closing === undefined || closing.reason === '' ? nothing : html`<p class="small prose">“${closing.reason}”</p>`}
        ${closing?.others.map(
          (voice) =>
            html`<p class="small">
              <span data-tone=${SIGNS[voice.closing].tone} class="status"
                >${voice.name}: ${CLOSINGS[voice.closing].toLowerCase()}</span
              >
              ${voice.reason}
            </p>`,
        )}
        ${this.absentFor === code ? this.absence(code) : nothing}
      </div>
      ${this.state(item, code, closing?.closing, absent)}
    </li>`;
  }

  private state(item: CaseProjection, code: string, closing?: Closing, absent?: string): TemplateResult {
    if (closing !== undefined) {
      return html`<span class="status" data-tone=${SIGNS[closing].tone}
        >${icon(SIGNS[closing].icon)} ${CLOSINGS[closing]}</span
      >`;
    }
    if (absent !== undefined) return html`<span class="status" data-tone="warn">Absent: ${absent}</span>`;
    const offer = this.model.may('run') && item.signed === null && this.absentFor !== code;
    return html`<span class="status" data-tone="quiet">${icon('hourglass')} Open</span> ${
        offer
          ? html`<button
              type="button"
              class="btn btn-quiet btn-small"
              aria-label=${`State that ${this.model.discipline(code).name} was absent`}
              @click=${() => this.askAbsence(code)}
            >
              Absent…
            </button>`
          : nothing
      }`;
  }

  private async askAbsence(code: string): Promise<void> {
    this.absentFor = code;
    await this.updateComplete;
    this.querySelector<HTMLElement>('#absent-reason')?.focus();
  }

  private absence(code: string): TemplateResult {
    const state = (event: SubmitEvent): void => {
      event.preventDefault();
      const reason = reasonOf(event);
      if (reason === '') return;
      this.model.ask({ type: 'mark-absent', case: this.caseId, discipline: code, reason });
      this.absentFor = null;
    };
    return html`<form class="stack" @submit=${state}>
      <div class="field">
        <label for="absent-reason">Why was ${this.model.discipline(code).name} not there?</label>
        <input id="absent-reason" name="reason" required maxlength="200" />
        <p class="hint">The recommendation becomes provisional.</p>
        ${this.present(code)}
      </div>
      <div class="row">
        <button type="submit" class="btn btn-small">State as absent</button>
        <button type="button" class="btn btn-quiet btn-small" @click=${() => (this.absentFor = null)}>Cancel</button>
      </div>
    </form>`;
  }

  /** Who could close after all: to call somebody absent who sits here is for the chair to think twice about. */
  private present(code: string): TemplateResult | typeof nothing {
    const here = this.model.inside.filter(
      ([, seat]) => seat.discipline === code && seat.presence.at(-1)?.voiced === true,
    );
    if (here.length === 0) return nothing;
    const names = here.map(([, seat]) => seat.name).join(' and ');
    return html`<p class="status" data-tone="warn" data-here>
      ${icon('triangle-alert')} ${names} ${here.length === 1 ? 'is' : 'are'} in the room and can close.
    </p>`;
  }

  private mine(item: CaseProjection): TemplateResult | typeof nothing {
    const code = this.model.myDiscipline;
    if (code === null || !this.model.may('attest')) return nothing;
    const waiting = this.model.waits('attest');
    const given = item.closings[code] !== undefined;
    const choices: readonly Closing[] = ['concur', 'reservation', 'dissent'];
    return html`<fieldset class="closing-mine" ?disabled=${waiting}>
      <legend class="label">
        ${given ? 'Change the closing for' : 'Close for'} ${this.model.discipline(code).name}
      </legend>
      <div class="row">
        ${choices.map(
          (choice) =>
            html`<button
              type="button"
              class="btn"
              data-closing=${choice}
              aria-expanded=${choice === 'concur' ? nothing : String(this.choice === choice)}
              @click=${() => this.choose(item, choice)}
            >
              ${icon(SIGNS[choice].icon)}
              ${choice === 'concur' ? 'Concur' : choice === 'dissent' ? 'Dissent…' : 'Reservation…'}
            </button>`,
        )}
      </div>
      ${this.choice === null ? nothing : this.reason(item, this.choice)}
    </fieldset>`;
  }

  private reason(item: CaseProjection, closing: Closing): TemplateResult {
    const give = (event: SubmitEvent): void => {
      event.preventDefault();
      const reason = reasonOf(event);
      if (reason !== '') this.attest(item, closing, reason);
    };
    return html`<form class="stack" @submit=${give}>
      <div class="field">
        <label for="closing-reason"
          >${closing === 'dissent' ? 'Why do you dissent?' : 'What is your reservation?'}</label
        >
        <textarea id="closing-reason" name="reason" rows="2" required></textarea>
        <p class="hint">It stands in the record under your name.</p>
      </div>
      <button type="submit" class="btn btn-primary">
        ${closing === 'dissent' ? 'Record my dissent' : 'Concur with reservation'}
      </button>
    </form>`;
  }

  private async choose(item: CaseProjection, choice: Closing): Promise<void> {
    if (choice === 'concur') {
      this.attest(item, 'concur', '');
      return;
    }
    this.choice = this.choice === choice ? null : choice;
    await this.updateComplete;
    this.querySelector<HTMLElement>('#closing-reason')?.focus();
  }

  private attest(item: CaseProjection, closing: Closing, reason: string): void {
    const revision = item.recommendation?.revision ?? 0;
    this.model.ask({ type: 'attest', case: this.caseId, revision, closing, reason });
    this.choice = null;
  }

  /** Asked, never enforced: what the outcome is called is the chair's to say. */
  private doubt(item: CaseProjection): TemplateResult | typeof nothing {
    if (!dissentUnderConsensus(item)) return nothing;
    return html`<div class="banner" data-tone="info" role="status">
      ${icon('info')}
      <p>A dissent is recorded: is this a majority?</p>
    </div>`;
  }

  private sign(item: CaseProjection, open: readonly string[]): TemplateResult | typeof nothing {
    if (!this.model.may('sign')) return nothing;
    const names = open.map((code) => this.model.discipline(code).name).join(', ');
    const silent = unstanced(item).map((code) => this.model.discipline(code).name);
    return html`<div class="panel-act">
      ${open.length === 0 ? nothing : html`<p class="hint">Before signing, these close or are stated as absent: ${names}.</p>`}
      ${
        silent.length === 0
          ? nothing
          : html`<p class="hint" data-silent>
              An operation is signed when these have said how they stand to it (under Opinions): ${silent.join(', ')}.
            </p>`
      }
      <button
        type="button"
        class="btn btn-primary btn-block"
        ?disabled=${open.length > 0 || silent.length > 0}
        @click=${() => this.querySelector<SignDialog>('sign-dialog')?.open()}
      >
        ${icon('signature')} Sign the recommendation…
      </button>
      <sign-dialog
        .model=${this.model}
        .caseId=${this.caseId}
        .revision=${item.recommendation?.revision ?? 0}
      ></sign-dialog>
    </div>`;
  }
}

function reasonOf(event: SubmitEvent): string {
  const value = new FormData(event.target as HTMLFormElement).get('reason');
  return typeof value === 'string' ? value.trim() : '';
}

customElements.define('room-closing', ClosingPanel);
