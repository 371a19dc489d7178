"""A camera without a browser: a grey picture encoded beforehand, sent by a caller of a few lines."""

import asyncio
import fractions
from functools import cache
from typing import Final

import av
import numpy as np

from conference.media import rtp
from conference.media.profile import LOW, VP8, Extension
from tests.unit.conference.media.callers import Caller

HZ: Final = 10
_FRAMES: Final = 40
_PART: Final = 1_100


@cache
def grey() -> tuple[bytes, ...]:
    """Four seconds of VP8, 320 × 180, a key frame each second so that nobody has to be asked for one."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.bit_rate = 320, 180, "yuv420p", 100_000
    codec.time_base, codec.framerate = fractions.Fraction(1, HZ), fractions.Fraction(HZ)
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": str(HZ)}
    made = []
    for number in range(_FRAMES):
        picture = np.full((180, 320, 3), 100 + number, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, codec.time_base
        made += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(made)


async def show(caller: Caller) -> None:
    """Send the picture until cancelled."""
    sequence = number = 0
    extensions = ((Extension.MID, b"cam"), (Extension.RID, LOW.encode()))
    while True:
        data = grey()[number % _FRAMES]
        for at in range(0, len(data), _PART):
            sequence += 1
            head = bytes([0x90 if at == 0 else 0x80, 0x80]) + (0x8000 | number & 0x7FFF).to_bytes(2, "big")
            caller.wire.send(caller.seal(rtp.serialise(rtp.RtpPacket(
                VP8, sequence & 0xFFFF, number * 90_000 // HZ, 8, head + data[at : at + _PART],
                marker=at + _PART >= len(data), extensions=extensions,
            ))))
        number += 1
        await asyncio.sleep(1 / HZ)
