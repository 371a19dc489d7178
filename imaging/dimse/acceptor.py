"""The accepting side of one association as a state machine without I/O (PS3.8 9.2): bytes in, events out.

Nothing of a data set is gathered: its pieces are given on as they lie in what was read. Memory is bounded by `_REQUEST`
for the request and `_COMMAND` for a command set, whatever the peer claims.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from imaging.dimse.command import Command, read
from imaging.dimse.pdu import Abort, Kind, Request, Violation, request

_REQUEST = 256 * 1024
"""Bytes of an A-ASSOCIATE-RQ: 128 contexts with 32 transfer syntaxes each stay below."""
_COMMAND = 16 * 1024
"""Bytes of a command set."""
_UNIT = 1024 * 1024
"""Bytes of a P-DATA-TF; what we ask for is less, and some send a little more."""


class State(Enum):
    """As PS3.8 9.2.1 numbers them, where an acceptor that answers at once can be."""

    STA2 = auto()
    """Awaiting A-ASSOCIATE-RQ."""
    STA3 = auto()
    """The request is read and not answered yet."""
    STA6 = auto()
    """Association established, ready for data transfer."""
    STA13 = auto()
    """Over: awaiting the end of the connection; whatever comes is passed over."""


@dataclass(frozen=True, slots=True)
class Requested:
    """An association is asked for; `answered` says that it stands, or nothing more is fed."""

    request: Request
    body: bytes


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command set is complete."""

    context: int
    command: Command


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of the data set that belongs to the last command; valid until more is fed."""

    context: int
    data: memoryview
    last: bool


@dataclass(frozen=True, slots=True)
class Released:
    """The peer asks to release the association."""


@dataclass(frozen=True, slots=True)
class Aborted:
    """The peer aborted it."""


Event = Requested | Commanded | Piece | Released | Aborted


class Acceptor:
    """Reads what a peer sends. `feed` it everything, in order; it raises Violation where the peer breaks the rules."""

    def __init__(self) -> None:
        self.state = State.STA2
        self._head = bytearray()
        """Of the PDU, or of the presentation data value, that is beginning."""
        self._kind: Kind | None = None
        self._left = 0
        """Bytes of the PDU that are still to come."""
        self._value = 0
        """Bytes of the presentation data value that are still to come."""
        self._context = self._control = 0
        self._body = bytearray()
        self._command = bytearray()
        self._asked: int | None = None
        """The context of a command whose data set is still to end."""

    def answered(self) -> None:
        """The request was accepted (AE-7): the association stands."""
        if self.state is not State.STA3:
            raise RuntimeError("there is no request to answer")
        self.state = State.STA6

    def feed(self, data: memoryview) -> Iterator[Event]:
        """What these bytes complete; raises Violation. The whole iterator is consumed before more is fed."""
        at, end = 0, len(data)
        while at < end or (self._kind is not None and not self._left):
            if self.state is State.STA13:
                return
            if self._kind is None:
                at = self._gathered(data, at, 6)
                if len(self._head) == 6:
                    self._begin()
            elif self._kind is Kind.DATA:
                at, event = self._data(data, at)
                if event is not None:
                    yield event
            else:
                take = min(self._left, end - at)
                self._body += data[at : at + take]
                at, self._left = at + take, self._left - take
                if not self._left:
                    yield self._whole()

    def _gathered(self, data: memoryview, at: int, size: int) -> int:
        take = min(size - len(self._head), len(data) - at)
        self._head += data[at : at + take]
        return at + take

    def _begin(self) -> None:
        """The head of a PDU is here: whether it may come now, and so long (PS3.8 9.2.3)."""
        try:
            kind = Kind(self._head[0])
        except ValueError:
            raise Violation(Abort.UNRECOGNISED_PDU) from None
        length = int.from_bytes(self._head[2:6])
        self._head.clear()
        allowed = {State.STA2: (Kind.ASSOCIATE_RQ,), State.STA6: (Kind.DATA, Kind.RELEASE_RQ)}
        if kind is not Kind.ABORT and kind not in allowed.get(self.state, ()):
            raise Violation(Abort.UNEXPECTED_PDU)
        limit = {Kind.ASSOCIATE_RQ: _REQUEST, Kind.DATA: _UNIT}.get(kind, 4)
        if length > limit or (kind is Kind.DATA and length < 6):
            raise Violation(Abort.INVALID_VALUE)
        self._kind, self._left = kind, length

    def _whole(self) -> Event:
        kind, body = self._kind, bytes(self._body)
        self._kind = None
        self._body.clear()
        if kind is Kind.ASSOCIATE_RQ:
            self.state = State.STA3
            return Requested(request(body), body)
        self.state = State.STA13
        return Released() if kind is Kind.RELEASE_RQ else Aborted()

    def _data(self, data: memoryview, at: int) -> tuple[int, Event | None]:
        """A step through P-DATA-TF: the head of a value, or some of it."""
        if not self._value:
            if not self._left:
                self._kind = None
                return at, None
            if self._left < 6:
                raise Violation(Abort.INVALID_VALUE)
            at = self._gathered(data, at, 6)
            if len(self._head) == 6:
                self._value_begins()
            return at, self._piece(memoryview(b"")) if self._ends_empty() else None
        take = min(self._value, len(data) - at)
        part = data[at : at + take]
        self._value, self._left = self._value - take, self._left - take
        if not self._left:
            self._kind = None
        return at + take, self._piece(part)

    def _value_begins(self) -> None:
        length, self._context, self._control = struct.unpack(">IBB", self._head)
        self._head.clear()
        if length < 2 or length + 4 > self._left or self._control > 3:
            raise Violation(Abort.INVALID_VALUE)
        self._left -= 6
        self._value = length - 2
        if bool(self._control & 1) == (self._asked is not None):
            raise Violation(Abort.UNEXPECTED_PARAMETER)  # a command within a data set, or a data set without a command
        if self._asked is not None and self._asked != self._context:
            raise Violation(Abort.UNEXPECTED_PARAMETER)

    def _ends_empty(self) -> bool:
        """A value without bytes can still be the last of its message."""
        return not self._head and not self._value and bool(self._control & 2)

    def _piece(self, part: memoryview) -> Event | None:
        last = bool(self._control & 2) and not self._value
        if not self._control & 1:
            self._asked = None if last else self._asked
            return Piece(self._context, part, last)
        if len(self._command) + len(part) > _COMMAND:
            raise Violation(Abort.INVALID_VALUE)
        self._command += part
        if not last:
            return None
        found = read(bytes(self._command))
        self._command.clear()
        self._asked = self._context if found.has_data_set else None
        return Commanded(self._context, found)
