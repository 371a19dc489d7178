"""One outgoing stream with numbers of its own, whatever it shows.

Two packets under one SSRC and sequence number break AES-GCM (the pair makes the nonce), and a timestamp that runs
backwards freezes the picture. So a slot numbers by *segments*: between two switches the distance to the incoming
numbers is constant, each segment begins after everything sent before it, and nothing older than a segment's first
packet is ever sent in it.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Final, NamedTuple

from conference.media.profile import AUDIO_CLOCK, RTX, VIDEO_CLOCK, Extension
from conference.media.rtp import ahead
from conference.media.vp8 import Descriptor

_NUMBERS = Struct("!HII")
_ORIGINAL = Struct("!H")
_PICTURE = Struct("!H")
_U16 = 0xFFFF
_U32 = 0xFFFFFFFF
_BUDGET_PER_S: Final = 40.0
_BURST: Final = 60.0
_LONGEST_PAUSE_S: Final = 600.0  # a step of more than half the circle of 2^32 ticks would read as a step back
VIDEO_HEADER: Final = 20
"""Bytes before the payload of an outgoing video packet: header and one extension, the send time."""


class Incoming(NamedTuple):
    """A packet on its way to slots: a template that only needs a slot's numbers; `number` is the extended sequence."""

    number: int
    timestamp: int
    template: bytes
    descriptor: Descriptor


class _Segment(NamedTuple):
    """From one switch to the next: what is added to incoming numbers."""

    first: int
    shift: int
    time: int
    picture: int
    base_layer: int


class Slot:
    """One outgoing stream of one listener; at most one track is on it, and at most one is coming.

    `sequence` and `timestamp` are where the numbers start; the caller draws them by chance (RFC 3550, 5.1).
    """

    __slots__ = (
        "_asked", "_base_layer", "_budget", "_budget_at", "_header", "_last_at", "_latest", "_number", "_picture",
        "_retransmission", "_segment", "_timestamp", "octets", "packets", "retransmission_ssrc", "ssrc", "video",
    )

    def __init__(self, *, video: bool, ssrc: int, retransmission_ssrc: int, sequence: int, timestamp: int) -> None:
        self.video = video
        self.ssrc = ssrc
        self.retransmission_ssrc = retransmission_ssrc
        self.packets = 0
        self.octets = 0
        self._header = VIDEO_HEADER if video else 12
        self._number = sequence
        self._latest: Incoming | None = None
        self._timestamp = timestamp
        self._picture = 0
        self._base_layer = 0
        self._retransmission = sequence
        self._last_at: float | None = None
        self._segment: _Segment | None = None
        self._asked = 0
        self._budget = _BURST
        self._budget_at = 0.0

    @property
    def clock(self) -> int:
        """Timestamp ticks a second."""
        return VIDEO_CLOCK if self.video else AUDIO_CLOCK

    def timestamp_of(self, incoming: int) -> int | None:
        """What an incoming timestamp is on this slot; None while nothing was sent since the last switch."""
        return None if self._segment is None else (incoming + self._segment.time) & _U32

    def begin(self, packet: Incoming, at: float) -> None:
        """A new segment starts with this packet: numbers go on where the last one ended."""
        self.end()
        elapsed = min(at - self._last_at, _LONGEST_PAUSE_S) if self._last_at is not None else 0.0
        timestamp = self._timestamp + max(1, int(elapsed * self.clock))
        seen = packet.descriptor
        self._asked = packet.number
        self._segment = _Segment(
            first=packet.number,
            shift=self._number + 1 - packet.number,
            time=timestamp - packet.timestamp,
            picture=self._picture + 1 - seen.picture,
            base_layer=self._base_layer + 1 - seen.base_layer,
        )

    def end(self) -> None:
        """Nothing more comes of what is on the slot; what was lost of it is not sent again."""
        latest, segment = self._latest, self._segment
        self._latest = self._segment = None
        if latest is None or segment is None:
            return
        seen = latest.descriptor
        self._timestamp = (latest.timestamp + segment.time) & _U32
        if seen.picture_at >= 0:
            self._picture = seen.picture + segment.picture & 0x7FFF
        if seen.base_layer_at >= 0:
            self._base_layer = seen.base_layer + segment.base_layer & 0xFF

    @staticmethod
    def numbered(slots: Iterable["Slot"], packet: Incoming, at: float) -> list[tuple["Slot", bytearray]]:
        """The packet with each slot's numbers; none for a slot where it is older than the last switch.

        This runs once for each packet and listener: what can be worked out at the next switch is left until then.
        """
        number, timestamp, template, (_, picture_at, picture, base_layer_at, base_layer) = packet
        found: list[tuple[Slot, bytearray]] = []
        for slot in slots:
            segment = slot._segment
            if segment is None or number < segment.first:
                continue
            _, shift, time, picture_shift, base_layer_shift = segment
            outgoing = number + shift
            data = bytearray(template)
            _NUMBERS.pack_into(data, 2, outgoing & _U16, (timestamp + time) & _U32, slot.ssrc)
            if picture_at >= 0:
                _PICTURE.pack_into(data, VIDEO_HEADER + picture_at, 0x8000 | picture + picture_shift & 0x7FFF)
            if base_layer_at >= 0:
                data[VIDEO_HEADER + base_layer_at] = base_layer + base_layer_shift & 0xFF
            if outgoing > slot._number:
                slot._number, slot._last_at, slot._latest = outgoing, at, packet
            slot.packets += 1
            slot.octets += len(data) - slot._header
            found.append((slot, data))
        return found

    def wanted(self, sequence: int) -> int | None:
        """The incoming number of what a listener misses; None where it was before the last switch or never sent."""
        if self._segment is None:
            return None
        number = self._number + ahead(sequence, self._number & _U16)
        incoming = number - self._segment.shift
        return incoming if incoming >= self._segment.first and number <= self._number else None

    def missed(self, lost: tuple[int, ...]) -> int:
        """How many of these, sent since the last switch, a listener asks for that it never asked for before."""
        wanted = [number for one in lost if (number := self.wanted(one)) is not None and number > self._asked]
        self._asked = max(wanted, default=self._asked)
        return len(wanted)

    def afford(self, at: float) -> bool:
        """Whether one more retransmission is within the budget; a storm of them would fill a thin line."""
        self._budget = min(_BURST, self._budget + max(0.0, at - self._budget_at) * _BUDGET_PER_S)
        self._budget_at = at
        if self._budget < 1:
            return False
        self._budget -= 1
        return True

    def retransmission(self, packet: Incoming, at: float) -> bytearray:
        """The packet once more, on the stream for that purpose and under a number never used (RFC 4588)."""
        segment = self._segment
        assert segment is not None, "wanted() found it in the current segment"
        data = bytearray(packet.template[:VIDEO_HEADER])
        data += _ORIGINAL.pack((packet.number + segment.shift) & _U16) + packet.template[VIDEO_HEADER:]
        data[1] = data[1] & 0x80 | RTX
        data[17:20] = send_time(at)
        timestamp = (packet.timestamp + segment.time) & _U32
        _NUMBERS.pack_into(data, 2, self._retransmission & _U16, timestamp, self.retransmission_ssrc)
        _rename(data, VIDEO_HEADER + 2, packet.descriptor, segment)
        self._retransmission += 1
        return data


def _rename(data: bytearray, start: int, seen: Descriptor, segment: _Segment) -> None:
    """Number the picture as the slot does."""
    if seen.picture_at >= 0:
        _PICTURE.pack_into(data, start + seen.picture_at, 0x8000 | seen.picture + segment.picture & 0x7FFF)
    if seen.base_layer_at >= 0:
        data[start + seen.base_layer_at] = seen.base_layer + segment.base_layer & 0xFF


def send_time(at: float) -> bytes:
    """The time of sending as 6.18 fixed-point seconds, for the listener's estimate of its line."""
    return (int(at * 262_144) & 0xFFFFFF).to_bytes(3, "big")


def video_header(at: float) -> bytes:
    """The extension block of an outgoing video packet: the send time alone."""
    return b"\xbe\xde\x00\x01" + bytes([Extension.SEND_TIME << 4 | 2]) + send_time(at)
