"""Yjs updates, version 1, read before they are merged: letters and their removal, nothing else.

The format is that of Yjs (`src/utils/encoding.js`, `src/utils/DeleteSet.js`) and Yrs: for each author's client a run of
structs from a clock on, then the ranges that are deleted. What a textarea never makes (maps, formats, embedded values,
documents in documents) is refused here, so that no stranger's structure reaches the library that merges.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

_GC, _DELETED, _STRING, _SKIP = 0, 1, 4, 10
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20
_LARGEST = 2**53 - 1
"""Clients and clocks are numbers of a browser."""

Clocks = Mapping[int, int]
"""Client → how many of its units are known."""


class Malformed(ValueError):
    """Not an update of letters alone; the text says what it is instead."""


@dataclass(slots=True)
class Update:
    """What an update holds."""

    runs: list[tuple[int, int, int]] = field(default_factory=list)
    """(client, first clock, clock after the last) of what is new."""
    deleted: list[tuple[int, int, int]] = field(default_factory=list)
    """The same of what goes."""
    beside: list[tuple[int, int]] = field(default_factory=list)
    """(client, clock) of what new letters stand beside."""
    fields: set[str] = field(default_factory=set)
    """Fields that letters name; letters beside others stand in their field."""

    def builds_on(self, known: Clocks) -> bool:
        """Is everything it leans on known, or part of itself?"""
        after = dict(known)
        for client, first, beyond in self.runs:
            if first > after.get(client, 0):
                return False
            after[client] = max(after.get(client, 0), beyond)
        leans = [*self.beside, *((client, beyond - 1) for client, _, beyond in self.deleted)]
        return all(clock < after.get(client, 0) for client, clock in leans)


def read(data: bytes, fields: Collection[str]) -> Update:
    """What an update holds; raises Malformed when it is no update, or one of more than letters in these fields."""
    found, reader = Update(), _Reader(data)
    for _ in range(reader.number()):
        _client(reader, found)
    for _ in range(reader.number()):
        client = reader.number()
        for _ in range(reader.number()):
            first, length = reader.number(), reader.length()
            found.deleted.append((client, first, first + length))
    reader.end()
    if unknown := found.fields - set(fields):
        raise Malformed(f"an update of {len(unknown)} field(s) this text does not have")
    return found


def clocks(state: bytes) -> Clocks:
    """A state vector; raises Malformed."""
    reader = _Reader(state)
    found = {}
    for _ in range(reader.number()):
        client = reader.number()
        found[client] = reader.number()
    reader.end()
    return found


def _client(reader: "_Reader", found: Update) -> None:
    count, client, first = reader.number(), reader.number(), reader.number()
    clock = first
    for _ in range(count):
        clock += _struct(reader, found)
    found.runs.append((client, first, clock))


def _struct(reader: "_Reader", found: Update) -> int:
    """One struct; gives its length in units, which are UTF-16 code units for letters."""
    info = reader.byte()
    kind = info & 0x1F
    if kind == _GC:
        return reader.length()
    if kind not in (_STRING, _DELETED) or info & _PARENT_SUB:
        raise Malformed("a gap in an update" if kind == _SKIP else f"content of kind {kind} in an update of letters")
    for flag in (_ORIGIN, _RIGHT_ORIGIN):
        if info & flag:
            found.beside.append((reader.number(), reader.number()))
    if not info & (_ORIGIN | _RIGHT_ORIGIN):
        if reader.number() != 1:
            raise Malformed("letters within something that is no field")
        found.fields.add(reader.text())
    if kind == _DELETED:
        return reader.length()
    text = reader.text()
    if not text:
        raise Malformed("letters that are none")
    return len(text.encode("utf-16-le")) // 2


class _Reader:
    """Numbers of lib0: seven bits a byte, least significant first, the eighth says that more follow."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def byte(self) -> int:
        if self._at >= len(self._data):
            raise Malformed("an update that is cut short")
        self._at += 1
        return self._data[self._at - 1]

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if value > _LARGEST:
                raise Malformed("a number beyond 2^53")
            if byte < 0x80:
                return value
            shift += 7

    def length(self) -> int:
        value = self.number()
        if value == 0:
            raise Malformed("a length of nothing")
        return value

    def text(self) -> str:
        size = self.number()
        raw = self._data[self._at : self._at + size]
        if len(raw) < size:
            raise Malformed("an update that is cut short")
        self._at += size
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise Malformed("letters that are not UTF-8") from None

    def end(self) -> None:
        if self._at != len(self._data):
            raise Malformed("something after the end of an update")
