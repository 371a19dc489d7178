"""A message is written while it comes: in order, by a thread only while something waits; an error is told once."""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from imaging.dicomweb.stow import Staging
from imaging.errors import TooLarge
from imaging.intake import Inspection, Intake
from web.images import receiving
from web.images.receiving import Receiving

PIECE = bytes(1100 * 1024)


class Kept:
    """Stands for a staging: what was fed, and when."""

    def __init__(self) -> None:
        self.fed: list[bytes] = []
        self.closed = False
        self.may_write = threading.Event()
        self.may_write.set()
        self.began = threading.Event()
        self.wrong: Exception | None = None

    def feed(self, *pieces: bytes) -> None:
        self.began.set()
        assert self.may_write.wait(10)
        if self.wrong is not None:
            raise self.wrong
        self.fed += pieces

    def close(self) -> None:
        self.closed = True


class Looked(Receiving):
    """Without a check of files, which `test_dicomweb` has."""

    def _inspected(self, folder: Path, intake: Intake) -> Inspection:
        self._write()
        return Inspection((), ())


def received(work: Callable[[Looked, Kept], Any]) -> Kept:
    kept = Kept()

    async def go() -> None:
        one = Looked(lambda: cast(Staging, kept))
        try:
            await work(one, kept)
        finally:
            await one.close()

    asyncio.run(go())
    return kept


async def many(one: Receiving) -> None:
    """More than may wait."""
    for _ in range(2 * receiving._AHEAD // len(PIECE)):
        await one.take(PIECE)


async def end(one: Receiving) -> None:
    await one.end(Path(), cast(Intake, None))


def test_all_pieces_are_written_in_their_order() -> None:
    pieces = [bytes([number]) * (1 + 90_000 * number % 1_700_000) for number in range(60)]

    async def work(one: Looked, _: Kept) -> None:
        for piece in pieces:
            await one.take(piece)
        await end(one)

    kept = received(work)
    assert kept.fed == pieces
    assert kept.closed


def test_a_piece_that_comes_while_another_is_written_waits_for_it_no_longer_than_it_must() -> None:
    async def work(one: Looked, kept: Kept) -> None:
        kept.may_write.clear()
        await one.take(PIECE)
        await asyncio.to_thread(kept.began.wait, 10)
        for _ in range(2):
            await asyncio.wait_for(one.take(PIECE), 10)  # taken, though the first is not written
        kept.may_write.set()
        await end(one)

    assert len(received(work).fed) == 3


def test_the_sender_waits_when_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_AHEAD", 3 * len(PIECE))

    async def work(one: Looked, kept: Kept) -> None:
        kept.may_write.clear()
        await one.take(PIECE)
        await one.take(PIECE)
        third = asyncio.ensure_future(one.take(PIECE))
        await asyncio.to_thread(kept.began.wait, 10)
        assert not third.done()
        kept.may_write.set()
        await third
        await end(one)

    assert len(received(work).fed) == 3


def test_little_asks_for_no_thread_until_the_end() -> None:
    async def work(one: Looked, kept: Kept) -> None:
        await one.take(b"a little")
        assert one._writing is None
        await end(one)

    assert received(work).fed == [b"a little"]


def test_what_is_wrong_is_told_with_the_next_piece() -> None:
    async def work(one: Looked, kept: Kept) -> None:
        kept.wrong = TooLarge("upload-size", "Too much.")
        await one.take(PIECE)
        with pytest.raises(TooLarge):
            await many(one)

    assert received(work).closed


def test_a_message_that_breaks_off_leaves_no_error_that_nobody_heard(caplog: pytest.LogCaptureFixture) -> None:
    async def work(one: Looked, kept: Kept) -> None:
        kept.wrong = TooLarge("upload-size", "Too much.")
        await one.take(PIECE)

    with caplog.at_level(logging.DEBUG):
        kept = received(work)
    assert kept.closed
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_a_message_that_is_given_up_while_it_waits_is_closed() -> None:
    async def work(one: Looked, kept: Kept) -> None:
        kept.may_write.clear()
        await one.take(PIECE)
        ending = asyncio.ensure_future(end(one))
        await asyncio.to_thread(kept.began.wait, 10)
        ending.cancel()
        await asyncio.wait([ending])
        kept.may_write.set()

    assert received(work).closed
