"""What a JPEG says of itself before it is decoded: precision, and whether its components are RGB."""

import struct
from dataclasses import dataclass

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0xD8, 0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class _Head:
    precision: int
    components: tuple[tuple[int, int], ...]
    """Identifier and sampling factors of each component."""
    adobe: int | None
    """Transform of the Adobe marker: 0 none, 1 YCbCr; None: no such marker."""
    jfif: bool


def precision(frame: bytes) -> int:
    """Bits a sample; 8 when the frame header cannot be found."""
    head = _head(frame)
    return head.precision if head else 8


def carries_rgb(frame: bytes, photometric: str) -> bool:
    """Are the three components RGB rather than YCbCr?

    Marks inside the frame win, for data sets are often wrong here: the Adobe transform, components named R, G, B,
    subsampling and JFIF (both mean YCbCr). Only where the frame is silent does the data set decide.
    """
    head = _head(frame)
    if head is None:
        return photometric == "RGB"
    if head.adobe is not None:
        return head.adobe == 0
    names = tuple(name for name, _ in head.components)
    if names == (0x52, 0x47, 0x42):
        return True
    if len({sampling for _, sampling in head.components}) > 1 or head.jfif:
        return False
    return photometric == "RGB"


def _head(frame: bytes) -> _Head | None:
    """The markers up to the frame header (ITU-T T.81 B.2)."""
    at, adobe, jfif = 2, None, False
    while at + 10 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", frame, at + 2)
        body = frame[at + 4 : at + 2 + length]
        if marker in _SOF and len(body) >= 6:
            named = [(body[6 + 3 * i], body[7 + 3 * i]) for i in range(body[5]) if 8 + 3 * i < len(body) + 1]
            return _Head(body[0], tuple(named), adobe, jfif)
        if marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        jfif = jfif or (marker == 0xE0 and body.startswith(b"JFIF"))
        at += 2 + length
    return None
