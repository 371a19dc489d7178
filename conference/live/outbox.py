"""What waits for one slow member: bounded, and never stale.

Durable messages wait in order. Presence does not queue: per person only the newest of each key waits. Whoever lags too
far, or takes nothing for too long, is to be cut: the room never waits for a member. Time is monotonic seconds, told.
"""

from collections import deque
from collections.abc import Mapping

from conference.room.plain import Json
from conference.wire import session


class Message:
    """A text for many members, framed at most once."""

    __slots__ = ("_frame", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._frame: bytes | None = None

    @property
    def frame(self) -> bytes:
        """The unmasked WebSocket text frame (RFC 6455 section 5.2)."""
        if self._frame is None:
            self._frame = _framed(self.text.encode())
        return self._frame


def _framed(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Outbox:
    """The queue of one member."""

    def __init__(self, *, limit_bytes: int, patience_s: float) -> None:
        self._limit_bytes, self._patience_s = limit_bytes, patience_s
        self._durable: deque[str] = deque()
        self._bytes = 0
        self._people: dict[str, Json] = {}
        self._busy_since: float | None = None

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not self._durable and not self._people

    def durable(self, text: str) -> None:
        """Queue a message that must arrive, in order."""
        self._durable.append(text)
        self._bytes += len(text)

    def presence(self, people: Mapping[str, Json]) -> None:
        """Take up presence; what waited for the same person and key is stale and goes."""
        for person, patch in people.items():
            before = self._people.get(person)
            merged = {**before, **patch} if isinstance(before, dict) and isinstance(patch, dict) else patch
            self._people[person] = merged

    def take(self, at: float) -> list[str]:
        """Everything that waits, as messages: durable ones first. Call `sent` when they have left."""
        if self.empty:
            return []
        self._busy_since = at
        taken = list(self._durable)
        if self._people:
            taken.append(session.presence(self._people))
        self._durable.clear()
        self._bytes, self._people = 0, {}
        return taken

    def sent(self) -> None:
        """What was taken has left."""
        self._busy_since = None

    def too_slow(self, at: float) -> bool:
        """Is this member to be cut?"""
        if self._bytes > self._limit_bytes:
            return True
        return self._busy_since is not None and at - self._busy_since > self._patience_s
