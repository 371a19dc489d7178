"""RTP packets: what RFC 3550 and RFC 8285 allow is read, everything else is refused."""

import pytest
from aiortc.rtp import RtpPacket as Peer

from conference.media.errors import Malformed
from conference.media.profile import Extension
from conference.media.rtp import RtpPacket, ahead, ahead_in_time, parse, serialise, unwrap_retransmission

PLAIN = RtpPacket(payload_type=111, sequence=65535, timestamp=7, ssrc=9, payload=b"voice", marker=True)


def test_the_header_is_laid_out_as_the_standard_draws_it():
    assert serialise(PLAIN) == bytes.fromhex("80ef ffff 00000007 00000009") + b"voice"


def test_an_independent_reader_sees_the_same_packet():
    packet = RtpPacket(96, 5, 6, 7, b"xy", csrcs=(1, 2), extensions=((4, b"0"), (10, b"h")), padding=3)
    peer = Peer.parse(serialise(packet))
    assert (peer.payload_type, peer.sequence_number, peer.timestamp, peer.ssrc, peer.csrc) == (96, 5, 6, 7, [1, 2])
    assert peer.payload == b"xy"
    assert peer.padding_size == 3


def test_level_mid_and_transport_sequence_are_read():
    packet = parse(serialise(RtpPacket(111, 1, 2, 3, b"", extensions=((1, b"\x9e"), (4, b"mic"), (3, b"\x01\x02")))))
    assert (packet.level, packet.text(Extension.MID), packet.transport_sequence) == (30, "mic", 258)


def test_what_a_sender_left_out_is_none():
    assert (PLAIN.level, PLAIN.text(Extension.RID), PLAIN.transport_sequence) == (None, None, None)


def test_a_level_without_a_byte_is_none():
    assert RtpPacket(111, 1, 1, 1, b"", extensions=((1, b""),)).level is None


def test_text_that_is_no_ascii_is_none():
    assert RtpPacket(96, 1, 1, 1, b"", extensions=((10, b"\xff"),)).text(Extension.RID) is None


def test_long_elements_take_two_byte_headers():
    packet = RtpPacket(96, 1, 1, 1, b"p", extensions=((20, b"a" * 40), (3, b"")))
    assert serialise(packet)[12:14] == b"\x10\x00"
    assert parse(serialise(packet)) == packet


def test_elements_after_the_stop_mark_and_unknown_blocks_are_ignored():
    stop = bytes.fromhex("9060 0001 00000001 00000001 BEDE 0001 F0 41 61 00")
    unknown = bytes.fromhex("9060 0001 00000001 00000001 ABCD 0001 41616161")
    assert parse(stop).extensions == ()
    assert parse(unknown).extensions == ()


@pytest.mark.parametrize(
    "text",
    [
        "8060 0001 00000001 000000",  # eleven bytes
        "4060 0001 00000001 00000001",  # version 1
        "8260 0001 00000001 00000001 00000000",  # two sources announced, one there
        "9060 0001 00000001 00000001 BEDE",  # extension header cut
        "9060 0001 00000001 00000001 BEDE 0002 00000000",  # extension cut
        "9060 0001 00000001 00000001 BEDE 0001 4F616161",  # element beyond its block
        "9060 0001 00000001 00000001 1000 0001 00000004",  # two-byte element cut
        "A060 0001 00000001 00000001 05",  # more padding than packet
        "A060 0001 00000001 00000001 00",  # no padding though announced
        "A060 0001 00000001 00000001",  # nothing to hold the count
    ],
)
def test_what_the_standard_forbids_is_refused(text: str):
    with pytest.raises(Malformed, match="RFC"):
        parse(bytes.fromhex(text))


def test_a_retransmission_yields_the_original():
    packet = RtpPacket(97, 900, 50, 77, b"\x00\x05frame", padding=2)
    assert unwrap_retransmission(packet, ssrc=9, payload_type=96) == RtpPacket(96, 5, 50, 9, b"frame")
    with pytest.raises(Malformed, match="4588"):
        unwrap_retransmission(RtpPacket(97, 900, 50, 77, b"\x00"), ssrc=9, payload_type=96)


def test_distances_go_the_short_way_round():
    assert [ahead(1, 65535), ahead(65535, 1), ahead(5, 5)] == [2, -2, 0]
    assert [ahead_in_time(3, 0xFFFFFFFF), ahead_in_time(0, 1)] == [4, -1]
