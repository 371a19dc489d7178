"""The plane of another process, reached by its control socket."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from conference.media.control import ERRORS, LONGEST
from conference.media.errors import MediaUnavailable
from conference.media.plane import Joined, PlaceShown, PlaneEvent, SessionEnded
from conference.media.signalling import Address

_PATIENCE_S: Final = 5.0
_EVENTS: Final = 10_000
_GONE: Final = "The media process does not answer; the meeting goes on without voice and video."


class RemotePlane:
    """A MediaPlane in another process. Connects at the first call and again after a loss."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, object]]] = {}
        self._followers: set[asyncio.Queue[PlaneEvent | None]] = set()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    @property
    def available(self) -> bool:
        """Whether the process has a socket to answer on."""
        return self._path.is_socket()

    async def join(self, token: str, /) -> Joined:
        """Begin a session for whom the token admits; raises NotAdmitted."""
        answer = await self._ask("join", token=token)
        return Joined(str(answer["session"]), str(answer["offer"]))

    async def answer(self, session: str, text: str, /) -> None:
        """The browser's answer to the last offer; raises Malformed."""
        await self._ask("answer", session=session, text=text)

    async def restart(self, session: str, /) -> str:
        """A new offer with new ICE credentials."""
        return str((await self._ask("restart", session=session))["offer"])

    async def prefer(self, session: str, what: str, /) -> None:
        """Send this browser `voices` alone, or `everything`."""
        await self._ask("prefer", session=session, what=what)

    async def leave(self, session: str, /) -> None:
        """End the session."""
        await self._ask("leave", session=session)

    async def addresses(self) -> tuple[Address, ...]:
        """Where browsers reach it by UDP."""
        told = (await self._ask("addresses"))["udp"]
        assert isinstance(told, list), "the process is of this version"
        return tuple(Address(str(host), int(port)) for host, port in told)

    async def events(self) -> AsyncIterator[PlaneEvent]:
        """What happens from now on, until the connection is lost or closed; raises MediaUnavailable at once if none."""
        queue: asyncio.Queue[PlaneEvent | None] = asyncio.Queue()
        self._followers.add(queue)
        try:
            await self._connected()
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._followers.discard(queue)

    async def close(self) -> None:
        """Let go of the connection; sessions go on."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading

    async def _ask(self, do: str, **fields: str) -> dict[str, object]:
        writer = await self._connected()
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            writer.write(json.dumps({"id": number, "do": do, **fields}).encode() + b"\n")
            async with asyncio.timeout(_PATIENCE_S):
                await writer.drain()
                answer: dict[str, object] = await waiting
        except (TimeoutError, ConnectionError) as error:
            raise MediaUnavailable(_GONE) from error
        finally:
            del self._waiting[number]
        if "error" in answer:
            raise ERRORS[str(answer["error"])](str(answer["reason"]))
        return answer

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None:
                try:
                    reader, self._writer = await asyncio.open_unix_connection(self._path, limit=LONGEST)
                except OSError as error:
                    raise MediaUnavailable(_GONE) from error
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self._taken(json.loads(line))
        except ConnectionError:
            pass
        finally:
            self._writer = None
            writer.close()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError())
            for follower in self._followers:
                follower.put_nowait(None)

    def _taken(self, message: dict[str, object]) -> None:
        if "event" in message:
            event = _event(message)
            for follower in self._followers:
                if follower.qsize() < _EVENTS:
                    follower.put_nowait(event)
            return
        number = message.get("id")
        waiting = self._waiting.get(number) if isinstance(number, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(message)


def _event(message: dict[str, object]) -> PlaneEvent:
    session = str(message["session"])
    if message["event"] == "ended":
        return SessionEnded(session, str(message["reason"]))
    person = message["person"]
    return PlaceShown(session, str(message["place"]), None if person is None else str(person), str(message["source"]))
