"""A participant of a few lines: a real check, a real DTLS handshake and real SRTP, without anything around them."""

import asyncio
import socket
from collections.abc import Callable
from itertools import count

from OpenSSL import SSL
from pylibsrtp import Policy, Session

from conference.media import rtcp, rtp
from conference.media.peer import Certificate
from conference.media.plane import MediaPlane
from conference.media.profile import OPUS, VP8, Extension
from conference.media.signalling import Address
from tests.unit.conference.media.browsers import token
from tests.unit.conference.media.test_stun import check

_PROFILE = b"SRTP_AEAD_AES_256_GCM"
_KEY, _SALT = 32, 12
_LARGEST = 2_048
CERTIFICATE = Certificate()
"""One for all: it takes longer to make than to use."""


class Caller:
    """One person's browser, as far as the wire goes."""

    def __init__(self, server: MediaPlane, person: str, room: str = "room", by: Address | None = None) -> None:
        self.server, self.person, self.room = server, person, room
        self.by = by
        """Where to send, if that is not the port itself."""
        self.session = ""
        self.user = self.password = ""
        self.flights: list[bytes] = []
        """The handshake's datagrams as they were sent."""
        self.wire: socket.socket
        self._ssl: SSL.Connection
        self._out: Session | None = None
        self._in: Session | None = None

    async def join(self) -> None:
        """Take an offer and bind an address by a genuine check."""
        joined = await self.server.join(token(self.person, self.room))
        self.session = joined.session
        self.user, self.password = credentials(joined.offer)
        self.wire = wire(self.by or (await self.server.addresses())[0])
        self.wire.send(self.check())
        answer = await self.hear()
        assert answer[8:20] == b"t" * 12
        await self.server.answer(self.session, described())

    async def shake_hands(self) -> None:
        """The whole handshake, and keys of our own."""
        self._ssl = SSL.Connection(_context())
        self._ssl.set_connect_state()
        done = False
        while not done:
            try:
                self._ssl.do_handshake()
                done = True
            except SSL.WantReadError:
                pass
            self._flush()
            if not done:
                self._ssl.bio_write(await self.hear())
        assert self._ssl.get_selected_srtp_profile() == _PROFILE
        keys = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (_KEY + _SALT))
        own = keys[:_KEY] + keys[2 * _KEY : 2 * _KEY + _SALT]
        theirs = keys[_KEY : 2 * _KEY] + keys[2 * _KEY + _SALT :]
        self._out = Session(Policy(own, Policy.SSRC_ANY_OUTBOUND, 0, Policy.SRTP_PROFILE_AEAD_AES_256_GCM))
        self._in = Session(Policy(theirs, Policy.SSRC_ANY_INBOUND, 0, Policy.SRTP_PROFILE_AEAD_AES_256_GCM))

    def seal(self, data: bytes) -> bytes:
        """RTP or RTCP as it goes over the wire; raises pylibsrtp.Error for what no browser could send."""
        assert self._out is not None, "after the handshake"
        return self._out.protect_rtcp(data) if 192 <= int.from_bytes(data[1:2]) <= 223 else self._out.protect(data)

    def goodbye(self) -> None:
        """Say that the line ends."""
        self._ssl.shutdown()
        self._flush()

    def check(self, transaction: bytes = b"t" * 12) -> bytes:
        """A genuine connectivity check of this session."""
        return check(user=f"{self.user}:theirs", password=self.password, transaction=transaction)

    async def hear(self) -> bytes:
        """The next DTLS or STUN datagram; media is let by."""
        loop = asyncio.get_running_loop()
        while (data := await asyncio.wait_for(loop.sock_recv(self.wire, _LARGEST), 20))[0] >= 64:
            pass
        return data

    async def take(self) -> rtp.RtpPacket:
        """The next packet of media, with its payload still sealed."""
        loop = asyncio.get_running_loop()
        while (data := await loop.sock_recv(self.wire, _LARGEST))[0] < 128 or 192 <= data[1] <= 223:
            pass
        return rtp.parse(data)

    async def reports(self) -> tuple[rtcp.Packet, ...]:
        """What the next datagram of RTCP says."""
        assert self._in is not None, "after the handshake"
        loop = asyncio.get_running_loop()
        while not 192 <= (data := await loop.sock_recv(self.wire, _LARGEST))[1] <= 223 or data[0] < 128:
            pass
        return rtcp.parse(self._in.unprotect_rtcp(data))

    def _flush(self) -> None:
        while True:
            try:
                flight = self._ssl.bio_read(_LARGEST)
            except SSL.WantReadError:
                return
            self.flights.append(flight)
            self.wire.send(flight)


def wire(port: Address) -> socket.socket:
    """A socket that talks to this port alone."""
    made = socket.socket(socket.AF_INET6 if ":" in port.host else socket.AF_INET, socket.SOCK_DGRAM)
    made.connect((port.host, port.port))
    made.setblocking(False)
    return made


def credentials(offer: str) -> tuple[str, str]:
    """The fragment and the password of an offer."""
    lines = dict(line[2:].split(":", 1) for line in offer.split("\r\n") if line.startswith("a=ice-") and ":" in line)
    return lines["ice-ufrag"], lines["ice-pwd"]


def described() -> str:
    """The shortest answer a browser could write: it calls, under our certificate, and names no streams."""
    return (
        f"v=0\r\na=fingerprint:sha-256 {CERTIFICATE.fingerprint}\r\na=setup:active\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:mic\r\n"
    )


def _context() -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)  # whose certificate it is, the offer says
    context.use_certificate(CERTIFICATE.certificate._cert)
    context.use_privatekey(CERTIFICATE.certificate._key)
    context.set_tlsext_use_srtp(_PROFILE)
    return context


def packet(source: str, sequence: int, ssrc: int | None = None) -> bytes:
    """One packet of a voice or a camera."""
    kind, own, payload = (OPUS, 7, b"voice") if source == "mic" else (VP8, 8, b"\x10\x00" + bytes(900))
    return rtp.serialise(rtp.RtpPacket(
        kind, sequence, 960 * sequence, ssrc or own, payload, marker=True,
        extensions=((Extension.MID, source.encode()),),
    ))


async def until(holds: Callable[[], bool]) -> None:
    """Wait for it; the caller sets the limit."""
    for _ in count():
        if holds():
            return
        await asyncio.sleep(0.001)
