/** Microphone and camera of this machine, and plain words for why one cannot be had. */

const VIDEO: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { max: 30 } };

/** The microphone's track; rejects with what `explain` puts into words. */
export async function microphone(device: string): Promise<MediaStreamTrack> {
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const stream = await devices().getUserMedia({ audio: { ...wanted, ...exactly(device) } });
  return stream.getAudioTracks()[0]!;
}

/** The camera's track; rejects likewise. */
export async function camera(device: string): Promise<MediaStreamTrack> {
  const stream = await devices().getUserMedia({ video: { ...VIDEO, ...exactly(device) } });
  return stream.getVideoTracks()[0]!;
}

/** What the person chooses to share of their screen. */
export async function screen(): Promise<MediaStreamTrack> {
  const stream = await devices().getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
  const track = stream.getVideoTracks()[0]!;
  track.contentHint = 'detail';
  return track;
}

/** The devices of a kind with the names the browser gives once one was allowed. */
export async function listed(kind: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  const found = await devices().enumerateDevices();
  return found.filter((device) => device.kind === kind && device.deviceId !== '');
}

/** Whether this browser lets voices be heard by a loudspeaker of choice. */
export function outputs(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** Why a device or the screen could not be had, and what to do about it. */
export function explain(error: unknown, what: 'microphone' | 'camera' | 'screen'): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') {
    if (what === 'screen') return 'The browser was not allowed to share a screen. Nothing is shared.';
    return `The browser may not use the ${what}. Allow it beside the address, then try again.`;
  }
  if (name === 'NotFoundError' || name === 'OverconstrainedError') {
    return `No ${what} was found. Plug one in, then try again; you can listen without one.`;
  }
  if (name === 'NotReadableError' || name === 'AbortError') {
    return `The ${what} is busy: another program or window uses it. Close that, then try again.`;
  }
  if (name === 'InsecureContextError') return `Browsers give a ${what} to pages over HTTPS only.`;
  return `The ${what} could not be started.`;
}

/** Loudness of a track, 0 to 1, read by whoever draws a meter; `end` lets go of it. */
export function meter(track: MediaStreamTrack): { read: () => number; end: () => void } {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    read: () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return Math.min(1, Math.sqrt(power) * 4);
    },
    end: () => void context.close(),
  };
}

function exactly(device: string): MediaTrackConstraints {
  return device === '' ? {} : { deviceId: { exact: device } };
}

function devices(): MediaDevices {
  // Absent on a page that is not a secure context, whatever the types say.
  const found = navigator.mediaDevices as MediaDevices | undefined;
  if (found !== undefined) return found;
  const error = new Error('no secure context');
  error.name = 'InsecureContextError';
  throw error;
}
