"""What the kernel of Linux wants of many datagrams at once: `sendmmsg(2)`, and `UDP_SEGMENT` of `udp(7)`."""

import ctypes
import socket
import sys
from functools import lru_cache
from struct import Struct
from typing import Final

_INET, _INET6 = Struct("=H"), Struct("=I")
_SEGMENT: Final = Struct("@NiiH6x")
"""`struct cmsghdr` (length, level, type), then the size of a segment, padded to the next header."""
_SOL_UDP, _UDP_SEGMENT = 17, 103

From = tuple[str, int] | tuple[str, int, int, int]
"""An address as the socket module writes it."""


class Vector(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Header(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Message(ctypes.Structure):
    """`struct mmsghdr`: a header, and how many bytes of it went out."""

    _fields_ = (("header", Header), ("sent", ctypes.c_uint))


def _sendmmsg() -> "ctypes._NamedFuncPointer | None":
    if not sys.platform.startswith("linux"):
        return None
    found = ctypes.CDLL(None, use_errno=True).sendmmsg
    found.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    return found


send_many: Final = _sendmmsg()
"""None on other systems."""


@lru_cache(256)
def segments(size: int) -> bytes:
    """The control message that has the kernel cut a datagram into some of this many bytes; the last may be shorter."""
    return _SEGMENT.pack(_SEGMENT.size - 6, _SOL_UDP, _UDP_SEGMENT, size)


def name_of(address: From) -> bytes:
    """`struct sockaddr_in` or `struct sockaddr_in6`."""
    host, port = address[0], address[1].to_bytes(2, "big")
    if len(address) == 2:
        return _INET.pack(socket.AF_INET) + port + socket.inet_pton(socket.AF_INET, host) + bytes(8)
    raw = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return _INET.pack(socket.AF_INET6) + port + address[2].to_bytes(4, "big") + raw + _INET6.pack(address[3])
