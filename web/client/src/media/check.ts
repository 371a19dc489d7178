/** `<call-check>`: which microphone, does it hear me; which camera, what does it show; and only then the call. */

import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { icon } from '../icon';
import { camera, explain, listed, meter, microphone } from './devices';
import { network, type Network } from './network';

const NETWORK: Readonly<Record<Network, { tone: string; words: string }>> = {
  asking: { tone: '', words: 'Trying the network…' },
  direct: { tone: 'good', words: 'The network lets voice and video through' },
  relay: { tone: 'good', words: 'The network lets voice and video through, by a relay' },
  blocked: {
    tone: 'warn',
    words:
      'This network seems to block voice and video; joining may fail. Another network, or a phone beside the room, helps.',
  },
  unknown: { tone: '', words: 'The network could not be tried beforehand' },
};

/** What the person chose; without a track they only listen. */
export interface Joining {
  readonly mic: MediaStreamTrack | null;
  readonly camera: MediaStreamTrack | null;
  /** The camera is wanted but has not shown anything yet. */
  readonly awaited: boolean;
}

export class CallCheck extends LitElement {
  static override properties: PropertyDeclarations = {
    devices: { state: true },
    problem: { state: true },
    track: { state: true },
    wantsCamera: { state: true },
    unseen: { state: true },
    picture: { state: true },
    way: { state: true },
  };

  conference = '';

  private devices: MediaDeviceInfo[] = [];
  private cameras: MediaDeviceInfo[] = [];
  private wantsCamera = false;
  private unseen = '';
  private picture: MediaStream | null = null;
  private problem = '';
  private track: MediaStreamTrack | null = null;
  private way: Network = 'asking';
  private level: ReturnType<typeof meter> | null = null;
  private drawing = 0;
  private opened = 0;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.closed();
  }

  /** Ask for the microphone and show what it hears. */
  async open(): Promise<void> {
    await this.updateComplete;
    this.dialog?.showModal();
    this.way = 'asking';
    void network(this.conference).then((way) => (this.way = way));
    await this.ask('');
  }

  override render(): TemplateResult {
    return html`<dialog class="call-check" aria-labelledby="call-check-title" @close=${() => this.closed()}>
      <form method="dialog" class="stack" @submit=${(event: Event) => event.preventDefault()}>
        <h2 id="call-check-title">Before you join</h2>
        ${this.problem === '' ? this.hearing() : this.trouble()} ${this.seeing()} ${this.wayThrough()}
        <p class="hint">Nothing that is said or shown here is recorded.</p>
        <div class="row">
          <button
            type="button"
            class="btn btn-primary"
            data-join
            ?disabled=${this.track === null}
            @click=${() => this.join(true)}
          >
            ${icon('mic')} Join
          </button>
          <button type="button" class="btn" data-listen @click=${() => this.join(false)}>
            ${icon('headphones')} Only listen
          </button>
          <button type="button" class="btn btn-quiet" @click=${() => this.dialog?.close()}>Not now</button>
        </div>
      </form>
    </dialog>`;
  }

  private hearing(): TemplateResult {
    if (this.track === null) return html`<p class="muted" role="status">Asking for your microphone…</p>`;
    const chosen = this.track.getSettings().deviceId;
    return html`<div class="field">
        <label for="call-mic">Microphone</label>
        <select id="call-mic" @change=${(event: Event) => void this.ask((event.target as HTMLSelectElement).value)}>
          ${this.devices.map(
            (one) =>
              html`<option value=${one.deviceId} ?selected=${one.deviceId === chosen}>
                ${one.label || 'Microphone'}
              </option>`,
          )}
        </select>
      </div>
      <div class="field">
        <label for="call-level">Say something: the bar moves when you are heard</label>
        <meter id="call-level" min="0" max="1" value="0"></meter>
      </div>`;
  }

  private seeing(): TemplateResult {
    const chosen = this.picture?.getVideoTracks()[0]?.getSettings().deviceId;
    return html`<label class="check"
        ><input
          type="checkbox"
          name="camera"
          .checked=${this.wantsCamera}
          @change=${(event: Event) => void this.look((event.target as HTMLInputElement).checked)}
        />
        <span>Start with the camera on</span></label
      >
      ${
        this.unseen === ''
          ? nothing
          : html`<p class="banner" data-tone="warn" role="alert">${icon('video-off')} <span>${this.unseen}</span></p>`
      }
      ${
        this.picture === null
          ? nothing
          : html`<video
              class="call-mirror"
              autoplay
              playsinline
              .muted=${true}
              .srcObject=${this.picture}
              aria-label="Your camera"
            ></video>`
      }
      ${
        this.picture === null || this.cameras.length < 2
          ? nothing
          : html`<div class="field">
              <label for="call-cam">Camera</label>
              <select
                id="call-cam"
                @change=${(event: Event) => void this.look(true, (event.target as HTMLSelectElement).value)}
              >
                ${this.cameras.map(
                  (one) =>
                    html`<option value=${one.deviceId} ?selected=${one.deviceId === chosen}>
                      ${one.label || 'Camera'}
                    </option>`,
                )}
              </select>
            </div>`
      }`;
  }

  private wayThrough(): TemplateResult {
    const { tone, words } = NETWORK[this.way];
    const sign = this.way === 'blocked' ? 'wifi-off' : 'wifi';
    return html`<p class="small call-way" role="status" data-network=${this.way} data-tone=${tone}>
      ${icon(sign)} <span>${words}</span>
    </p>`;
  }

  private trouble(): TemplateResult {
    return html`<p class="banner" data-tone="warn" role="alert">${icon('mic-off')} <span>${this.problem}</span></p>
      <button type="button" class="btn" @click=${() => void this.ask('')}>${icon('refresh-cw')} Try again</button>`;
  }

  private get dialog(): HTMLDialogElement | null {
    return this.querySelector('dialog');
  }

  private async ask(device: string): Promise<void> {
    this.release(true);
    const turn = this.opened;
    this.problem = '';
    try {
      const track = await microphone(device);
      if (turn !== this.opened || this.dialog?.open !== true) {
        track.stop();
        return;
      }
      this.track = track;
      this.level = meter(track);
      this.devices = await listed('audioinput');
      this.draw();
    } catch (error) {
      this.problem = explain(error, 'microphone');
    }
  }

  /** Show what the camera sees, or let go of it. */
  private async look(on: boolean, device = ''): Promise<void> {
    this.unseen = '';
    this.dim(true);
    this.wantsCamera = on;
    if (!on) return;
    try {
      const track = await camera(device);
      if (this.dialog?.open !== true || !this.wantsCamera || this.picture !== null) {
        track.stop();
        return;
      }
      this.picture = new MediaStream([track]);
      this.cameras = await listed('videoinput');
    } catch (error) {
      this.unseen = explain(error, 'camera');
      this.wantsCamera = false;
    }
  }

  private dim(stop: boolean): void {
    if (stop) for (const track of this.picture?.getTracks() ?? []) track.stop();
    this.picture = null;
  }

  private draw(): void {
    const bar = this.querySelector<HTMLMeterElement>('#call-level');
    if (this.level === null) return;
    if (bar !== null) bar.value = this.level.read();
    this.drawing = window.requestAnimationFrame(() => this.draw());
  }

  private closed(): void {
    this.release(true);
    this.dim(true);
    this.wantsCamera = false;
    this.unseen = '';
  }

  /** Let go of the meter, and of the microphone unless the call has it now. */
  private release(stop: boolean): void {
    window.cancelAnimationFrame(this.drawing);
    this.opened += 1;
    this.level?.end();
    this.level = null;
    if (stop) this.track?.stop();
    this.track = null;
  }

  private join(speaking: boolean): void {
    const mic = speaking ? this.track : null;
    const seen = this.picture?.getVideoTracks()[0] ?? null;
    const awaited = this.wantsCamera && seen === null;
    this.release(!speaking);
    this.dim(false);
    this.dialog?.close();
    this.dispatchEvent(new CustomEvent<Joining>('join', { detail: { mic, camera: seen, awaited } }));
  }
}

customElements.define('call-check', CallCheck);
