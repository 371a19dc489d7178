"""uvicorn's WebSocket protocol with what a live room needs of the socket beneath it.

* a message for many members is framed once and written as it is (`Prepared`), while the transport's buffer is short;
* kernel buffers are kept short (TCP_NOTSENT_LOWAT), so that what waits waits where it can be coalesced;
* a peer that acknowledges nothing is dropped by the kernel (TCP_USER_TIMEOUT), and one that reads nothing can be
  aborted: a close frame would never reach it.

The subclass hangs on two methods of uvicorn; `tests/contracts/test_uvicorn.py` holds them. Where the extension is
missing, plain ASGI does the same at a higher price.
"""

import contextlib
import socket
import struct
from asyncio.transports import BaseTransport
from collections.abc import Callable
from dataclasses import dataclass

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "consilium.prepared"
"""Name of the ASGI extension that carries a `Prepared`."""

_NOTSENT_LOWAT_BYTES = 16_384
_USER_TIMEOUT_MS = 20_000
_BUFFER_LIMIT_BYTES = 65_536
_TCP_NOTSENT_LOWAT = 25
"""linux/tcp.h; the socket module of Python 3.11 does not name it."""


_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""struct linger: on, zero seconds."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the transport offers beyond ASGI."""

    send_frame: Callable[[bytes], bool]
    """Write a finished frame; False: the peer lags, nothing was written."""
    abort: Callable[[], None]
    """Drop the connection without a closing handshake."""


class RoomProtocol(WebSocketsSansIOProtocol):
    """The protocol class for ``uvicorn.run(ws=…)``; per-message deflate must be off."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Shorten the kernel's buffers and its patience."""
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        with contextlib.suppress(OSError):  # another system: the buffers stay as they are, the room still works
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
            sock.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, _NOTSENT_LOWAT_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Offer the extension to the application."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None and not self.config.ws_per_message_deflate:
            scope["extensions"][EXTENSION] = Prepared(self._send_frame, self._abort)

    def _abort(self) -> None:
        """Reset the connection: a plain close would wait in the kernel behind what the peer does not read."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self.transport.abort()

    def _send_frame(self, frame: bytes) -> bool:
        if not self.handshake_complete or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        if self.transport.get_write_buffer_size() > _BUFFER_LIMIT_BYTES:
            return False
        self.transport.write(frame)
        return True
