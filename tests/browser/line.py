"""A network between a browser and the media port, in this process: it loses by chance and carries only so much."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from conference.media.signalling import Address

From = tuple[Any, ...]
_HEADERS: Final = 28
"""Bytes of IP and UDP before the payload."""


@dataclass(slots=True)
class Lane:
    """One direction: `loss` is a share, `delay` in seconds, `rate` in bit/s, None for as much as comes.

    `buffer` is how many seconds a packet may wait for its turn on a thin line; what would wait longer is lost.
    """

    chance: Random
    loss: float = 0.0
    delay: float = 0.0
    rate: float | None = None
    buffer: float = 0.25
    carried: int = 0
    lost: int = 0
    _free_at: float = 0.0

    def carry(self, data: bytes, send: Callable[[bytes], None]) -> None:
        """Send it now, later or never."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self.chance.random() < self.loss or (self.rate is not None and self._free_at - now > self.buffer):
            self.lost += 1
            return
        self.carried += 1
        if self.rate is not None:
            self._free_at = max(self._free_at, now) + 8 * (len(data) + _HEADERS) / self.rate
        at = max(self._free_at, now) + self.delay
        if at > now:
            loop.call_at(at, send, data)
        else:
            send(data)


@dataclass(slots=True)
class Line:
    """One browser's line to the media port. `up` leads to the port, `down` to the browser."""

    port: Address
    up: Lane
    down: Lane
    near: asyncio.DatagramTransport = field(init=False)
    far: dict[From, asyncio.DatagramTransport] = field(default_factory=dict)

    def offer(self, text: str) -> str:
        """The offer with this line's end instead of the media port."""
        host, port = self.near.get_extra_info("sockname")[:2]
        was = f" {self.port.host} {self.port.port} typ host"
        assert was in text
        return text.replace(was, f" {host} {port} typ host")


class _Near(asyncio.DatagramProtocol):
    """The end the browser talks to: every address it uses is given a socket of its own towards the port."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._waiting: dict[From, list[bytes]] = {}
        self._opening: set[asyncio.Task[None]] = set()

    def datagram_received(self, data: bytes, addr: From) -> None:
        line = self._line
        if addr in line.far:
            line.up.carry(data, line.far[addr].sendto)
        elif addr in self._waiting:
            self._waiting[addr].append(data)
        else:
            self._waiting[addr] = [data]
            task = asyncio.ensure_future(self._open(addr))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, addr: From) -> None:
        loop = asyncio.get_running_loop()
        line = self._line
        line.far[addr], _ = await loop.create_datagram_endpoint(
            lambda: _Far(line, addr), remote_addr=(line.port.host, line.port.port)
        )
        for data in self._waiting.pop(addr):
            line.up.carry(data, line.far[addr].sendto)


class _Far(asyncio.DatagramProtocol):
    """The end the media port sees."""

    def __init__(self, line: Line, browser: From) -> None:
        self._line, self._browser = line, browser

    def datagram_received(self, data: bytes, addr: From) -> None:
        self._line.down.carry(data, self._back)

    def _back(self, data: bytes) -> None:
        if not self._line.near.is_closing():
            self._line.near.sendto(data, self._browser)


@asynccontextmanager
async def line(port: Address, seed: int, near: Address | None = None) -> AsyncIterator[Line]:
    """A perfect line, until its lanes are told otherwise. `near`: where the browser finds it, if that is not free."""
    made = Line(port, Lane(Random(seed)), Lane(Random(seed + 1)))
    loop = asyncio.get_running_loop()
    made.near, _ = await loop.create_datagram_endpoint(
        lambda: _Near(made), local_addr=(near.host, near.port) if near else (port.host, 0)
    )
    try:
        yield made
    finally:
        for transport in (made.near, *made.far.values()):
            transport.close()


@contextmanager
def line_aside(port: Address, near: Address) -> Iterator[Line]:
    """The same in a thread of its own, for tests that wait for a browser."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="line")
    thread.start()
    standing = line(port, 1, near)
    try:
        yield asyncio.run_coroutine_threadsafe(standing.__aenter__(), loop).result(20)
        asyncio.run_coroutine_threadsafe(standing.__aexit__(None, None, None), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
