"""Datagrams leave in order and each to its own address, by many at once or by each; what cannot go stops no other."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pylibsrtp import Policy, Session

from conference.media import outbox
from conference.media.outbox import Outbox, Way

COUNT = 150
HOSTS = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]


def session(kind: int) -> Session:
    return Session(Policy(bytes(range(44)), kind, 0, Policy.SRTP_PROFILE_AEAD_AES_256_GCM))


def packet(number: int) -> bytes:
    return b"\x80\x60" + number.to_bytes(2, "big") + bytes(4) + b"\0\0\0\1" + b"frame"


@pytest.fixture(params=HOSTS, ids=["IPv4", "IPv6"])
def sockets(request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    family, host = request.param
    with ExitStack() as stack:
        made = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(3)]
        for one in made:
            one.bind((host, 0))
            one.settimeout(5)
        yield made


@pytest.mark.parametrize("many", [True, False])
def test_each_goes_to_its_own_address_in_order(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if not many:
        monkeypatch.setattr(outbox, "_send_many", None)
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
