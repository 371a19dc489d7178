"""The accepting side of an association: any cut of what a peer sends is read the same, any bytes end in an event."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imaging.dimse.acceptor import Aborted, Acceptor, Commanded, Piece, Released, Requested, State
from imaging.dimse.command import C_ECHO_RQ, C_STORE_RQ, Command, read, response
from imaging.dimse.pdu import (
    APPLICATION_CONTEXT,
    Abort,
    Answer,
    Answered,
    Kind,
    Proposed,
    Violation,
    abort,
    accept,
    command,
    reject,
    release_reply,
    request,
)

CT, INSTANCE = "1.2.840.10008.5.1.4.1.1.2", "1.2.826.0.1.3680043.9.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


def asked(contexts: Sequence[tuple[int, str, Sequence[str]]] = ((1, CT, (EXPLICIT,)),), longest: int = 16384) -> bytes:
    """The body of an A-ASSOCIATE-RQ, by the standard's own table (PS3.8 table 9-11)."""
    items = item(0x10, APPLICATION_CONTEXT.encode())
    for number, abstract, syntaxes in contexts:
        inner = item(0x30, abstract.encode()) + b"".join(item(0x40, one.encode()) for one in syntaxes)
        items += item(0x20, bytes((number, 0, 0, 0)) + inner)
    user = item(0x51, struct.pack(">I", longest)) + item(0x52, b"1.2.3") + item(0x55, b"TEST")
    return b"\0\1\0\0" + b"CONSILIUM".ljust(16) + b"PACS".ljust(16) + bytes(32) + items + item(0x50, user)


def values(*parts: tuple[int, int, bytes]) -> bytes:
    """A P-DATA-TF of presentation data values: context, control, data."""
    return pdu(4, b"".join(struct.pack(">IBB", len(data) + 2, one, control) + data for one, control, data in parts))


def store(size: int, message: int = 7) -> tuple[bytes, bytes]:
    """A C-STORE-RQ command set, and a data set of so many bytes."""
    fields = {0x0002: CT.encode() + b"\0", 0x0100: b"\1\0", 0x0110: struct.pack("<H", message), 0x0700: b"\0\0",
              0x0800: b"\1\0", 0x1000: INSTANCE.encode() + b"\0"}
    body = b"".join(struct.pack("<HHI", 0, tag, len(value)) + value for tag, value in sorted(fields.items()))
    return body, bytes(number % 251 for number in range(size))


def heard(parts: Sequence[bytes]) -> tuple[list[object], bytes]:
    """Everything but pieces in order, and the data of all pieces together."""
    machine, events, data = Acceptor(), list[object](), b""
    for part in parts:
        for event in machine.feed(memoryview(part)):
            if isinstance(event, Requested):
                machine.answered()
            if isinstance(event, Piece):
                data += bytes(event.data)
                events += ["whole"] if event.last else []
            else:
                events.append(event)
    return events, data


BODY, DATA = store(3000)
SAID = (
    pdu(1, asked()) + values((1, 1, BODY[:30])) + values((1, 3, BODY[30:]), (1, 0, DATA[:1000]))
    + values((1, 0, b"")) + values((1, 0, DATA[1000:2999])) + values((1, 2, DATA[2999:])) + pdu(5, bytes(4))
)


@settings(deadline=None, max_examples=300)
@given(cuts=st.lists(st.integers(0, len(SAID)), max_size=40))
@example(cuts=list(range(len(SAID))))
def test_however_a_stream_is_cut_it_says_the_same(cuts: list[int]) -> None:
    places = sorted({0, *cuts, len(SAID)})
    events, data = heard([SAID[begin:end] for begin, end in pairwise(places)])
    assert data == DATA
    assert [type(one) for one in events] == [Requested, Commanded, str, Released]
    assert events[1] == Commanded(1, Command(C_STORE_RQ, 7, CT, INSTANCE, has_data_set=True))


@settings(deadline=None, max_examples=500)
@given(noise=st.binary(max_size=400), begun=st.booleans(), places=st.lists(st.integers(0, len(SAID) - 1), max_size=4))
def test_any_bytes_end_in_events_or_in_a_violation(noise: bytes, begun: bool, places: list[int]) -> None:
    spoiled = bytearray(SAID)
    for place in places:
        spoiled[place] ^= noise[place % len(noise)] if noise else 0xFF
    for stream in (bytes(spoiled), (pdu(1, asked()) if begun else b"") + noise):
        with suppress(Violation):  # and nothing else
            heard([stream])


def test_an_empty_last_value_ends_a_message() -> None:
    events, data = heard([pdu(1, asked()) + values((1, 3, BODY)) + values((1, 0, b"abc")) + values((1, 2, b""))])
    assert (events[-1], data) == ("whole", b"abc")


def test_nothing_is_heard_after_the_end() -> None:
    events, _ = heard([pdu(1, asked()) + pdu(7, bytes(4)) + pdu(4, b"x" * 9)])
    assert isinstance(events[-1], Aborted)
    machine = Acceptor()
    assert machine.state is State.STA2


@pytest.mark.parametrize(("stream", "reason"), [
    (values((1, 3, BODY)), Abort.UNEXPECTED_PDU),
    (pdu(9, b""), Abort.UNRECOGNISED_PDU),
    (struct.pack(">BxI", 1, 0xFFFFFFF0), Abort.INVALID_VALUE),
    (pdu(1, asked()[:60]), Abort.INVALID_VALUE),
    (pdu(1, asked([(2, CT, (EXPLICIT,))])), Abort.INVALID_VALUE),
    (pdu(1, asked([(1, CT, ())])), Abort.INVALID_VALUE),
    (pdu(1, asked()) + pdu(1, asked()), Abort.UNEXPECTED_PDU),
    (pdu(1, asked()) + pdu(4, b"\0\0\0\1\1\0"), Abort.INVALID_VALUE),
    (pdu(1, asked()) + pdu(4, b"\0\0\1\0\1\0"), Abort.INVALID_VALUE),
    (pdu(1, asked()) + values((1, 0, b"a data set without a command")), Abort.UNEXPECTED_PARAMETER),
    (pdu(1, asked()) + values((1, 3, BODY), (1, 3, BODY)), Abort.UNEXPECTED_PARAMETER),
    (pdu(1, asked()) + values((1, 3, BODY), (3, 2, b"of another context")), Abort.UNEXPECTED_PARAMETER),
    (pdu(1, asked()) + values((1, 1, b"x" * 16000), (1, 1, b"x" * 16000)), Abort.INVALID_VALUE),
    (pdu(1, asked()) + values((1, 3, b"\0\0\0\1\xff\xff\xff\xff")), Abort.INVALID_VALUE),
    (pdu(1, asked()) + values((1, 3, BODY.replace(CT.encode(), b"not a UID".ljust(len(CT))))), Abort.INVALID_VALUE),
])
def test_who_breaks_the_protocol_is_told_why(stream: bytes, reason: Abort) -> None:
    with pytest.raises(Violation) as broken:
        heard([stream])
    assert broken.value.reason is reason


def test_a_request_is_read_as_the_standard_writes_it() -> None:
    found = request(asked([(1, CT, (EXPLICIT, "1.2.840.10008.1.2")), (255, "1.2.840.10008.1.1", (EXPLICIT,))], 32768))
    assert (found.called, found.calling, found.version & 1, found.longest) == ("CONSILIUM", "PACS", 1, 32768)
    assert found.contexts[0] == Proposed(1, CT, (EXPLICIT, "1.2.840.10008.1.2"))
    assert found.contexts[1].number == 255


def test_answers_are_what_pynetdicom_reads() -> None:
    from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_RELEASE_RP, P_DATA_TF

    said = accept(asked(), [Answered(1, Answer.ACCEPTED, EXPLICIT),
                            Answered(3, Answer.ABSTRACT_SYNTAX_NOT_SUPPORTED, EXPLICIT)], 131072)
    read_back = A_ASSOCIATE_AC()
    read_back.decode(said)
    assert [(one.context_id, one.result) for one in read_back.presentation_context] == [(1, 0), (3, 3)]
    assert read_back.presentation_context[0].transfer_syntax == EXPLICIT
    assert read_back.user_information.maximum_length == 131072
    assert (read_back.called_ae_title, read_back.calling_ae_title) == ("CONSILIUM", "PACS")
    for made, kind in ((reject(1, 1, 3), A_ASSOCIATE_RJ), (release_reply(), A_RELEASE_RP),
                       (abort(Abort.UNEXPECTED_PDU), A_ABORT_RQ)):
        kind().decode(made)
    fields = response(Command(C_ECHO_RQ, 9, "1.2.840.10008.1.1", "", has_data_set=False), 0xA700, "x" * 64)
    parts = P_DATA_TF()
    parts.decode(command(5, fields, 0))
    assert parts.presentation_data_value_items[0].message_control_header_byte == "00000011"


@given(longest=st.integers(0, 300))
def test_a_response_comes_in_units_no_longer_than_the_peer_takes(longest: int) -> None:
    fields = response(Command(C_STORE_RQ, 1, CT, INSTANCE, has_data_set=True), 0xC000, "a comment")
    said, whole, at = command(1, fields, longest), b"", 0
    while at < len(said):
        kind, length = struct.unpack_from(">BxI", said, at)
        assert kind == Kind.DATA
        assert not longest or length <= max(longest, 7)
        whole += said[at + 12 : at + 6 + length]
        at += 6 + length
    assert whole == fields
    assert int.from_bytes(whole[8:12], "little") == len(whole) - 12
    assert read(whole).has_data_set is False
