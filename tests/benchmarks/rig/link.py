"""A thin link in user space: a proxy that delays both ways and lets bytes down at a rate shared by all connections.

Kernels without netem are common; a proxy needs none. Loss and congestion are not simulated.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_PIECE = 1460
_BUFFER = 64 * 1024
"""Bytes that wait in the network before its sender must."""


@dataclass(slots=True)
class Link:
    """How fast and how far away; counts what passed down."""

    bits_per_second: float
    round_trip_s: float
    port: int = 0
    down: int = 0
    """Bytes the client was sent."""
    arrived: list[tuple[float, int]] = field(default_factory=list)
    """When, in seconds of `time.time()`, how many bytes reached the client."""
    free_at: float = field(default=0.0)


@contextmanager
def thin(target: int, bits_per_second: float, round_trip_s: float) -> Iterator[Link]:
    """A link to a port of loopback; connect to `Link.port` instead."""
    link = Link(bits_per_second, round_trip_s)
    started, loop = threading.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=_serve, args=(loop, link, target, started), name="link", daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield link
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def _serve(loop: asyncio.AbstractEventLoop, link: Link, target: int, started: threading.Event) -> None:
    asyncio.set_event_loop(loop)

    async def begin() -> asyncio.Server:
        server = await asyncio.start_server(lambda r, w: _between(link, target, r, w), "127.0.0.1", 0, limit=8192)
        link.port = server.sockets[0].getsockname()[1]
        started.set()
        return server

    server = loop.run_until_complete(begin())
    loop.run_forever()
    server.close()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()


async def _between(link: Link, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target, limit=8192)
    with suppress(OSError, asyncio.CancelledError):
        await asyncio.gather(_pump(link, reader, far_writer, down=False), _pump(link, far_reader, writer, down=True))
    for one in (writer, far_writer):
        one.close()


async def _pump(link: Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, down: bool) -> None:
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_BUFFER // _PIECE)

    async def deliver() -> None:
        while True:
            at, piece = await waiting.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            if not piece:
                sink.close()
                return
            if down:
                link.arrived.append((time.time(), len(piece)))
            sink.write(piece)
            with suppress(ConnectionError):  # the browser has gone; what is still under way is for nobody
                await sink.drain()

    delivering = asyncio.create_task(deliver())
    try:
        while True:
            piece = await source.read(_PIECE)
            leaves = loop.time()
            if down:
                link.down += len(piece)
                link.free_at = leaves = max(link.free_at, leaves) + len(piece) * 8 / link.bits_per_second
            await waiting.put((leaves + link.round_trip_s / 2, piece))
            if not piece:
                await delivering
                return
    finally:
        delivering.cancel()
