"""From one incoming stream to the slots that show it. Pure: bytes and times in, bytes out; no socket, no clock.

A track is one incoming SSRC: a microphone, or one layer of a camera. Slots wait on a track until it can be entered:
a picture at a key frame, a voice at its next packet. Until then they keep showing what they showed.
"""

from typing import Final

from conference.media.profile import VP8
from conference.media.rtp import RtpPacket, ahead, ahead_in_time
from conference.media.slot import VIDEO_HEADER, Incoming, Slot, video_header
from conference.media.vp8 import NOTHING, describe

_WINDOW: Final = 1_024
_DROPOUT: Final = 3_000  # RFC 3550, A.1: a larger step forward is a new beginning
_ENTRY_DELAY: Final = 16
_ASK_EVERY_S: Final = 0.3
_REPEAT_AFTER_S: Final = 0.5
_GONE_AFTER_S: Final = 2.0

Sent = tuple[Slot, bytearray]


class Track:
    """One incoming stream and the slots it is on; times are seconds of a monotonic clock."""

    __slots__ = (
        "_asked_at", "_cache", "_highest", "_key_wanted", "_seen", "last_at", "slots", "timestamp", "video", "waiting",
    )

    def __init__(self, *, video: bool) -> None:
        self.video = video
        self.slots: list[Slot] = []
        self.waiting: list[Slot] = []
        self.timestamp = 0
        self.last_at: float | None = None
        self._highest: int | None = None
        self._seen: list[int | None] = [None] * _WINDOW
        self._cache: list[Incoming | None] = [None] * (_WINDOW if video else 0)
        self._asked_at: float | None = None
        self._key_wanted = False

    def receive(self, packet: RtpPacket, at: float) -> list[Sent]:
        """What goes out because this packet came in; nothing for a duplicate or one that is far too late."""
        highest = packet.sequence - 1 if self._highest is None else self._highest
        number = highest + ahead(packet.sequence, highest & 0xFFFF)
        place = number % _WINDOW
        if number <= highest - _WINDOW or self._seen[place] == number:
            return []
        late = number < highest
        step = ahead_in_time(packet.timestamp, self.timestamp)
        if late and step > 0:
            return []  # an older packet of a younger time: nobody honest sends that
        self._seen[place] = number
        begins_anew = not late and self._highest is not None and (number - highest > _DROPOUT or step < 0)
        if not late:
            self._highest, self.timestamp, self.last_at = number, packet.timestamp, at
        if not (self.slots or self.waiting or self._key_wanted):
            return []  # nobody looks, and whoever comes later is owed nothing from before
        incoming = self._incoming(number, packet, at)
        if self.video:
            self._cache[place] = incoming
        if begins_anew:
            self._begin(self.slots, incoming, at)
        entered = self._enter(incoming, at) if self.waiting or self._key_wanted else []
        return self._sent(incoming, entered, at)

    def answer(self, slot: Slot, lost: tuple[int, ...], at: float) -> list[bytearray]:
        """Retransmissions for what a listener of one of our slots misses, within the slot's budget."""
        if not self.video or slot not in self.slots:
            return []
        found = []
        for sequence in lost:
            number = slot.wanted(sequence)
            kept = None if number is None else self._cache[number % _WINDOW]
            if kept is None or kept.number != number:
                continue
            if not slot.afford(at):
                break
            found.append(slot.retransmission(kept, at))
        return found

    def ask_key(self, at: float) -> bool:
        """Somebody needs a key frame; True where the sender is to be asked now, not more often than every 300 ms."""
        self._key_wanted = True
        if self._asked_at is not None and at - self._asked_at < _ASK_EVERY_S:
            return False
        self._asked_at = at
        return True

    def ask_again(self, at: float) -> bool:
        """True where a key frame is still missing half a second after the last request and the stream is alive."""
        if not self.video or not (self._key_wanted or self.waiting):
            return False
        if self.last_at is None or at - self.last_at > _GONE_AFTER_S:
            return False
        if self._asked_at is not None and at - self._asked_at < _REPEAT_AFTER_S:
            return False
        self._asked_at = at
        return True

    def _incoming(self, number: int, packet: RtpPacket, at: float) -> Incoming:
        marker = 0x80 if packet.marker else 0
        if not self.video:
            head = bytes([0x80, marker | packet.payload_type]) + bytes(10)
            return Incoming(number, packet.timestamp, head + packet.payload, NOTHING)
        head = bytes([0x90, marker | VP8]) + bytes(10) + video_header(at)
        assert len(head) == VIDEO_HEADER, "slots patch at fixed places"
        return Incoming(number, packet.timestamp, head + packet.payload, describe(packet.payload))

    def _enter(self, incoming: Incoming, at: float) -> list[Slot]:
        """The waiting slots that come on the track with this packet."""
        assert self._highest is not None, "receive() has set it"
        if self.video:
            opens = incoming.descriptor.key and incoming.number > self._highest - _ENTRY_DELAY
        else:
            opens = incoming.number == self._highest
        if not opens:
            return []
        self._key_wanted = False
        entered, self.waiting = self.waiting, []
        self._begin(entered, incoming, at)
        return entered

    @staticmethod
    def _begin(slots: list[Slot], incoming: Incoming, at: float) -> None:
        for slot in slots:
            slot.begin(incoming, at)

    def _sent(self, incoming: Incoming, entered: list[Slot], at: float) -> list[Sent]:
        found = Slot.numbered(self.slots, incoming, at)
        if not entered:
            return found
        self.slots += entered
        first = Slot.numbered(entered, incoming, at)
        assert len(first) == len(entered), "a segment holds its first packet"
        for _, data in () if self.video else first:
            data[1] |= 0x80  # RFC 3551, 4.1: the first packet of a talkspurt
        return found + first


class Switchboard:
    """Which track is on which slot, and which is coming: the only place where slots change tracks."""

    __slots__ = ("_coming", "_on")

    def __init__(self) -> None:
        self._on: dict[Slot, Track] = {}
        self._coming: dict[Slot, Track] = {}

    def point(self, slot: Slot, track: Track | None) -> None:
        """Show this track on the slot as soon as it can be entered, or nothing from now on."""
        coming = self._coming.pop(slot, None)
        if coming is not None:
            coming.waiting.remove(slot)
        if track is None:
            self._off(slot)
        elif self._on.get(slot) is not track:
            self._coming[slot] = track
            track.waiting.append(slot)

    def receive(self, track: Track, packet: RtpPacket, at: float) -> list[Sent]:
        """What goes out because this packet came in; slots that enter the track leave their old one."""
        waiting = track.waiting
        sent = track.receive(packet, at)
        if waiting and not track.waiting:
            for slot in waiting:
                old = self._on.get(slot)
                if old is not None:
                    old.slots.remove(slot)
                self._on[slot] = self._coming.pop(slot)
        return sent

    def shown(self, slot: Slot) -> Track | None:
        """The track that is on the slot now."""
        return self._on.get(slot)

    def expected(self, slot: Slot) -> Track | None:
        """The track that is or will be on the slot."""
        return self._coming.get(slot) or self._on.get(slot)

    def drop(self, track: Track) -> None:
        """The track has ended: every slot that shows or expects it is empty."""
        for slot in [*track.slots, *track.waiting]:
            if self.expected(slot) is track:
                self.point(slot, None)
            elif self._on.get(slot) is track:
                self._off(slot)

    def _off(self, slot: Slot) -> None:
        track = self._on.pop(slot, None)
        if track is not None:
            track.slots.remove(slot)
        slot.end()
