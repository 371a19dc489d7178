"""The plane of an installation without voice and video."""

import asyncio

import pytest

from conference.media.errors import MediaUnavailable
from conference.media.plane import MediaPlane, NullPlane


def test_nobody_joins_and_nothing_happens():
    async def visit(plane: MediaPlane) -> None:
        assert not plane.available
        for call in (plane.join("token"), plane.answer("session", "v=0"), plane.restart("session")):
            with pytest.raises(MediaUnavailable, match="no voice and video"):
                await call
        await plane.leave("session")
        assert [event async for event in plane.events()] == []
        await plane.close()

    asyncio.run(visit(NullPlane()))
