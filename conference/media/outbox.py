"""What is about to leave one socket: encrypted in place, then handed to the kernel many datagrams at a time.

A packet for thirty listeners is thirty datagrams. Asking the kernel once for all of them, with addresses written down
beforehand, costs less than half of asking thirty times. Several packets for one listener, as a picture has, are given
to it as one that it cuts itself: its way through the kernel is paid once. Both are of Linux; elsewhere each is sent by
itself.
"""

import ctypes
import errno
import socket
from collections.abc import Sequence
from typing import Final

from pylibsrtp._binding import ffi, lib

from conference.media.kernel import From, Message, Vector, name_of, segments, send_many

_AT_ONCE: Final = 256
"""Two pictures for thirty listeners: with fewer places, packets of one picture leave in several calls and unjoined."""
_SIZE: Final = 2_048
_TRAILER: Final = 160
"""What protection adds at most: SRTP_MAX_SRTCP_TRAILER_LEN of libsrtp and a little."""
_LONGEST: Final = _SIZE - _TRAILER
_JOINED: Final = 30
"""Packets that are given as one at most: what is joined has less than 64 KiB."""
_DONT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
_NO_ROOM: Final = (errno.EAGAIN, errno.ENOBUFS)
_CONTROL: Final = len(segments(0))


class Way:
    """Where a session's datagrams go, also as the kernel wants it, and how they are sealed."""

    __slots__ = ("_raw", "address", "context", "joins", "name", "name_length", "outbox")

    def __init__(self, outbox: "Outbox", address: From, context: object | None = None) -> None:
        self.outbox, self.address = outbox, address
        self.context = context
        """libsrtp's, which must live as long as packets are put on this way; None: there are no keys yet."""
        self.joins = True
        """Packets may be joined; not where the line takes smaller ones or the device cannot cut."""
        self._raw = ctypes.create_string_buffer(name_of(address))
        self.name, self.name_length = ctypes.addressof(self._raw), len(self._raw) - 1


class _Block:
    """Messages for one call, and what they point to."""

    def __init__(self) -> None:
        self.messages = (Message * _AT_ONCE)()
        self._vectors = (Vector * _AT_ONCE)()
        self._controls = (ctypes.c_char * _CONTROL * _AT_ONCE)()
        self.headers = [message.header for message in self.messages]
        self.vectors = list(self._vectors)
        self.controls = list(self._controls)
        for header, vector in zip(self.headers, self.vectors, strict=True):
            header.vectors, header.vector_count = ctypes.addressof(vector), 1

    def at(self, number: int) -> int:
        """Where a message lies."""
        return ctypes.addressof(self.messages) + number * ctypes.sizeof(Message)


class Outbox:
    """The datagrams of one socket that are not sent yet."""

    def __init__(self, bound: socket.socket) -> None:
        self.bound = bound
        self._buffers = [ffi.new("unsigned char[]", _SIZE) for _ in range(_AT_ONCE)]
        self._views = [memoryview(ffi.buffer(buffer)) for buffer in self._buffers]
        self._length = ffi.new("int *")
        self._ways: list[Way] = []
        self._sizes: list[int] = []
        self._single, self._joined = _Block(), _Block()
        self._bases = [int(ffi.cast("uintptr_t", buffer)) for buffer in self._buffers]
        for vector, base in zip(self._single.vectors, self._bases, strict=True):
            vector.base = base

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
        self._sizes.append(length[0])
        self._ways.append(way)
        if place + 1 == _AT_ONCE:
            self.flush()
        return True

    def flush(self) -> None:
        """Send what is waiting. What the kernel has no room for is lost, as it would be on the network."""
        if not self._ways:
            return
        if send_many is None:
            self._each(range(len(self._ways)))
        elif len(set(self._ways)) == len(self._ways):
            for header, vector, way, size in zip(
                self._single.headers, self._single.vectors, self._ways, self._sizes, strict=False
            ):
                header.name, header.name_length, vector.length = way.name, way.name_length, size
            self._send(self._single, [(place,) for place in range(len(self._ways))])
        else:
            groups = self._groups()
            self._write(groups)
            self._send(self._joined, groups)
        self._ways.clear()
        self._sizes.clear()

    def _groups(self) -> list[Sequence[int]]:
        """Places by message: of what goes one way, packets of one size with what is shorter at their end."""
        groups: list[Sequence[int]] = []
        begun: dict[Way, list[int]] = {}
        sizes = self._sizes
        for place, way in enumerate(self._ways):
            size, group = sizes[place], begun.get(way)
            if group is None or len(group) == _JOINED or size > (whole := sizes[group[0]]):
                group = [place]
                groups.append(group)
                if way.joins:
                    begun[way] = group
                continue
            group.append(place)
            if size < whole:
                del begun[way]
        return groups

    def _write(self, groups: Sequence[Sequence[int]]) -> None:
        block, bases, sizes = self._joined, self._bases, self._sizes
        taken = 0
        for number, places in enumerate(groups):
            header, way = block.headers[number], self._ways[places[0]]
            header.name, header.name_length = way.name, way.name_length
            header.vectors, header.vector_count = ctypes.addressof(block.vectors[taken]), len(places)
            for place in places:
                vector = block.vectors[taken]
                vector.base, vector.length = bases[place], sizes[place]
                taken += 1
            if len(places) > 1:
                control = block.controls[number]
                control[:] = segments(sizes[places[0]])
                header.control, header.control_length = ctypes.addressof(control), _CONTROL
            else:
                header.control_length = 0

    def _send(self, block: _Block, groups: Sequence[Sequence[int]]) -> None:
        assert send_many is not None, "flush() has looked"
        done, count = 0, len(groups)
        while done < count:
            sent = send_many(self.bound.fileno(), block.at(done), count - done, _DONT_WAIT)
            if sent > 0:
                done += sent
                continue
            failed = ctypes.get_errno()
            if failed in _NO_ROOM:
                return
            if failed != errno.EINTR:  # this one cannot be sent, whatever follows may
                if len(groups[done]) > 1:
                    self._ways[groups[done][0]].joins = False
                    self._each(groups[done])
                done += 1

    def _each(self, places: Sequence[int]) -> None:
        for place in places:
            try:
                self.bound.sendto(self._views[place][: self._sizes[place]], self._ways[place].address)
            except OSError:  # no room, or no way there any more
                continue
