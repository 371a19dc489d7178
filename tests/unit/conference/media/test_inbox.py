"""What came to a socket is taken by many at once or by each: whole, in order, and each with where it came from."""

import ctypes
import errno
import socket

import pytest

from conference.media import inbox
from conference.media.inbox import AT_ONCE, Inbox
from conference.media.kernel import address_of, name_of, receive_many


@pytest.fixture
def listening(sockets: list[socket.socket]) -> Inbox:
    """Of the first socket."""
    sockets[0].setblocking(False)
    return Inbox(sockets[0])


@pytest.fixture(params=[True, False], ids=["together", "one by one"])
def box(request: pytest.FixtureRequest, listening: Inbox, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """The same, as it is on Linux and as it is elsewhere."""
    if not request.param:
        monkeypatch.setattr(inbox, "receive_many", None)
    return listening


def test_what_came_is_taken_in_order_with_where_it_came_from(sockets: list[socket.socket], box: Inbox) -> None:
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


def test_an_error_of_an_earlier_datagram_hides_nothing_that_came(sockets: list[socket.socket], box: Inbox) -> None:
    gone = sockets[2].getsockname()
    sockets[2].close()
    sockets[0].connect(gone)
    sockets[0].send(b"to nobody")  # the kernel notes that the port is closed
    sockets[0].connect(sockets[1].getsockname())
    sockets[1].sendto(b"here", sockets[0].getsockname())
    assert [data for data, _ in box.take()] == [b"here"]


def test_what_was_not_come_to_comes_the_next_time(sockets: list[socket.socket], box: Inbox) -> None:
    for number in range(5):
        sockets[1].sendto(bytes([number]), sockets[0].getsockname())
    for data, _ in box.take():
        if data == b"\2":
            break
    sockets[1].sendto(b"later", sockets[0].getsockname())
    rest = [data for _ in range(2) for data, _ in box.take()]
    assert rest == [b"\3", b"\4", b"later"]


def test_a_kernel_that_fails_without_end_is_asked_a_bounded_number_of_times(
    listening: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fail(*_: object) -> int:
        asked.append(1)
        ctypes.set_errno(errno.ENOMEM)
        return -1

    monkeypatch.setattr(inbox, "receive_many", fail)
    assert list(listening.take()) == []
    assert len(asked) <= AT_ONCE


def test_an_address_is_read_as_it_is_written(sockets: list[socket.socket]) -> None:
    for one in sockets:
        assert address_of(name_of(one.getsockname())) == one.getsockname()
    assert address_of(name_of(("fe80::1", 5, 7, 2))) == ("fe80::1", 5, 7, 2)
    with pytest.raises(ValueError, match="neither"):
        address_of(bytes(28))


@pytest.mark.skipif(receive_many is None, reason="recvmmsg is of Linux")
def test_one_question_takes_them_all(
    sockets: list[socket.socket], listening: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def count(*arguments: object) -> int:
        assert receive_many is not None, "this is Linux"
        asked.append(1)
        return int(receive_many(*arguments))

    monkeypatch.setattr(inbox, "receive_many", count)
    for _ in range(10):
        sockets[1].sendto(b"one", sockets[0].getsockname())
    assert len(list(listening.take())) == 10
    assert len(asked) == 1
