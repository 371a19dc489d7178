"""What the structure of a compressed frame says of its worth before it is decoded.

Decoders of JPEG and HTJ2K fill what a cut stream no longer holds without a word, and a syntax that promises no loss
does not keep a file from having some. Read here are the marks between the entropy-coded bytes, never those bytes
themselves: a bit that changed within them goes unseen. The bytes are not trusted, and nothing here raises.
"""

import re
from dataclasses import dataclass
from typing import Literal

_MARK = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""A marker among entropy-coded bytes: neither stuffed (00 in JPEG, below 80 in JPEG-LS) nor a restart (T.81 B.1.1)."""
_NOT_FILLING = re.compile(rb"[^\xff]")
_EOI, _SOS, _JPEG_LS = 0xD9, 0xDA, 0xF7
_COD, _SOT, _EOC = 0x52, 0x90, 0xD9
_IRREVERSIBLE = b"\0"
"""The 9-7 wavelet (ISO/IEC 15444-1 table A.20)."""


Flaw = Literal["damaged", "reduced", "lossy"]
"""Why the best picture there is of a frame is not lossless: partly a guess, brought to 8 bits, or made with loss."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """How far a compressed frame may be trusted."""

    damaged: bool = False
    """It ends early or is not well-formed: part of what a decoder makes of it is a guess."""
    lossy: bool = False
    """It was made with loss, whatever its transfer syntax promises."""


def of_jpeg(frame: bytes) -> Soundness:
    """JPEG and JPEG-LS: whole when an end marker follows the last scan (T.81 B.1; T.87 C.1)."""
    at, jpeg_ls, lossy = 2, False, False
    while at + 2 <= len(frame) and frame[at] == 0xFF:
        kind, length = frame[at + 1], int.from_bytes(frame[at + 2 : at + 4])
        if kind == _EOI:
            return Soundness(lossy=lossy)
        if kind == 0xFF:  # filling, of any length
            filled = _NOT_FILLING.search(frame, at)
            at = len(frame) if filled is None else filled.start() - 1
            continue
        jpeg_ls = jpeg_ls or kind == _JPEG_LS
        at += 2 + max(length, 2)
        if kind == _SOS:
            lossy = lossy or (jpeg_ls and _near(frame[at - length + 2 : at]))
            found = _MARK.search(frame, at)
            at = len(frame) if found is None else found.start()
    return Soundness(damaged=True, lossy=lossy)


def _near(scan: bytes) -> bool:
    """May samples of a JPEG-LS scan be a little wrong (NEAR above 0, T.87 C.2.3)?"""
    return bool(scan) and any(scan[1 + 2 * scan[0] : 2 + 2 * scan[0]])


def of_jpeg2000(frame: bytes) -> Soundness:
    """JPEG 2000 and HTJ2K: whole when every tile-part is as long as it says and the end follows (15444-1 A.4).

    A codestream in the boxes of a JP2 file is found by its first two markers.
    """
    at, lossy = frame.find(b"\xff\x4f\xff\x51") + 2, False
    while at + 2 <= len(frame) and frame[at] == 0xFF:
        kind = frame[at + 1]
        if kind == _EOC:
            return Soundness(lossy=lossy)
        if kind == _COD:
            lossy = lossy or frame[at + 13 : at + 14] == _IRREVERSIBLE
        if kind != _SOT:
            at += 2 + max(int.from_bytes(frame[at + 2 : at + 4]), 2)
            continue
        length = int.from_bytes(frame[at + 6 : at + 10])
        if length == 0:  # the last one, up to the end marker
            return Soundness(damaged=not frame.rstrip(b"\0").endswith((b"\xff\xd9", b"\xff\xd9\xff")), lossy=lossy)
        at += max(length, 12)
    return Soundness(damaged=True, lossy=lossy)
