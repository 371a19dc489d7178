"""Protocol data units of the DICOM upper layer as bytes (PS3.8 9.3); pure."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from imaging.dimse.part10 import IMPLEMENTATION

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
_HEAD = struct.Struct(">BxI")
_ITEM = struct.Struct(">BxH")
_FIXED = 68
"""Bytes of A-ASSOCIATE-RQ and -AC before their items."""
_CONTEXTS = 128
"""Most presentation contexts: odd identities of one byte (PS3.8 9.3.2.2)."""


class Kind(IntEnum):
    """PDU types (PS3.8 9.3.1)."""

    ASSOCIATE_RQ = 0x01
    ASSOCIATE_AC = 0x02
    ASSOCIATE_RJ = 0x03
    DATA = 0x04
    RELEASE_RQ = 0x05
    RELEASE_RP = 0x06
    ABORT = 0x07


class Abort(IntEnum):
    """Why the service provider aborts (PS3.8 9.3.8)."""

    NOT_SPECIFIED = 0
    UNRECOGNISED_PDU = 1
    UNEXPECTED_PDU = 2
    UNEXPECTED_PARAMETER = 5
    INVALID_VALUE = 6


class Violation(Exception):
    """The peer broke the protocol; `reason` goes into the A-ABORT."""

    def __init__(self, reason: Abort) -> None:
        super().__init__(reason.name)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Proposed:
    """A presentation context as proposed."""

    number: int
    """Odd, 1 to 255."""
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2)."""

    version: int
    """Bit 0: version 1, the only one there is."""
    called: str
    calling: str
    application_context: str
    contexts: tuple[Proposed, ...]
    longest: int
    """Most bytes of a P-DATA-TF the peer takes; 0: no limit."""


class Answer(IntEnum):
    """What becomes of a presentation context (PS3.8 9.3.3.2)."""

    ACCEPTED = 0
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, slots=True)
class Answered:
    """A presentation context as answered; the transfer syntax counts only where it is accepted."""

    number: int
    answer: Answer
    transfer_syntax: str


def request(body: bytes) -> Request:
    """Read the body of an A-ASSOCIATE-RQ; raises Violation."""
    if len(body) < _FIXED:
        raise Violation(Abort.INVALID_VALUE)
    contexts: list[Proposed] = []
    context, longest = "", 0
    for kind, value in _items(body, _FIXED):
        if kind == 0x10:
            context = _text(value)
        elif kind == 0x20:
            contexts.append(_proposed(value))
        elif kind == 0x50:
            longest = next((int.from_bytes(said) for what, said in _items(value) if what == 0x51), 0)
    if len(contexts) > _CONTEXTS:
        raise Violation(Abort.INVALID_VALUE)
    return Request(
        version=int.from_bytes(body[:2]), called=_text(body[4:20]), calling=_text(body[20:36]),
        application_context=context, contexts=tuple(contexts), longest=longest,
    )


def accept(asked: bytes, answers: Sequence[Answered], longest: int) -> bytes:
    """A-ASSOCIATE-AC to the request whose body is `asked` (PS3.8 9.3.3); its titles are given back as they came.

    longest: most bytes of a P-DATA-TF that we take.
    """
    items = _item(0x10, APPLICATION_CONTEXT.encode("ascii"))
    for one in answers:
        said = _item(0x40, one.transfer_syntax.encode("ascii"))
        items += _item(0x21, struct.pack(">BxBx", one.number, one.answer) + said)
    user = _item(0x51, struct.pack(">I", longest)) + _item(0x52, IMPLEMENTATION.encode("ascii"))
    return _pdu(Kind.ASSOCIATE_AC, b"\0\1\0\0" + asked[4:_FIXED] + items + _item(0x50, user))


def reject(result: int, source: int, reason: int) -> bytes:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    return _pdu(Kind.ASSOCIATE_RJ, bytes((0, result, source, reason)))


def release_reply() -> bytes:
    """A-RELEASE-RP (PS3.8 9.3.7)."""
    return _pdu(Kind.RELEASE_RP, bytes(4))


def abort(reason: Abort = Abort.NOT_SPECIFIED, source: int = 2) -> bytes:
    """A-ABORT (PS3.8 9.3.8). source 0: the user, 2: the provider, who alone gives a reason."""
    return _pdu(Kind.ABORT, bytes((0, 0, source, reason if source == 2 else 0)))


def command(context: int, fields: bytes, longest: int) -> bytes:
    """P-DATA-TF of a whole command set, in as many units as the peer's limit asks for (PS3.8 9.3.5 and annex E)."""
    size = len(fields) if not longest else max(longest - 6, 1)
    found = b""
    for at in range(0, len(fields), size):
        part = fields[at : at + size]
        last = at + size >= len(fields)
        found += _pdu(Kind.DATA, struct.pack(">IBB", len(part) + 2, context, 3 if last else 1) + part)
    return found


def _pdu(kind: Kind, body: bytes) -> bytes:
    return _HEAD.pack(kind, len(body)) + body


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def _items(data: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    while at < len(data):
        if at + 4 > len(data):
            raise Violation(Abort.INVALID_VALUE)
        kind, length = _ITEM.unpack_from(data, at)
        at += 4
        if at + length > len(data):
            raise Violation(Abort.INVALID_VALUE)
        yield kind, data[at : at + length]
        at += length


def _proposed(value: bytes) -> Proposed:
    if len(value) < 4 or not value[0] % 2:
        raise Violation(Abort.INVALID_VALUE)
    abstract, syntaxes = "", []
    for kind, said in _items(value, 4):
        if kind == 0x30:
            abstract = _text(said)
        elif kind == 0x40:
            syntaxes.append(_text(said))
    if not abstract or not syntaxes:
        raise Violation(Abort.INVALID_VALUE)
    return Proposed(value[0], abstract, tuple(syntaxes))


def _text(raw: bytes) -> str:
    """ISO 646 without padding; a byte that is none becomes U+FFFD and equals nothing we know."""
    return raw.decode("ascii", "replace").strip(" \0")
