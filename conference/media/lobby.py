"""The calls of every room as the web process keeps them: a line to the forwarder each, kept up whatever it does.

A call outlives its media session. When the media process dies or loses sight of a browser, the call is given a new
session and its browser a new offer as soon as there is a process to ask: nobody presses anything.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from conference.media.errors import MediaError, MediaUnavailable
from conference.media.plane import MediaPlane, PlaceShown, PlaneEvent
from conference.media.signalling import Address
from conference.media.tokens import Admission

_log = logging.getLogger(__name__)
_PAUSE_S: Final = 0.5
_PLACES: Final = 10_000

Message = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Doing:
    """What a person sends at this moment, as their own window says."""

    muted: bool = True
    camera: bool = False
    screen: bool = False


@dataclass(slots=True, eq=False)
class Call:
    """One window that talks in one room; `tell` hands a message to it and never waits."""

    room: str
    person: str
    name: str
    tell: Callable[[Message], None]
    doing: Doing = field(default_factory=Doing)
    voices_only: bool = False
    session: str | None = None
    over: asyncio.Future[str] | None = None


class Lobby:
    """Keeps every call's line to one plane. `token` mints what lets a person into a room's media."""

    def __init__(
        self, plane: MediaPlane, token: Callable[[Admission, datetime], str], now: Callable[[], datetime]
    ) -> None:
        self._plane, self._token, self._now = plane, token, now
        self._calls: set[Call] = set()
        self._by_session: dict[str, Call] = {}
        self._shown: dict[str, dict[str, PlaceShown]] = {}
        self._following = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow the plane from now on."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Follow it no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def keep(self, call: Call) -> str:
        """Keep the call's line up until it must not be: `replaced` when the person talks in another window.

        Cancel it to hang up.
        """
        self._calls.add(call)
        self._told(call.room)
        try:
            while (reason := await self._line(call)) != "replaced":
                _log.info("media session ended", extra={"reason": reason})
                call.tell({"type": "waiting"})
                await asyncio.sleep(_PAUSE_S)
            return reason
        finally:
            self._calls.discard(call)
            await self._hang_up(call)
            self._told(call.room)

    async def answer(self, call: Call, text: str) -> None:
        """The browser's answer to the last offer; raises Malformed."""
        if call.session is not None:
            with contextlib.suppress(MediaUnavailable):  # a new offer is on its way
                await self._plane.answer(call.session, text)

    async def restart(self, call: Call) -> None:
        """Another way through the network for the same session."""
        if call.session is not None:
            with contextlib.suppress(MediaUnavailable):
                call.tell({"type": "offer", "fresh": False, "sdp": await self._plane.restart(call.session)})

    async def prefer(self, call: Call, *, voices_only: bool) -> None:
        """Whether this window wants no pictures of others."""
        call.voices_only = voices_only
        if call.session is not None:
            with contextlib.suppress(MediaUnavailable):
                await self._plane.prefer(call.session, "voices" if voices_only else "everything")

    def does(self, call: Call, doing: Doing) -> None:
        """What the person sends has changed; everybody in the room's call is told."""
        call.doing = doing
        self._told(call.room)

    def silence(self, room: str, person: str, by: str) -> None:
        """Ask a person's window to mute itself; it says to them who asked."""
        for call in self._calls:
            if (call.room, call.person) == (room, person):
                call.tell({"type": "silenced", "by": by})

    async def addresses(self) -> tuple[Address, ...]:
        """Where browsers reach the plane now; none while it cannot be asked."""
        try:
            return await self._plane.addresses()
        except MediaUnavailable:
            return ()

    async def _line(self, call: Call) -> str:
        """One session from its offer to its end; gives why it ended."""
        await self._following.wait()
        try:
            joined = await self._plane.join(self._token(Admission(call.room, call.person), self._now()))
        except MediaError:
            return "unavailable"
        call.session, call.over = joined.session, asyncio.get_running_loop().create_future()
        self._by_session[joined.session] = call
        call.tell({"type": "offer", "fresh": True, "sdp": joined.offer})
        for shown in self._shown.pop(joined.session, {}).values():
            self._take(shown)
        if call.voices_only:
            await self.prefer(call, voices_only=True)
        try:
            return await call.over
        finally:
            self._by_session.pop(joined.session, None)

    async def _hang_up(self, call: Call) -> None:
        session, call.session = call.session, None
        if session is not None:
            with contextlib.suppress(MediaError):
                await self._plane.leave(session)

    def _told(self, room: str) -> None:
        here = [call for call in self._calls if call.room == room]
        people = {
            call.person: {
                "name": call.name, "muted": call.doing.muted, "camera": call.doing.camera, "screen": call.doing.screen,
            }
            for call in here
        }
        for call in here:
            call.tell({"type": "people", "people": people})

    async def _follow(self) -> None:
        while True:
            self._following.set()
            try:
                async for event in self._plane.events():
                    self._take(event)
            except MediaUnavailable:
                pass
            self._following.clear()
            for call in list(self._by_session.values()):
                call.session = None
                _end(call, "lost")
            self._shown.clear()
            await asyncio.sleep(_PAUSE_S)

    def _take(self, event: PlaneEvent) -> None:
        call = self._by_session.get(event.session)
        if isinstance(event, PlaceShown):
            if call is not None:
                call.tell({"type": "shown", "place": event.place, "person": event.person, "source": event.source})
            elif len(self._shown) < _PLACES:  # its join has not been answered yet
                self._shown.setdefault(event.session, {})[event.place] = event
        elif call is not None:
            call.session = None
            _end(call, event.reason)


def _end(call: Call, reason: str) -> None:
    if call.over is not None and not call.over.done():
        call.over.set_result(reason)
