/** `<room-media>`: the call of a room, in a strip under the image; it never covers one. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import './media.css';
import { icon } from '../icon';
import type { IconName } from '../icons';
import { face } from '../room/badge';
import { Panel } from '../room/panel';
import { Call, type Talker } from './call';
import type { CallCheck, Joining } from './check';
import './check';
import './menu';
import { Space } from './space';

/** On the key for the microphone itself a shorter press turns it on for good, as a press of a key does. */
const HELD_MS = 400;
const QUALITY = { good: 'Good line', fair: 'Fair line', poor: 'Poor line' } as const;

export class RoomMedia extends Panel {
  static override properties: PropertyDeclarations = { open: { state: true }, said: { state: true } };

  private call: Call | null = null;
  private open = true;
  private said = '';
  private readonly space = new Space();
  /** When Space was pressed to talk; null: it is not. */
  private held: number | null = null;
  private shown = 0;
  private readonly streams = new WeakMap<MediaStreamTrack, MediaStream>();

  override connectedCallback(): void {
    super.connectedCallback();
    this.space.start();
    document.addEventListener('keydown', this.onKeyDown, true);
    document.addEventListener('keyup', this.onKeyUp, true);
    window.addEventListener('blur', this.onBlur);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.space.stop();
    document.removeEventListener('keydown', this.onKeyDown, true);
    document.removeEventListener('keyup', this.onKeyUp, true);
    window.removeEventListener('blur', this.onBlur);
    this.call?.leave();
    this.call = null;
  }

  override render(): TemplateResult {
    const { call } = this;
    const state = call === null ? 'out' : call.state.state;
    return html`<section class="call" aria-label="Call" data-call=${state}>
      ${state === 'waiting' ? this.away() : nothing}
      <p class="call-said" role="status" data-said>
        ${this.said === '' ? nothing : html`<span>${this.said}</span> ${this.button('x', 'Dismiss', () => (this.said = ''))}`}
      </p>
      ${call === null || state === 'over' ? this.outside() : html`${this.open ? this.tiles(call) : nothing} ${this.bar(call)}`}
      <call-check
        .conference=${this.model.facts.conference}
        @join=${(event: CustomEvent<Joining>) => this.join(event.detail)}
      ></call-check>
    </section>`;
  }

  private away(): TemplateResult {
    return html`<p class="banner call-away" data-tone="warn" role="status">
      ${icon('wifi-off')} <span>Voices are interrupted and come back by themselves. The room goes on.</span>
    </p>`;
  }

  private outside(): TemplateResult {
    return html`<div class="call-bar">
      <button type="button" class="btn btn-small" data-call-join @click=${() => void this.check()}>
        ${icon('phone')} Join the call
      </button>
    </div>`;
  }

  private bar(call: Call): TemplateResult {
    const others = this.others(call).length;
    const mic = call.sends('mic');
    const camera = call.sends('cam');
    const shares = call.sends('screen');
    return html`<div class="call-bar">
      <button
        type="button"
        class="btn btn-small call-mute"
        aria-pressed=${call.muted ? 'true' : 'false'}
        ?disabled=${!mic}
        title="Ctrl D, or hold Space to talk"
        @click=${() => call.mute(!call.muted)}
      >
        ${icon(call.muted ? 'mic-off' : 'mic')} <span>${mic ? (call.muted ? 'Muted' : 'Mute') : 'Listening'}</span>
      </button>
      ${this.button(camera ? 'video' : 'video-off', camera ? 'Camera off' : 'Camera on', () => void call.turn('cam'), camera)}
      ${mayShare() ? this.button('screen-share', shares ? 'Stop sharing' : 'Share a screen', () => void call.turn('screen'), shares) : nothing}
      ${/* the room's live region has spoken it */ ''}
      <p class="grow call-caption" data-caption>${this.model.captions.words}</p>
      <span
        class="status call-quality"
        data-tone=${{ good: 'good', fair: 'warn', poor: 'bad' }[call.quality]}
        data-quality
        >${icon(call.quality === 'poor' ? 'wifi-off' : 'wifi')}
        <span class="call-wide">${QUALITY[call.quality]}</span></span
      >
      <call-menu
        .call=${call}
        .others=${this.others(call)}
        .mayMute=${this.model.may('seat')}
        .shown=${this.shown++}
      ></call-menu>
      <button
        type="button"
        class="btn btn-quiet btn-small call-people"
        aria-expanded=${this.open ? 'true' : 'false'}
        aria-label=${this.open ? 'Hide the people in the call' : 'Show the people in the call'}
        @click=${() => (this.open = !this.open)}
      >
        ${icon('users')} <span class="number">${others + 1}</span> ${icon(this.open ? 'chevron-down' : 'chevron-up')}
      </button>
      <button type="button" class="btn btn-small call-leave" aria-label="Leave the call" @click=${() => this.leave()}>
        ${icon('phone-off')}
      </button>
    </div>`;
  }

  private tiles(call: Call): TemplateResult {
    const others = this.others(call);
    const shown = [...others].filter(([, talker]) => talker.screen);
    const own = call.track('cam');
    return html`<ul class="call-tiles" role="list" tabindex="0" aria-label="In the call">
      ${shown.map(([person, talker]) => this.screen(call, person, talker))}
      ${own === null ? nothing : html`<li class="tile" data-own>${this.video(own, 'You')}<span class="tile-name">You</span></li>`}
      ${others.map(([person, talker]) => this.tile(call, person, talker))}
      ${others.length === 0 ? html`<li class="muted small call-alone">Nobody else is in the call yet.</li>` : nothing}
    </ul>`;
  }

  private tile(call: Call, person: string, talker: Talker): TemplateResult {
    const picture = talker.camera && !call.voicesOnly ? call.picture(person, 'cam') : null;
    const speaks = call.speaking.has(person);
    const discipline = this.model.discipline(this.model.room.people[person]?.discipline ?? null);
    return html`<li class="tile" data-person=${person} data-speaks=${speaks ? 'yes' : 'no'}>
      ${picture === null ? face(talker.name, discipline) : this.video(picture, talker.name)}
      <span class="tile-name"
        >${speaks ? icon('activity', 'speaks') : nothing} ${talker.muted ? icon('mic-off', 'muted') : nothing}
        <span>${talker.name}</span></span
      >
    </li>`;
  }

  private screen(call: Call, person: string, talker: Talker): TemplateResult {
    const track = call.picture(person, 'screen');
    if (track === null || call.voicesOnly) return html``;
    return html`<li class="tile tile-screen" data-screen=${person}>
      ${this.video(track, `Screen of ${talker.name}`)}
      <span class="tile-name">${icon('screen-share')} <span>${talker.name}</span></span>
      ${this.button('maximize', `Screen of ${talker.name} in full`, (event) => {
        void (event.target as Element).closest('li')?.querySelector('video')?.requestFullscreen();
      })}
    </li>`;
  }

  private video(track: MediaStreamTrack, label: string): TemplateResult {
    let stream = this.streams.get(track);
    if (stream === undefined) this.streams.set(track, (stream = new MediaStream([track])));
    return html`<video autoplay playsinline .muted=${true} .srcObject=${stream} aria-label=${label}></video>`;
  }

  private button(name: IconName, label: string, press: (event: Event) => void, on?: boolean): TemplateResult {
    return html`<button
      type="button"
      class="btn btn-quiet btn-icon btn-small"
      aria-label=${label}
      title=${label}
      data-on=${on === true ? 'yes' : nothing}
      @click=${press}
    >
      ${icon(name)}
    </button>`;
  }

  private others(call: Call): [string, Talker][] {
    return Object.entries(call.people).filter(([person]) => person !== this.model.me);
  }

  private async check(): Promise<void> {
    this.said = '';
    await this.querySelector<CallCheck>('call-check')?.open();
  }

  private join({ mic, camera, awaited }: Joining): void {
    this.call?.leave();
    const call = new Call(
      this.model.facts.conference,
      this.model.me,
      () => this.changed(call),
      (words) => (this.said = words),
      (people, seconds) => this.heard(people, seconds),
    );
    this.call = call;
    call.join(mic, camera);
    if (awaited) void call.turn('cam');
    this.requestUpdate();
  }

  private changed(call: Call): void {
    if (call !== this.call) return;
    if (call.state.state === 'over') this.said = call.state.reason;
    this.requestUpdate();
  }

  /** Speaking on a case counts for the person's discipline. */
  private heard(people: ReadonlySet<string>, seconds: number): void {
    const { table } = this.model;
    if (table === null) return;
    const codes = [...people].map((person) => this.model.room.people[person]?.discipline ?? null);
    this.model.talk.heard(
      table.id,
      codes.filter((code) => code !== null),
      seconds,
    );
  }

  private leave(): void {
    this.call?.leave();
    this.call = null;
    this.requestUpdate();
  }

  private readonly onKeyDown = (event: KeyboardEvent): void => {
    const { call } = this;
    if (call?.sends('mic') !== true || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.ctrlKey && event.key.toLowerCase() === 'd') {
      call.mute(!call.muted);
    } else if (
      event.key === ' ' &&
      !event.ctrlKey &&
      (this.held !== null || (call.muted && this.talks(event.target)))
    ) {
      if (this.held === null) call.mute(false);
      this.held ??= event.timeStamp;
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  private talks(target: EventTarget | null): boolean {
    return onMute(target) || this.space.free(target);
  }

  private readonly onKeyUp = (event: KeyboardEvent): void => {
    if (event.key !== ' ' || this.held === null) return;
    event.preventDefault(); // Firefox presses a button only now
    if (onMute(event.target) && event.timeStamp - this.held < HELD_MS) this.held = null;
    else this.onBlur();
  };

  /** Whoever held the key to talk has let go of it, or left the window. */
  private readonly onBlur = (): void => {
    if (this.held === null) return;
    this.held = null;
    this.call?.mute(true);
  };
}

function onMute(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.call-mute') !== null;
}

customElements.define('room-media', RoomMedia);

/** Phones' browsers cannot share a screen: there the button would do nothing. */
function mayShare(): boolean {
  return window.isSecureContext && 'getDisplayMedia' in navigator.mediaDevices;
}
