/**
 * One window's call: its signalling socket, its connection to the forwarder, and what it sends.
 *
 * The call outlives both: a lost socket is opened again with a new ticket, and a fresh offer gets a fresh connection
 * with the same tracks. Nobody presses anything.
 */

import { backoff } from '../connection';
import { Cushion } from './cushion';
import { camera, explain, microphone, outputs, screen } from './devices';
import { counted, OWN, type Report } from './counts';
import { Loud } from './loud';
import { Line, ThinLine, type Quality } from './quality';

export interface Talker {
  readonly name: string;
  readonly muted: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
}

export type CallState =
  { state: 'joining' } | { state: 'live' } | { state: 'waiting' } | { state: 'over'; reason: string };

type Source = 'mic' | 'cam' | 'screen';
type FromServer =
  | { type: 'offer'; fresh: boolean; sdp: string }
  | { type: 'shown'; place: string; person: string | null; source: Source }
  | { type: 'people'; people: Record<string, Talker> }
  | { type: 'waiting' }
  | { type: 'silenced'; by: string }
  | { type: 'refused'; reason: string };

const READ_EVERY_MS = 1000;
const RESTART_AFTER_MS = 2000;
/** Close codes after which coming back by itself makes no sense, in words. */
const ENDINGS: Readonly<Record<number, string>> = {
  4003: 'You may no longer speak in this room.',
  4011: 'Your session has ended; sign in again to talk.',
  4012: 'You talk in another window now.',
};

export class Call {
  state: CallState = { state: 'joining' };
  people: Record<string, Talker> = {};
  speaking = new Set<string>();
  quality: Quality = 'good';
  voicesOnly = false;
  muted = false;
  readonly volumes = new Map<string, number>();
  speaker = '';
  private readonly tracks: Record<Source, MediaStreamTrack | null> = { mic: null, cam: null, screen: null };
  private readonly places = new Map<string, { person: string; source: Source }>();
  private readonly voices = new Map<string, HTMLAudioElement>();
  private pc: RTCPeerConnection | null = null;
  private socket: WebSocket | null = null;
  private attempt = 0;
  private retry = 0;
  private restarting = 0;
  private readonly clock: number;
  private line = new Line();
  private readonly thin = new ThinLine();
  private cushion = new Cushion();
  private loud = new Loud();
  private offered: Promise<void> = Promise.resolve();
  private servers: RTCIceServer[] = [];

  /**
   * @param conference whose call to join
   * @param me this person
   * @param changed called after anything changed
   * @param say tells the person something
   * @param heard told who was audible for so many seconds
   */
  constructor(
    private readonly conference: string,
    private readonly me: string,
    private readonly changed: () => void,
    private readonly say: (words: string) => void,
    private readonly heard: (people: ReadonlySet<string>, seconds: number) => void,
  ) {
    this.clock = window.setInterval(() => void this.read(), READ_EVERY_MS);
  }

  /** Join with this microphone or only to listen, and with this camera or without. */
  join(mic: MediaStreamTrack | null, cam: MediaStreamTrack | null): void {
    this.tracks.mic = mic;
    this.muted = mic === null;
    if (mic !== null) mic.onended = () => void this.lost('mic');
    if (cam !== null) void this.put('cam', cam);
    void this.connect();
  }

  /** Hang up and let go of every device. */
  leave(): void {
    window.clearInterval(this.clock);
    window.clearTimeout(this.retry);
    window.clearTimeout(this.restarting);
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.hangUp();
    for (const track of Object.values(this.tracks)) track?.stop();
  }

  sends(source: Source): boolean {
    return this.tracks[source] !== null;
  }

  track(source: Source): MediaStreamTrack | null {
    return this.tracks[source];
  }

  mute(muted: boolean): void {
    if (this.tracks.mic === null) return;
    this.muted = muted;
    this.tracks.mic.enabled = !muted;
    this.told();
  }

  /** Turn the camera or the shared screen on or off. */
  async turn(source: 'cam' | 'screen'): Promise<void> {
    if (this.tracks[source] !== null) await this.put(source, null);
    else await this.take(source, '');
  }

  /** Talk into another microphone, show another camera, hear by another loudspeaker. */
  async use(source: 'mic' | 'cam' | 'speaker', device: string): Promise<void> {
    if (source === 'speaker') {
      this.speaker = device;
      this.settle();
    } else await this.take(source, device);
  }

  private async take(source: Source, device: string): Promise<void> {
    const what = ({ mic: 'microphone', cam: 'camera', screen: 'screen' } as const)[source];
    try {
      const track = await { mic: microphone, cam: camera, screen }[source](device);
      if (source === 'mic') track.enabled = !this.muted;
      await this.put(source, track);
    } catch (error) {
      this.say(explain(error, what));
    }
  }

  /** Voices alone, or pictures too. */
  async prefer(voicesOnly: boolean): Promise<void> {
    this.voicesOnly = voicesOnly;
    if (voicesOnly && this.tracks.cam !== null) await this.put('cam', null);
    this.tell({ type: 'prefer', voices_only: voicesOnly });
    this.changed();
  }

  silence(person: string): void {
    this.tell({ type: 'silence', person });
  }

  volume(person: string, volume: number): void {
    this.volumes.set(person, volume);
    this.settle();
    this.changed();
  }

  /** The picture of a person's source as it comes in now; null where none does. */
  picture(person: string, source: Source): MediaStreamTrack | null {
    for (const [place, shown] of this.places) {
      if (shown.person === person && shown.source === source) return this.receiver(place)?.track ?? null;
    }
    return null;
  }

  private receiver(place: string): RTCRtpReceiver | null {
    return this.pc?.getTransceivers().find((line) => line.mid === place)?.receiver ?? null;
  }

  private async put(source: Source, track: MediaStreamTrack | null): Promise<void> {
    const old = this.tracks[source];
    this.tracks[source] = track;
    if (track !== null) track.onended = () => void this.lost(source);
    if (old !== null) {
      old.onended = null;
      old.stop();
    }
    await this.pc
      ?.getTransceivers()
      .find((line) => line.mid === source)
      ?.sender.replaceTrack(track);
    this.told();
  }

  /** The device was unplugged or taken away, or the browser's own button ended the sharing. */
  private async lost(source: Source): Promise<void> {
    if (source === 'mic') this.muted = true;
    const what = { mic: 'microphone', cam: 'camera', screen: '' }[source];
    if (what !== '') this.say(`The ${what} is gone. Choose another one in the call menu.`);
    await this.put(source, null);
  }

  private told(): void {
    this.tell({ type: 'doing', muted: this.muted, camera: this.sends('cam'), screen: this.sends('screen') });
    this.changed();
  }

  private tell(message: Record<string, unknown>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private async connect(): Promise<void> {
    const path = `/conferences/${this.conference}/media/ticket`;
    const headers = { Accept: 'application/json' };
    let answer: Response;
    try {
      answer = await fetch(path, { method: 'POST', headers, redirect: 'manual' });
    } catch {
      this.later();
      return;
    }
    if (answer.type === 'opaqueredirect' || [401, 403, 404, 409].includes(answer.status)) {
      this.end(answer.status === 403 ? ENDINGS[4003]! : 'There is no call here now.');
      return;
    }
    if (!answer.ok) {
      this.later();
      return;
    }
    const { url, ice_servers } = (await answer.json()) as { url: string; ice_servers: RTCIceServer[] };
    this.servers = relays(ice_servers);
    const socket = new WebSocket(new URL(url, window.location.href.replace(/^http/, 'ws')));
    this.socket = socket;
    socket.onopen = () => {
      this.told();
      if (this.voicesOnly) this.tell({ type: 'prefer', voices_only: true });
    };
    socket.onmessage = (frame: MessageEvent<string>) => this.receive(JSON.parse(frame.data) as FromServer);
    socket.onclose = (closing) => {
      if (socket !== this.socket) return;
      this.socket = null;
      const words = ENDINGS[closing.code];
      if (words === undefined) this.later();
      else this.end(words);
    };
  }

  /** The server is away: what flows by itself goes on meanwhile. */
  private later(): void {
    this.attempt += 1;
    if (this.pc?.connectionState !== 'connected') this.state = { state: 'waiting' };
    this.changed();
    this.retry = window.setTimeout(() => void this.connect(), backoff(this.attempt, Math.random()));
  }

  private end(reason: string): void {
    this.leave();
    this.state = { state: 'over', reason };
    this.changed();
  }

  private receive(message: FromServer): void {
    switch (message.type) {
      case 'offer':
        if (message.fresh) this.places.clear();
        this.offered = this.offered.then(() => this.offer(message.sdp, message.fresh)).catch(() => this.unlinked());
        return;
      case 'shown':
        if (message.person === null) this.places.delete(message.place);
        else this.places.set(message.place, { person: message.person, source: message.source });
        this.settle();
        break;
      case 'people':
        this.people = message.people;
        break;
      case 'waiting':
        this.state = { state: 'waiting' };
        this.places.clear();
        break;
      case 'silenced':
        this.mute(true);
        this.say(`${message.by} muted your microphone. Turn it on again when you want to speak.`);
        break;
      case 'refused':
        this.say(message.reason);
        break;
    }
    this.changed();
  }

  private async offer(sdp: string, fresh: boolean): Promise<void> {
    if (fresh || this.pc === null) {
      this.hangUp();
      this.pc = this.made();
    }
    const pc = this.pc;
    await pc.setRemoteDescription({ type: 'offer', sdp });
    for (const line of pc.getTransceivers()) {
      if (line.mid !== 'mic' && line.mid !== 'cam' && line.mid !== 'screen') continue;
      line.direction = 'sendonly';
      await line.sender.replaceTrack(this.tracks[line.mid]);
    }
    await pc.setLocalDescription(await pc.createAnswer());
    if (pc === this.pc) this.tell({ type: 'answer', sdp: pc.localDescription?.sdp ?? '' });
    this.settle();
  }

  private made(): RTCPeerConnection {
    const pc = new RTCPeerConnection({ iceServers: this.servers });
    pc.ontrack = ({ track, transceiver }) => {
      if (track.kind !== 'audio' || transceiver.mid === null) return;
      const voice = new Audio();
      voice.srcObject = new MediaStream([track]);
      voice.autoplay = true;
      this.voices.set(transceiver.mid, voice);
      this.settle();
    };
    pc.onconnectionstatechange = () => {
      if (pc !== this.pc) return;
      if (pc.connectionState === 'connected') {
        window.clearTimeout(this.restarting);
        this.attempt = 0;
        this.state = { state: 'live' };
      } else if (['disconnected', 'failed'].includes(pc.connectionState)) this.unlinked();
      this.changed();
    };
    return pc;
  }

  /** The path is gone: ask for another one, again and again until one holds. */
  private unlinked(): void {
    if (this.state.state === 'over') return;
    this.state = { state: 'waiting' };
    this.tell({ type: 'restart' });
    window.clearTimeout(this.restarting);
    this.restarting = window.setTimeout(() => {
      if (this.pc?.connectionState !== 'connected') this.unlinked();
    }, RESTART_AFTER_MS);
  }

  private hangUp(): void {
    window.clearTimeout(this.restarting);
    if (this.pc !== null) {
      this.pc.ontrack = this.pc.onconnectionstatechange = null;
      this.pc.close();
    }
    this.pc = null;
    this.line = new Line();
    this.cushion = new Cushion();
    this.loud = new Loud();
    for (const voice of this.voices.values()) voice.srcObject = null;
    this.voices.clear();
    this.speaking.clear();
  }

  /** Every voice as loud as its person was set, and where it is to be heard. */
  private settle(): void {
    for (const [place, voice] of this.voices) {
      const person = this.places.get(place)?.person;
      voice.volume = person === undefined ? 1 : (this.volumes.get(person) ?? 1);
      if (outputs() && voice.sinkId !== this.speaker) {
        voice
          .setSinkId(this.speaker)
          .catch(() => this.say('This loudspeaker cannot be used. Choose another one in the call menu.'));
      }
    }
  }

  /** Once a second: who is audible, and how good the line is. */
  private async read(): Promise<void> {
    const pc = this.pc;
    if (pc?.connectionState !== 'connected') return;
    const now = counted((await pc.getStats()).values() as Iterable<Report>);
    const heard = new Set<string>();
    for (const line of this.loud.since(now.sounds)) {
      const person = line === OWN ? (this.muted ? undefined : this.me) : this.places.get(line)?.person;
      if (person !== undefined) heard.add(person);
    }
    if (pc !== this.pc) return;
    const wait = this.cushion.reads(now.asked, now.roundTrip);
    for (const { receiver } of pc.getTransceivers()) receiver.jitterBufferTarget = wait;
    this.speaking = heard;
    if (heard.size > 0) this.heard(heard, READ_EVERY_MS / 1000);
    this.quality = this.line.reads(now);
    if (this.thin.reads(this.quality) && !this.voicesOnly) {
      this.say('Your line is thin: pictures are off so that voices stay clear. Turn them on again in the call menu.');
      void this.prefer(true);
    }
    this.changed();
  }
}

/** The media process is reached directly; what more a browser may need is a relay. */
function relays(servers: readonly RTCIceServer[]): RTCIceServer[] {
  return servers.filter((server) => server.credential !== undefined);
}
