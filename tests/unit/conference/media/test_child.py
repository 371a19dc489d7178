"""The media process as a child: it is there, comes back when killed, and goes with its parent's wish."""

import asyncio
import os
import signal
import sys

import pytest

from conference.media.child import MediaChild
from conference.media.errors import MediaUnavailable
from conference.media.tokens import Admission
from tests.conftest import ROOT
from web.clock import now

WHO = Admission("room", "ana")


def test_a_killed_process_is_replaced_and_serves_again(tmp_path):
    async def visit() -> None:
        child = MediaChild(tmp_path / "media.sock", listen=("127.0.0.1",), port=0, advertise=("192.0.2.7",))
        await child.start()
        async with asyncio.timeout(60):
            first = await child.ready()
            joined = await child.plane.join(child.token(WHO, now()))
            assert "192.0.2.7" in joined.offer
            ended = asyncio.ensure_future(_all(child))
            os.kill(first, signal.SIGKILL)
            await ended
            with pytest.raises(MediaUnavailable):
                await child.plane.restart(joined.session)
            assert await child.ready(after=first) != first
            assert (await child.plane.join(child.token(WHO, now()))).session != joined.session
            await child.stop()
            assert not child.plane.available

    asyncio.run(visit())


async def _all(child: MediaChild) -> list[object]:
    return [event async for event in child.plane.events()]


def test_what_never_started_stops(tmp_path):
    async def visit() -> None:
        await MediaChild(tmp_path / "media.sock", listen=(), port=0, advertise=()).stop()

    asyncio.run(visit())


def test_the_process_ends_when_its_parent_dies(tmp_path):
    """The parent holds the other end of the child's standard input; a killed parent lets go of it."""
    async def visit() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "conference.media", "--control", str(tmp_path / "media.sock"), "--with-parent",
            env={"CONSILIUM_MEDIA_SECRET": "00" * 32, "PYTHONPATH": str(ROOT)}, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert await process.stdout.readline()
            process.stdin.close()
            assert await process.wait() == 0
        assert not (tmp_path / "media.sock").exists()

    asyncio.run(visit())
