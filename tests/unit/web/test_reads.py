"""Every picture that leaves lies within a minute after a committed row of the audit; the first waits for it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from web.images.reads import WINDOW, Reads

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Rows:
    """A database whose commits a test lets through or fails."""

    def __init__(self) -> None:
        self.written = 0
        self.open = asyncio.Event()
        self.broken = False

    async def write(self) -> None:
        await self.open.wait()
        if self.broken:
            raise OSError("no space")
        self.written += 1


def test_nobody_gets_a_picture_before_the_row_is_committed_and_forty_need_one() -> None:
    async def scene() -> None:
        reads, rows = Reads(), Rows()
        waiting = [asyncio.create_task(reads.note("ada", "series/1", AT, rows.write)) for _ in range(40)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        rows.open.set()
        await asyncio.gather(*waiting)
        assert rows.written == 1

    asyncio.run(scene())


def test_every_person_series_and_minute_has_a_row_of_its_own() -> None:
    async def scene() -> None:
        reads, rows = Reads(), Rows()
        rows.open.set()
        for who, record, after in [
            ("ada", "series/1", 0), ("ada", "series/1", 59), ("bo", "series/1", 59), ("ada", "series/2", 59),
            ("ada", "series/1", 60), ("ada", "series/1", 119), ("ada", "series/1", 120),
        ]:
            await reads.note(who, record, AT + timedelta(seconds=after), rows.write)
        assert rows.written == 5

    asyncio.run(scene())


def test_a_clock_that_went_back_writes_anew() -> None:
    async def scene() -> None:
        reads, rows = Reads(), Rows()
        rows.open.set()
        await reads.note("ada", "series/1", AT, rows.write)
        await reads.note("ada", "series/1", AT - WINDOW, rows.write)
        assert rows.written == 2

    asyncio.run(scene())


def test_a_row_that_cannot_be_written_fails_every_read_that_waits_and_the_next_one_tries_again() -> None:
    async def scene() -> None:
        reads, rows = Reads(), Rows()
        rows.open.set()
        rows.broken = True
        both = [reads.note("ada", "series/1", AT, rows.write) for _ in range(2)]
        assert [type(one) for one in await asyncio.gather(*both, return_exceptions=True)] == [OSError, OSError]
        rows.broken = False
        await reads.note("ada", "series/1", AT, rows.write)
        assert rows.written == 1

    asyncio.run(scene())


def test_who_leaves_while_waiting_does_not_undo_the_row_for_the_others() -> None:
    async def scene() -> None:
        reads, rows = Reads(), Rows()
        first, second = (asyncio.create_task(reads.note("ada", "series/1", AT, rows.write)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        rows.open.set()
        await second
        with pytest.raises(asyncio.CancelledError):
            await first
        assert rows.written == 1

    asyncio.run(scene())
