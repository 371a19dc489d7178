"""What the kernel of Linux wants of many datagrams at once: `sendmmsg(2)`, `recvmmsg(2)`, `UDP_SEGMENT` of `udp(7)`."""

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
NAME: Final = 28
"""Bytes of `struct sockaddr_in6`, the longer of the two."""

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
    """`struct mmsghdr`: a header, and how many bytes of it went out or came."""

    _fields_ = (("header", Header), ("length", ctypes.c_uint))


def _of_linux(name: str, *arguments: type) -> "ctypes._NamedFuncPointer | None":
    if not sys.platform.startswith("linux"):
        return None
    found: ctypes._NamedFuncPointer = getattr(ctypes.CDLL(None, use_errno=True), name)
    found.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, *arguments)
    return found


send_many: Final = _of_linux("sendmmsg")
receive_many: Final = _of_linux("recvmmsg", ctypes.c_void_p)
"""Both None on other systems."""


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


@lru_cache(4_096)
def address_of(name: bytes) -> From:
    """The other way round; raises ValueError for a name of another family."""
    family, port = _INET.unpack_from(name)[0], int.from_bytes(name[2:4], "big")
    if family == socket.AF_INET:
        return socket.inet_ntop(family, name[4:8]), port
    if family != socket.AF_INET6 or len(name) < NAME:
        raise ValueError("neither an address of IPv4 nor one of IPv6")
    flow, scope = int.from_bytes(name[4:8], "big"), _INET6.unpack_from(name, 24)[0]
    return socket.inet_ntop(family, name[8:24]), port, flow, scope
