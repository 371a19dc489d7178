"""The outbox: durable in order, presence only the newest, bounded."""

import json

import pytest

from conference.live.outbox import Message, Outbox


def outbox() -> Outbox:
    return Outbox(limit_bytes=100, patience_s=10.0)


def test_durable_messages_leave_in_order_and_presence_after_them() -> None:
    box = outbox()
    box.presence({"bo": {"seen": 1}})
    box.durable("one")
    box.durable("two")
    assert box.take(0.0) == ["one", "two", '{"type":"presence","people":{"bo":{"seen":1}}}']
    assert box.empty
    assert box.take(0.0) == []


def test_only_the_newest_of_each_key_waits() -> None:
    box = outbox()
    for seen in range(1000):
        box.presence({"bo": {"seen": seen}, "cy": {"pointer": None}})
    box.presence({"bo": {"draft": None}})
    (text,) = box.take(0.0)
    assert json.loads(text)["people"] == {"bo": {"seen": 999, "draft": None}, "cy": {"pointer": None}}


def test_gone_and_back_is_not_mixed_with_before() -> None:
    box = outbox()
    box.presence({"bo": {"seen": 1}})
    box.presence({"bo": None})
    box.presence({"bo": {"pointer": None}})
    assert json.loads(box.take(0.0)[0])["people"] == {"bo": {"pointer": None}}


def test_too_much_waiting_is_too_slow() -> None:
    box = outbox()
    box.durable("x" * 100)
    assert not box.too_slow(0.0)
    box.durable("x")
    assert box.too_slow(0.0)


def test_taking_nothing_for_too_long_is_too_slow() -> None:
    box = outbox()
    box.durable("x")
    box.take(5.0)
    assert not box.too_slow(15.0)
    assert box.too_slow(15.1)
    box.sent()
    assert not box.too_slow(100.0)


@pytest.mark.parametrize(("size", "head"), [(125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_a_message_is_framed_as_rfc_6455_says(size: int, head: int) -> None:
    message = Message("x" * size)
    assert message.frame is message.frame
    assert message.frame[0] == 0x81
    assert len(message.frame) == head + size
    assert message.frame[1] == (size if head == 2 else 126 if head == 4 else 127)
    assert head == 2 or int.from_bytes(message.frame[2:head], "big") == size
