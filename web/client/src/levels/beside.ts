/** `<case-numbering>`: the numbering beside a viewer on a page without a room. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import './levels.css';
import { fetchSummary, type LevelSummary } from './facts';
import './numbering';
import type { ConsiliumViewer } from '../viewer';

export class CaseNumbering extends LitElement {
  static override properties = { caseId: { attribute: 'case' }, found: { state: true } };

  declare caseId: string;
  declare found: LevelSummary | null;

  constructor() {
    super();
    this.caseId = '';
    this.found = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override render(): TemplateResult | typeof nothing {
    if (this.found === null) return nothing;
    return html`<level-numbering
      .caseId=${this.caseId}
      .facts=${this.found.numbering}
      @levels-changed=${() => void this.load()}
    ></level-numbering>`;
  }

  /** The server's word, here and on the images; what was there stays where it does not answer. */
  private async load(): Promise<void> {
    this.found = (await fetchSummary(this.caseId).catch(() => null)) ?? this.found;
    await document.querySelector<ConsiliumViewer>('consilium-viewer')?.numbered.refresh();
  }
}

customElements.define('case-numbering', CaseNumbering);
