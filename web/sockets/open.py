"""Every open socket with what it stands on, so that it closes within two seconds of losing it (ASVS 8.3.2).

A socket registers with its session, its person and a question that the policy answers. `session_ended` and
`rights_changed` are told after the commit that took the session or a right away (`web.auth.revocation`); `check_all`
asks again for everybody from time to time, for what ends by itself: idle sessions and expired invitations.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from conference.policy import Actor

log = logging.getLogger(__name__)

NOT_PERMITTED = 4003
"""The right was taken away: the client does not come back by itself."""
SESSION_ENDED = 4011
"""The client goes to the sign-in page."""
_PATIENCE_S = 1.0
"""A socket that does not close in this time is left to its own timeouts; others do not wait for it."""

Close = Callable[[int, str], Awaitable[None]]
Allowed = Callable[[Actor], Awaitable[bool]]


@dataclass(frozen=True, slots=True, eq=False)
class OpenSocket:
    """One open socket."""

    session_id: str | None
    """None: a program with a bearer token."""
    person_id: str
    resource: str
    allowed: Allowed
    """May this actor, with the rights of now, go on?"""
    close: Close
    """Close with a code and a reason; must deliver nothing after it was called."""


class OpenSockets:
    """The open sockets of this process."""

    def __init__(self, actor_of_session: Callable[[str], Awaitable[Actor | None]]) -> None:
        self._actor_of_session = actor_of_session
        self._open: set[OpenSocket] = set()

    def __len__(self) -> int:
        return len(self._open)

    def register(
        self, *, session_id: str | None, person_id: str, resource: str, allowed: Allowed, close: Close
    ) -> OpenSocket:
        """Note an open socket; give it to `forget` when it closes."""
        socket = OpenSocket(session_id, person_id, resource, allowed, close)
        self._open.add(socket)
        return socket

    def forget(self, socket: OpenSocket) -> None:
        """The socket has closed."""
        self._open.discard(socket)

    @contextlib.contextmanager
    def registered(
        self, *, session_id: str | None, person_id: str, resource: str, allowed: Allowed, close: Close
    ) -> Iterator[OpenSocket]:
        """`register` for the length of a `with` block."""
        socket = self.register(
            session_id=session_id, person_id=person_id, resource=resource, allowed=allowed, close=close
        )
        try:
            yield socket
        finally:
            self.forget(socket)

    async def session_ended(self, session_id: str) -> None:
        """Close the sockets of a session that has ended."""
        gone = [one for one in self._open if one.session_id == session_id]
        await self._close_all(gone, SESSION_ENDED, "session ended")

    async def rights_changed(self, person_id: str) -> None:
        """Ask again for every socket of a person whose account or memberships have changed."""
        theirs = [one for one in self._open if one.person_id == person_id]
        programs = [one for one in theirs if one.session_id is None]
        await self._close_all(programs, SESSION_ENDED, "rights changed")  # a program comes back with its token
        await asyncio.gather(*(self._check(one) for one in theirs if one.session_id is not None))

    async def check_all(self) -> None:
        """Ask again for every socket."""
        await asyncio.gather(*(self._check(one) for one in list(self._open)))

    async def check_resource(self, resource: str) -> None:
        """Ask again for every socket on a resource, e.g. a room in which somebody's part has changed."""
        await asyncio.gather(*(self._check(one) for one in list(self._open) if one.resource == resource))

    async def close_resource(self, resource: str, code: int, reason: str) -> None:
        """Close every socket on a resource, e.g. a case that was withdrawn."""
        await self._close_all([one for one in self._open if one.resource == resource], code, reason)

    async def _check(self, socket: OpenSocket) -> None:
        if socket.session_id is None:
            return
        who = await self._actor_of_session(socket.session_id)
        if who is None:
            await self._close_all([socket], SESSION_ENDED, "session ended")
        elif not await socket.allowed(who):
            await self._close_all([socket], NOT_PERMITTED, "right revoked")

    async def _close_all(self, sockets: list[OpenSocket], code: int, reason: str) -> None:
        for socket in sockets:
            self.forget(socket)
        if sockets:
            log.info("sockets closed", extra={"count": len(sockets), "code": code, "reason": reason})
            await asyncio.gather(*(_closed(socket, code, reason) for socket in sockets))


async def _closed(socket: OpenSocket, code: int, reason: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await socket.close(code, reason)
    except (TimeoutError, OSError, RuntimeError):
        log.warning("a socket did not close in time", extra={"session_id": socket.session_id, "code": code})
