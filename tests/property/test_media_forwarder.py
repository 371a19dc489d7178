"""Laws of forwarding, over any interleaving of switches, losses, reordering, duplicates, late packets and restarts.

1. No (SSRC, SRTP index) is sent twice: AES-GCM would break. A real SRTP session without repeats agrees.
2. In the order of their numbers, the packets of a stream never run backwards in time.
3. Between two switches the distance to the incoming numbers is constant, and a picture begins with a key frame.
4. Picture numbers never step back in the order of sequence numbers.
"""

import struct
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from conference.media import rtp
from conference.media.forwarder import Switchboard, Track
from conference.media.slot import Slot
from conference.media.vp8 import describe

KEY = bytes(range(44))


def unwrapped(known: int | None, value: int, bits: int) -> int:
    """The extended number nearest to the highest known one (RFC 3711, 3.3.1)."""
    if known is None:
        return value
    size = 1 << bits
    distance = (value - known) % size
    return known + distance - (size if distance >= size // 2 else 0)


@dataclass
class Publisher:
    """An honest sender: sequence numbers by one, time forwards; restarts jump as a browser's do."""

    name: int
    video: bool
    sequence: int
    timestamp: int
    picture: int = 0x7FF0
    track: Track = field(init=False)
    flying: list[rtp.RtpPacket] = field(default_factory=list)
    history: list[rtp.RtpPacket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.track = Track(video=self.video)

    def send(self, parts: int, key: bool) -> None:
        self.timestamp += 3000
        self.picture += 1
        for part in range(parts):
            self.sequence += 1
            first = bytes([0x90 if part == 0 else 0x80, 0xC0, 0x80 | self.picture >> 8 & 0x7F])
            head = first + bytes([self.picture & 0xFF, self.picture & 0xFF, 0 if key else 1]) if self.video else b""
            self.flying.append(rtp.RtpPacket(
                payload_type=96 if self.video else 111, sequence=self.sequence & 0xFFFF,
                timestamp=self.timestamp & 0xFFFFFFFF,
                ssrc=self.name, payload=head + struct.pack("!Iq", self.name, self.sequence), marker=part == parts - 1,
            ))

        self.history += self.flying[-parts:]

    def restart(self, far: bool) -> None:
        self.sequence += 5000 if far else 1
        self.timestamp += -500_000 if not far else 2**30


class Listener:
    """Receives what leaves one slot and holds the laws against it."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.indices: dict[int, int | None] = {slot.ssrc: None, slot.retransmission_ssrc: None}
        self.sent: dict[tuple[int, int], rtp.RtpPacket] = {}
        self.switches: list[int] = []
        policy = Policy(KEY, Policy.SSRC_ANY_OUTBOUND, 0, Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
        policy.allow_repeat_tx = False
        policy.window_size = 2048
        self.srtp = Session(policy)

    def take(self, data: bytearray) -> int:
        packet = rtp.parse(bytes(data))
        self.srtp.protect(bytes(data))  # raises for an index that was used
        index = unwrapped(self.indices[packet.ssrc], packet.sequence, 16)
        known = self.indices[packet.ssrc]
        self.indices[packet.ssrc] = index if known is None else max(known, index)
        assert (packet.ssrc, index) not in self.sent
        self.sent[packet.ssrc, index] = packet
        return index

    def judge(self) -> None:
        stream = [packet for (ssrc, _), packet in sorted(self.sent.items()) if ssrc == self.slot.ssrc]
        indices = [index for ssrc, index in sorted(self.sent) if ssrc == self.slot.ssrc]
        time = picture = None
        origin = None
        for index, packet in zip(indices, stream, strict=True):
            timestamp = unwrapped(time, packet.timestamp, 32)
            assert time is None or timestamp >= time
            time = timestamp
            name, number = struct.unpack("!Iq", packet.payload[-12:])
            if self.slot.video:
                seen = describe(packet.payload)
                shown = unwrapped(picture, seen.picture, 15)
                assert picture is None or shown >= picture
                picture = shown
            if origin != (name, index - number):
                assert origin is None or index in self.switches
                origin = (name, index - number)


class World:
    """Three senders, two listeners, one switchboard and a clock."""

    def __init__(self, video: bool, starts: list[int]) -> None:
        self.at = 100.0
        self.board = Switchboard()
        self.senders = [Publisher(name, video, start, start * 70_000 & 0xFFFFFFFF) for name, start in enumerate(starts)]
        slots = [
            Slot(video=video, ssrc=10 + at, retransmission_ssrc=20 + at, sequence=65_500, timestamp=2**32 - 9000)
            for at in range(2)
        ]
        self.listeners = [Listener(slot) for slot in slots]
        for at, listener in enumerate(self.listeners):
            self.board.point(listener.slot, self.senders[at].track)

    def step(self, chance: Random) -> None:
        """One thing happens, as often as it does on a bad day."""
        self.at += 0.001
        sender = chance.randrange(3)
        publisher = self.senders[sender]
        what = chance.random()
        if what < 0.3:
            publisher.send(chance.randint(1, 3), chance.random() < 0.4)
        elif what < 0.85:
            self.fly(publisher, chance)
        elif what < 0.9:
            if publisher.history:
                self.arrive(publisher, chance.choice(publisher.history))
        elif what < 0.95:
            self.point(chance.randrange(2), chance.choice([-1, 0, 1, 2, 0, 1, 2]))
        elif what < 0.98:
            self.nack(chance.randrange(2), chance.randrange(12))
        elif what < 0.99:
            self.at += chance.random() * 2
        else:
            publisher.restart(chance.random() < 0.5)

    def fly(self, publisher: Publisher, chance: Random) -> None:
        """A packet arrives: mostly the next, sometimes one behind it, sometimes twice, sometimes never."""
        if not publisher.flying:
            return
        place = chance.choice([0, 0, 0, 0, 1, 2, 7, -1])
        place = place if -1 <= place < len(publisher.flying) else 0
        fate = chance.random()
        packet = publisher.flying[place] if fate > 0.95 else publisher.flying.pop(place)
        if fate > 0.08:
            self.arrive(publisher, packet)

    def arrive(self, publisher: Publisher, packet: rtp.RtpPacket) -> None:
        before = {listener.slot: self.board.shown(listener.slot) for listener in self.listeners}
        restarted = publisher.track.timestamp
        for slot, data in self.board.receive(publisher.track, packet, self.at):
            listener = next(one for one in self.listeners if one.slot is slot)
            index = listener.take(data)
            jumped = abs(rtp.ahead_in_time(packet.timestamp, restarted)) > 400_000
            entered = before[slot] is not publisher.track
            if entered and slot.video:
                assert describe(packet.payload).key
            if entered or jumped:
                listener.switches.append(index)

    def point(self, listener: int, sender: int) -> None:
        track = self.senders[sender].track if sender >= 0 else None
        slot = self.listeners[listener].slot
        if track is None and self.board.shown(slot) is not None:
            self.board.point(slot, None)
        self.board.point(slot, track)

    def nack(self, listener: int, back: int) -> None:
        one = self.listeners[listener]
        track = self.board.shown(one.slot)
        highest = one.indices[one.slot.ssrc]
        if track is None or highest is None:
            return
        for data in track.answer(one.slot, ((highest - back) & 0xFFFF, (highest + back) & 0xFFFF), self.at):
            one.take(data)
            again = rtp.unwrap_retransmission(rtp.parse(bytes(data)), ssrc=one.slot.ssrc, payload_type=96)
            original = one.sent.get((one.slot.ssrc, unwrapped(highest, again.sequence, 16)))
            if original is not None:
                assert (again.payload, again.timestamp, again.marker) == (
                    original.payload, original.timestamp, original.marker
                )


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.booleans(), st.lists(st.sampled_from([1, 65_400, 65_535, 30_000]), min_size=3, max_size=3), st.integers(0))
def test_no_number_is_used_twice_and_time_never_runs_backwards(video: bool, starts: list[int], seed: int):
    world = World(video, starts)
    chance = Random(seed)
    for _ in range(400):
        world.step(chance)
    for listener in world.listeners:
        listener.judge()
    assert sum(len(listener.sent) for listener in world.listeners) > 20, "laws of nothing hold always"
