/** Whether what is typed here has reached the server: said in words, and looked at again with every change. */

import { html, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { Panel } from '../room/panel';

export class SavedState extends Panel {
  static override properties: PropertyDeclarations = { caseId: { attribute: false } };

  caseId = '';
  private unwatch: () => void = () => undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.unwatch = this.model.texts.watch(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unwatch();
  }

  override render(): TemplateResult {
    const unsent = this.model.texts.unsent(this.caseId);
    if (!unsent) return html`<span class="muted small" data-saved="yes">${icon('check')} Saved as you type</span>`;
    if (this.model.session.live) return html`<span class="muted small" data-saved="no">Saving…</span>`;
    return html`<span class="status small" data-tone="warn" data-saved="offline"
      >${icon('wifi-off')} Kept in this window until the connection is back</span
    >`;
  }
}

customElements.define('saved-state', SavedState);
