"""A camera over a bad line to Chromium, held against a perfect line to the same browser at the same moments.

Two calls of a camera and a window run side by side, one over lines that a test spoils. What a busy machine costs, it
costs both. The cameras are encoded beforehand, so that neither depends on what a browser thinks it can send.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from playwright.async_api import Browser, Page

from conference.media.profile import HIGH, LOW
from conference.media.remote import RemotePlane
from conference.media.signalling import Address
from tests.browser.camera import Camera, Layer, showing
from tests.browser.line import Line, line
from tests.browser.test_media import SCRIPT, apart, blank
from tests.unit.conference.media.browsers import token
from tests.unit.conference.media.callers import Caller

_log = logging.getLogger(__name__)
pytestmark = pytest.mark.browser

WATCH_S = 10.0
UNDER_WAY_S = 0.5
"""Pictures that may be on their way, or wait to be drawn, when a watch ends."""
SMALL = Layer(320, 180, 30, 250_000, rough=True)
LARGE = Layer(640, 360, 30, 1_600_000, rough=True)
SEEN = """
async () => {
  for (const one of (await pc.getStats()).values()) {
    if (one.type === 'inbound-rtp' && one.kind === 'video' && one.framesDecoded > 0) {
      return [one.framesDecoded, one.totalFreezesDuration, one.frameHeight];
    }
  }
  return [0, 0, 0];
}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A window so far: frames decoded, seconds the picture stood still, its rows."""

    frames: int
    frozen: float
    height: int


@dataclass(frozen=True, slots=True)
class Side:
    """One camera, the window that watches it, and their lines to the port."""

    camera: Camera
    page: Page
    up: Line
    down: Line

    async def seen(self) -> Seen:
        return Seen(*await self.page.evaluate(SEEN))

    async def until(self, height: int) -> None:
        """Wait for a picture of so many rows."""
        # Not wait_for_function: it takes the promise of an asynchronous function for true.
        while not ((seen := await self.seen()).frames > 30 and seen.height == height):
            await self.page.wait_for_timeout(200)

    async def watched(self, seconds: float) -> tuple[float, float]:
        """For so long: the share of the frames sent that were decoded, and seconds of standing still."""
        sent, before = self.camera.sent, await self.seen()
        await asyncio.sleep(seconds)
        share, after = self.camera.sent - sent, await self.seen()
        return (after.frames - before.frames) / share, after.frozen - before.frozen


@asynccontextmanager
async def side(browser: Browser, plane: RemotePlane, room: str, layers: Mapping[str, Layer]) -> AsyncIterator[Side]:
    """A call of two in a room of its own, over two perfect lines."""
    async with AsyncExitStack() as held:
        (port,) = await plane.addresses()
        up, down = [await held.enter_async_context(line(port, seed)) for seed in (1, 11)]
        near = Address(*up.near.get_extra_info("sockname"))
        camera = await held.enter_async_context(showing(Caller(plane, "ana", room, near), layers))
        page = await blank(browser)
        joined = await plane.join(token("bo", room))
        answer = await page.evaluate(SCRIPT, {"offer": down.offer(joined.offer), "video": False})
        await plane.answer(joined.session, answer)
        yield Side(camera, page, up, down)


def test_a_tenth_lost_both_ways_costs_no_frame_and_less_than_half_a_second(tmp_path: Path) -> None:
    async def play(browser: Browser, plane: RemotePlane) -> None:
        layers = {LOW: SMALL}
        async with side(browser, plane, "lossy", layers) as lossy, side(browser, plane, "perfect", layers) as perfect:
            for one in (lossy, perfect):
                await one.until(SMALL.height)
            for lane in (lossy.up.up, lossy.up.down, lossy.down.up, lossy.down.down):
                lane.loss = 0.1
            shares, stills = [], []
            while len(shares) < 3:
                (share, frozen), (reference, stood) = await asyncio.gather(
                    lossy.watched(WATCH_S), perfect.watched(WATCH_S)
                )
                _log.info("%.2f shown, %.2f s frozen; perfect: %.2f, %.2f s", share, frozen, reference, stood)
                if reference > 0.9 and not stood:  # where a perfect line stands still, a lossy one says nothing
                    shares.append(share)
                    stills.append(frozen)
            assert min(lossy.up.up.lost, lossy.down.down.lost) > 10
            assert median(shares) > 1.0 - UNDER_WAY_S / WATCH_S, shares
            assert median(stills) < 0.5, stills

    apart(play, tmp_path / "media.sock")


def test_a_line_that_thins_shows_as_many_frames_as_a_perfect_one_in_the_small_picture(tmp_path: Path) -> None:
    async def play(browser: Browser, plane: RemotePlane) -> None:
        layers = {LOW: SMALL, HIGH: LARGE}
        async with side(browser, plane, "thin", layers) as thin, side(browser, plane, "perfect", layers) as perfect:
            for one in (thin, perfect):
                await one.until(LARGE.height)
            thin.down.down.rate = 900_000
            share, reference = 0.0, 1.0
            while share < 24 / 30 * reference or (await thin.seen()).height != SMALL.height:
                (share, _), (reference, _) = await asyncio.gather(thin.watched(2.0), perfect.watched(2.0))
                _log.info("%.2f of the frames shown, %.2f over a perfect line", share, reference)
            assert thin.down.down.lost > 0
            assert (await perfect.seen()).height == LARGE.height

    apart(play, tmp_path / "media.sock")
