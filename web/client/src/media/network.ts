/** Whether media gets through this network, before anybody joins: directly, by a relay, or not at all. */

export type Network = 'asking' | 'direct' | 'relay' | 'blocked' | 'unknown';

/** What one gathering of candidates showed. */
export interface Gathered {
  /** Servers of `stun:` addresses that gave no answer. */
  readonly silent: number;
  /** Kinds of candidates found: `host`, `srflx`, `relay`. */
  readonly kinds: ReadonlySet<string>;
  /** The browser reports servers that give no answer. */
  readonly reports: boolean;
}

/** Longer than browsers wait for a server that does not answer. */
const PATIENCE_MS = 12_000;

/** Ask the servers the ticket names; resolves once the browser has heard from all of them or given up. */
export async function network(conference: string): Promise<Network> {
  try {
    const headers = { Accept: 'application/json' };
    const answer = await fetch(`/conferences/${conference}/media/ticket`, {
      method: 'POST',
      headers,
      redirect: 'error',
    });
    if (!answer.ok) return 'unknown';
    const { ice_servers } = (await answer.json()) as { ice_servers: RTCIceServer[] };
    return ice_servers.length === 0 ? 'unknown' : judged(await gathered(ice_servers));
  } catch {
    return 'unknown';
  }
}

/** What it means. Pure. */
export function judged({ silent, kinds, reports }: Gathered): Network {
  if (kinds.has('srflx') || (reports && silent === 0)) return 'direct';
  if (kinds.has('relay')) return 'relay';
  return reports ? 'blocked' : 'unknown';
}

async function gathered(iceServers: RTCIceServer[]): Promise<Gathered> {
  const pc = new RTCPeerConnection({ iceServers });
  const kinds = new Set<string>();
  let silent = 0;
  try {
    pc.createDataChannel('network');
    const done = new Promise<void>((resolve) => {
      pc.onicecandidate = ({ candidate }) => {
        if (candidate === null) resolve();
        else if (candidate.type !== null) kinds.add(candidate.type);
      };
      pc.onicecandidateerror = (error) => {
        if (error.url.startsWith('stun:')) silent += 1;
      };
      window.setTimeout(resolve, PATIENCE_MS);
    });
    await pc.setLocalDescription();
    await done;
  } finally {
    pc.close();
  }
  return { silent, kinds, reports: 'RTCPeerConnectionIceErrorEvent' in window };
}
