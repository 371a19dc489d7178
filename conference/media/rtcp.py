"""RTCP packets, read strictly and written back.

Reports (RFC 3550 section 6), generic NACK and PLI (RFC 4585), FIR (RFC 5104), REMB (draft-alvestrand-rmcat-remb). A
packet of a kind we do not use is skipped; one that contradicts its own length makes the whole datagram Malformed.
"""

from dataclasses import dataclass
from struct import Struct

from conference.media.errors import Malformed

_HEAD = Struct("!BBH")
_WORD = Struct("!I")
_PAIR = Struct("!II")
_SENDER = Struct("!IQIII")
_BLOCK = Struct("!IIIIII")
_NACK = Struct("!HH")
_SR, _RR, _SDES, _BYE, _RTPFB, _PSFB = 200, 201, 202, 203, 205, 206
_SIGN = 0x800000


@dataclass(frozen=True, slots=True)
class Block:
    """One report block (RFC 3550, 6.4.1): `fraction_lost` in 1/256, `jitter` in ticks, `delay` in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender says of its stream; `ntp` is the 64-bit NTP time."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What a receiver says of the streams it gets."""

    ssrc: int
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """An SDES packet that gives one source its canonical name."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Bye:
    """Sources that end."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """Sequence numbers somebody misses (RFC 4585, 6.2.1)."""

    sender: int
    media: int
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PictureLoss:
    """A receiver needs a key frame (RFC 4585, 6.3.1)."""

    sender: int
    media: int


@dataclass(frozen=True, slots=True)
class FullIntraRequest:
    """A receiver needs key frames of these sources (RFC 5104, 4.3.1); (ssrc, command number) pairs."""

    sender: int
    requests: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A receiver's estimate for all these sources together, in bit/s (REMB)."""

    sender: int
    bitrate: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Transport-wide congestion feedback; `body` begins with the base sequence number and is built in `arrivals`."""

    sender: int
    media: int
    body: bytes


Packet = (
    SenderReport | ReceiverReport | Name | Bye | Nack | PictureLoss | FullIntraRequest | Bandwidth | TransportFeedback
)


def parse(data: bytes) -> tuple[Packet, ...]:
    """Every packet of a compound or reduced-size datagram that we know; raises Malformed."""
    found = []
    position = 0
    while position < len(data):
        if position + 4 > len(data):
            raise Malformed("An RTCP header is cut off (RFC 3550, 6.4).")
        first, kind, words = _HEAD.unpack_from(data, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise Malformed("An RTCP packet has another version or is cut off (RFC 3550, 6.4).")
        body = data[position + 4 : end]
        if first & 0x20:
            if end != len(data) or not body or not 1 <= body[-1] <= len(body):
                raise Malformed("RTCP padding is at the end of the last packet only (RFC 3550, 6.4.1).")
            body = body[: -body[-1]]
        packet = _packet(kind, first & 0x1F, body)
        if packet is not None:
            found.append(packet)
        position = end
    return tuple(found)


def serialise(packet: Packet) -> bytes:
    """One packet as bytes; a compound is their concatenation."""
    match packet:
        case SenderReport(ssrc, ntp, timestamp, packets, octets, blocks):
            return _framed(_SR, len(blocks), _SENDER.pack(ssrc, ntp, timestamp, packets, octets) + _blocks(blocks))
        case ReceiverReport(ssrc, blocks):
            return _framed(_RR, len(blocks), _WORD.pack(ssrc) + _blocks(blocks))
        case Name(ssrc, cname):
            item = b"\x01" + bytes([len(cname)]) + cname.encode("ascii") + b"\x00"
            return _framed(_SDES, 1, _WORD.pack(ssrc) + item + bytes(-len(item) % 4))
        case Bye(ssrcs):
            return _framed(_BYE, len(ssrcs), b"".join(map(_WORD.pack, ssrcs)))
        case Nack(sender, media, lost):
            return _framed(_RTPFB, 1, _PAIR.pack(sender, media) + _nack_items(lost))
        case PictureLoss(sender, media):
            return _framed(_PSFB, 1, _PAIR.pack(sender, media))
        case FullIntraRequest(sender, requests):
            items = b"".join(_WORD.pack(ssrc) + bytes([number, 0, 0, 0]) for ssrc, number in requests)
            return _framed(_PSFB, 4, _PAIR.pack(sender, 0) + items)
        case Bandwidth(sender, bitrate, ssrcs):
            return _framed(_PSFB, 15, _PAIR.pack(sender, 0) + _remb(bitrate, ssrcs))
        case TransportFeedback(sender, media, body):
            return _framed(_RTPFB, 15, _PAIR.pack(sender, media) + body)


def _framed(kind: int, count: int, body: bytes) -> bytes:
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return _HEAD.pack(0x80 | (0x20 if padding else 0) | count, kind, len(body) // 4) + body


def _packet(kind: int, count: int, body: bytes) -> Packet | None:
    match kind:
        case 200:
            _need(body, 24 + 24 * count)
            ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
            return SenderReport(ssrc, ntp, timestamp, packets, octets, _read_blocks(body, 24, count))
        case 201:
            _need(body, 4 + 24 * count)
            return ReceiverReport(_WORD.unpack_from(body)[0], blocks=_read_blocks(body, 4, count))
        case 202:
            return _name(body) if count else None
        case 203:
            _need(body, 4 * count)
            return Bye(tuple(_WORD.unpack_from(body, 4 * at)[0] for at in range(count)))
        case 205 | 206:
            _need(body, 8)
            sender, media = _PAIR.unpack_from(body)
            read = _transport_feedback if kind == _RTPFB else _payload_feedback
            return read(count, sender, media, body[8:])
        case _:
            return None


def _transport_feedback(form: int, sender: int, media: int, items: bytes) -> Packet | None:
    if form == 15:
        return TransportFeedback(sender, media, items)
    if form != 1:
        return None
    if not items or len(items) % 4:
        raise Malformed("A NACK holds whole words (RFC 4585, 6.2.1).")
    lost: list[int] = []
    for at in range(0, len(items), 4):
        base, mask = _NACK.unpack_from(items, at)
        lost.append(base)
        lost += [(base + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
    return Nack(sender, media, tuple(lost))


def _payload_feedback(form: int, sender: int, media: int, items: bytes) -> Packet | None:
    if form == 1:
        return PictureLoss(sender, media)
    if form == 4:
        if not items or len(items) % 8:
            raise Malformed("A full intra request holds pairs of words (RFC 5104, 4.3.1.1).")
        pairs = range(0, len(items), 8)
        return FullIntraRequest(sender, tuple((_WORD.unpack_from(items, at)[0], items[at + 4]) for at in pairs))
    if form == 15 and items[:4] == b"REMB":
        if len(items) < 8 or len(items) != 8 + 4 * items[4]:
            raise Malformed("A bandwidth estimate lists another number of sources than it says.")
        exponent, mantissa = items[5] >> 2, (items[5] & 3) << 16 | items[6] << 8 | items[7]
        ssrcs = tuple(_WORD.unpack_from(items, at)[0] for at in range(8, len(items), 4))
        return Bandwidth(sender, mantissa << exponent, ssrcs)
    return None


def _name(body: bytes) -> Name | None:
    _need(body, 4)
    at = 4
    while at < len(body) and body[at]:
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            raise Malformed("An SDES item is cut off (RFC 3550, 6.5).")
        value = body[at + 2 : at + 2 + body[at + 1]]
        if body[at] == 1 and value.isascii():
            return Name(_WORD.unpack_from(body)[0], value.decode("ascii"))
        at += 2 + len(value)
    return None


def _read_blocks(body: bytes, start: int, count: int) -> tuple[Block, ...]:
    found = []
    for at in range(start, start + 24 * count, 24):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, at)
        lost = loss & 0xFFFFFF
        found.append(Block(ssrc, loss >> 24, lost - 2 * _SIGN if lost & _SIGN else lost, highest, jitter, last, delay))
    return tuple(found)


def _blocks(blocks: tuple[Block, ...]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            one.ssrc, one.fraction_lost << 24 | max(-_SIGN, min(one.lost, _SIGN - 1)) & 0xFFFFFF,
            one.highest, one.jitter, one.last_report, one.delay,
        )
        for one in blocks
    )


def _nack_items(lost: tuple[int, ...]) -> bytes:
    items: list[list[int]] = []
    for sequence in lost:
        bit = (sequence - items[-1][0] - 1) & 0xFFFF if items else 0xFFFF
        if bit < 16:
            items[-1][1] |= 1 << bit
        else:
            items.append([sequence, 0])
    return b"".join(_NACK.pack(*item) for item in items)


def _remb(bitrate: int, ssrcs: tuple[int, ...]) -> bytes:
    exponent = max(0, bitrate.bit_length() - 18)
    mantissa = bitrate >> exponent
    head = bytes([len(ssrcs), exponent << 2 | mantissa >> 16, mantissa >> 8 & 0xFF, mantissa & 0xFF])
    return b"REMB" + head + b"".join(map(_WORD.pack, ssrcs))


def _need(body: bytes, size: int) -> None:
    if len(body) < size:
        raise Malformed("An RTCP packet is shorter than its own count says (RFC 3550, 6.4).")
