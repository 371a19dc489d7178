"""What came to a socket is taken by many at once or by each: whole, in order, and each with where it came from."""

import ctypes
import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from conference.media import inbox
from conference.media.inbox import AT_ONCE, Inbox
from conference.media.kernel import address_of, name_of, receive_many

HOSTS = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]


@pytest.fixture(params=HOSTS, ids=["IPv4", "IPv6"])
def sockets(request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    """The one that is read, and two that send to it."""
    family, host = request.param
    with ExitStack() as stack:
        made = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(3)]
        for one in made:
            one.bind((host, 0))
        made[0].setblocking(False)
        yield made


@pytest.mark.parametrize("many", [True, False])
def test_what_came_is_taken_in_order_with_where_it_came_from(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if not many:
        monkeypatch.setattr(inbox, "receive_many", None)
    box = Inbox(sockets[0])
    sent = []
    for number in range(AT_ONCE + 5):
        one = sockets[1 + number % 2]
        data = number.to_bytes(2, "big") * (number * 10)
        one.sendto(data, sockets[0].getsockname())
        sent.append((data, one.getsockname()))
    first, second, third = list(box.take()), list(box.take()), list(box.take())
    assert first == sent[:AT_ONCE]
    assert second == sent[AT_ONCE:]
    assert third == []


@pytest.mark.parametrize("many", [True, False])
def test_an_error_of_an_earlier_datagram_hides_nothing_that_came(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if not many:
        monkeypatch.setattr(inbox, "receive_many", None)
    box = Inbox(sockets[0])
    gone = sockets[2].getsockname()
    sockets[2].close()
    sockets[0].connect(gone)
    sockets[0].send(b"to nobody")  # the kernel notes that the port is closed
    sockets[0].connect(sockets[1].getsockname())
    sockets[1].sendto(b"here", sockets[0].getsockname())
    assert [data for data, _ in box.take()] == [b"here"]


@pytest.mark.parametrize("many", [True, False])
def test_what_was_not_come_to_comes_the_next_time(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if not many:
        monkeypatch.setattr(inbox, "receive_many", None)
    box = Inbox(sockets[0])
    for number in range(5):
        sockets[1].sendto(bytes([number]), sockets[0].getsockname())
    for data, _ in box.take():
        if data == b"\2":
            break
    sockets[1].sendto(b"later", sockets[0].getsockname())
    rest = [data for _ in range(2) for data, _ in box.take()]
    assert rest == [b"\3", b"\4", b"later"]


def test_a_kernel_that_fails_without_end_is_asked_a_bounded_number_of_times(
    sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fail(*_: object) -> int:
        asked.append(1)
        ctypes.set_errno(errno.ENOMEM)
        return -1

    monkeypatch.setattr(inbox, "receive_many", fail)
    assert list(Inbox(sockets[0]).take()) == []
    assert len(asked) <= AT_ONCE


def test_an_address_is_read_as_it_is_written(sockets: list[socket.socket]) -> None:
    for one in sockets:
        assert address_of(name_of(one.getsockname())) == one.getsockname()
    assert address_of(name_of(("fe80::1", 5, 7, 2))) == ("fe80::1", 5, 7, 2)
    with pytest.raises(ValueError, match="neither"):
        address_of(bytes(28))


@pytest.mark.skipif(receive_many is None, reason="recvmmsg is of Linux")
def test_one_question_takes_them_all(sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def count(*arguments: object) -> int:
        assert receive_many is not None, "this is Linux"
        asked.append(1)
        return int(receive_many(*arguments))

    monkeypatch.setattr(inbox, "receive_many", count)
    for _ in range(10):
        sockets[1].sendto(b"one", sockets[0].getsockname())
    assert len(list(Inbox(sockets[0]).take())) == 10
    assert len(asked) == 1
