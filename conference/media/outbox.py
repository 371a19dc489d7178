"""What is about to leave one socket: encrypted in place, then handed to the kernel many datagrams at a time.

A packet for thirty listeners is thirty datagrams. Asking the kernel once for all of them, with addresses written down
beforehand, costs less than half of asking thirty times. `sendmmsg` is of Linux; elsewhere each is sent by itself.
"""

import ctypes
import errno
import socket
import sys
from struct import Struct
from typing import Final

from pylibsrtp._binding import ffi, lib

_AT_ONCE: Final = 64
_SIZE: Final = 2_048
_TRAILER: Final = 160
"""What protection adds at most: SRTP_MAX_SRTCP_TRAILER_LEN of libsrtp and a little."""
_LONGEST: Final = _SIZE - _TRAILER
_DONT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
_INET, _INET6 = Struct("=H"), Struct("=I")

From = tuple[str, int] | tuple[str, int, int, int]
"""An address as the socket module writes it."""


class _Vector(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """`struct mmsghdr`: a header, and how many bytes of it went out."""

    _fields_ = (("header", _Header), ("sent", ctypes.c_uint))


def _sendmmsg() -> "ctypes._NamedFuncPointer | None":
    if not sys.platform.startswith("linux"):
        return None
    found = ctypes.CDLL(None, use_errno=True).sendmmsg
    found.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    return found


_send_many: Final = _sendmmsg()


class Way:
    """Where a session's datagrams go, also as the kernel wants it, and how they are sealed."""

    __slots__ = ("_raw", "address", "context", "name", "name_length", "outbox")

    def __init__(self, outbox: "Outbox", address: From, context: object | None = None) -> None:
        self.outbox, self.address = outbox, address
        self.context = context
        """libsrtp's, which must live as long as packets are put on this way; None: there are no keys yet."""
        self._raw = ctypes.create_string_buffer(_raw(address))
        self.name, self.name_length = ctypes.addressof(self._raw), len(self._raw) - 1


class Outbox:
    """The datagrams of one socket that are not sent yet."""

    def __init__(self, bound: socket.socket) -> None:
        self.bound = bound
        self._buffers = [ffi.new("unsigned char[]", _SIZE) for _ in range(_AT_ONCE)]
        self._views = [memoryview(ffi.buffer(buffer)) for buffer in self._buffers]
        self._length = ffi.new("int *")
        self._ways: list[Way] = []
        self._block = (_Message * _AT_ONCE)()
        self._vector_block = (_Vector * _AT_ONCE)()
        self._headers = [message.header for message in self._block]
        self._vectors = list(self._vector_block)
        for header, vector, buffer in zip(self._headers, self._vectors, self._buffers, strict=True):
            vector.base = int(ffi.cast("uintptr_t", buffer))
            header.vectors, header.vector_count = ctypes.addressof(vector), 1

    def put(self, way: Way, data: bytes | bytearray) -> bool:
        """Seal one packet for later; False without keys, for one too long, and for a number that was used already.

        This runs once for each packet and listener.
        """
        size = len(data)
        if size > _LONGEST or way.context is None:
            return False
        place, length = len(self._ways), self._length
        self._views[place][:size] = data
        length[0] = size
        protect = lib.srtp_protect_rtcp if 192 <= data[1] <= 223 else lib.srtp_protect  # RFC 5761, 4
        if protect(way.context, self._buffers[place], length):
            return False
        self._vectors[place].length = length[0]
        header = self._headers[place]
        header.name, header.name_length = way.name, way.name_length
        self._ways.append(way)
        if place + 1 == _AT_ONCE:
            self.flush()
        return True

    def flush(self) -> None:
        """Send what is waiting. What the kernel has no room for is lost, as it would be on the network."""
        if self._ways:
            (self._each if _send_many is None else self._all)()
            self._ways.clear()

    def _all(self) -> None:
        assert _send_many is not None, "flush() has looked"
        done, count = 0, len(self._ways)
        while done < count:
            place = ctypes.addressof(self._block) + done * ctypes.sizeof(_Message)
            sent = _send_many(self.bound.fileno(), place, count - done, _DONT_WAIT)
            if sent > 0:
                done += sent
            elif ctypes.get_errno() in (errno.EAGAIN, errno.ENOBUFS):
                return
            elif ctypes.get_errno() != errno.EINTR:
                done += 1  # this one cannot be sent, whatever follows may

    def _each(self) -> None:
        for way, buffer, vector in zip(self._ways, self._buffers, self._vectors, strict=False):
            try:
                self.bound.sendto(ffi.buffer(buffer, vector.length), way.address)
            except OSError:  # no room, or no way there any more
                continue


def _raw(address: From) -> bytes:
    """`struct sockaddr_in` or `struct sockaddr_in6`."""
    host, port = address[0], address[1].to_bytes(2, "big")
    if len(address) == 2:
        return _INET.pack(socket.AF_INET) + port + socket.inet_pton(socket.AF_INET, host) + bytes(8)
    raw = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return _INET.pack(socket.AF_INET6) + port + address[2].to_bytes(4, "big") + raw + _INET6.pack(address[3])
