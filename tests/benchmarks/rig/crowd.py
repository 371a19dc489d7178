"""Many WebSocket clients in one thread: they move, and what reaches them is counted in C.

Clients do not read frames: they count the word that every move carries, and every eighth client reads the times in it.
"""

import json
import os
import re
import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_MOVE = b'"point":['
_TIME = re.compile(rb'"point":\[(\d{13})')
_SAMPLED = 8
"""Every eighth client's deliveries are timed."""
_CHUNK = 1 << 18
_EPOCH = 10**12
"""Added to monotonic microseconds, so that every time has thirteen digits."""
_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
)

Opened = Callable[[int], tuple[str, str]]
"""Path and further header lines (each with its line end) of a client's opening request."""


@dataclass(slots=True)
class Tally:
    """What reached the clients within the measured time."""

    states: int = 0
    """Moves of somebody that reached somebody."""
    sent: int = 0
    bytes: int = 0
    delays_s: list[float] = field(default_factory=list)
    """From sending to reading, of the sampled clients, seconds."""

    def delay_ms(self, share: float) -> float:
        """A quantile of the delays, in milliseconds."""
        ordered = sorted(self.delays_s)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def masked(text: str) -> bytes:
    """A client's text frame (RFC 6455 section 5.2); the mask is zero, which costs neither side anything."""
    body = text.encode()
    size = len(body)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + body


def moved(points: int = 0) -> str:
    """A move that carries the present time; with `points`, a line half drawn as well (about 14 bytes each)."""
    at = str(_EPOCH + time.monotonic_ns() // 1000)
    patch: dict[str, object] = {"type": "presence", "pointer": {
        "sop_instance_uid": "1.2.840.99.1", "frame": 1, "point": ["@", 117.25],
    }}
    if points:
        patch["draft"] = {"mark": "m", "kind": "freehand", "sop_instance_uid": "1.2.840.99.1", "frame": 1,
                          "points": [[100.25 + index, 117.75] for index in range(points)]}
    return json.dumps(patch, separators=(",", ":")).replace('"@"', at)


class Crowd:
    """Open clients of one server."""

    def __init__(self, port: int, count: int, opened: Opened, hello: str | None) -> None:
        self._epoll = select.epoll()
        self.clients: list[socket.socket] = []
        self._tails: dict[int, bytes] = {}
        self._sampled: set[int] = set()
        self.deaf: set[int] = set()
        """Clients that do not read."""
        self.heard: Callable[[int, bytes], None] | None = None
        """Told what reaches every eighth client: its place, and bytes as they come."""
        self._places: dict[int, int] = {}
        for index in range(count):
            self._open(port, index, opened, hello)

    def _open(self, port: int, index: int, opened: Opened, hello: str | None) -> None:
        path, headers = opened(index)
        client = socket.create_connection(("127.0.0.1", port), timeout=20)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(_HANDSHAKE.format(path=path, port=port, headers=headers).encode())
        said = b""
        while b"\r\n\r\n" not in said:
            said += client.recv(4096) or b"closed\r\n\r\n"
        if not said.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(said.split(b"\r\n")[0].decode("latin-1"))
        if hello is not None:
            client.sendall(masked(hello))
            said = b""
            while b'"type":"welcome"' not in said:
                said += client.recv(_CHUNK) or _closed()
        client.setblocking(False)
        self.clients.append(client)
        self._tails[client.fileno()] = b""
        self._places[client.fileno()] = index
        if index % _SAMPLED == 0:
            self._sampled.add(client.fileno())
        self._epoll.register(client, select.EPOLLIN)

    def run(self, seconds: float, movers: Sequence[int], hertz: float, *, points: int = 0,
            beside: Callable[[], None] = lambda: None) -> Tally:
        """Let `movers` move for so long, evenly spread over each period; `beside` is called some times a second."""
        tally = Tally()
        began = time.monotonic()
        due = [began + place / hertz / len(movers) for place in range(len(movers))]
        turn = 0
        while (at := time.monotonic()) < began + seconds:
            while due[turn] <= at:
                self._send(movers[turn], masked(moved(points)), tally)
                due[turn] = max(due[turn] + 1 / hertz, at - 1.0)
                turn = (turn + 1) % len(movers)
            beside()
            self._read(max(0.0, min(due[turn] - time.monotonic(), 0.05)), tally)
        return tally

    def drain(self, seconds: float) -> Tally:
        """Read what still comes; nobody moves."""
        tally, until = Tally(), time.monotonic() + seconds
        while time.monotonic() < until:
            self._read(0.02, tally)
        return tally

    def stop_reading(self, index: int) -> None:
        """From now on this client reads nothing; it is still told of errors."""
        client = self.clients[index]
        self.deaf.add(client.fileno())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self._epoll.modify(client, select.EPOLLRDHUP)

    def close(self) -> None:
        """Hang up."""
        for client in self.clients:
            client.close()
        self._epoll.close()

    def _send(self, index: int, frame: bytes, tally: Tally) -> None:
        try:
            self.clients[index].send(frame)
            tally.sent += 1
        except BlockingIOError:
            return  # the server takes nothing: a move that is not sent is not due

    def _read(self, wait_s: float, tally: Tally) -> None:
        for number, events in self._epoll.poll(wait_s):
            if number in self.deaf:
                if events & (select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP):
                    self.deaf.discard(number)
                    self._epoll.unregister(number)
                continue
            try:
                data = os.read(number, _CHUNK)
            except BlockingIOError:
                continue
            if not data:
                _closed()
            self._count(number, data, tally)

    def _count(self, number: int, data: bytes, tally: Tally) -> None:
        tally.bytes += len(data)
        whole = self._tails[number] + data
        if number not in self._sampled:
            tally.states += whole.count(_MOVE)
            self._tails[number] = whole[-len(_MOVE) + 1:]
            return
        if self.heard is not None:
            self.heard(self._places[number], data)
        now, last = _EPOCH + time.monotonic_ns() // 1000, 0
        for found in _TIME.finditer(whole):
            tally.states += 1
            tally.delays_s.append((now - int(found[1])) / 1e6)
            last = found.end()
        self._tails[number] = whole[max(last, len(whole) - len(_MOVE) - 13):]


def _closed() -> bytes:
    raise RuntimeError("the server closed a connection")
