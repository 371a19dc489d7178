"""One member: fast while it keeps up, coalesced while it lags, cut when it does not come back."""

import asyncio
import time

from conference.live.member import Member
from conference.live.outbox import Message
from tests.live_rooms import Wire, settle
from tests.rooms import SURGEON


def member(wire: Wire, **limits: float) -> Member:
    return Member(SURGEON, wire, **({"limit_bytes": 10_000, "patience_s": 10.0} | limits))  # type: ignore[arg-type]


def message(number: int) -> Message:
    return Message(f'{{"type":"events","events":[],"digest":"{number}"}}')


def test_order_holds_between_the_fast_lane_and_the_slow_one() -> None:
    async def scene() -> None:
        wire = Wire(fast=True)
        found = member(wire)
        found.durable(message(0))
        wire.reading.clear()
        for number in range(1, 5):
            found.durable(message(number))
        wire.reading.set()
        found.durable(message(5))
        await settle()
        found.durable(message(6))
        assert [one["digest"] for one in wire.received] == [str(number) for number in range(7)]

    asyncio.run(scene())


def test_presence_of_a_lagging_member_is_the_newest_only() -> None:
    async def scene() -> None:
        wire = Wire()
        wire.reading.clear()
        found = member(wire)
        found.durable(message(0))
        await settle()
        for seen in range(500):
            found.presence(Message("unused"), {"bo": {"seen": seen}})
        wire.reading.set()
        await settle()
        assert [one["type"] for one in wire.received] == ["events", "presence"]
        assert wire.received[1]["people"] == {"bo": {"seen": 499}}

    asyncio.run(scene())


def test_a_member_that_lags_too_far_is_reset_and_hears_nothing_more() -> None:
    async def scene() -> None:
        wire = Wire()
        wire.reading.clear()
        found = member(wire)
        for number in range(1_000):
            found.durable(message(number))
        assert wire.aborted
        assert found.over
        wire.reading.set()
        await settle()
        assert wire.received == []

    asyncio.run(scene())


def test_a_member_that_takes_nothing_is_reset_by_the_beat() -> None:
    async def scene() -> None:
        wire = Wire()
        wire.reading.clear()
        found = member(wire, patience_s=5.0)
        found.durable(message(0))
        await settle()
        found.beat(message(1), time.monotonic())
        assert not wire.aborted
        found.beat(message(1), time.monotonic() + 6.0)
        assert wire.aborted

    asyncio.run(scene())


def test_nothing_is_delivered_after_a_close() -> None:
    async def scene() -> None:
        wire = Wire()
        found = member(wire)
        found.durable(message(0))
        found.close(4003, "right revoked")
        found.durable(message(1))
        await found.closed()
        await settle()
        assert wire.received == []
        assert wire.closed == (4003, "right revoked")

    asyncio.run(scene())
