/**
 * The shell around a `Session`: tickets, the WebSocket, the heartbeat and the way back after a loss.
 *
 * Reconnecting is connecting: a new ticket, a new socket, a hello that says what is already known.
 */

import { digest } from './replica';
import type { ServerMessage } from './protocol';
import type { Notice, Session } from './session';

/** Silence after which the link is called lost; the server speaks at least once a second. */
export const SILENCE_MS = 2000;
const GIVE_UP_SILENCE_MS = 6000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;

export type Link =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'reconnecting'; reason: string; attempt: number }
  | { state: 'closed'; title: string; detail: string; again: boolean };

interface Ending {
  /** Whether trying again by itself makes sense. */
  readonly retry: boolean;
  readonly title: string;
  readonly detail: string;
}

/** Every close code of the protocol in plain words. */
export const ENDINGS: Readonly<Record<number, Ending>> = {
  4000: { retry: true, title: 'Your connection was too slow', detail: 'Catching up with the room.' },
  4001: { retry: false, title: 'This page is out of date', detail: 'Reload it to join the room again.' },
  4003: {
    retry: false,
    title: 'You are no longer admitted to this room',
    detail: 'Your right to be here was taken back. Ask the coordinator if that is a mistake.',
  },
  4004: { retry: false, title: 'There is no such room', detail: 'The conference may have been removed.' },
  4008: { retry: true, title: 'The entry ticket had expired', detail: 'Fetching a new one.' },
  4010: { retry: true, title: 'The server is restarting', detail: 'You will be back in a moment.' },
  4011: { retry: false, title: 'Your session has ended', detail: 'Sign in again to come back to the room.' },
  4012: {
    retry: false,
    title: 'The room is open in another window',
    detail: 'Only the newest window is in the room. Come back to this one if you like.',
  },
};

interface Ticket {
  readonly ticket: string;
  readonly url?: string;
}

class NotAdmitted extends Error {
  constructor(readonly status: number) {
    super(`ticket refused with ${status}`);
  }
}

/** Delay before the given attempt (first is 1), with full jitter so that a whole room does not come back at once. */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random;
}

export class Connection {
  link: Link = { state: 'connecting' };
  private socket: WebSocket | null = null;
  private attempt = 0;
  private heard = 0;
  private stopped = false;
  private retryTimer = 0;
  private readonly timers: number[] = [];
  private flushed = 0;

  /**
   * @param conference whose room to join
   * @param session the protocol state to drive
   * @param changed called after anything changed, with what a person should be told
   */
  constructor(
    private readonly conference: string,
    private readonly session: Session,
    private readonly changed: (notices: Notice[]) => void,
  ) {}

  /** Connect and stay connected until `stop` or an ending that does not allow it. */
  start(): void {
    this.stopped = false;
    this.attempt = 0;
    this.timers.push(window.setInterval(() => this.watch(), 500));
    this.timers.push(window.setInterval(() => this.flush(), 1000 / 30));
    void this.connect();
  }

  /** Leave the room. */
  stop(): void {
    this.stopped = true;
    window.clearTimeout(this.retryTimer);
    this.timers.splice(0).forEach((timer) => window.clearInterval(timer));
    this.socket?.close(1000);
  }

  /** Send what the session wants to say now. */
  push(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    for (const message of this.session.take()) this.socket.send(JSON.stringify(message));
  }

  private async connect(): Promise<void> {
    let ticket: Ticket;
    try {
      ticket = await fetchTicket(this.conference);
    } catch (error) {
      this.ticketFailed(error);
      return;
    }
    if (this.stopped) return;
    const socket = new WebSocket(socketAddress(ticket));
    this.socket = socket;
    socket.onopen = () => {
      this.heard = performance.now();
      this.session.opened();
      this.push();
    };
    socket.onmessage = (frame: MessageEvent<string>) => this.receive(socket, frame.data);
    socket.onclose = (closing) => this.closed(socket, closing.code);
  }

  private receive(socket: WebSocket, data: string): void {
    if (socket !== this.socket) return;
    this.heard = performance.now();
    this.session.receive(JSON.parse(data) as ServerMessage);
    if ((this.session.live || this.session.lobby !== null) && this.link.state !== 'live') {
      this.link = { state: 'live' };
      this.attempt = 0;
    }
    this.push();
    const notices = this.session.takeNotices();
    for (const notice of notices) if (notice.kind === 'compare') void this.compare(notice);
    this.changed(notices.filter((notice) => notice.kind !== 'compare'));
  }

  /** A replica that differs from the server's projection is thrown away and fetched anew. */
  private async compare(notice: Extract<Notice, { kind: 'compare' }>): Promise<void> {
    if (typeof crypto.subtle === 'undefined') return; // no secure context, nothing to compute with
    if ((await digest(notice.projection)) === notice.digest || this.stopped) return;
    this.session.distrust();
    this.drop('Bringing this window up to date');
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket || this.stopped) return;
    this.socket = null;
    const ending = ENDINGS[code];
    if (ending !== undefined && !ending.retry) {
      this.session.lost();
      this.end(ending.title, ending.detail, code === 4012);
      return;
    }
    this.drop(ending?.title ?? 'The connection was lost');
  }

  private drop(reason: string): void {
    this.abandon();
    this.session.lost();
    this.attempt += 1;
    this.link = { state: 'reconnecting', reason, attempt: this.attempt };
    this.changed([]);
    window.clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => void this.connect(), backoff(this.attempt, Math.random()));
  }

  /** Let go of the socket without waiting for a closing handshake that a dead link will never answer. */
  private abandon(): void {
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private end(title: string, detail: string, again: boolean): void {
    this.timers.splice(0).forEach((timer) => window.clearInterval(timer));
    this.link = { state: 'closed', title, detail, again };
    this.changed([]);
  }

  private ticketFailed(error: unknown): void {
    if (this.stopped) return;
    if (error instanceof NotAdmitted && error.status === 401) {
      this.end('Your session has ended', 'Sign in again to come back to the room.', false);
    } else if (error instanceof NotAdmitted && (error.status === 403 || error.status === 404)) {
      this.end('You are not admitted to this room', 'Ask the coordinator if that is a mistake.', false);
    } else {
      this.drop('The server cannot be reached');
    }
  }

  /** No word for two seconds: say so; no word for six: the socket is dead, whatever it claims. */
  private watch(): void {
    if (this.socket?.readyState !== WebSocket.OPEN || document.hidden) return;
    const silence = performance.now() - this.heard;
    if (silence > GIVE_UP_SILENCE_MS) this.drop('The room does not answer');
    else if (silence > SILENCE_MS && this.link.state === 'live') {
      this.link = { state: 'reconnecting', reason: 'The room does not answer', attempt: 0 };
      this.changed([]);
    }
  }

  /** Whoever has the floor, else the chair. */
  private leads(): boolean {
    const me = this.session.you?.person_id;
    const { floor, people } = this.session.confirmed;
    return me !== undefined && (floor === null ? people[me]?.role === 'chair' : floor === me);
  }

  /** Presence at most 30 times a second for the presenter, 10 times for others, never from a hidden page. */
  private flush(): void {
    if (document.hidden || !this.session.live) return;
    const now = performance.now();
    if (now - this.flushed < (this.leads() ? 33 : 100) - 2) return;
    this.flushed = now;
    this.session.flushPresence();
    this.push();
  }
}

async function fetchTicket(conference: string): Promise<Ticket> {
  const answer = await fetch('/tickets', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ for: 'room', conference }),
    redirect: 'manual',
  });
  if (answer.type === 'opaqueredirect') throw new NotAdmitted(401);
  if (!answer.ok) throw new NotAdmitted(answer.status);
  return (await answer.json()) as Ticket;
}

function socketAddress(ticket: Ticket): string {
  const address = new URL(ticket.url ?? '/sockets/room', window.location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  if (!address.searchParams.has('ticket')) address.searchParams.set('ticket', ticket.ticket);
  return address.href;
}
