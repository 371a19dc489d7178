"""The control socket: how the command line asks a running server to change something.

The database belongs to one process. While the server holds it, orders go through a Unix socket in the data folder that
only the owner of the folder may open: one JSON object a line, progress lines, then one answer.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from web.services import Services
from web.upkeep.orders import Json, Office, OrderRefused, Progress, carry_out

log = logging.getLogger(__name__)

NAME = "control.sock"
_LONGEST_LINE = 4 * 1024 * 1024
_CONNECT_S = 3.0


class NotRunning(Exception):
    """No server listens in this folder."""


class Control:
    """The server's end; `path` is the socket, in the data folder."""

    def __init__(self, path: Path, services: Services) -> None:
        self._path = path
        self._office = Office(services.settings, services.database, services.uploads.intake)
        self._listening: socket.socket | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket left behind by a crash is replaced, since the database's lock is ours."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.setblocking(False)
        with _short(self._path) as short:
            before = os.umask(0o177)
            try:
                listening.bind(short)
            finally:
                os.umask(before)
        listening.listen()
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)
        self._listening = listening

    async def stop(self) -> None:
        """Stop listening; an order under way ends first."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None
            await asyncio.gather(*self._serving, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def _accept(self, listening: socket.socket) -> None:
        # Not asyncio's own server: closed between accepting and serving, it loses the accepted connection.
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, ConnectionError):
            return
        task = asyncio.create_task(self._serve(connection))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=_LONGEST_LINE)
        try:
            line = await asyncio.wait_for(reader.readline(), _CONNECT_S)
            if line:
                await self._answer(line, writer)
        except (ConnectionError, ValueError, TimeoutError):
            log.info("a control connection broke off")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()

        def progress(what: str, share: float) -> None:
            loop.call_soon_threadsafe(_send, writer, {"what": what, "share": share})

        try:
            asked = json.loads(line)
            name, arguments = str(asked["order"]), dict(asked["arguments"])
            log.info("control order", extra={"order": name})
            result = await asyncio.to_thread(carry_out, self._office, name, arguments, progress)
            _send(writer, {"result": result})
        except OrderRefused as refused:
            _send(writer, {"refused": str(refused)})
        except (KeyError, TypeError, json.JSONDecodeError):
            _send(writer, {"refused": "This is not an order."})
        except Exception:
            log.exception("a control order failed")
            _send(writer, {"refused": "The server could not carry this out; its log says why."})
        await writer.drain()


def ask(path: Path, order: str, arguments: Json, progress: Progress) -> Json:
    """Have a running server carry out an order; raises NotRunning, or OrderRefused with the server's sentence."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_CONNECT_S)
        try:
            with _short(path) as short:
                connection.connect(short)
        except OSError:
            raise NotRunning from None
        connection.settimeout(None)
        connection.sendall(json.dumps({"order": order, "arguments": arguments}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            return _result(lines, progress)


def listening(path: Path) -> bool:
    """Whether a server listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_CONNECT_S)
        try:
            with _short(path) as short:
                connection.connect(short)
        except OSError:
            return False
        return True


def _result(lines: "Iterator[bytes]", progress: Progress) -> Json:
    for line in lines:
        said = json.loads(line)
        if "result" in said:
            return dict(said["result"])
        if "refused" in said:
            raise OrderRefused(str(said["refused"]))
        progress(str(said["what"]), float(said["share"]))
    raise OrderRefused("The server went away before it answered; look whether the order was carried out.")


def _send(writer: asyncio.StreamWriter, message: Json) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(message).encode() + b"\n")


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """The path through a file descriptor: a socket's own path holds 107 bytes at most (unix(7))."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
