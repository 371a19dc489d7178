"""The door for the web process: any media plane behind a Unix socket, one JSON object a line.

A request is `{"id": n, "do": …}` with join, answer, restart, prefer, leave or addresses; its answer carries the same
`id` and what was asked for, or `error` (`malformed`, `not-admitted`, `unavailable`) with a `reason`. Events come
unasked, without an `id`. Only the user who runs the process can open the socket.
"""

import asyncio
import contextlib
import json
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Final

from conference.media.errors import Malformed, MediaError, MediaUnavailable, NotAdmitted
from conference.media.plane import MediaPlane, PlaceShown

_log = logging.getLogger(__name__)
LONGEST: Final = 1 << 20
"""Bytes of one line at most; a description has some twenty thousand."""

ERRORS: Final[dict[str, type[MediaError]]] = {
    "malformed": Malformed, "not-admitted": NotAdmitted, "unavailable": MediaUnavailable,
}
"""The words for our errors on the socket."""

_FIELDS: Final = {
    "join": ("token",), "answer": ("session", "text"), "restart": ("session",), "leave": ("session",),
    "prefer": ("session", "what"), "addresses": (),
}


class ControlServer:
    """Serves a plane on a Unix socket."""

    def __init__(self, plane: MediaPlane, path: Path) -> None:
        self._plane = plane
        self._path = path
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket left behind by a process that died is replaced. Raises OSError for a path that cannot be."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._visited, self._path, limit=LONGEST)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Let every connection go; the plane's sessions stay."""
        if self._server is not None:
            self._server.close()
        for visit in self._visits:
            visit.cancel()
        if self._visits:
            await asyncio.wait(self._visits)
        self._path.unlink(missing_ok=True)

    def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.ensure_future(self._visit(reader, writer))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        telling = asyncio.create_task(self._tell(writer))
        try:
            while line := await reader.readline():
                writer.write(_line(await _answer(self._plane, line)))
                await writer.drain()
        except (ConnectionError, ValueError):  # gone, or a line longer than any of ours
            _log.info("media control connection lost")
        finally:
            telling.cancel()
            writer.close()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await telling

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        async for event in self._plane.events():
            kind = "shown" if isinstance(event, PlaceShown) else "ended"
            writer.write(_line({"event": kind, **asdict(event)}))
            await writer.drain()


async def _answer(plane: MediaPlane, line: bytes) -> dict[str, object]:
    number: object = None
    try:
        asked = _request(line)
        number = asked.get("id")
        return {"id": number, **await _do(plane, asked)}
    except MediaError as error:
        word = next(word for word, kind in ERRORS.items() if isinstance(error, kind))
        return {"id": number, "error": word, "reason": str(error)}


def _request(line: bytes) -> dict[str, object]:
    try:
        asked = json.loads(line)
    except ValueError as error:
        raise Malformed("A request is one JSON object a line.") from error
    if not isinstance(asked, dict):
        raise Malformed("A request is one JSON object a line.")
    return asked


async def _do(plane: MediaPlane, asked: dict[str, object]) -> dict[str, object]:
    do = asked.get("do")
    names = _FIELDS.get(do) if isinstance(do, str) else None
    if names is None:
        raise Malformed("A request says do: join, answer, restart, prefer, leave or addresses.")
    values = [value for name in names if isinstance(value := asked.get(name), str)]
    if len(values) != len(names):
        raise Malformed(f"The request {do} needs {' and '.join(names)} as text.")
    match do:
        case "join":
            return asdict(await plane.join(values[0]))
        case "answer":
            await plane.answer(values[0], values[1])
        case "prefer":
            await plane.prefer(values[0], values[1])
        case "restart":
            return {"offer": await plane.restart(values[0])}
        case "addresses":
            return {"udp": [[one.host, one.port] for one in await plane.addresses()]}
        case _:
            await plane.leave(values[0])
    return {}


def _line(message: dict[str, object]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
