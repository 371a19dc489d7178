"""A camera without a browser: encoded beforehand, sent in layers by a caller, and again where it is missed."""

import asyncio
import fractions
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Final

import av
import numpy as np

from conference.media import rtcp, rtp
from conference.media.profile import RTX, VP8, Extension
from tests.unit.conference.media.callers import Caller

_SECONDS: Final = 3
_PART: Final = 1_100
_KEPT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer sends: its picture, frames a second and bits a second. A rough picture takes all of its bits."""

    width: int = 320
    height: int = 180
    hertz: int = 10
    bits: int = 100_000
    rough: bool = False


@cache
def encoded(layer: Layer) -> tuple[bytes, ...]:
    """Some seconds of grey VP8 with a key frame each half second, so that nobody has to be asked for one."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.bit_rate = layer.width, layer.height, "yuv420p", layer.bits
    codec.time_base, codec.framerate = fractions.Fraction(1, layer.hertz), fractions.Fraction(layer.hertz)
    codec.options = {
        "deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": str(layer.hertz // 2),
        "minrate": str(layer.bits), "maxrate": str(layer.bits), "bufsize": str(layer.bits // 2),
    }
    chance = np.random.default_rng(1)
    made = []
    for number in range(_SECONDS * layer.hertz):
        picture = np.full((layer.height, layer.width, 3), 100 + number % 50, np.uint8)
        if layer.rough:
            grain = chance.integers(0, 60, (layer.height // 4, layer.width // 4, 1), np.uint8)
            picture += grain.repeat(4, 0).repeat(4, 1)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, codec.time_base
        made += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(made)


class Camera:
    """Sends every layer, by its name, at the same frame rate."""

    def __init__(self, caller: Caller, layers: Mapping[str, Layer]) -> None:
        self.caller = caller
        self.sent = 0
        """Frames of each layer so far."""
        self._layers = dict(enumerate(layers.items(), 100))
        self._hertz = next(iter(layers.values())).hertz
        self._numbers = {ssrc: count(1) for ssrc in self._layers}
        self._repeats = {ssrc: count(1) for ssrc in self._layers}
        self._kept: dict[tuple[int, int], rtp.RtpPacket] = {}

    async def send(self) -> None:
        """So many frames a second, until cancelled."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            for ssrc, (name, layer) in self._layers.items():
                frames = encoded(layer)
                self._frame(ssrc, name, frames[self.sent % len(frames)])
            self.sent += 1
            await asyncio.sleep(max(0.0, began + self.sent / self._hertz - loop.time()))

    async def repeat(self) -> None:
        """What is missed goes out once more, on the stream for that purpose."""
        while True:
            for report in await self.caller.reports():
                for sequence in report.lost if isinstance(report, rtcp.Nack) else ():
                    self._again(self._kept[report.media, sequence])

    def _frame(self, ssrc: int, name: str, data: bytes) -> None:
        picture = (0x8000 | self.sent & 0x7FFF).to_bytes(2, "big")
        extensions = ((Extension.MID, b"cam"), (Extension.RID, name.encode()))
        for at in range(0, len(data), _PART):
            head = bytes([0x90 if at == 0 else 0x80, 0x80]) + picture
            packet = rtp.RtpPacket(
                VP8, next(self._numbers[ssrc]) & 0xFFFF, self.sent * 90_000 // self._hertz, ssrc,
                head + data[at : at + _PART], marker=at + _PART >= len(data), extensions=extensions,
            )
            self._kept[ssrc, packet.sequence] = packet
            self._kept.pop((ssrc, packet.sequence - _KEPT & 0xFFFF), None)
            self._put(packet)

    def _again(self, packet: rtp.RtpPacket) -> None:
        name = self._layers[packet.ssrc][0].encode()
        self._put(packet._replace(
            payload_type=RTX, ssrc=packet.ssrc + 100, sequence=next(self._repeats[packet.ssrc]) & 0xFFFF,
            payload=packet.sequence.to_bytes(2, "big") + packet.payload,
            extensions=((Extension.MID, b"cam"), (Extension.REPAIRED_RID, name)),
        ))

    def _put(self, packet: rtp.RtpPacket) -> None:
        self.caller.wire.send(self.caller.seal(rtp.serialise(packet)))


@asynccontextmanager
async def showing(caller: Caller, layers: Mapping[str, Layer]) -> AsyncIterator[Camera]:
    """The caller joins and shows these layers."""
    await caller.join()
    await caller.shake_hands()
    camera = Camera(caller, layers)
    jobs = [asyncio.create_task(job) for job in (camera.send(), camera.repeat())]
    try:
        yield camera
    finally:
        for job in jobs:
            job.cancel()
        caller.wire.close()
