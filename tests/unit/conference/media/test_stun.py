"""Connectivity checks, made and read by an independent implementation."""

import pytest
from aioice import stun as peer

from conference.media import stun
from conference.media.errors import Malformed

PASSWORD = "p" * 24


def check(
    *, nominates: bool = True, password: str = PASSWORD, user: str = "ours:theirs",
    transaction: bytes = b"t" * 12,
) -> bytes:
    message = peer.Message(peer.Method.BINDING, peer.Class.REQUEST, transaction_id=transaction)
    message.attributes["USERNAME"] = user
    message.attributes["PRIORITY"] = 7
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


@pytest.mark.parametrize("nominates", [True, False])
def test_a_check_is_read(nominates: bool):
    asked = stun.request(check(nominates=nominates))
    assert (asked.ufrag, asked.nominates, asked.transaction) == ("ours", nominates, b"t" * 12)
    assert asked.authentic(PASSWORD)


def test_a_check_with_another_password_is_not_authentic():
    assert not stun.request(check(password="q" * 24)).authentic(PASSWORD)


def test_no_changed_byte_stays_authentic():
    data = check()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        try:
            assert not stun.request(bytes(changed)).authentic(PASSWORD), place
        except Malformed:
            continue


@pytest.mark.parametrize("address", [("192.0.2.7", 40_000), ("2001:db8::7", 9)])
def test_the_answer_tells_the_address_under_the_same_password(address: tuple[str, int]):
    answer = stun.success(stun.request(check()), address, PASSWORD)
    message = peer.parse_message(answer)
    assert message.check_message_integrity(PASSWORD.encode())
    assert message.message_class is peer.Class.RESPONSE
    assert message.transaction_id == b"t" * 12
    assert message.attributes["XOR-MAPPED-ADDRESS"] == address


def test_a_check_without_integrity_is_refused():
    message = peer.Message(peer.Method.BINDING, peer.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    with pytest.raises(Malformed, match="integrity"):
        stun.request(bytes(message))


def test_a_user_name_of_one_fragment_is_refused():
    with pytest.raises(Malformed, match="fragments"):
        stun.request(check(user="ours"))


def test_answers_and_other_methods_are_refused():
    for kind in (peer.Class.RESPONSE, peer.Class.INDICATION):
        with pytest.raises(Malformed):
            stun.request(bytes(peer.Message(peer.Method.BINDING, kind)))
    with pytest.raises(Malformed):
        stun.request(bytes(peer.Message(peer.Method.ALLOCATE, peer.Class.REQUEST)))


def test_a_check_cut_anywhere_is_refused():
    data = check()
    for size in range(len(data)):
        with pytest.raises(Malformed):
            stun.request(data[:size])


def test_who_only_wants_to_know_whether_we_answer_is_told_their_address():
    asked, transaction = stun.inquiry(b"t" * 12)
    assert stun.inquired(asked) == transaction
    answer = stun.told(transaction, ("192.0.2.1", 4000))
    assert stun.answers(answer, transaction)
    assert not stun.answers(answer, b"u" * 12)
    assert len(answer) <= 2 * len(asked)
    for other in (check(), asked[:-1], asked + b"x", b"\x00\x11" + asked[2:]):
        assert stun.inquired(other) is None
