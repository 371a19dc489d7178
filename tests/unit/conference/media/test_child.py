"""The media process as a child: it is there, comes back when killed, and goes with its parent's wish."""

import asyncio
import os
import signal

import pytest

from conference.media.child import MediaChild
from conference.media.errors import MediaUnavailable
from conference.media.tokens import Admission
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
