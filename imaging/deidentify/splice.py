"""A new header before the same pixels, byte for byte, but for what hides in them beside the picture.

Bytes of a file are only copied and compared here, never decoded.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from imaging.claims import JPEG, JPEG_2000, Pixels
from imaging.errors import Unreadable
from imaging.walk import PIXEL_DATA, Element, Walk

_PIXELS = (PIXEL_DATA, 0x7FE00009, 0x7FE00008)
_CHUNK = 4 * 1024 * 1024
_SPEAKING = frozenset({0xFE, *range(0xE1, 0xE8), *range(0xE9, 0xEE), 0xEF})
"""JPEG comments and application data (ITU-T T.81 B.2.4.5, B.2.4.6); JFIF, SPIFF and Adobe say how to decode."""
_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"


def spliced(header: bytes, walk: Walk, claimed: Pixels | None, out: BinaryIO, *, embedded: bool) -> None:
    """Write `header` and the pixels of the walked file to `out`.

    embedded: overlays lie in the high bits of the pixels; they are cleared. Raises Unreadable where that cannot be.
    """
    out.write(header)
    found = next((walk.elements[tag] for tag in _PIXELS if tag in walk.elements), None)
    if found is None or claimed is None:
        return
    head, order = _head(walk, found), ">" if walk.big_endian else "<"
    if walk.encapsulated:
        if embedded:
            raise Unreadable("overlay", "Overlays lie inside the compressed pixels of this file and cannot be removed.")
        out.write(head)
        _encapsulated(walk, found, out)
        return
    bits, stored, high = (walk.number(tag, "") or 0 for tag in (0x00280100, 0x00280101, 0x00280102))
    out.write(head)
    if embedded and bits not in (8, 16):
        raise Unreadable("overlay", "Overlays lie inside the pixels of this file and cannot be removed.")
    for piece in _pieces(walk, found.start, found.start + found.length):
        if embedded:
            signed = walk.number(0x00280103, "") == 1
            piece = _bare(piece, np.dtype(f"{order}u{bits // 8}"), stored, high, signed=signed)
        out.write(piece)


def _head(walk: Walk, found: Element) -> bytes:
    """The element's own header as it stands in the file."""
    length = 12 if found.vr in ("OB", "OW", "OF", "OD", "UN") else 8
    return bytes(walk.data[found.start - length : found.start])


def _pieces(walk: Walk, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _CHUNK):
        yield bytes(walk.data[at : min(at + _CHUNK, end)])


def _bare(piece: bytes, kind: "np.dtype[np.unsignedinteger]", stored: int, high: int, *, signed: bool) -> bytes:
    """Samples without the bits outside High Bit and Bits Stored (PS3.5 8.1.1); the sign is carried on."""
    low, width = high - stored + 1, kind.itemsize * 8
    if low < 0 or not 0 < stored <= width or len(piece) % kind.itemsize:
        raise Unreadable("overlay", "Overlays lie inside the pixels of this file and cannot be removed.")
    values = np.frombuffer(piece, kind)
    mask = ((1 << stored) - 1) << low
    kept = values & kind.type(mask)
    if signed and high < width - 1:
        above = ((1 << width) - 1) ^ ((1 << (high + 1)) - 1)
        kept = np.where(kept >> high & 1, kept | kind.type(above), kept)
    return bytes(kept.astype(kind).tobytes())


def _encapsulated(walk: Walk, found: Element, out: BinaryIO) -> None:
    """Items as they are; comments and application data of JPEG codestreams are blanked in their place."""
    end = found.start + found.length
    speaking = walk.transfer_syntax in JPEG or walk.transfer_syntax in JPEG_2000
    if not speaking:
        out.writelines(_pieces(walk, found.start, end))
        return
    at = found.start
    for start, length in walk.fragments:
        out.write(walk.data[at:start])
        stream = bytearray(walk.data[start : start + length])
        for first, last in quiet(stream):
            stream[first:last] = bytes(last - first)
        out.write(stream)
        at = start + length
    out.write(walk.data[at:end])


def quiet(stream: bytes | bytearray) -> list[tuple[int, int]]:
    """Where the comments and application data of one codestream or fragment lie, as (start, end)."""
    if stream[:2] == b"\xff\xd8":
        return _segments(stream, 2, _SPEAKING, 0xDA)
    begin = 0 if stream[:4] == b"\xff\x4f\xff\x51" else stream.find(b"\xff\x4f\xff\x51")
    if begin < 0:
        return []
    found = [(0, 0)] if begin == 0 else []
    # A wrapper around the codestream (JP2) may hold XML and UUID boxes; decoders need only what follows.
    return [*found, *((first + 2, last) for first, last in _segments(stream, begin + 2, frozenset({0x64}), 0x90))]


def _segments(stream: bytes | bytearray, at: int, wanted: frozenset[int], last: int) -> list[tuple[int, int]]:
    """The contents of the wanted marker segments up to the marker `last`, where the coded picture begins."""
    found: list[tuple[int, int]] = []
    while at + 4 <= len(stream) and stream[at] == 0xFF and stream[at + 1] != last:
        if stream[at + 1] in (0xFF, 0x01):
            at += 1
            continue
        length = struct.unpack_from(">H", stream, at + 2)[0]
        if length < 2:
            break
        if stream[at + 1] in wanted:
            found.append((at + 4, min(at + 2 + length, len(stream))))
        at += 2 + length
    return found
