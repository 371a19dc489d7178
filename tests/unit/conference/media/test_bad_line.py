"""A tenth of everything is lost both ways, in virtual time: every frame arrives whole, and the picture hardly freezes.

The forwarder is the real one; sender, listener and line are models of a browser's rules, so the result depends on no
machine: 25 frames a second of three packets, 20 ms each way, gaps asked for at once and again after a round trip.
"""

from heapq import heappop, heappush
from itertools import count, pairwise
from random import Random

import pytest

from conference.media import rtcp, rtp
from conference.media.meeting import Meeting, Out
from conference.media.participant import participant
from conference.media.profile import RTX

WAY_S, STEP_S, FRAME_S, PARTS = 0.02, 0.005, 0.04, 3
RUN_S = 10.0
ASK_AGAIN_S = 0.05
SHOWN_BY = 5
"""Frames after the last that counts: a lost packet shows by the next one."""
BUFFER_S = 0.15
"""What a browser holds pictures back on a line that loses: some round trips."""
REPAIR = 2
"""SSRC the sender repeats under."""


class Line:
    """Two people, the meeting between them, and datagrams in flight; `loss` is a share, either way."""

    def __init__(self, loss: float, seed: int) -> None:
        self.loss, self.chance, self.at = loss, Random(seed), 100.0
        self.meeting, self.ana, self.bo = Meeting(), participant("ana"), participant("bo")
        self.meeting.enter(self.ana)
        self.meeting.enter(self.bo)
        self.meeting.announce(self.ana, "cam", 1, REPAIR)
        self.flying: list[tuple[float, int, str, bytes]] = []
        self.order = count()
        self.sent: dict[int, rtp.RtpPacket] = {}
        self.repeats = count(1)
        self.slot = next(seat.slot for seat in self.bo.seats if seat.place.mid == "v0")
        self.arrived: dict[int, bytes] = {}
        self.asked: dict[int, float] = {}
        self.key = True
        self.begun: int | None = None
        self.whole: list[float] = []

    def fly(self, to: str, data: bytes) -> None:
        if self.chance.random() >= self.loss:
            heappush(self.flying, (self.at + WAY_S, next(self.order), to, data))

    def put(self, out: Out) -> None:
        for one, data in out:
            self.fly(one.person, bytes(data))

    def frame(self, number: int) -> None:
        """The sender's camera gives a frame: a key frame where one was asked for."""
        for part in range(PARTS):
            sequence = number * PARTS + part + 1
            head = b"\x10" + (b"\x00" if self.key else b"\x01") if part == 0 else b"\x00\x01"
            body = head + number.to_bytes(4, "big") + bytes([part]) + bytes(900)
            packet = rtp.RtpPacket(96, sequence, number * 3600, 1, body, marker=part == PARTS - 1)
            self.sent[sequence] = packet
            self.fly("server", rtp.serialise(packet))
        self.key = False

    def step(self) -> None:
        self.at += STEP_S
        while self.flying and self.flying[0][0] <= self.at:
            _, _, to, data = heappop(self.flying)
            {"server": self.serve, "ana": self.repeat, "bo": self.show}[to](data)
        self.ask()

    def serve(self, data: bytes) -> None:
        if 192 <= data[1] <= 223:
            self.put(self.meeting.take_reports(self.bo, data, self.at))
        else:
            self.put(self.meeting.take_media(self.ana, data, self.at))

    def repeat(self, data: bytes) -> None:
        """The sender's browser answers what the forwarder misses."""
        if not 192 <= data[1] <= 223:
            return
        for packet in rtcp.parse(data):
            self.key = self.key or isinstance(packet, rtcp.PictureLoss)
            for sequence in packet.lost if isinstance(packet, rtcp.Nack) else ():
                old = self.sent[sequence]
                again = old._replace(
                    payload_type=RTX, ssrc=REPAIR, sequence=next(self.repeats),
                    payload=sequence.to_bytes(2, "big") + old.payload,
                )
                self.fly("server", rtp.serialise(again))

    def show(self, data: bytes) -> None:
        """The listener's browser collects packets until a frame is whole and every one before it was."""
        if 192 <= data[1] <= 223:
            return
        packet = rtp.parse(data)
        if packet.payload_type == RTX:
            packet = rtp.unwrap_retransmission(packet, ssrc=self.slot.ssrc, payload_type=96)
        self.arrived[packet.sequence] = packet.payload
        parts: dict[int, set[int]] = {}
        for payload in self.arrived.values():
            parts.setdefault(int.from_bytes(payload[2:6], "big"), set()).add(payload[6])
        self.begun = min(parts) if self.begun is None else self.begun
        while len(parts.get(self.begun + len(self.whole), ())) == PARTS:
            self.whole.append(self.at)

    def ask(self) -> None:
        if not self.arrived:
            return
        first, last = min(self.arrived), max(self.arrived)
        missing = [
            one for one in range(first, last)
            if one not in self.arrived and self.at - self.asked.get(one, 0.0) >= ASK_AGAIN_S
        ]
        if missing:
            self.asked.update(dict.fromkeys(missing, self.at))
            self.fly("server", rtcp.serialise(rtcp.Nack(9, self.slot.ssrc, tuple(missing))))


def frozen(times: list[float]) -> float:
    """Seconds of freezes as WebRTC counts them: a gap of three average ones, or of one and 150 ms, is one."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    average = sum(gaps) / len(gaps)
    return sum(gap for gap in gaps if gap > max(3 * average, average + 0.15))


@pytest.mark.parametrize("seed", range(6))
def test_a_tenth_lost_both_ways_costs_no_frame_and_less_than_half_a_second(seed: int):
    line = Line(0.1, seed)
    frames = int(RUN_S / FRAME_S)
    for step in range(int(RUN_S / STEP_S) + 240):
        number = round(step * STEP_S / FRAME_S)
        if step % round(FRAME_S / STEP_S) == 0 and number < frames + SHOWN_BY:
            line.frame(number)
        if step % 4 == 0:
            line.put(line.meeting.tick(line.at))
        if step % 40 == 0:
            line.meeting.arrange(line.at)
        line.loss = 0.0 if not line.whole else 0.1  # the picture has begun before the line turns bad
        line.step()
    assert line.begun is not None
    assert len(line.whole) >= frames - line.begun > 200
    due = [line.whole[0] + BUFFER_S + FRAME_S * number for number in range(len(line.whole))]
    assert frozen([max(one, other) for one, other in zip(due, line.whole, strict=True)]) < 0.5
