"""RTP packets, read strictly and written back (RFC 3550 section 5, RFC 8285 extensions, RFC 4588 retransmission)."""

from struct import Struct
from typing import NamedTuple

from conference.media.errors import Malformed
from conference.media.profile import Extension

_HEADER = Struct("!BBHII")
_PAIR = Struct("!HH")
_LEVEL, _TRANSPORT_SEQUENCE = int(Extension.LEVEL), int(Extension.TRANSPORT_SEQUENCE)
"""As plain numbers: asked of each packet, and a member of an enumeration compares at half the speed."""
_ONE_BYTE = 0xBEDE
_TWO_BYTE = 0x1000
_U16 = 0xFFFF
_U32 = 0xFFFFFFFF


class RtpPacket(NamedTuple):
    """One packet; `payload` is without padding, extensions are in the order they were sent."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    extensions: tuple[tuple[int, bytes], ...] = ()
    padding: int = 0

    def extension(self, kind: int) -> bytes | None:
        """The bytes of one header extension, or None where it is absent."""
        for identity, data in self.extensions:
            if identity == kind:
                return data
        return None

    def text(self, kind: Extension) -> str | None:
        """An SDES extension (mid, rid) as text; None where it is absent or no ASCII."""
        data = self.extension(kind)
        return data.decode("ascii") if data is not None and data.isascii() else None

    @property
    def level(self) -> int | None:
        """Audio level in −dBov: 0 loudest, 127 silence (RFC 6464); None where the sender did not say."""
        data = self.extension(_LEVEL)
        return data[0] & 0x7F if data else None

    @property
    def transport_sequence(self) -> int | None:
        """Transport-wide sequence number; None where the sender did not say."""
        data = self.extension(_TRANSPORT_SEQUENCE)
        return data[0] << 8 | data[1] if data is not None and len(data) == 2 else None


def ahead(one: int, other: int) -> int:
    """How far sequence number `one` is ahead of `other` on the circle of 2^16, from −32768 to 32767."""
    distance = (one - other) & _U16
    return distance - 0x10000 if distance & 0x8000 else distance


def ahead_in_time(one: int, other: int) -> int:
    """How far timestamp `one` is ahead of `other` on the circle of 2^32."""
    distance = (one - other) & _U32
    return distance - 0x100000000 if distance & 0x80000000 else distance


def parse(data: bytes) -> RtpPacket:
    """Read one packet; raises Malformed for anything RFC 3550 or RFC 8285 does not allow."""
    if len(data) < _HEADER.size:
        raise Malformed("An RTP packet has at least 12 bytes (RFC 3550, 5.1).")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise Malformed("The RTP version is not 2 (RFC 3550, 5.1).")
    position = _HEADER.size + 4 * (first & 0x0F)
    if position > len(data):
        raise Malformed("The list of contributing sources is cut off (RFC 3550, 5.1).")
    csrcs: tuple[int, ...] = ()
    if first & 0x0F:
        csrcs = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(_HEADER.size, position, 4))
    extensions: tuple[tuple[int, bytes], ...] = ()
    if first & 0x10:
        extensions, position = _extensions(data, position)
    end = len(data)
    padding = 0
    if first & 0x20:
        padding = data[-1] if end > position else 0
        if not 1 <= padding <= end - position:
            raise Malformed("The padding count does not fit the packet (RFC 3550, 5.1).")
        end -= padding
    return RtpPacket(
        second & 0x7F, sequence, timestamp, ssrc, data[position:end], second > 0x7F, csrcs, extensions, padding
    )


def serialise(packet: RtpPacket) -> bytes:
    """The packet as bytes; one-byte extension headers where they can hold every element."""
    first = 0x80 | len(packet.csrcs) | (0x20 if packet.padding else 0) | (0x10 if packet.extensions else 0)
    second = packet.payload_type | (0x80 if packet.marker else 0)
    parts = [_HEADER.pack(first, second, packet.sequence, packet.timestamp, packet.ssrc)]
    parts += [csrc.to_bytes(4, "big") for csrc in packet.csrcs]
    if packet.extensions:
        parts.append(_extension_block(packet.extensions))
    parts.append(packet.payload)
    if packet.padding:
        parts.append(bytes(packet.padding - 1) + bytes([packet.padding]))
    return b"".join(parts)


def unwrap_retransmission(packet: RtpPacket, *, ssrc: int, payload_type: int) -> RtpPacket:
    """The original of a retransmitted packet (RFC 4588, 4); raises Malformed where none is in it."""
    if len(packet.payload) < 2:
        raise Malformed("A retransmission begins with the original sequence number (RFC 4588, 4).")
    return packet._replace(
        ssrc=ssrc, payload_type=payload_type, padding=0,
        sequence=int.from_bytes(packet.payload[:2], "big"), payload=packet.payload[2:],
    )


def _extensions(data: bytes, position: int) -> tuple[tuple[tuple[int, bytes], ...], int]:
    if position + 4 > len(data):
        raise Malformed("The header of the extension is cut off (RFC 3550, 5.3.1).")
    profile, words = _PAIR.unpack_from(data, position)
    start = position + 4
    end = start + 4 * words
    if end > len(data):
        raise Malformed("The extension is cut off (RFC 3550, 5.3.1).")
    if profile == _ONE_BYTE:
        return _short_elements(data, start, end), end
    if profile & 0xFFF0 == _TWO_BYTE:  # the low four bits are the application's
        return _long_elements(data, start, end), end
    return (), end  # RFC 3550, 5.3.1: an extension one does not know is ignored


def _short_elements(data: bytes, at: int, end: int) -> tuple[tuple[int, bytes], ...]:
    """One byte before each: four bits of identity, four of length less one (RFC 8285, 4.2)."""
    found = []
    while at < end:
        head = data[at]
        at += 1
        if head == 0:  # padding between elements
            continue
        if head >= 0xF0:  # RFC 8285, 4.2: stop here
            break
        after = at + (head & 0x0F) + 1
        if after > end:
            raise Malformed("An extension element is longer than its block (RFC 8285, 4).")
        if head > 0x0F:  # identity 0 is padding that has a length
            found.append((head >> 4, data[at:after]))
        at = after
    return tuple(found)


def _long_elements(data: bytes, at: int, end: int) -> tuple[tuple[int, bytes], ...]:
    """Two bytes before each: identity and length (RFC 8285, 4.3)."""
    found = []
    while at < end:
        if data[at] == 0:  # padding between elements
            at += 1
            continue
        if at + 1 >= end:
            raise Malformed("An extension element is cut off (RFC 8285, 4.3).")
        start = at + 2
        after = start + data[at + 1]
        if after > end:
            raise Malformed("An extension element is longer than its block (RFC 8285, 4).")
        found.append((data[at], data[start:after]))
        at = after
    return tuple(found)


def _extension_block(extensions: tuple[tuple[int, bytes], ...]) -> bytes:
    short = all(1 <= identity <= 14 and 1 <= len(value) <= 16 for identity, value in extensions)
    body = b"".join(
        (bytes([identity << 4 | len(value) - 1]) if short else bytes([identity, len(value)])) + value
        for identity, value in extensions
    )
    body += bytes(-len(body) % 4)
    return _PAIR.pack(_ONE_BYTE if short else _TWO_BYTE, len(body) // 4) + body
