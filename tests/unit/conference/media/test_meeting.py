"""A room's media without a network: who is shown to whom, what is asked of senders, what is sent again."""

import pytest

from conference.media import rtcp, rtp
from conference.media.errors import Malformed
from conference.media.meeting import Meeting, Shown
from conference.media.participant import Participant, participant

KEY, INTER = b"\x90\x80\x80\x05\x00", b"\x90\x80\x80\x06\x01"


class Room:
    """A meeting with a clock, and senders that number their packets."""

    def __init__(self, *people: str) -> None:
        self.meeting = Meeting()
        self.at = 10.0
        self.people = {name: participant(name) for name in people}
        self.sequences: dict[int, int] = {}
        for one in self.people.values():
            self.meeting.enter(one)

    def sends(self, name: str, ssrc: int, mid: str, payload: bytes, *, rid: str | None = None, level: int = 127):
        sequence = self.sequences[ssrc] = self.sequences.get(ssrc, 0) + 1
        extensions = ((4, mid.encode()), (3, sequence.to_bytes(2, "big")))
        extensions += ((10, rid.encode()),) if rid else ()
        extensions += ((1, bytes([level])),) if mid == "mic" else ()
        packet = rtp.RtpPacket(
            111 if mid == "mic" else 96, sequence, int(self.at * 90_000) & 0xFFFFFFFF, ssrc, payload,
            extensions=extensions,
        )
        return self.meeting.take_media(self.people[name], rtp.serialise(packet), self.at)

    def says(self, name: str, *packets: rtcp.Packet):
        return self.meeting.take_reports(self.people[name], b"".join(map(rtcp.serialise, packets)), self.at)

    def ssrc(self, name: str, place: str) -> int:
        return next(seat.place.ssrc for seat in self.people[name].seats if seat.place.mid == place)


def names(out) -> list[str]:
    return [one.person for one, _ in out]


def asked(out) -> list[tuple[str, rtcp.Packet]]:
    return [(one.person, packet) for one, data in out for packet in rtcp.parse(bytes(data))]


def watched(*people: str) -> Room:
    """A room in which ana's camera is on everybody's first tile."""
    room = Room("ana", *people)
    room.sends("ana", 1, "cam", INTER, rid="h")
    room.meeting.arrange(room.at)
    room.sends("ana", 1, "cam", KEY, rid="h")
    return room


def test_a_voice_reaches_everybody_but_its_owner():
    room = Room("ana", "bo", "cy")
    assert room.sends("ana", 1, "mic", b"opus", level=20) == []
    shown = room.meeting.arrange(room.at)
    assert set(shown) == {Shown("bo", "a0", "ana", "mic"), Shown("cy", "a0", "ana", "mic")}
    assert names(room.sends("ana", 1, "mic", b"opus", level=20)) == ["bo", "cy"]
    assert room.meeting.arrange(room.at) == []


def test_a_camera_is_shown_from_its_key_frame_in_the_high_layer():
    room = Room("ana", "bo")
    room.sends("ana", 1, "cam", INTER, rid="l")
    room.sends("ana", 2, "cam", INTER, rid="h")
    assert room.meeting.arrange(room.at) == [Shown("bo", "v0", "ana", "cam")]
    assert asked(room.meeting.tick(room.at))[:1] == [("ana", rtcp.PictureLoss(room.people["ana"].ssrc, 2))]
    assert room.sends("ana", 1, "cam", KEY, rid="l") == []
    assert names(room.sends("ana", 2, "cam", KEY, rid="h")) == ["bo"]


def test_a_lossy_line_gets_the_low_layer_and_keeps_its_tile():
    room = watched("bo")
    room.sends("ana", 9, "cam", INTER, rid="l")
    lossy = rtcp.Block(room.ssrc("bo", "v0"), 64, 10, 5, 0, 0, 0)
    room.says("bo", rtcp.ReceiverReport(1, (lossy,)))
    assert room.meeting.arrange(room.at) == []
    assert names(room.sends("ana", 1, "cam", INTER, rid="h")) == ["bo"]
    assert names(room.sends("ana", 9, "cam", KEY, rid="l")) == ["bo"]
    assert room.sends("ana", 1, "cam", INTER, rid="h") == []


def test_a_layer_that_ends_beside_another_gives_way_to_it_at_once():
    room = watched("bo")
    room.sends("ana", 9, "cam", INTER, rid="l")
    assert asked(room.meeting.tick(room.at)) == []
    room.at += 0.3
    room.sends("ana", 9, "cam", INTER, rid="l")
    assert asked(room.meeting.tick(room.at)) == [("ana", rtcp.PictureLoss(room.people["ana"].ssrc, 9))]
    assert names(room.sends("ana", 9, "cam", KEY, rid="l")) == ["bo"]


def test_a_screen_has_a_place_of_its_own():
    room = Room("ana", "bo")
    room.sends("ana", 1, "screen", INTER)
    assert room.meeting.arrange(room.at) == [Shown("bo", "s0", "ana", "screen")]


def test_the_sixth_voice_displaces_one_that_is_silent():
    people = [f"p{number}" for number in range(7)]
    room = Room("me", *people)
    for number, name in enumerate(people):
        room.sends(name, 100 + number, "mic", b"opus")
    room.meeting.arrange(room.at)
    heard = [seat.chosen for seat in room.people["me"].seats if seat.chosen]
    assert [person for person, _ in heard] == people[:5]
    for _ in range(20):
        room.sends("p6", 106, "mic", b"opus", level=10)
    changes = [change for change in room.meeting.arrange(room.at) if change.listener == "me"]
    assert [(change.person, change.source) for change in changes] == [("p6", "mic")]


def test_a_camera_that_falls_silent_leaves_its_tile():
    room = watched("bo")
    room.at += 2.5
    assert room.meeting.arrange(room.at) == [Shown("bo", "v0", None, "cam")]


def test_who_leaves_is_taken_off_every_place():
    room = watched("bo")
    room.meeting.leave(room.people["ana"])
    room.meeting.leave(room.people["ana"])
    assert room.meeting.arrange(room.at) == [Shown("bo", "v0", None, "cam")]
    assert list(room.meeting.participants) == ["bo"]


def test_who_enters_again_replaces_the_old_connection():
    room = watched("bo")
    again = participant("ana")
    room.meeting.enter(again)
    room.meeting.leave(room.people["ana"])
    assert room.meeting.participants["ana"] is again
    assert room.meeting.arrange(room.at) == [Shown("bo", "v0", None, "cam")]


def test_a_sender_with_a_new_number_is_shown_again():
    room = watched("bo")
    room.sends("ana", 5, "cam", INTER, rid="h")
    room.meeting.arrange(room.at)
    assert names(room.sends("ana", 5, "cam", KEY, rid="h")) == ["bo"]
    assert list(room.people["ana"].streams) == [5]


def test_a_loss_of_the_listener_is_answered_and_a_loss_of_picture_passed_on():
    room = watched("bo")
    room.sends("ana", 1, "cam", INTER, rid="h")
    ssrc = room.ssrc("bo", "v0")
    seat = room.people["bo"].seat_of(ssrc)
    assert seat is not None
    (_, first), = room.sends("ana", 1, "cam", INTER, rid="h")
    lost = rtp.parse(bytes(first)).sequence - 1 & 0xFFFF
    ((name, data),) = [(one.person, data) for one, data in room.says("bo", rtcp.Nack(1, ssrc, (lost,)))]
    assert (name, rtp.parse(bytes(data)).ssrc) == ("bo", seat.place.retransmission_ssrc)
    expected = [("ana", rtcp.PictureLoss(room.people["ana"].ssrc, 1))]
    assert asked(room.says("bo", rtcp.PictureLoss(1, ssrc))) == expected
    assert asked(room.says("bo", rtcp.FullIntraRequest(1, ((ssrc, 3),)))) == []
    room.at += 0.4
    assert asked(room.says("bo", rtcp.FullIntraRequest(1, ((ssrc, 4),)))) == expected


def test_what_a_listener_says_of_foreign_numbers_is_ignored():
    room = watched("bo")
    foreign = (rtcp.Nack(1, 99, (5,)), rtcp.PictureLoss(1, 99), rtcp.Bye((1,)), rtcp.Bandwidth(1, 9, ()))
    assert room.says("bo", *foreign) == []


def test_a_gap_is_asked_for_and_its_repair_forwarded_once():
    room = watched("bo")
    room.sequences[1] += 1
    forwarded, request = room.sends("ana", 1, "cam", INTER, rid="h")
    assert names([forwarded]) == ["bo"]
    assert asked([request]) == [("ana", rtcp.Nack(room.people["ana"].ssrc, 1, (3,)))]
    assert asked(room.meeting.tick(room.at)) == []
    sent, room.at = room.at, room.at + 0.05
    assert ("ana", rtcp.Nack(room.people["ana"].ssrc, 1, (3,))) in asked(room.meeting.tick(room.at))
    repair = rtp.serialise(rtp.RtpPacket(
        97, 70, int(sent * 90_000), 77, b"\x00\x03" + INTER, extensions=((4, b"cam"), (11, b"h")),
    ))
    ana = room.people["ana"]
    assert names(room.meeting.take_media(ana, repair, room.at)) == ["bo"]
    assert room.meeting.take_media(ana, repair, room.at) == []


def test_a_repair_of_nothing_known_is_dropped():
    room = watched("bo")
    known = ((4, b"cam"), (11, b"h"))
    for extensions, payload in ((((4, b"mic"),), b"\x00\x03x"), ((), b"\x00\x03x"), (known, b"\x00")):
        data = rtp.serialise(rtp.RtpPacket(97, 70, 5, 78, payload, extensions=extensions))
        assert room.meeting.take_media(room.people["ana"], data, room.at) == []


@pytest.mark.parametrize(("mid", "rid"), [("a0", None), ("cam", "x"), ("mic", "l"), ("", None)])
def test_lines_and_layers_that_were_never_offered_are_not_learned(mid: str, rid: str | None):
    room = Room("ana", "bo")
    layer = ((10, rid.encode()),) if rid else ()
    packet = rtp.RtpPacket(96, 1, 1, 5, KEY, extensions=((4, mid.encode() or b"-"), *layer))
    assert room.meeting.take_media(room.people["ana"], rtp.serialise(packet), room.at) == []
    assert room.people["ana"].streams == {}


def test_reports_tell_senders_and_listeners_the_time():
    room = watched("bo")
    room.says("ana", rtcp.SenderReport(1, 5 << 32, 900_000, 1, 1))
    room.at += 1.0
    found = asked(room.meeting.report(room.at, 77 << 32))
    (ana,) = [packet for name, packet in found if name == "ana"]
    assert isinstance(ana, rtcp.ReceiverReport)
    assert (ana.blocks[0].ssrc, ana.blocks[0].delay) == (1, 65_536)
    sender, cname = [packet for name, packet in found if name == "bo"]
    assert isinstance(sender, rtcp.SenderReport)
    assert (sender.ssrc, sender.ntp, sender.packets) == (room.ssrc("bo", "v0"), 77 << 32, 1)
    assert cname == rtcp.Name(sender.ssrc, "consilium")
    assert Meeting().report(1.0, 1) == []


def test_arrivals_are_fed_back():
    room = watched("bo")
    feedback = [packet for _, packet in asked(room.meeting.feedback()) if isinstance(packet, rtcp.TransportFeedback)]
    assert [int.from_bytes(packet.body[2:4], "big") for packet in feedback] == [2]


def test_an_announced_number_needs_no_extension():
    room = Room("ana", "bo")
    room.meeting.announce(room.people["ana"], "screen", 8, 9)
    data = rtp.serialise(rtp.RtpPacket(96, 1, 1, 8, INTER))
    room.meeting.take_media(room.people["ana"], data, room.at)
    assert room.meeting.arrange(room.at) == [Shown("bo", "s0", "ana", "screen")]


def test_padding_that_probes_the_line_is_not_forwarded():
    room = watched("bo")
    assert room.sends("ana", 1, "cam", b"", rid="h") == []


def test_rubbish_is_malformed():
    room = Room("ana")
    with pytest.raises(Malformed):
        room.meeting.take_media(room.people["ana"], b"\x80", 1.0)
    with pytest.raises(Malformed):
        room.meeting.take_reports(room.people["ana"], b"\x80\xc8\x00\x01abcd", 1.0)


def test_every_number_of_a_person_is_different():
    one: Participant = participant("ana")
    numbers = [number for seat in one.seats for number in (seat.place.ssrc, seat.place.retransmission_ssrc)]
    assert len({*numbers, one.ssrc}) == 21
