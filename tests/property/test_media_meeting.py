"""An admitted person may send anything: it is forwarded, dropped or Malformed, and the meeting's own turns go on."""

from contextlib import suppress
from random import Random

from conference.media import rtcp, rtp
from conference.media.errors import Malformed
from conference.media.meeting import Meeting
from conference.media.participant import participant

NAMES = ("ana", "bo", "cy")


def packet(chance: Random) -> bytes:
    """A packet of one of a few streams, with whatever numbers, extensions and payload."""
    ssrc = chance.randrange(6)
    values = {
        1: [b"\x10", b"\x7f", b""], 3: [b"\x00\x01", chance.randbytes(2), b"x"],
        4: [b"mic", b"mic", b"a0"] if ssrc < 2 else [b"cam", b"cam", b"screen", b"\xff"],
        10: [b"l", b"h", b"x"], 11: [b"l", b"h", b"x"],
    }
    wanted = [identity for identity in values if chance.random() < 0.6 and not (ssrc < 2 and identity > 9)]
    kind = chance.choice([111, 111, 96, 0] if ssrc < 2 else [96, 96, 96, 97, 111])
    return rtp.serialise(rtp.RtpPacket(
        kind, chance.choice([1, 2, 3, 65_535, chance.getrandbits(16)]), chance.getrandbits(32), ssrc,
        chance.choice([b"", b"\x10\x00", b"\x90\x80\x80\x05\x00", chance.randbytes(9)]),
        marker=chance.random() < 0.5, padding=chance.choice([0, 4]),
        extensions=tuple((identity, chance.choice(values[identity])) for identity in wanted),
    ))


def report(chance: Random, ssrcs: list[int]) -> bytes:
    """Feedback on our streams or on none."""
    ssrc = chance.choice(ssrcs)
    lost = tuple(chance.getrandbits(16) for _ in range(5))
    block = rtcp.Block(ssrc, chance.getrandbits(8), 1, 2, 3, 4, 5)
    return rtcp.serialise(chance.choice([
        rtcp.Nack(1, ssrc, lost), rtcp.PictureLoss(1, ssrc), rtcp.FullIntraRequest(1, ((ssrc, 1),)),
        rtcp.ReceiverReport(1, (block,)), rtcp.SenderReport(chance.randrange(6), 9 << 32, 1, 2, 3, (block,)),
        rtcp.Bye((1,)), rtcp.Bandwidth(1, 1000, (ssrc,)), rtcp.TransportFeedback(1, 2, chance.randbytes(8)),
    ]))


def test_whatever_an_admitted_person_sends_the_meeting_goes_on():
    assert sum(_sent(Random(seed)) for seed in range(20)) > 20, "laws of nothing hold always"


def _sent(chance: Random) -> int:
    """How many packets left a meeting in which anything came in."""
    meeting = Meeting()
    at = 10.0
    sent = 0
    for _ in range(300):
        at += chance.random() / 10
        name = chance.choice(NAMES)
        one = meeting.participants.get(name)
        if one is None or chance.random() < 0.01:
            meeting.enter(participant(name))
            continue
        ssrcs = [*range(6), *(seat.place.ssrc for seat in one.seats)]
        data = chance.choice([packet(chance), packet(chance), report(chance, ssrcs), chance.randbytes(30)])
        reports = 192 <= data[1] <= 223
        with suppress(Malformed):
            sent += len((meeting.take_reports if reports else meeting.take_media)(one, data, at))
        meeting.arrange(at)
        meeting.tick(at)
        meeting.feedback()
        meeting.report(at, 1 << 32)
        assert all(len(person.streams) <= 5 and len(person.repairs) <= 5 for person in meeting.participants.values())
        if chance.random() < 0.01:
            meeting.leave(one)
    return sent
