/** Signing: who one is proven again at that moment, the meaning stated, the frozen words named by their digest. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { Panel } from '../room/panel';

const MEANING = 'approval of the joint recommendation';

export class SignDialog extends Panel {
  static override properties: PropertyDeclarations = {
    caseId: { attribute: false },
    revision: { attribute: false },
    problem: { state: true },
    busy: { state: true },
  };

  caseId = '';
  revision = 0;
  private problem = '';
  private busy = false;

  /** Show the dialog; the password field has the focus. */
  open(): void {
    this.problem = '';
    this.querySelector('dialog')?.showModal();
  }

  override render(): TemplateResult {
    const item = this.model.room.cases[this.caseId];
    return html`<dialog aria-labelledby="sign-title">
      <form class="stack" @submit=${(event: SubmitEvent) => this.submit(event)}>
        <h2 id="sign-title">Sign the recommendation</h2>
        <p>
          Revision ${this.revision} as it was read back. Your signature means <b>${MEANING}</b> and cannot be taken
          back; later changes are addenda.
        </p>
        <p class="mono digest small">${item?.recommendation?.digest ?? ''}</p>
        <input
          class="sr-only"
          name="username"
          autocomplete="username"
          tabindex="-1"
          aria-hidden="true"
          .value=${this.model.mySeat?.name ?? ''}
        />
        <div class="field">
          <label for="sign-password">Your password</label>
          <input
            id="sign-password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            autofocus
          />
        </div>
        ${
          this.model.facts.totp
            ? html`<div class="field">
                <label for="sign-code">One-time code</label>
                <input
                  id="sign-code"
                  name="code"
                  inputmode="numeric"
                  autocomplete="one-time-code"
                  pattern="[0-9 ]{6,7}"
                  required
                />
              </div>`
            : nothing
        }
        ${this.problem === '' ? nothing : html`<p class="error" role="alert">${icon('circle-alert')} ${this.problem}</p>`}
        <div class="row row-end">
          <button type="button" class="btn" @click=${() => this.querySelector('dialog')?.close()}>Cancel</button>
          <button type="submit" class="btn btn-primary" ?disabled=${this.busy}>
            ${icon('signature')} ${this.busy ? 'Signing…' : 'Sign'}
          </button>
        </div>
      </form>
    </dialog>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    this.busy = true;
    this.problem = await this.sign(text(data, 'password'), text(data, 'code'));
    this.busy = false;
    if (this.problem !== '') return;
    form.reset();
    this.querySelector('dialog')?.close();
  }

  /** Empty on success, else the sentence to show. */
  private async sign(password: string, code: string): Promise<string> {
    const body = JSON.stringify({
      revision: this.revision,
      password,
      code: code.replaceAll(' ', ''),
      meaning: MEANING,
    });
    try {
      const answer = await fetch(`/conferences/${this.model.facts.conference}/cases/${this.caseId}/sign`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        body,
      });
      if (answer.ok) return '';
      const told = (await answer.json()) as { title?: string; detail?: string };
      return (
        [told.title, told.detail].filter((part) => part !== undefined && part !== '').join(' ') || 'It was not signed.'
      );
    } catch {
      return 'The server did not answer. Nothing was signed; try again.';
    }
  }
}

function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value : '';
}

customElements.define('sign-dialog', SignDialog);
