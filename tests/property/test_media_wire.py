"""Laws of the media unit's readers: what is written is read back, and no bytes get past with another error."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from conference.media import rtcp, rtp, stun
from conference.media.arrivals import Arrivals
from conference.media.errors import Malformed
from conference.media.signalling import read_answer
from tests.unit.conference.media.test_arrivals import decoded

U8, U16, U32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
ELEMENTS = st.one_of(
    st.lists(st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)), max_size=5),
    st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=255)), max_size=3),
).map(tuple)
PACKETS = st.builds(
    rtp.RtpPacket, payload_type=st.integers(0, 127), sequence=U16, timestamp=U32, ssrc=U32,
    payload=st.binary(max_size=64), marker=st.booleans(), csrcs=st.lists(U32, max_size=15).map(tuple),
    extensions=ELEMENTS, padding=U8,
)
BLOCKS = st.lists(
    st.builds(rtcp.Block, U32, U8, st.integers(-(2**23), 2**23 - 1), U32, U32, U32, U32), max_size=31
).map(tuple)
REPORTS = st.one_of(
    st.builds(rtcp.SenderReport, U32, st.integers(0, 2**64 - 1), U32, U32, U32, BLOCKS),
    st.builds(rtcp.ReceiverReport, U32, BLOCKS),
    st.builds(rtcp.Bye, st.lists(U32, max_size=31).map(tuple)),
    st.builds(rtcp.Name, U32, st.text("abcxyz", max_size=255)),
    st.builds(rtcp.PictureLoss, U32, U32),
    st.builds(rtcp.FullIntraRequest, U32, st.lists(st.tuples(U32, U8), min_size=1, max_size=9).map(tuple)),
    st.builds(rtcp.Bandwidth, U32, st.integers(0, 2**18 - 1), st.lists(U32, max_size=9).map(tuple)),
)


@settings(max_examples=300, deadline=None)
@given(PACKETS)
def test_every_rtp_packet_is_read_back(packet: rtp.RtpPacket):
    assert rtp.parse(rtp.serialise(packet)) == packet


@settings(max_examples=300, deadline=None)
@given(st.lists(REPORTS, max_size=4))
def test_every_compound_is_read_back(packets: list[rtcp.Packet]):
    assert rtcp.parse(b"".join(map(rtcp.serialise, packets))) == tuple(packets)


@settings(max_examples=300, deadline=None)
@given(U32, U32, st.lists(U16, min_size=1, max_size=60, unique=True))
def test_a_nack_asks_for_exactly_what_is_missing(sender: int, media: int, lost: list[int]):
    (packet,) = rtcp.parse(rtcp.serialise(rtcp.Nack(sender, media, tuple(lost))))
    assert isinstance(packet, rtcp.Nack)
    assert set(packet.lost) == set(lost)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.integers(0, 900), st.integers(0, 20_000), min_size=1, max_size=80), U16)
def test_feedback_tells_every_arrival(ticks: dict[int, int], start: int):
    arrivals = Arrivals()
    for offset, tick in sorted(ticks.items(), key=lambda item: item[1]):
        arrivals.note((start + offset) & 0xFFFF, (tick + 0.5) / 4000)
    (packet,) = arrivals.feedback(1, 2)
    assert decoded(packet.body) == {(start + offset) & 0xFFFF: tick for offset, tick in ticks.items()}


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 255))
def test_no_bytes_get_past_with_another_error(data: bytes, second: int):
    for head in (data, b"\x80" + bytes([second]) + data, b"\x90\x60" + data):
        for read in (rtp.parse, rtcp.parse):
            with suppress(Malformed):
                read(head)


@settings(max_examples=500, deadline=None)
@given(PACKETS, st.lists(REPORTS, min_size=1, max_size=3), st.integers(0, 4000), U8)
def test_damaged_packets_are_read_or_refused(
    packet: rtp.RtpPacket, reports: list[rtcp.Packet], place: int, value: int
):
    for data, read in ((rtp.serialise(packet), rtp.parse), (b"".join(map(rtcp.serialise, reports)), rtcp.parse)):
        damaged = bytearray(data)
        damaged[place % len(damaged)] = value
        with suppress(Malformed):
            read(bytes(damaged))
        with suppress(Malformed):
            read(data[: place % len(data)])


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=120), st.text(max_size=300), st.integers(0, 30))
def test_checks_and_answers_are_read_or_refused(data: bytes, text: str, words: int):
    head = b"\x00\x01" + (4 * words).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + b"t" * 12
    for message in (data, head + data, head + (data + bytes(4 * words))[: 4 * words]):
        with suppress(Malformed):
            stun.request(message)
    for answer in (text, f"v=0\r\na=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\na=setup:active\r\nm=" + text):
        with suppress(Malformed):
            read_answer(answer)
