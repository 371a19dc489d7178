"""A bounds-checked walk over the structure of one DICOM file (PS3.10 and PS3.5), before any library sees it.

Nothing is decoded and nothing is copied: the walk says where every element lies, and refuses with a sentence whatever
does not fit into the file, nests too deep, or ends early. A lenient reader gives half a file back without a word; here
the walk must end exactly at the end of the file.
"""

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from imaging.errors import TooLarge, Unreadable
from imaging.settings import FileSettings

Buffer = bytes | mmap.mmap

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
PIXEL_DATA = 0x7FE00010
FLOAT_PIXELS, DOUBLE_PIXELS = 0x7FE00008, 0x7FE00009
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT = frozenset({
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
})
_NAMES = {vr: vr.decode() for vr in (*_LONG, *_SHORT)}
_PADDING_LIMIT = 1024 * 1024
_FEW = 2_000
"""Elements and items of a file whose `Walk.heads` are told."""


class Element(NamedTuple):
    """Where the value of one element lies; bytes, from the start of the data."""

    tag: int
    vr: str
    """Empty in implicit VR."""
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Walk:
    """The structure of a whole file."""

    transfer_syntax: str
    data: Buffer
    """What the offsets count in: the file, or the inflated data set of a deflated one."""
    size: int
    """Bytes of the file."""
    elements: dict[int, Element]
    """Top level, by tag ``0xGGGGEEEE``."""
    fragments: tuple[tuple[int, int], ...] = ()
    """Start and length of every fragment of encapsulated pixel data, without the Basic Offset Table."""
    offsets: tuple[int, ...] = ()
    """The Basic Offset Table (PS3.5 A.4); may be empty."""
    encapsulated: bool = False
    heads: tuple[tuple[int, int], ...] = ()
    """Start and length of the bytes that decided this walk, where they are few; empty: it depended on others too."""
    kept: dict[str, Any] = field(default_factory=dict, compare=False)
    """What others worked out from where elements lie; walks of files that lie alike share it (`imaging.layouts`)."""

    @property
    def big_endian(self) -> bool:
        """The retired Explicit VR Big Endian."""
        return self.transfer_syntax == BIG_ENDIAN

    @property
    def deflated(self) -> bool:
        """The data set was deflated as a whole."""
        return self.transfer_syntax == DEFLATED

    def text(self, tag: int) -> str:
        """An element of ASCII text without its padding; empty when absent."""
        found = self.elements.get(tag)
        if found is None:
            return ""
        raw = bytes(self.data[found.start : found.start + min(found.length, 1024)])
        return raw.decode("ascii", "replace").strip(" \0")

    def number(self, tag: int, name: str) -> int | None:
        """A single US value; None when absent or empty. Raises Unreadable when it is not one number."""
        found = self.elements.get(tag)
        if found is None or found.length == 0:
            return None
        if found.length != 2:
            raise Unreadable("bad-value", f"{name} is not a single number.")
        order = ">H" if self.big_endian else "<H"
        return int(struct.unpack_from(order, self.data, found.start)[0])

    def integer(self, tag: int, name: str) -> int | None:
        """A single IS value; None when absent or empty. Raises Unreadable when it is not a whole number."""
        text = self.text(tag)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise Unreadable("bad-value", f"{name} is not a whole number.") from None


@contextmanager
def walked(path: Path, limits: FileSettings, by: Callable[[Buffer], "Walk"] | None = None) -> Iterator[Walk]:
    """Map a file and walk it; the walk is valid inside the block. Raises Unreadable or TooLarge.

    by: who walks it under the same limits, e.g. `imaging.layouts.Layouts.walk`.
    """
    size = path.stat().st_size
    if size > limits.bytes:
        raise TooLarge("file-size", f"The file has {size:,} bytes; the limit for one file is {limits.bytes:,}.")
    if size < 132:
        raise Unreadable("not-dicom", "This is not a DICOM file: it is too short to be one.")
    with path.open("rb", buffering=0) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield by(data) if by else walk(data, limits)


def walk(data: Buffer, limits: FileSettings) -> Walk:
    """Walk a whole file; raises Unreadable or TooLarge."""
    if data[128:132] != b"DICM":
        raise Unreadable("not-dicom", "This is not a DICOM file: the mark DICM at byte 128 is missing.")
    meta = _Walker(data, len(data), "<", explicit=True, limits=limits)
    start = meta.group_two()
    syntax = _uid(data, meta.elements.get(0x00020010))
    if not syntax:
        raise Unreadable("no-transfer-syntax", "The file does not say its transfer syntax (0002,0010).")
    size = len(data)
    if syntax == DEFLATED:
        data, start = _inflated(data, start, limits), 0
    order = ">" if syntax == BIG_ENDIAN else "<"
    walker = _Walker(data, len(data), order, explicit=syntax != IMPLICIT, limits=limits)
    walker.whole(start)
    items = walker.items or []
    few = meta.seen + walker.seen <= _FEW and walker.items is None and not walker.padded and syntax != DEFLATED
    named = meta.elements[0x00020010]
    return Walk(
        transfer_syntax=syntax,
        data=data,
        size=size,
        elements=meta.elements | walker.elements,
        fragments=tuple(items[1:]),
        offsets=_table(data, items[0]) if items else (),
        encapsulated=walker.items is not None,
        heads=((128, 4), (named.start, named.length), *meta.heads, *walker.heads) if few else (),
    )


@dataclass(slots=True)
class _Walker:
    """The state of one walk; positions are bytes."""

    data: Buffer
    end: int
    order: str
    explicit: bool
    limits: FileSettings
    elements: dict[int, Element] = field(default_factory=dict)
    items: list[tuple[int, int]] | None = None
    """Of encapsulated pixel data, the Basic Offset Table first."""
    seen: int = 0
    heads: list[tuple[int, int]] = field(default_factory=list)
    """Start and length of the head of every element and item, of the first `_FEW` at least."""
    padded: bool = False
    """Zeros were met where a head may be: what follows decided what they are."""

    def group_two(self) -> int:
        """The file meta information; gives the position after it."""
        at = 132
        while at + 8 <= self.end and self.data[at : at + 2] == b"\x02\x00":
            tag, vr, length, at = self.header(at, self.end, self.explicit)
            if length == _UNDEFINED:
                raise Unreadable("broken", f"The file header has an element without length at byte {at}.")
            at = self.value(tag, vr, length, at, self.end, top=True)
        return at

    def whole(self, at: int) -> None:
        """Every element of the data set; ends exactly at the end of the file, zero padding aside."""
        while at < self.end:
            if self.explicit:
                at = self.plain(at)
            if at >= self.end or self.padding(at):
                return
            tag, vr, length, at = self.header(at, self.end, self.explicit)
            if length == _UNDEFINED and tag == PIXEL_DATA:
                start = at
                self.items, at = self.encapsulation(at)
                self.elements[tag] = Element(tag, _NAMES.get(vr, ""), start, at - start)
            elif length == _UNDEFINED:
                start = at
                at = self.sequence(at, self.end, None, 1, explicit=self.explicit and vr != b"UN")
                self.elements[tag] = Element(tag, "SQ", start, at - start)
            else:
                at = self.value(tag, vr, length, at, self.end, top=True)

    def plain(self, at: int) -> int:
        """Step over elements of short form in explicit VR, which are most of a header; gives where others begin."""
        head, data, elements = struct.Struct(self.order + "HH2sH").unpack_from, self.data, self.elements
        last, left, heads, made = self.end - 8, self.limits.elements - self.seen, self.heads, tuple.__new__
        while at <= last and left > 0:
            group, element, vr, length = head(data, at)
            start = at + 8
            if vr not in _SHORT or group == 0xFFFE or start + length > self.end:
                break
            heads.append((at, 8))
            tag, at = group << 16 | element, start + length
            elements[tag] = made(Element, (tag, _NAMES[vr], start, length))
            left -= 1
        self.seen = self.limits.elements - left
        return at

    def padding(self, at: int) -> bool:
        """Nothing but zeros follows; some writers fill the last block."""
        if self.data[at : at + 4] != b"\0\0\0\0"[: self.end - at]:
            return False
        self.padded = True
        if self.end - at > _PADDING_LIMIT:
            return False
        return not any(self.data[at : self.end])

    def header(self, at: int, end: int, explicit: bool) -> tuple[int, bytes, int, int]:
        """Tag, VR, length and where the value starts."""
        self.seen += 1
        if self.seen > self.limits.elements:
            raise TooLarge("elements", f"The file has more than {self.limits.elements:,} elements.")
        if at + 8 > end:
            raise _cut(at)
        if self.seen <= _FEW:
            self.heads.append((at, 8))
        group, element = struct.unpack_from(self.order + "HH", self.data, at)
        tag = group << 16 | element
        if not explicit or group == 0xFFFE:
            return tag, b"", struct.unpack_from(self.order + "I", self.data, at + 4)[0], at + 8
        vr = bytes(self.data[at + 4 : at + 6])
        if vr in _SHORT:
            return tag, vr, struct.unpack_from(self.order + "H", self.data, at + 6)[0], at + 8
        if vr not in _LONG:
            raise Unreadable("broken", f"The file is damaged: no value representation at byte {at + 4}.")
        if at + 12 > end:
            raise _cut(at)
        if self.seen <= _FEW:
            self.heads[-1] = at, 12
        return tag, vr, struct.unpack_from(self.order + "I", self.data, at + 8)[0], at + 12

    def value(self, tag: int, vr: bytes, length: int, at: int, end: int, *, top: bool, depth: int = 0) -> int:
        """Step over a value of known length, into it when it is a sequence."""
        if at + length > end:
            raise _cut(at)
        if vr == b"SQ" and length:
            self.sequence(at, at + length, at + length, depth + 1, explicit=True)
        if top:
            self.elements[tag] = Element(tag, _NAMES.get(vr, ""), at, length)
        return at + length

    def sequence(self, at: int, end: int, stop: int | None, depth: int, *, explicit: bool) -> int:
        """The items of a sequence; gives the position after it. `stop` None: until the delimiter."""
        if depth > self.limits.nesting:
            raise TooLarge("nesting", f"Sequences are nested deeper than {self.limits.nesting}.")
        while stop is None or at < stop:
            tag, _vr, length, at = self.header(at, end, explicit=False)
            if tag == _SEQUENCE_END and stop is None:
                return at
            if tag != _ITEM:
                raise Unreadable("broken", f"The file is damaged: a sequence has no item at byte {at - 8}.")
            at = self.item(at, end, None if length == _UNDEFINED else length, depth, explicit=explicit)
        return at

    def item(self, at: int, end: int, length: int | None, depth: int, *, explicit: bool) -> int:
        """The elements of one item; gives the position after it."""
        if length is not None and at + length > end:
            raise _cut(at)
        stop = end if length is None else at + length
        while length is None or at < stop:
            tag, vr, size, at = self.header(at, stop, explicit)
            if tag == _ITEM_END:
                return at
            if size == _UNDEFINED and tag == PIXEL_DATA:  # an icon's
                _items, at = self.encapsulation(at)
            elif size == _UNDEFINED:
                at = self.sequence(at, stop, None, depth + 1, explicit=explicit and vr != b"UN")
            else:
                at = self.value(tag, vr, size, at, stop, top=False, depth=depth)
        return at

    def encapsulation(self, at: int) -> tuple[list[tuple[int, int]], int]:
        """Start and length of every item of encapsulated pixel data (PS3.5 A.4), and the position after it."""
        found: list[tuple[int, int]] = []
        while True:
            tag, _vr, length, at = self.header(at, self.end, explicit=False)
            if tag == _SEQUENCE_END:
                return found, at
            if tag != _ITEM or length == _UNDEFINED:
                raise Unreadable("broken", f"The file is damaged: the pixel data has no item at byte {at - 8}.")
            if at + length > self.end:
                raise _cut(at)
            found.append((at, length))
            at += length


def _cut(at: int) -> Unreadable:
    return Unreadable("cut-short", f"The file is cut short or damaged at byte {at}; send it again from the disc.")


def _table(data: Buffer, item: tuple[int, int]) -> tuple[int, ...]:
    start, length = item
    return struct.unpack_from(f"<{length // 4}I", data, start)


def _uid(data: Buffer, element: Element | None) -> str:
    if element is None or not 0 < element.length <= 64:
        return ""
    raw = bytes(data[element.start : element.start + element.length])
    return raw.decode("ascii", "replace").rstrip(" \0")


def _inflated(data: Buffer, start: int, limits: FileSettings) -> bytes:
    """A deflated data set (PS3.5 A.5), never larger than the limit."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    out = bytearray()
    try:
        for at in range(start, len(data), 65536):
            out += engine.decompress(data[at : at + 65536], limits.inflated_bytes + 1 - len(out))
            while engine.unconsumed_tail and len(out) <= limits.inflated_bytes:
                out += engine.decompress(engine.unconsumed_tail, limits.inflated_bytes + 1 - len(out))
            if len(out) > limits.inflated_bytes:
                raise TooLarge("inflated", f"The data set unfolds to more than {limits.inflated_bytes:,} bytes.")
            if engine.eof:
                break
    except zlib.error:
        raise Unreadable("broken", "The deflated data set is damaged.") from None
    if not engine.eof:
        raise Unreadable("cut-short", "The deflated data set is cut short; send the file again from the disc.")
    return bytes(out)
