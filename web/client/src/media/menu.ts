/** `<call-menu>`: what a call is heard and seen by, voices alone, and how loud each person is. */

import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import type { Call, Talker } from './call';
import { listed, outputs } from './devices';

const DEVICES = [
  { source: 'mic', kind: 'audioinput', label: 'Microphone' },
  { source: 'cam', kind: 'videoinput', label: 'Camera' },
  { source: 'speaker', kind: 'audiooutput', label: 'Loudspeaker' },
] as const;

type Source = (typeof DEVICES)[number]['source'];

export class CallMenu extends LitElement {
  static override properties: PropertyDeclarations = {
    call: { attribute: false },
    others: { attribute: false },
    mayMute: { attribute: false },
    shown: { attribute: false },
    devices: { state: true },
  };

  call!: Call;
  others: readonly [string, Talker][] = [];
  mayMute = false;
  /** Grows with every change of the call, which is the same object all along. */
  shown = 0;

  private devices: ReadonlyMap<Source, readonly MediaDeviceInfo[]> = new Map();

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (window.isSecureContext) navigator.mediaDevices.addEventListener('devicechange', this.look);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (window.isSecureContext) navigator.mediaDevices.removeEventListener('devicechange', this.look);
  }

  override render(): TemplateResult {
    const { call } = this;
    return html`<details class="menu" @toggle=${this.look}>
      <summary class="btn btn-quiet btn-icon btn-small" aria-label="Volumes and line">${icon('settings')}</summary>
      <div class="menu-list">
        ${DEVICES.map(({ source, label }) => this.choice(source, label))}
        <label class="check"
          ><input
            type="checkbox"
            data-voices-only
            .checked=${call.voicesOnly}
            @change=${(event: Event) => void call.prefer((event.target as HTMLInputElement).checked)}
          />
          <span>Voices only, for a thin line</span></label
        >
        ${this.others.map(([person, talker]) => this.loudness(person, talker))}
      </div>
    </details>`;
  }

  /** One of several devices; with one alone there is nothing to choose. */
  private choice(source: Source, label: string): TemplateResult | typeof nothing {
    const devices = this.devices.get(source) ?? [];
    if (devices.length < 2) return nothing;
    const chosen = source === 'speaker' ? this.call.speaker : this.call.track(source)?.getSettings().deviceId;
    return html`<label class="menu-field"
      ><span class="label">${label}</span>
      <select
        data-device=${source}
        @change=${(event: Event) => void this.call.use(source, (event.target as HTMLSelectElement).value)}
      >
        ${chosen === undefined ? html`<option value="" selected disabled>Off</option>` : nothing}
        ${devices.map(
          (one) =>
            html`<option value=${one.deviceId} ?selected=${one.deviceId === chosen}>${one.label || label}</option>`,
        )}
      </select></label
    >`;
  }

  private loudness(person: string, talker: Talker): TemplateResult {
    const { call } = this;
    return html`<div class="menu-field">
      <label
        ><span class="label">${talker.name}</span>
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          aria-label=${`Volume of ${talker.name}`}
          .value=${String(call.volumes.get(person) ?? 1)}
          @input=${(event: Event) => call.volume(person, Number((event.target as HTMLInputElement).value))}
      /></label>
      ${
        this.mayMute && !talker.muted
          ? html`<button type="button" aria-label=${`Mute ${talker.name}`} @click=${() => call.silence(person)}>
              ${icon('mic-off')} Mute
            </button>`
          : nothing
      }
    </div>`;
  }

  private readonly look = async (): Promise<void> => {
    if (this.querySelector('details')?.open !== true) return;
    const kinds = DEVICES.filter(({ source }) => source !== 'speaker' || outputs());
    const found = await Promise.all(kinds.map(({ kind }) => listed(kind).catch(() => [])));
    this.devices = new Map(kinds.map(({ source }, place) => [source, found[place]!]));
  };
}

customElements.define('call-menu', CallMenu);
