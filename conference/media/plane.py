"""What the web process needs of voices and faces: the port, and the plane of an installation that has none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from conference.media.errors import MediaUnavailable
from conference.media.signalling import Address


@dataclass(frozen=True, slots=True)
class Joined:
    """A person's media session: its name for later calls, and the offer for their browser."""

    session: str
    offer: str


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """In this session the line `place` shows `source` of `person` from now on, or nothing (None)."""

    session: str
    place: str
    person: str | None
    source: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over: the browser said goodbye, was silent too long, or another one took its place."""

    session: str
    reason: str


PlaneEvent = PlaceShown | SessionEnded
_NOTHING: tuple[PlaneEvent, ...] = ()


class MediaPlane(Protocol):
    """A forwarder of media. Every call raises MediaUnavailable while it cannot be reached: the meeting goes on."""

    @property
    def available(self) -> bool:
        """Whether joining makes sense now; a page asks no microphone of anybody otherwise."""

    async def join(self, token: str, /) -> Joined:
        """Begin a session for whom the token admits; raises NotAdmitted."""

    async def answer(self, session: str, text: str, /) -> None:
        """The browser's answer to the last offer; raises Malformed."""

    async def restart(self, session: str, /) -> str:
        """A new offer with new ICE credentials, for a browser whose network changed."""

    async def prefer(self, session: str, what: str, /) -> None:
        """Send this browser `voices` alone, because its line is thin or its person wants it so, or `everything`."""

    async def leave(self, session: str, /) -> None:
        """End the session; one that is over already stays so."""

    async def addresses(self) -> tuple[Address, ...]:
        """Where browsers reach it by UDP."""

    def events(self) -> AsyncIterator[PlaneEvent]:
        """What happens from now on, until the plane closes."""

    async def close(self) -> None:
        """Let go of the plane; what it forwards goes on."""


class NullPlane:
    """The plane of an installation without voice and video: nobody can join, nothing happens."""

    available = False

    async def join(self, _token: str, /) -> Joined:
        """Nobody joins: raises MediaUnavailable."""
        raise MediaUnavailable("This installation has no voice and video.")

    async def answer(self, _session: str, _text: str, /) -> None:
        """There is no session to answer in: raises MediaUnavailable."""
        raise MediaUnavailable("This installation has no voice and video.")

    async def restart(self, _session: str, /) -> str:
        """There is no session to restart: raises MediaUnavailable."""
        raise MediaUnavailable("This installation has no voice and video.")

    async def prefer(self, _session: str, _what: str, /) -> None:
        """There is no session to send less to: raises MediaUnavailable."""
        raise MediaUnavailable("This installation has no voice and video.")

    async def leave(self, _session: str, /) -> None:
        """There is no session to leave."""

    async def addresses(self) -> tuple[Address, ...]:
        """Nowhere."""
        return ()

    async def events(self) -> AsyncIterator[PlaneEvent]:
        """Nothing ever happens."""
        for event in _NOTHING:
            yield event

    async def close(self) -> None:
        """There is nothing to let go of."""
