"""RTCP packets: written as the standards draw them, read by others, refused when they contradict themselves."""

import pytest
from aiortc import rtp as peer

from conference.media.errors import Malformed
from conference.media.rtcp import (
    Bandwidth,
    Block,
    Bye,
    FullIntraRequest,
    Nack,
    Name,
    PictureLoss,
    ReceiverReport,
    SenderReport,
    TransportFeedback,
    parse,
    serialise,
)

BLOCK = Block(ssrc=5, fraction_lost=128, lost=-3, highest=70000, jitter=12, last_report=99, delay=65536)
EVERY = (
    SenderReport(1, 2**40, 3, 4, 5, (BLOCK,)),
    ReceiverReport(1, (BLOCK, BLOCK)),
    Name(1, "consilium"),
    Bye((1, 2)),
    Nack(1, 2, (65535, 0, 15, 200)),
    PictureLoss(1, 2),
    FullIntraRequest(1, ((2, 7), (3, 8))),
    Bandwidth(1, 250_000, (2, 3)),
    TransportFeedback(1, 2, b"\x00" * 12),
)


@pytest.mark.parametrize("packet", EVERY, ids=lambda packet: type(packet).__name__)
def test_what_is_written_is_read_back(packet):
    assert parse(serialise(packet)) == (packet,)


def test_a_compound_is_read_whole():
    assert parse(b"".join(map(serialise, EVERY))) == EVERY


def test_an_independent_reader_sees_the_same_nack_and_reports():
    found = peer.RtcpPacket.parse(serialise(EVERY[0]) + serialise(Nack(1, 2, (7, 9, 22, 300))))
    assert found[0].reports[0].packets_lost == -3
    assert found[0].sender_info.ntp_timestamp == 2**40
    assert found[1].lost == [7, 9, 22, 300]


def test_an_independent_reader_sees_the_same_estimate():
    found = peer.RtcpPacket.parse(serialise(Bandwidth(1, 4_160_000, (9,))))
    assert peer.unpack_remb_fci(found[0].fci) == (4_160_000, [9])


def test_unknown_kinds_are_skipped():
    assert parse(bytes.fromhex("80cc0001 00000001") + serialise(PictureLoss(1, 2))) == (PictureLoss(1, 2),)
    assert parse(bytes.fromhex("82cd0002 00000001 00000002")) == ()
    assert parse(bytes.fromhex("80ca0000")) == ()
    assert parse(bytes.fromhex("8fce0002 00000001 00000002")) == ()


def test_losses_beyond_24_bits_are_written_as_the_largest():
    assert parse(serialise(ReceiverReport(1, (Block(1, 0, 2**30, 0, 0, 0, 0),))))[0].blocks[0].lost == 0x7FFFFF


@pytest.mark.parametrize(
    "text",
    [
        "80c9",  # header cut
        "40c90001 00000001",  # version 1
        "80c90002 00000001",  # body cut
        "81c90001 00000001",  # a block announced, none there
        "80c80001 00000001",  # no sender info
        "82cb0001 00000001",  # two sources announced
        "81cd0001 00000001",  # feedback without its media source
        "81cd0002 00000001 00000002",  # NACK without items
        "84ce0003 00000001 00000002 00000003",  # half a request
        "8fce0004 00000001 00000002 52454d42 02000001",  # sources missing
        "8fce0003 00000001 00000002 52454d42",  # estimate cut
        "81ca0002 00000001 01ff6161",  # name cut
        "a0c90001 00000009",  # more padding than packet
        "a0cc0001 00000004 80cc0000",  # padding before the last packet
    ],
)
def test_what_contradicts_itself_is_refused(text: str):
    with pytest.raises(Malformed):
        parse(bytes.fromhex(text))
