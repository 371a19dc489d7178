"""The media process's one UDP port: checks, handshakes and media of every session come in here (RFC 7983).

An address belongs to a session once a connectivity check with the session's password came from it; what comes from
any other address is dropped unread.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from conference.media import stun, tokens
from conference.media.allowance import Allowance
from conference.media.errors import Malformed, MediaUnavailable
from conference.media.inbox import AT_ONCE, Inbox
from conference.media.kernel import From
from conference.media.meeting import Meeting, Out
from conference.media.outbox import Outbox, Way
from conference.media.participant import Participant, participant
from conference.media.peer import Certificate, SecureLine
from conference.media.plane import Joined, PlaceShown, PlaneEvent, SessionEnded
from conference.media.signalling import Address, Answer, Credentials, offer, read_answer

_log = logging.getLogger(__name__)
_MUCH: Final = 2
"""Datagrams at once, as long as which a port is looked at from time to time."""
_REST_S, _LOOK_S = 0.001, 0.002
_BUFFER: Final = 4 << 20
_TICK_S: Final = 0.02
_FEEDBACK_EVERY: Final = 5
_ARRANGE_EVERY: Final = 10
_REPORT_EVERY: Final = 50
_SILENT_S: Final = 30.0
_ADDRESSES: Final = 16
_EVENTS: Final = 10_000
_INQUIRIES_PER_S: Final = 200
_CHECKS_PER_S: Final = 500
"""Of one host: a browser checks some ten times a second at most, and a whole hospital may be behind one address."""
_FLIGHTS_PER_S: Final = 100
"""Datagrams of a handshake from one address; a whole one has some ten."""
_HANDSHAKES_PER_MINUTE: Final = 60
"""Of one person in one room: a handshake costs some ten milliseconds, and nobody's window needs one a second."""
_MINUTE: Final = 3_000
"""In turns of the timer."""
_NTP_EPOCH_S: Final = 2_208_988_800


@dataclass(frozen=True, slots=True, eq=False)
class _Port:
    """One socket with what comes to it and what is to leave it."""

    bound: socket.socket
    inbox: Inbox
    outbox: Outbox


@dataclass(slots=True, eq=False)
class _Session:
    """One browser in one meeting."""

    name: str
    room: str
    participant: Participant
    line: SecureLine
    heard_at: float
    number: int
    version: int = 0
    credentials: dict[str, Credentials] = field(default_factory=dict)
    addresses: list[From] = field(default_factory=list)
    way: Way | None = None
    opening: asyncio.Task[None] | None = None


class MediaServer:
    """Forwards media for browsers whom a token admits; a MediaPlane in this process."""

    available = True

    def __init__(self, secret: bytes, listen: tuple[Address, ...], advertise: tuple[str, ...] = ()) -> None:
        self._secret = secret
        self._listen = listen
        self._advertise = advertise
        self._certificate = Certificate()
        self._ports: list[_Port] = []
        self._addresses: tuple[Address, ...] = ()
        self._meetings: dict[str, Meeting] = {}
        self._sessions: dict[str, _Session] = {}
        self._of: dict[Participant, _Session] = {}
        self._ways: dict[Participant, Way] = {}
        self._fragments: dict[str, _Session] = {}
        self._known: dict[From, _Session] = {}
        self._listeners: set[asyncio.Queue[PlaneEvent | None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Task[None] | None = None
        self._inquiries = Allowance(_INQUIRIES_PER_S)
        self._checks = Allowance(_CHECKS_PER_S)
        self._flights = Allowance(_FLIGHTS_PER_S)
        self._handshakes = Allowance(_HANDSHAKES_PER_MINUTE)

    async def addresses(self) -> tuple[Address, ...]:
        """Where browsers reach us, as the offers say."""
        return self._addresses

    @property
    def sessions(self) -> int:
        """How many browsers are connected or about to."""
        return len(self._sessions)

    def start(self) -> None:
        """Bind and listen; raises OSError for an address that cannot be bound."""
        loop = asyncio.get_running_loop()
        found = []
        for wanted in self._listen:
            family = socket.AF_INET6 if wanted.family == "IP6" else socket.AF_INET
            bound = socket.socket(family, socket.SOCK_DGRAM)
            port = _Port(bound, Inbox(bound), Outbox(bound))
            self._ports.append(port)
            bound.setblocking(False)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind((wanted.host, wanted.port))
            found.append(Address(wanted.host, bound.getsockname()[1]))
            loop.add_reader(bound.fileno(), self._readable, port)
        outside = tuple(Address(host, found[0].port) for host in self._advertise)
        self._addresses = outside or tuple(found)
        self._timer = asyncio.create_task(self._run())

    async def join(self, token: str, /) -> Joined:
        """Begin a session for whom the token admits; raises NotAdmitted, or MediaUnavailable where it is too often."""
        admitted = tokens.check(self._secret, token, datetime.fromtimestamp(time.time(), UTC))
        if not self._handshakes.take((admitted.room, admitted.person)):
            raise MediaUnavailable("You joined this call too often; wait a minute.")
        name = secrets.token_urlsafe(16)
        session: _Session
        line = SecureLine(
            self._certificate, lambda data: self._send(session, data), lambda: self._end(session, "goodbye")
        )
        session = _Session(
            name, admitted.room, participant(admitted.person), line, time.monotonic(), secrets.randbits(62)
        )
        for other in [one for one in self._sessions.values() if one.room == admitted.room]:
            if other.participant.person == admitted.person:
                self._end(other, "replaced")
        self._meetings.setdefault(admitted.room, Meeting()).enter(session.participant)
        self._sessions[name] = self._of[session.participant] = session
        return Joined(name, self._offer(session))

    async def answer(self, session: str, text: str, /) -> None:
        """The browser's answer to the last offer; raises Malformed."""
        one = self._session(session)
        answer = read_answer(text)
        for source, (ssrc, repair) in answer.ssrcs.items():
            if ssrc not in one.participant.streams:
                self._meetings[one.room].announce(one.participant, source, ssrc, repair)
        if one.opening is None:
            one.opening = asyncio.create_task(self._open(one, answer))

    async def restart(self, session: str, /) -> str:
        """A new offer with new ICE credentials; the old ones hold until the session ends."""
        return self._offer(self._session(session))

    async def prefer(self, session: str, what: str, /) -> None:
        """Send this browser `voices` alone, or `everything`; its places follow at the next arrangement."""
        self._session(session).participant.voices_only = what == "voices"

    async def leave(self, session: str, /) -> None:
        """End the session; one that is over already stays so."""
        one = self._sessions.get(session)
        if one is not None:
            self._end(one, "left")

    async def events(self) -> AsyncIterator[PlaneEvent]:
        """What happens from now on, until the server closes or the reader is hopelessly behind."""
        queue: asyncio.Queue[PlaneEvent | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners.discard(queue)

    async def close(self) -> None:
        """End every session and let go of the port."""
        for one in list(self._sessions.values()):
            self._end(one, "closing")
        if self._closing:
            await asyncio.wait(self._closing)
        if self._timer is not None:
            self._timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._timer
        for port in self._ports:
            asyncio.get_running_loop().remove_reader(port.bound.fileno())
            port.bound.close()
        self._ports.clear()
        for queue in self._listeners:
            queue.put_nowait(None)

    def _session(self, name: str) -> _Session:
        if name not in self._sessions:
            raise MediaUnavailable("This media session is over; join again.")
        return self._sessions[name]

    def _offer(self, one: _Session) -> str:
        given = Credentials(secrets.token_hex(4), secrets.token_hex(12))
        if len(one.credentials) >= _ADDRESSES:
            oldest = next(iter(one.credentials))
            del one.credentials[oldest], self._fragments[oldest]
        one.credentials[given.ufrag] = given
        self._fragments[given.ufrag] = one
        one.version += 1
        return offer(
            session=one.number, version=one.version, addresses=self._addresses, credentials=given,
            fingerprint=self._certificate.fingerprint, places=tuple(seat.place for seat in one.participant.seats),
        )

    async def _open(self, one: _Session, answer: Answer) -> None:
        if not await one.line.open(answer):
            _log.info("media handshake failed", extra={"session": one.name})
            self._end(one, "handshake failed")
        self._ready(one)

    def _ready(self, one: _Session) -> None:
        """Media can be sent to whom has an address and keys; `_end` takes the way away before the keys go."""
        if one.way is not None and one.name in self._sessions and one.line.context is not None:
            one.way.context = one.line.context
            self._ways[one.participant] = one.way

    def _end(self, one: _Session, reason: str) -> None:
        if self._sessions.pop(one.name, None) is None:
            return
        for ufrag in one.credentials:
            del self._fragments[ufrag]
        del self._of[one.participant]
        self._ways.pop(one.participant, None)
        for address in one.addresses:
            self._forget(one, address)
        meeting = self._meetings[one.room]
        meeting.leave(one.participant)
        if not meeting.participants:
            del self._meetings[one.room]
        task = asyncio.get_running_loop().create_task(self._close(one))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._tell(SessionEnded(one.name, reason))

    def _forget(self, one: _Session, address: From) -> None:
        if self._known.get(address) is one:  # another session may have the address by now
            del self._known[address]

    @staticmethod
    async def _close(one: _Session) -> None:
        if one.opening is not None and one.opening is not asyncio.current_task():
            one.opening.cancel()
            await asyncio.wait([one.opening])
        await one.line.close()
        one.way = None

    def _tell(self, event: PlaneEvent) -> None:
        for queue in self._listeners:
            if queue.qsize() < _EVENTS:
                queue.put_nowait(event)

    def _readable(self, port: _Port) -> None:
        """Something came: what follows within a millisecond, the rest of a picture above all, is forwarded with it.

        Being woken costs about as much as forwarding to three people. Where much comes, it is looked for every two
        milliseconds, a tenth of a voice packet, without being woken at all.
        """
        loop = asyncio.get_running_loop()
        loop.remove_reader(port.bound.fileno())
        loop.call_later(_REST_S, self._look, port)

    def _look(self, port: _Port) -> None:
        if port not in self._ports:  # closed meanwhile
            return
        loop = asyncio.get_running_loop()
        came = 0
        try:
            came = self._take(port)
        finally:  # a datagram of one room that nobody foresaw must not deafen the port for all
            if came >= _MUCH or port.inbox.holds_some:
                loop.call_later(_LOOK_S if came < AT_ONCE else 0.0, self._look, port)
            else:
                loop.add_reader(port.bound.fileno(), self._readable, port)

    def _take(self, port: _Port) -> int:
        """Forward what lies ready; how many datagrams that were."""
        count = 0
        for data, source in port.inbox.take():
            count += 1
            try:
                self._datagram(port, data, source)
            except Malformed:
                continue
        self._flush()
        return count

    def _datagram(self, port: _Port, data: bytes, source: From) -> None:
        """One datagram, told apart by its first byte (RFC 7983, 7); raises Malformed."""
        if not data:
            return
        if data[0] < 4:
            self._check(port, data, source)
            return
        one = self._known.get(source)
        if one is None:
            return
        if 20 <= data[0] <= 63:
            if self._flights.take(source):
                one.line.handshake(data)
        elif 128 <= data[0] <= 191 and len(data) >= 12:
            self._media(one, data)

    def _media(self, one: _Session, data: bytes) -> None:
        reports = 192 <= data[1] <= 223
        plain = one.line.unprotect(data, reports=reports)
        if plain is None:
            return
        at = one.heard_at = time.monotonic()
        meeting = self._meetings[one.room]
        take = meeting.take_reports if reports else meeting.take_media
        self._put(take(one.participant, plain, at))

    def _check(self, port: _Port, data: bytes, source: From) -> None:
        inquired = stun.inquired(data)
        if inquired is not None:
            self._tell_address(port, inquired, source)
            return
        asked = stun.request(data)
        one = self._fragments.get(asked.ufrag)
        if one is None or not self._checks.take(source[0]):
            return
        if not asked.authentic(one.credentials[asked.ufrag].password):
            return
        one.heard_at = time.monotonic()
        if self._known.get(source) is not one:
            if len(one.addresses) >= _ADDRESSES:
                self._forget(one, one.addresses.pop(0))
            one.addresses.append(source)
            self._known[source] = one
        if asked.nominates or one.way is None:
            one.way = Way(port.outbox, source)
            self._ready(one)
        answer = stun.success(asked, (source[0], source[1]), one.credentials[asked.ufrag].password)
        with contextlib.suppress(OSError):
            port.bound.sendto(answer, source)

    def _tell_address(self, port: _Port, transaction: bytes, source: From) -> None:
        """Anybody may ask whether we are here, so many times a second all together."""
        if self._inquiries.take(None):
            with contextlib.suppress(OSError):
                port.bound.sendto(stun.told(transaction, (source[0], source[1])), source)

    def _send(self, one: _Session, data: bytes) -> None:
        if one.way is not None:
            with contextlib.suppress(OSError):  # a full buffer loses a packet, as the network would
                one.way.outbox.bound.sendto(data, one.way.address)

    def _put(self, out: Out) -> None:
        ways = self._ways
        for to, data in out:
            way = ways.get(to)
            if way is not None:
                way.outbox.put(way, data)

    def _flush(self) -> None:
        for port in self._ports:
            port.outbox.flush()

    async def _run(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(_TICK_S)
            count += 1
            try:
                self._turn(count, time.monotonic())
            except Exception:  # one room's mistake must not silence all the others
                _log.exception("media timer")
            self._flush()

    def _turn(self, count: int, at: float) -> None:
        if count % _REPORT_EVERY == 0:
            for allowance in (self._inquiries, self._checks, self._flights):
                allowance.renew()
        if count % _MINUTE == 0:
            self._handshakes.renew()
        for meeting in self._meetings.values():
            self._put(meeting.tick(at))
            if count % _FEEDBACK_EVERY == 0:
                self._put(meeting.feedback())
            if count % _ARRANGE_EVERY == 0:
                self._arrange(meeting, at)
            if count % _REPORT_EVERY == 0:
                self._put(meeting.report(at, int((time.time() + _NTP_EPOCH_S) * 2**32)))
        for one in [one for one in self._sessions.values() if at - one.heard_at > _SILENT_S]:
            self._end(one, "silent")

    def _arrange(self, meeting: Meeting, at: float) -> None:
        for shown in meeting.arrange(at):
            listener = self._of[meeting.participants[shown.listener]]
            self._tell(PlaceShown(listener.name, shown.place, shown.person, shown.source))
