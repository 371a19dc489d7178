"""Forwarding one stream to slots: when a slot enters, what it is sent, what is sent again."""



from conference.media import rtp
from conference.media.forwarder import Switchboard, Track
from conference.media.slot import Slot
from conference.media.vp8 import describe

KEY, INTER = b"\x90\xc0\x80\x05\x09\x00", b"\x90\xc0\x80\x06\x09\x01"


def slot(video: bool = True) -> Slot:
    return Slot(video=video, ssrc=10, retransmission_ssrc=20, sequence=1000, timestamp=5000)


def picture(sequence: int, payload: bytes = INTER, timestamp: int | None = None) -> rtp.RtpPacket:
    return rtp.RtpPacket(96, sequence, sequence * 3000 if timestamp is None else timestamp, 1, payload, marker=True)


def voice(sequence: int) -> rtp.RtpPacket:
    return rtp.RtpPacket(111, sequence, sequence * 960, 2, b"opus", extensions=((1, b"\x20"), (4, b"0")))


def read(sent) -> list[rtp.RtpPacket]:
    return [rtp.parse(bytes(data)) for _, data in sent]


def shown(board: Switchboard, track: Track, *packets: rtp.RtpPacket, at: float = 1.0) -> list[rtp.RtpPacket]:
    return [one for packet in packets for one in read(board.receive(track, packet, at))]


def test_a_picture_is_entered_at_a_key_frame_only():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    found = shown(board, track, picture(7), picture(8, KEY), picture(9))
    assert [packet.sequence for packet in found] == [1001, 1002]
    assert found[0].timestamp == 5001
    assert found[1].timestamp - found[0].timestamp == 3000
    assert {packet.ssrc for packet in found} == {10}


def test_a_voice_is_entered_at_its_next_packet_which_is_marked():
    board, track, ear = Switchboard(), Track(video=False), slot(video=False)
    board.point(ear, track)
    found = shown(board, track, voice(3), voice(4))
    assert [(packet.sequence, packet.marker, packet.payload) for packet in found] == [
        (1001, True, b"opus"), (1002, False, b"opus"),
    ]
    assert found[0].extensions == ()


def test_the_old_picture_stays_until_the_new_one_can_begin():
    board, first, second, screen = Switchboard(), Track(video=True), Track(video=True), slot()
    board.point(screen, first)
    shown(board, first, picture(1, KEY))
    board.point(screen, second)
    assert len(shown(board, second, picture(50))) == 0
    assert len(shown(board, first, picture(2))) == 1
    (entered,) = shown(board, second, picture(51, KEY), at=1.1)
    assert entered.sequence == 1003
    assert shown(board, first, picture(3)) == []
    assert board.shown(screen) is second


def test_a_switch_continues_time_by_what_has_passed():
    board, first, second, screen = Switchboard(), Track(video=True), Track(video=True), slot()
    board.point(screen, first)
    (one,) = shown(board, first, picture(1, KEY), at=1.0)
    board.point(screen, second)
    (two,) = shown(board, second, picture(9, KEY), at=1.5)
    assert two.timestamp - one.timestamp == 45_000


def test_picture_numbers_go_on_over_a_switch():
    board, first, second, screen = Switchboard(), Track(video=True), Track(video=True), slot()
    board.point(screen, first)
    (one,) = shown(board, first, picture(1, KEY))
    board.point(screen, second)
    (two,) = shown(board, second, picture(1, b"\x90\xc0\x91\x11\x44\x00"))
    assert describe(two.payload).picture == describe(one.payload).picture + 1
    assert describe(two.payload).base_layer == describe(one.payload).base_layer + 1


def test_what_changed_its_mind_stays():
    board, first, second, screen = Switchboard(), Track(video=True), Track(video=True), slot()
    board.point(screen, first)
    shown(board, first, picture(1, KEY))
    board.point(screen, second)
    assert board.expected(screen) is second
    board.point(screen, first)
    assert shown(board, second, picture(9, KEY)) == []
    assert len(shown(board, first, picture(2))) == 1


def test_duplicates_and_packets_from_before_the_switch_are_not_sent():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    found = shown(board, track, picture(5), picture(8, KEY), picture(8, KEY), picture(7), picture(6))
    assert [packet.sequence for packet in found] == [1001]


def test_a_late_packet_goes_to_its_place():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    found = shown(board, track, picture(1, KEY), picture(3), picture(2))
    assert [packet.sequence for packet in found] == [1001, 1003, 1002]
    assert [packet.timestamp for packet in found] == [5001, 11001, 8001]


def test_a_packet_that_claims_to_be_older_and_younger_is_not_sent():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    assert len(shown(board, track, picture(1, KEY), picture(3), picture(2, timestamp=99_000))) == 2


def test_a_listener_gets_what_it_misses_on_the_other_stream():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    sent = shown(board, track, picture(1, KEY), picture(2), picture(3))
    (data,) = track.answer(screen, (1002,), 2.0)
    again = rtp.parse(bytes(data))
    assert (again.ssrc, again.payload_type, again.sequence) == (20, 97, 1000)
    assert rtp.unwrap_retransmission(again, ssrc=10, payload_type=96).payload == sent[1].payload
    assert rtp.parse(bytes(track.answer(screen, (1002,), 2.0)[0])).sequence == 1001


def test_what_was_never_sent_or_before_the_switch_is_not_answered():
    board, first, second, screen = Switchboard(), Track(video=True), Track(video=True), slot()
    board.point(screen, first)
    shown(board, first, picture(1, KEY), picture(2))
    assert first.answer(screen, (1003, 900, 40_000), 1.0) == []
    board.point(screen, second)
    shown(board, second, picture(1, KEY))
    assert second.answer(screen, (1001, 1002), 1.0) == []
    assert first.answer(screen, (1001,), 1.0) == []


def test_retransmissions_stay_within_a_budget_that_refills():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    shown(board, track, picture(1, KEY), *[picture(number) for number in range(2, 202)])
    lost = tuple(range(1001, 1201))
    assert len(track.answer(screen, lost, 10.0)) == 60
    assert track.answer(screen, lost, 10.0) == []
    assert len(track.answer(screen, lost, 10.5)) == 20


def test_voices_are_not_sent_again():
    board, track, ear = Switchboard(), Track(video=False), slot(video=False)
    board.point(ear, track)
    shown(board, track, voice(1))
    assert track.answer(ear, (1001,), 1.0) == []


def test_key_frames_are_asked_for_not_too_often_and_again_while_missing():
    track = Track(video=True)
    track.receive(picture(1), 0.9)
    assert [track.ask_key(at) for at in (1.0, 1.1, 1.31)] == [True, False, True]
    assert [track.ask_again(at) for at in (1.5, 1.82, 1.9)] == [False, True, False]
    track.receive(picture(2, KEY), 2.0)
    assert not track.ask_again(2.6)


def test_a_sender_that_is_silent_is_not_asked():
    track = Track(video=True)
    assert not track.ask_again(1.0)
    track.receive(picture(1), 1.0)
    track.ask_key(1.0)
    assert not track.ask_again(3.5)


def test_a_track_that_ends_leaves_its_slots_empty():
    board, first, second, screen, other = Switchboard(), Track(video=True), Track(video=True), slot(), slot()
    board.point(screen, first)
    board.point(other, first)
    shown(board, first, picture(1, KEY))
    board.point(other, second)
    board.drop(first)
    assert board.expected(screen) is None
    assert board.shown(other) is None
    assert board.expected(other) is second
    board.drop(second)
    assert second.waiting == []


def test_a_sender_that_begins_anew_does_not_turn_time_back():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    one, two, three = shown(
        board, track, picture(1, KEY, timestamp=900_000), picture(2, timestamp=30), picture(9000, timestamp=60)
    )
    assert [two.sequence - one.sequence, three.sequence - two.sequence] == [1, 1]
    assert one.timestamp < two.timestamp < three.timestamp


def test_the_timestamp_of_a_slot_is_known_while_it_shows_something():
    board, track, screen = Switchboard(), Track(video=True), slot()
    assert screen.timestamp_of(3000) is None
    board.point(screen, track)
    (one,) = shown(board, track, picture(1, KEY))
    assert screen.timestamp_of(3000) == one.timestamp
    board.point(screen, None)
    assert screen.timestamp_of(3000) is None


def test_padding_of_the_sender_is_not_forwarded():
    board, track, ear = Switchboard(), Track(video=False), slot(video=False)
    board.point(ear, track)
    (found,) = shown(board, track, voice(1)._replace(padding=9))
    assert found == rtp.RtpPacket(111, 1001, 5001, 10, b"opus", marker=True)


def test_what_left_the_window_is_neither_sent_nor_answered():
    board, track, screen = Switchboard(), Track(video=True), slot()
    board.point(screen, track)
    shown(board, track, picture(1, KEY), *[picture(number) for number in range(2, 1100)])
    assert shown(board, track, picture(2)) == []
    assert track.answer(screen, (1002,), 1.0) == []
    assert len(track.answer(screen, (1002 + 1024,), 1.0)) == 1
