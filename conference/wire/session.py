"""One connection's side of the room protocol, without I/O: texts in, what they mean out; messages built as texts.

    hello → (welcome | lobby) → command | presence …          a fault ends it with a close code

`web/docs/protocol.md` describes every message with a sample.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, Literal

import msgspec

from agenda.ids import CaseId
from conference.errors import ProtocolError
from conference.room.commands import Command
from conference.room.plain import Json
from conference.room.values import PANES, CommandId, ScreenLayout
from conference.wire.codec import commands, encode

VERSION = 1
MESSAGE_LIMIT_BYTES = 64 * 1024

_COMMAND_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


class Close(IntEnum):
    """Close codes of the room protocol (RFC 6455 section 7.4.2: 4000–4999 are private)."""

    TOO_SLOW = 4000
    PROTOCOL_ERROR = 4001
    NOT_PERMITTED = 4003
    NO_SUCH_ROOM = 4004
    TICKET_INVALID = 4008
    GOING_AWAY = 4010
    SESSION_ENDED = 4011
    REPLACED = 4012


@dataclass(frozen=True, slots=True)
class Hello:
    """The client says which protocol it speaks and what it has."""

    since: int | None
    """Number of the last event it has folded; None: nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The client gives a command."""

    id: CommandId
    command: Command


@dataclass(frozen=True, slots=True)
class Moved:
    """The client's presence changed: the keys that are there replace those of before."""

    patch: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Reading:
    """The client wants the joint text of a case, as far as it does not have it."""

    case: CaseId
    state: bytes
    """Its Yjs state vector; empty: it has nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The client broke the protocol, or went too fast: close with this code."""

    code: Close
    reason: str


Input = Hello | Asked | Moved | Reading | Fault

Point = tuple[float, float]


class _Pointer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    sop_instance_uid: str
    frame: int
    point: Point


class _PaneView(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    series_instance_uid: str
    sop_instance_uid: str
    frame: int
    window_centre: float | None
    window_width: float | None
    zoom: float
    pan: Point
    rotation: int
    flipped: bool
    inverted: bool


class _Screen(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    layout: ScreenLayout
    place: int
    linked: bool
    beside: tuple[_PaneView | None, ...]


class _DraftMark(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    mark: str
    kind: str
    sop_instance_uid: str
    frame: int
    points: tuple[Point, ...]


class _Caret(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    case: Annotated[str, msgspec.Meta(max_length=64)]
    field: Annotated[str, msgspec.Meta(max_length=96)]
    at: Annotated[str, msgspec.Meta(max_length=128)]
    """A Yjs relative position in base64: the letter the caret stands at, whatever is typed before it."""


class _ReadText(msgspec.Struct, tag="read-text", tag_field="type", forbid_unknown_fields=True, frozen=True):
    case: Annotated[str, msgspec.Meta(max_length=64)]
    state: bytes


class _Hello(msgspec.Struct, tag="hello", tag_field="type", forbid_unknown_fields=True, frozen=True):
    versions: tuple[int, ...]
    since: int | None


class _Command(msgspec.Struct, tag="command", tag_field="type", forbid_unknown_fields=True, frozen=True):
    id: str
    command: msgspec.Raw


class _Presence(msgspec.Struct, tag="presence", tag_field="type", forbid_unknown_fields=True, frozen=True):
    pointer: _Pointer | msgspec.UnsetType | None = msgspec.UNSET
    viewport: _PaneView | msgspec.UnsetType | None = msgspec.UNSET
    screen: _Screen | msgspec.UnsetType | None = msgspec.UNSET
    draft: _DraftMark | msgspec.UnsetType | None = msgspec.UNSET
    caret: _Caret | msgspec.UnsetType | None = msgspec.UNSET
    seen: int | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(_Hello | _Command | _Presence | _ReadText)


class Bucket:
    """A token bucket: `rate` messages a second on average, `burst` at once. Time is told in seconds, monotonic."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, 0.0

    def take(self, at: float) -> bool:
        """Is there room for one more message?"""
        self._tokens = min(self._burst, self._tokens + (at - self._at) * self._rate)
        self._at = at
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Session:
    """The protocol's state of one connection; after a Fault it takes nothing more."""

    def __init__(self, *, rate: float = 60.0, burst: float = 240.0) -> None:
        self._state: Literal["new", "open", "over"] = "new"
        self._bucket = Bucket(rate, burst)

    def receive(self, text: str, at: float) -> Input | None:
        """What a text means; None when the connection is over. `at` is monotonic, in seconds."""
        if self._state == "over":
            return None
        answer = self._understand(text, at)
        if isinstance(answer, Fault):
            self._state = "over"
        return answer

    def _understand(self, text: str, at: float) -> Input:
        if not self._bucket.take(at):
            return Fault(Close.PROTOCOL_ERROR, "too many messages")
        if len(text) > MESSAGE_LIMIT_BYTES or len(text.encode("utf-8", "surrogatepass")) > MESSAGE_LIMIT_BYTES:
            return Fault(Close.PROTOCOL_ERROR, "message too long")
        try:
            found = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return Fault(Close.PROTOCOL_ERROR, "not a message of this protocol")
        if isinstance(found, _Hello):
            return self._greet(found)
        if self._state != "open":
            return Fault(Close.PROTOCOL_ERROR, "say hello first")
        if isinstance(found, _Command):
            return _asked(found)
        if isinstance(found, _ReadText):
            return Reading(CaseId(found.case), found.state)
        return _moved(found)

    def _greet(self, found: _Hello) -> Input:
        if self._state != "new":
            return Fault(Close.PROTOCOL_ERROR, "hello was said")
        if VERSION not in found.versions:
            return Fault(Close.PROTOCOL_ERROR, f"this server speaks version {VERSION}")
        if found.since is not None and found.since < 0:
            return Fault(Close.PROTOCOL_ERROR, "not a message of this protocol")
        self._state = "open"
        return Hello(found.since)


def _asked(found: _Command) -> Input:
    if not _COMMAND_ID.fullmatch(found.id):
        return Fault(Close.PROTOCOL_ERROR, "not a command id")
    try:
        return Asked(CommandId(found.id), commands.read(bytes(found.command)))
    except ProtocolError:
        return Fault(Close.PROTOCOL_ERROR, "not a message of this protocol")


def _moved(found: _Presence) -> Input:
    if isinstance(found.draft, _DraftMark) and len(found.draft.points) > 512:
        return Fault(Close.PROTOCOL_ERROR, "not a message of this protocol")
    if isinstance(found.screen, _Screen) and not _fits(found.screen):
        return Fault(Close.PROTOCOL_ERROR, "not a message of this protocol")
    patch: dict[str, Any] = msgspec.to_builtins(found)
    patch.pop("type")
    return Moved(patch)


def _fits(screen: _Screen) -> bool:
    count = PANES[screen.layout]
    return len(screen.beside) == count - 1 and 0 <= screen.place < count


def welcome(
    *, room: str, you: Json, seq: int, at: str, events: Sequence[Json], snapshot: str | None, presence: Json,
    digest: str,
) -> str:
    """The answer to hello; `snapshot` is JSON text."""
    whole = None if snapshot is None else msgspec.Raw(snapshot.encode())
    return encode({
        "type": "welcome", "version": VERSION, "room": room, "you": you, "seq": seq, "at": at, "events": list(events),
        "snapshot": whole, "presence": presence, "digest": digest,
    })


def lobby(told: Mapping[str, Json], at: str) -> str:
    """In place of a welcome, for a guest who waits; again whenever something of it changes, and on being put out."""
    return encode({"type": "lobby", "version": VERSION, "at": at, **told})


def ack(command: str, seq: int) -> str:
    """The command holds and is durable."""
    return encode({"type": "ack", "id": command, "seq": seq})


def refused(command: str, code: str, reason: str) -> str:
    """The command does not hold."""
    return encode({"type": "refused", "id": command, "code": code, "reason": reason})


def happened(events: Sequence[Json], digest: str | None) -> str:
    """New events, and the digest of the viewer's projection after the last."""
    return encode({"type": "events", "events": list(events), "digest": digest})


def presence(people: Mapping[str, Json]) -> str:
    """Who points and looks where; null: gone."""
    return encode({"type": "presence", "people": dict(people)})


def text(case: str, state: bytes, update: bytes) -> str:
    """The joint text of a case: what the client lacks, and the state vector it has with it."""
    return encode({"type": "text", "case": case, "state": _base64(state), "update": _base64(update)})


def typed(case: str, updates: Sequence[tuple[str, str, bytes]]) -> str:
    """What was typed into the joint text of a case and is durable: author, time, Yjs update."""
    said: list[Json] = [{"author": author, "at": at, "update": _base64(update)} for author, at, update in updates]
    return encode({"type": "typed", "case": case, "updates": said})


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
