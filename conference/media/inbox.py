"""What has come to one socket: on Linux up to 64 datagrams with one question to the kernel, else one with each.

Asking once more only to hear that nothing is left costs as much as taking a packet, and most turns find one or two.
"""

import ctypes
import errno
import socket
from collections.abc import Iterator
from typing import Final

from conference.media.kernel import NAME, From, Message, Vector, address_of, receive_many

AT_ONCE: Final = 64
_LARGEST: Final = 2_048
_DONT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
_NOTHING: Final = (errno.EAGAIN, errno.EWOULDBLOCK)


class Inbox:
    """The datagrams of one socket that nobody has looked at yet."""

    def __init__(self, bound: socket.socket) -> None:
        self._bound = bound
        self._next = self._count = 0
        self._buffers = [bytearray(_LARGEST) for _ in range(AT_ONCE)]
        self._views = [memoryview(buffer) for buffer in self._buffers]
        self._names = list((ctypes.c_char * NAME * AT_ONCE)())
        self._messages = (Message * AT_ONCE)()
        self._vectors = (Vector * AT_ONCE)()
        self._each = list(self._messages)
        self._headers = [message.header for message in self._each]
        for header, vector, buffer, name in zip(
            self._headers, self._vectors, self._buffers, self._names, strict=True
        ):
            vector.base = ctypes.addressof((ctypes.c_char * _LARGEST).from_buffer(buffer))
            vector.length = _LARGEST
            header.vectors, header.vector_count = ctypes.addressof(vector), 1
            header.name, header.name_length = ctypes.addressof(name), NAME

    def take(self) -> Iterator[tuple[bytes, From]]:
        """What lies ready, up to `AT_ONCE`, each with where it came from.

        What the caller did not come to, because one of them ended in an error, comes first the next time.
        """
        return self._one_by_one() if receive_many is None else self._together()

    @property
    def holds_some(self) -> bool:
        """Something was taken from the socket that nobody has come to."""
        return self._next < self._count

    def _together(self) -> Iterator[tuple[bytes, From]]:
        if self._next == self._count:
            self._next, self._count = 0, self._received()
        while self._next < self._count:
            number = self._next
            self._next += 1
            header = self._headers[number]
            source = address_of(self._names[number][: header.name_length])
            header.name_length = NAME  # the kernel wrote how long it was
            yield bytes(self._views[number][: self._each[number].length]), source

    def _received(self) -> int:
        """How many came; an error is of an earlier datagram and is told once, so what came is asked for again."""
        assert receive_many is not None, "take() has looked"
        place, handle = ctypes.addressof(self._messages), self._bound.fileno()
        for _ in range(AT_ONCE):
            count: int = receive_many(handle, place, AT_ONCE, _DONT_WAIT, None)
            if count >= 0:
                return count
            if ctypes.get_errno() in _NOTHING:
                break
        return 0

    def _one_by_one(self) -> Iterator[tuple[bytes, From]]:
        for _ in range(AT_ONCE):
            try:
                data, source = self._bound.recvfrom(_LARGEST)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier datagram
                continue
            yield data, source
