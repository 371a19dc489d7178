"""Datagrams leave in order and each to its own address, by many at once or by each; what cannot go stops no other."""

import ctypes
import errno
import socket

import pytest
from pylibsrtp import Policy, Session

from conference.media import outbox
from conference.media.kernel import Message, send_many
from conference.media.outbox import Outbox, Way

COUNT = 300


def session(kind: int) -> Session:
    return Session(Policy(bytes(range(44)), kind, 0, Policy.SRTP_PROFILE_AEAD_AES_256_GCM))


def packet(number: int) -> bytes:
    return b"\x80\x60" + number.to_bytes(2, "big") + bytes(4) + b"\0\0\0\1" + b"frame"


@pytest.mark.parametrize("many", [True, False])
def test_each_goes_to_its_own_address_in_order(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if not many:
        monkeypatch.setattr(outbox, "send_many", None)
    sealing = session(Policy.SSRC_ANY_OUTBOUND)
    box = Outbox(sockets[0])
    ways = [Way(box, one.getsockname(), sealing._srtp[0]) for one in sockets[1:]]
    for number in range(COUNT):
        assert box.put(ways[number % 2], packet(number))
    box.flush()
    box.flush()
    received = []
    for one in sockets[1:]:
        opening = session(Policy.SSRC_ANY_INBOUND)
        received.append([opening.unprotect(one.recv(2048)) for _ in range(COUNT // 2)])
    assert received == [[packet(number) for number in range(start, COUNT, 2)] for start in (0, 1)]


def test_an_address_that_cannot_be_reached_stops_no_other(sockets: list[socket.socket]) -> None:
    sealing = session(Policy.SSRC_ANY_OUTBOUND)
    box = Outbox(sockets[0])
    address = sockets[1].getsockname()
    key = sealing._srtp[0]
    nowhere, there = Way(box, (address[0], 0, *address[2:]), key), Way(box, address, key)
    for number, way in enumerate((nowhere, there, nowhere, there)):
        box.put(way, packet(number))
    box.flush()
    assert [sockets[1].recv(2048)[2:4] for _ in range(2)] == [b"\0\1", b"\0\3"]


def test_a_number_that_was_used_is_not_sealed_again(sockets: list[socket.socket]) -> None:
    sealing = session(Policy.SSRC_ANY_OUTBOUND)
    box = Outbox(sockets[0])
    way = Way(box, sockets[1].getsockname(), sealing._srtp[0])
    assert box.put(way, packet(1))
    assert not box.put(way, packet(1))


SIZES = [1000, 1000, 400, 1000, 1000, 1200, 20, *[900] * 40, 5]


def sized(number: int, size: int) -> bytes:
    return packet(number)[:12] + bytes(size)


def sent_to_two(sockets: list[socket.socket]) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """What was put for each of two listeners in turns, twice over, and what each of them got."""
    sealing = session(Policy.SSRC_ANY_OUTBOUND)
    box = Outbox(sockets[0])
    ways = [Way(box, one.getsockname(), sealing._srtp[0]) for one in sockets[1:]]
    put: list[list[bytes]] = [[], []]
    for number, size in enumerate(SIZES * 2):
        for at, way in enumerate(ways):
            put[at].append(sized(2 * number + at, size))
            assert box.put(way, put[at][-1])
        if number + 1 in (len(SIZES), 2 * len(SIZES)):
            box.flush()
    got = []
    for one in sockets[1:]:
        opening = session(Policy.SSRC_ANY_INBOUND)
        got.append([opening.unprotect(one.recv(2048)) for _ in put[0]])
    return put, got


def test_packets_for_one_listener_are_joined_and_arrive_apart_in_their_order(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []

    def count(handle: int, place: int, messages: int, flags: int) -> int:
        assert send_many is not None, "this is Linux"
        sent = int(send_many(handle, place, messages, flags))
        given.append(sent)
        return sent

    monkeypatch.setattr(outbox, "send_many", count)
    put, got = sent_to_two(sockets)
    assert got == put
    assert sum(given) < 2 * len(SIZES), "less than half as many messages as datagrams"


def test_where_packets_cannot_be_joined_each_goes_by_itself(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[int] = []

    def refuse(handle: int, place: int, messages: int, flags: int) -> int:
        header = Message.from_address(place).header
        if header.vector_count > 1:  # as a device does that cannot cut, or a line that takes smaller packets only
            refused.append(header.vector_count)
            ctypes.set_errno(errno.EINVAL)
            return -1
        assert send_many is not None, "this is Linux"
        return int(send_many(handle, place, 1, flags))

    monkeypatch.setattr(outbox, "send_many", refuse)
    put, got = sent_to_two(sockets)
    assert got == put
    assert sum(refused) <= 2 * len(SIZES), "of the first call alone: it is not tried again on a way where it failed"
    assert refused
