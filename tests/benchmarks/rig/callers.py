"""People in a call by aiortc: they send what was encoded beforehand and count what arrives without decrypting it."""

import asyncio
import fractions
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from random import Random

import aioice.ice
import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
)
from aiortc.exceptions import InvalidStateError

from tests.benchmarks.rig.processes import Missing

_FRAMES, _VIDEO_HZ, _VIDEO_BITS = 250, 25, 600_000
_VOICES, _VOICE_HZ, _VOICE_BITS = 500, 50, 32_000
_BUFFER = 4 << 20
_CONNECTED_S = 60.0
_WRAP = 1 << 16
_LATE_S = 0.1


def outside_address() -> str:
    """An address of this machine that is not loopback: Janus offers no other. Raises Missing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # nothing is sent: the kernel only looks up the way
        except OSError as error:
            raise Missing("This machine has no address but loopback, which Janus does not use.") from error
        return str(probe.getsockname()[0])


@cache
def camera() -> tuple[bytes, ...]:
    """Ten seconds of VP8: 640 × 360 at 25 Hz, 600 kbit/s, a key frame each second because nobody can ask for one."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.bit_rate = 640, 360, "yuv420p", _VIDEO_BITS
    codec.time_base, codec.framerate = fractions.Fraction(1, _VIDEO_HZ), fractions.Fraction(_VIDEO_HZ)
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "25"}
    chance = np.random.default_rng(1)
    ground = chance.integers(0, 128, (360, 640, 3)).astype(np.uint8)
    made = []
    for number in range(_FRAMES):
        picture = np.roll(ground, 4 * number, axis=1)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, codec.time_base
        made += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(made)


@cache
def voice() -> tuple[bytes, ...]:
    """Ten seconds of Opus: a tone in noise."""
    codec = av.CodecContext.create("libopus", "w")
    codec.bit_rate, codec.format, codec.layout, codec.sample_rate = _VOICE_BITS, "s16", "mono", 48_000
    chance = np.random.default_rng(2)
    times = np.arange(960)
    made = []
    for number in range(_VOICES):
        tone = 8_000 * np.sin((times + 960 * number) * 440 * 2 * np.pi / 48_000) + chance.normal(0, 500, 960)
        frame = av.AudioFrame.from_ndarray(tone.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, 960 * number
        made += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(made)


class _Encoded(MediaStreamTrack):  # type: ignore[misc]  # aiortc is untyped
    """A microphone or a camera whose packets exist already."""

    def __init__(self, kind: str, chance: Random) -> None:
        super().__init__()
        self.kind = kind
        self._packets = camera() if kind == "video" else voice()
        self._every = 1 / (_VIDEO_HZ if kind == "video" else _VOICE_HZ)
        self._clock = 90_000 if kind == "video" else 48_000
        self._count = 0
        self._since = time.monotonic() + chance.random() * self._every

    async def recv(self) -> av.Packet:
        wait = self._since + self._count * self._every - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        elif wait < -_LATE_S:
            self._since -= wait  # a machine that was busy is not asked to make up for it
        packet = av.Packet(self._packets[self._count % len(self._packets)])
        packet.pts, packet.time_base = int(self._count * self._every * self._clock), fractions.Fraction(1, self._clock)
        self._count += 1
        return packet


@dataclass(slots=True)
class Tally:
    """RTP packets that reached somebody, and the numbers that are missing between them."""

    received: int = 0
    lost: int = 0
    counting: bool = False
    _last: dict[tuple[int, bytes], int] = field(default_factory=dict)

    def note(self, caller: int, data: bytes) -> None:
        """One packet came; what repeats a lost one has an SSRC of its own and counts like any other."""
        key = (caller, data[8:12])
        number = int.from_bytes(data[2:4], "big")
        if self.counting:
            self.received += 1
            gap = (number - self._last.get(key, number - 1) - 1) % _WRAP
            self.lost += gap if gap < 1_000 else 0
        self._last[key] = number


class Caller:
    """One connection. Create it inside `calling`."""

    def __init__(self, tally: Tally, seed: int) -> None:
        self._tally, self._chance = tally, Random(seed)
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))

    def track(self, kind: str) -> MediaStreamTrack:
        """Something to send."""
        return _Encoded(kind, self._chance)

    def prefer(self) -> None:
        """Opus and VP8 with retransmission, and nothing else."""
        for line in self.connection.getTransceivers():
            known = RTCRtpSender.getCapabilities(line.kind).codecs
            wanted = ("video/vp8", "video/rtx", "audio/opus")
            line.setCodecPreferences([one for one in known if one.mimeType.lower() in wanted])

    async def connected(self) -> None:
        """Wait until the line stands, then count instead of decoding."""
        stands = asyncio.Event()

        def look() -> None:
            if self.connection.connectionState == "connected":
                stands.set()

        self.connection.on("connectionstatechange", look)
        look()
        await asyncio.wait_for(stands.wait(), _CONNECTED_S)
        wire = self.connection.getTransceivers()[0].receiver.transport.transport._connection
        wire.data_received = _counted(wire.data_received, self._tally, id(self))
        for protocol in wire._protocols:
            protocol.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    @property
    def cipher(self) -> str:
        """The SRTP profile that was agreed."""
        found: bytes = self.connection.getTransceivers()[0].receiver.transport._ssl.get_selected_srtp_profile()
        return found.decode()

    async def close(self) -> None:
        """Hang up."""
        with suppress(InvalidStateError):
            await self.connection.close()


def _counted(take: Callable[[bytes, int], None], tally: Tally, caller: int) -> Callable[[bytes, int], None]:
    def taken(data: bytes, component: int) -> None:
        if 128 <= data[0] <= 191 and not 192 <= data[1] <= 223:
            tally.note(caller, data)
        else:
            take(data, component)

    return taken


def prepare(address: str) -> None:
    """Encode ahead; aioice offers this address alone and does not look for STUN in what is media by its first byte."""
    camera(), voice()
    original = aioice.ice.StunProtocol.datagram_received

    def received(protocol: aioice.ice.StunProtocol, data: bytes, source: tuple[str, int]) -> None:
        if 128 <= data[0] <= 191:
            protocol.receiver.data_received(data, 1)
        else:
            original(protocol, data, source)

    aioice.ice.get_host_addresses = lambda **_: [address]
    aioice.ice.StunProtocol.datagram_received = received
