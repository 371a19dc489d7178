"""What a file claims about its pixels, held against its size before any decoder sees it.

A thousand bytes can claim gigabytes: in Rows × Columns × frames, or inside the codestream, where no DICOM element
shows it. Both are read here, with bounds, and refused by a sentence.
"""

import struct
from dataclasses import dataclass
from math import ceil

from imaging.errors import TooLarge, Unreadable
from imaging.settings import FileSettings
from imaging.walk import DOUBLE_PIXELS, FLOAT_PIXELS, PIXEL_DATA, Element, Walk

JPEG = frozenset({f"1.2.840.10008.1.2.4.{code}" for code in (50, 51, 53, 55, 57, 70, 80, 81)})
JPEG_2000 = frozenset({f"1.2.840.10008.1.2.4.{code}" for code in (90, 91, 92, 93, 201, 202, 203)})
JPEG_XL = frozenset({f"1.2.840.10008.1.2.4.{code}" for code in (110, 111, 112)})
VIDEO = frozenset({
    f"1.2.840.10008.1.2.4.{code}"
    for code in ("100", "100.1", "101", "101.1", "102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1",
                 "106", "106.1", "107", "108")
})
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})
ENCAPSULATED = JPEG | JPEG_2000 | JPEG_XL | VIDEO | {RLE, DEFLATED_FRAME}
TAKEN = NATIVE | ENCAPSULATED
"""The transfer syntaxes we take; all others are refused by name."""


_EXTENDED_OFFSETS = 0x7FE00001
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_BARE = frozenset({0xD8, 0x01, *range(0xD0, 0xD8)})
_IMAGE_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.3.1",
    "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.12", "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.77.1",
    "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.481.1", "1.2.840.10008.5.1.4.1.1.481.2",
)
_NOT_IMAGES = ("1.2.840.10008.5.1.4.1.1.4.2",)  # MR Spectroscopy
_LAST_OF = {
    "1.2.840.10008.5.1.4.1.1.88.": 0x0040A730,  # structured reports and key objects: Content Sequence
    "1.2.840.10008.5.1.4.1.1.104.": 0x00420011,  # encapsulated documents: Encapsulated Document
}


@dataclass(frozen=True, slots=True)
class Pixels:
    """The pixels of one file, as claimed and found believable."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    frames: int
    photometric: str
    encapsulated: bool
    offset: int
    """Byte of the first pixel or fragment."""
    length: int
    spans: tuple[tuple[tuple[int, int], ...], ...]
    """Encapsulated: start and length of the fragments of each frame."""


def pixels(walk: Walk, limits: FileSettings) -> Pixels | None:
    """The claim of a walked file; None when it has no picture by its kind. Raises Unreadable or TooLarge."""
    if walk.transfer_syntax not in TAKEN:
        raise Unreadable("transfer-syntax", f"The transfer syntax {walk.transfer_syntax[:64]} is not one we take.")
    for needed, name in ((0x00080016, "SOP Class UID"), (0x00080018, "SOP Instance UID"),
                         (0x0020000D, "Study Instance UID"), (0x0020000E, "Series Instance UID")):
        if not walk.text(needed):
            raise Unreadable("no-identity", f"The file has no {name}, so it cannot be filed.")
    data = next((walk.elements[tag] for tag in (PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS) if tag in walk.elements), None)
    if data is None:
        _whole_without_pixels(walk)
        return None
    claim = _claim(walk, limits, data)
    if walk.encapsulated:
        return _encapsulated(walk, limits, claim)
    return _native(walk, claim, data)


def _whole_without_pixels(walk: Walk) -> None:
    kind = walk.text(0x00080016)
    image = any(kind == one or kind.startswith(one + ".") for one in _IMAGE_CLASSES) and kind not in _NOT_IMAGES
    if image or 0x00280010 in walk.elements:
        raise Unreadable("no-pixels", "The file is an image without pixels: it is cut short, or only a header.")
    for prefix, last in _LAST_OF.items():
        if kind.startswith(prefix) and last not in walk.elements:
            raise Unreadable("cut-short", "The document in this file is missing; send the file again from the disc.")


@dataclass(frozen=True, slots=True)
class _Claim:
    rows: int
    columns: int
    samples: int
    bits: int
    frames: int
    photometric: str

    @property
    def frame_bits(self) -> int:
        """Bits of one frame, unfolded."""
        samples: float = self.samples
        if self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
            samples = 2
        elif self.photometric == "YBR_PARTIAL_420":
            samples = 1.5
        return ceil(self.rows * self.columns * samples * self.bits)


def _claim(walk: Walk, limits: FileSettings, data: Element) -> _Claim:
    claim = _Claim(
        rows=walk.number(0x00280010, "Rows") or 0,
        columns=walk.number(0x00280011, "Columns") or 0,
        samples=walk.number(0x00280002, "Samples per Pixel") or 1,
        bits={FLOAT_PIXELS: 32, DOUBLE_PIXELS: 64}.get(data.tag) or walk.number(0x00280100, "Bits Allocated") or 0,
        frames=walk.integer(0x00280008, "Number of Frames") or 1,
        photometric=walk.text(0x00280004),
    )
    if not (claim.rows and claim.columns and claim.bits):
        raise Unreadable("no-geometry", "The image does not say its rows, columns or bits.")
    if claim.samples not in (1, 3, 4) or claim.bits > 64 or claim.frames < 1:
        raise Unreadable("bad-value", "The image's samples, bits or number of frames are not possible.")
    if claim.frames > limits.frames:
        raise TooLarge("frames", f"The file claims {claim.frames:,} frames; the limit is {limits.frames:,}.")
    frame_bytes = claim.rows * claim.columns * claim.samples * ceil(claim.bits / 8)
    if frame_bytes > limits.frame_bytes or frame_bytes * claim.frames > limits.pixel_bytes:
        raise TooLarge(
            "pixel-flood",
            f"The file claims {claim.columns:,} × {claim.rows:,} pixels in {claim.frames:,} frames, which is more than "
            f"the limit of {limits.pixel_bytes:,} bytes in all and {limits.frame_bytes:,} in one frame.",
        )
    return claim


def _native(walk: Walk, claim: _Claim, data: Element) -> Pixels:
    if walk.transfer_syntax in ENCAPSULATED:
        raise Unreadable("broken", "The file announces compressed pixels and holds others.")
    expected = ceil(claim.frame_bits * claim.frames / 8)
    if data.length < expected:
        raise Unreadable("cut-short", f"The pixels are cut short: {data.length:,} bytes of {expected:,}.")
    return _pixels(claim, encapsulated=False, offset=data.start, length=data.length, spans=())


def _encapsulated(walk: Walk, limits: FileSettings, claim: _Claim) -> Pixels:
    if walk.transfer_syntax in NATIVE:
        raise Unreadable("broken", "The file announces uncompressed pixels and holds compressed ones.")
    spans = _spans(walk, claim.frames)
    for number, span in enumerate(spans, 1):
        _believable(walk, limits, claim, span, number)
    begin = walk.fragments[0][0] if walk.fragments else 0
    length = sum(size for _start, size in walk.fragments)
    return _pixels(claim, encapsulated=True, offset=begin, length=length, spans=spans)


Spans = tuple[tuple[tuple[int, int], ...], ...]


def _pixels(claim: _Claim, *, encapsulated: bool, offset: int, length: int, spans: Spans) -> Pixels:
    return Pixels(
        rows=claim.rows, columns=claim.columns, samples=claim.samples, bits_allocated=claim.bits, frames=claim.frames,
        photometric=claim.photometric, encapsulated=encapsulated, offset=offset, length=length, spans=spans,
    )


def _spans(walk: Walk, frames: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """The fragments of each frame (PS3.5 A.4); raises Unreadable when frames are missing."""
    if walk.transfer_syntax in VIDEO or frames == 1:
        if not walk.fragments:
            raise Unreadable("cut-short", "The image has no pixels: its compressed data is empty.")
        return (walk.fragments,)
    if len(walk.fragments) == frames:
        return tuple((one,) for one in walk.fragments)
    if len(walk.fragments) < frames:
        raise Unreadable("cut-short", f"The file has {len(walk.fragments):,} of {frames:,} frames.")
    starts = _starts(walk)
    if len(starts) != frames:
        raise Unreadable("broken", f"The file says {frames:,} frames, and its pixels cannot be divided so.")
    grouped: list[list[tuple[int, int]]] = []
    for fragment in walk.fragments:
        if fragment[0] - 8 in starts:
            grouped.append([])
        if not grouped:
            raise Unreadable("broken", "The table of frames does not begin at the first frame.")
        grouped[-1].append(fragment)
    if len(grouped) != frames:
        raise Unreadable("broken", "The table of frames does not meet the frames.")
    return tuple(tuple(one) for one in grouped)


def _starts(walk: Walk) -> frozenset[int]:
    """Where frames begin: by the extended or basic offset table, else by the mark each codestream starts with."""
    first = walk.fragments[0][0] - 8
    extended = walk.elements.get(_EXTENDED_OFFSETS)
    if extended is not None and extended.length % 8 == 0:
        table = struct.unpack_from(f"<{extended.length // 8}Q", walk.data, extended.start)
        return frozenset(first + offset for offset in table)
    if len(walk.offsets) > 1:
        return frozenset(first + offset for offset in walk.offsets)
    marks = (b"\xff\xd8", b"\xff\x4f\xff\x51")
    return frozenset(start - 8 for start, _size in walk.fragments if walk.data[start : start + 4].startswith(marks))


def _believable(
    walk: Walk, limits: FileSettings, claim: _Claim, span: tuple[tuple[int, int], ...], number: int
) -> None:
    """One frame's codestream says what the header says, and could hold it."""
    size = sum(length for _start, length in span)
    unfolded = claim.rows * claim.columns * claim.samples * ceil(claim.bits / 8)
    if walk.transfer_syntax in VIDEO:
        return
    if size == 0:
        raise Unreadable("cut-short", f"Frame {number:,} is empty.")
    if unfolded > max(size * limits.codec_ratio, 1024 * 1024):
        raise TooLarge("codec-ratio", f"Frame {number:,} claims {unfolded:,} bytes out of {size:,}.")
    start, length = span[0]
    head = bytes(walk.data[start : start + min(length, 65536)])
    if walk.transfer_syntax in JPEG:
        _same(claim, _jpeg_size(head), limits, number)
    elif walk.transfer_syntax in JPEG_2000:
        _same(claim, _jpeg_2000_size(head), limits, number)
    elif walk.transfer_syntax == RLE:
        _rle(claim, head, size, number)


def _same(claim: _Claim, found: tuple[int, int, int] | None, limits: FileSettings, number: int) -> None:
    if found is None:
        raise Unreadable("codestream", f"The compressed pixels of frame {number:,} are damaged: they have no size.")
    columns, rows, components = found
    if columns * rows * components * ceil(claim.bits / 8) > limits.frame_bytes:
        raise TooLarge("pixel-flood", f"The compressed pixels of frame {number:,} claim {columns:,} × {rows:,}.")
    if (columns, rows) != (claim.columns, claim.rows):
        raise Unreadable(
            "codestream",
            f"The compressed pixels of frame {number:,} are {columns:,} × {rows:,}; the header says "
            f"{claim.columns:,} × {claim.rows:,}.",
        )


def _jpeg_size(head: bytes) -> tuple[int, int, int] | None:
    """Columns, rows and components of the first frame header (ITU-T T.81 B.2.2, T.87 C.2.2)."""
    at = 2
    while head[:2] == b"\xff\xd8" and at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _SOF:
            rows, columns = struct.unpack_from(">HH", head, at + 5)
            return columns, rows, head[at + 9]
        at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return None


def _jpeg_2000_size(head: bytes) -> tuple[int, int, int] | None:
    """Columns, rows and components of the SIZ segment (ITU-T T.800 A.5.1); steps over a JP2 wrapper."""
    at = 0 if head[:2] == b"\xff\x4f" else head.find(b"\xff\x4f\xff\x51")
    if at < 0 or head[at + 2 : at + 4] != b"\xff\x51" or at + 42 > len(head):
        return None
    x, y, x0, y0 = struct.unpack_from(">4I", head, at + 8)
    components = struct.unpack_from(">H", head, at + 40)[0]
    return max(x - x0, 0), max(y - y0, 0), components


def _rle(claim: _Claim, head: bytes, size: int, number: int) -> None:
    """The segments of a frame (PS3.5 G.5) lie inside it and could hold its pixels: at most 128 bytes out of 2."""
    if len(head) < 64:
        raise Unreadable("cut-short", f"Frame {number:,} is cut short.")
    count, *offsets = struct.unpack_from("<16I", head, 0)
    inside = all(64 <= offset <= size for offset in offsets[:count])
    if not 1 <= count <= 15 or not inside or offsets[:count] != sorted(offsets[:count]):
        raise Unreadable("codestream", f"The compressed pixels of frame {number:,} are damaged.")
    if ceil(claim.frame_bits / 8) > (size - 64) * 64:
        raise TooLarge("codec-ratio", f"Frame {number:,} claims more pixels than its {size:,} bytes can hold.")
