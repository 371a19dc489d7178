"""The encrypted line to one browser: DTLS by aiortc, SRTP by libsrtp under a policy of our own.

aiortc is used for the handshake and the keys only. It allows the same packet to be protected twice, which under
AES-GCM would give the key away if the two differed; our policy forbids it, so a mistake of ours costs one packet.
"""

import asyncio
import logging
from collections.abc import Callable
from struct import Struct
from typing import ClassVar, Final

import pylibsrtp
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from pylibsrtp._binding import ffi, lib

from conference.media.signalling import Answer

_log = logging.getLogger(__name__)
_WORD: Final = Struct("!I")
_WAITING: Final = 64
_WINDOW: Final = 1_024
_HANDSHAKE_S: Final = 20.0
_LARGEST: Final = 2_048
_STREAMS: Final = 64
"""Streams of one line: a browser has a dozen. libsrtp keeps a state for every number that a browser invents."""
_buffer: Final = ffi.new("unsigned char[]", _LARGEST)
_whole: Final = ffi.buffer(_buffer)
_length: Final = ffi.new("int *")
"""Where packets are decrypted: one at a time, in one thread."""


class Certificate:
    """The certificate of this process; browsers know its fingerprint from the offer."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        prints = self.certificate.getFingerprints()
        self.fingerprint: str = next(one.value for one in prints if one.algorithm == "sha-256")


class _Wire:
    """What the handshake needs of an ICE transport: datagrams in, datagrams out."""

    role: ClassVar[str] = "controlled"
    state: ClassVar[str] = "completed"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._put = send
        self.incoming: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)

    async def _recv(self) -> bytes:
        data = await self.incoming.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self._put(data)


class _Handshake(RTCDtlsTransport):  # type: ignore[misc]  # aiortc is untyped
    """aiortc's handshake with an outgoing SRTP session that never protects an index twice."""

    def _setup_srtp(self) -> None:
        super()._setup_srtp()
        if self._rx_srtp is None:  # no profile in common
            return
        chosen = self._ssl.get_selected_srtp_profile()
        profile = next(one for one in self._srtp_profiles if one.openssl_profile == chosen)
        size = 2 * (profile.key_length + profile.salt_length)
        keys = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
        policy = pylibsrtp.Policy(
            key=profile.get_key_and_salt(keys, 1 if self._role == "server" else 0),
            ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
            srtp_profile=profile.libsrtp_profile,
        )
        policy.allow_repeat_tx = False
        policy.window_size = _WINDOW
        self._tx_srtp: pylibsrtp.Session = pylibsrtp.Session(policy)


class SecureLine:
    """One browser's line. `send` puts a datagram on the wire; `ended` is told when the browser says goodbye."""

    def __init__(self, certificate: Certificate, send: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._wire = _Wire(send)
        self._dtls = _Handshake(self._wire, [certificate.certificate])
        self._ended = ended
        self._open = False
        self._incoming: object = None
        self._streams: set[int] = set()
        self.context: object | None = None
        """libsrtp's context for what goes out; None while there are no keys."""

    async def open(self, answer: Answer) -> bool:
        """Shake hands with whoever holds a certificate the answer names; whether it worked within 20 seconds."""
        self._dtls._set_role("server" if answer.active else "client")
        prints = [RTCDtlsFingerprint(algorithm, value) for algorithm, value in answer.fingerprints]
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                await self._dtls.start(RTCDtlsParameters(fingerprints=prints))
        except TimeoutError:
            return False
        self._open = self._dtls.state == "connected"
        if self._open:
            self.context = self._dtls._tx_srtp._srtp[0]
            self._incoming = self._dtls._rx_srtp._srtp[0]
            self._dtls.on("statechange", self._changed)
        return self._open

    def handshake(self, data: bytes) -> None:
        """A DTLS datagram came; what does not fit the queue is lost, as on any network."""
        if not self._wire.incoming.full():
            self._wire.incoming.put_nowait(data)

    def unprotect(self, data: bytes, *, reports: bool) -> bytes | None:
        """The plain packet; None where it was not made with the browser's key, came before, or is a stream too many."""
        size = len(data)
        (stream,) = _WORD.unpack_from(data, 4 if reports else 8)
        if not self._open or size > _LARGEST or (stream not in self._streams and len(self._streams) >= _STREAMS):
            return None
        ffi.memmove(_buffer, data, size)
        _length[0] = size
        if (lib.srtp_unprotect_rtcp if reports else lib.srtp_unprotect)(self._incoming, _buffer, _length):
            return None
        self._streams.add(stream)
        plain: bytes = _whole[: _length[0]]
        return plain

    async def close(self) -> None:
        """Say goodbye and let go."""
        self._open, self.context = False, None
        self._dtls.remove_all_listeners()
        await self._dtls.stop()

    def _changed(self) -> None:
        if self._open and self._dtls.state == "closed":
            self._open, self.context = False, None
            self._ended()
