"""Three people in Chromium hear and see each other through the media process, and go on after an ICE restart."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from conference.media.remote import RemotePlane
from tests.browser.conftest import FLAGS
from tests.chromium import found_chromium
from tests.unit.conference.media.browsers import token
from tests.unit.conference.media.test_process import running

pytestmark = pytest.mark.browser

PAGE = "http://localhost/media"
SCRIPT = Path(__file__).with_name("media.js").read_text("utf-8")
FAKE = [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
HTML = "<!doctype html><title>Media</title>"


def test_three_people_hear_and_see_each_other_and_change_networks(tmp_path):
    found = found_chromium()
    if found is None:
        pytest.skip("needs Chromium on the PATH")
    with ThreadPoolExecutor(1) as apart:  # the browser fixtures of other tests hold this thread's event loop
        apart.submit(asyncio.run, _meet(tmp_path / "media.sock", found)).result()


async def _meet(path: Path, chromium: str) -> None:
    async with running(path), async_playwright() as playwright, asyncio.timeout(120):
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS + FAKE)
        plane = RemotePlane(path)
        sessions: dict[str, str] = {}
        pages: dict[str, Page] = {}
        for name in ("ana", "bo", "cy"):
            page = pages[name] = await blank(browser)
            joined = await plane.join(token(name))
            sessions[name] = joined.session
            await plane.answer(joined.session, await page.evaluate(SCRIPT, {"offer": joined.offer, "video": True}))
        before = [await received(page, 30) for page in pages.values()]
        assert [one["lines"] for one in before] == [13, 13, 13]
        offer = await plane.restart(sessions["ana"])
        await plane.answer(sessions["ana"], await pages["ana"].evaluate("(sdp) => window.answer(sdp)", offer))
        frames = max(before[0]["frames"].values())
        await received(pages["ana"], frames + 30)
        await received(pages["bo"], max(before[1]["frames"].values()) + 30)
        await plane.close()
        await browser.close()


async def blank(browser: Any) -> Page:
    page: Page = await (await browser.new_context()).new_page()
    await page.route(PAGE, lambda route: route.fulfill(content_type="text/html", body=HTML))
    await page.goto(PAGE)
    return page


async def received(page: Page, frames: int, others: int = 2) -> dict[str, Any]:
    """What the page has received, once it hears so many voices and as many cameras reached so many decoded frames."""
    found: dict[str, Any] = await page.evaluate("(wanted) => window.until(wanted)", [frames, others])
    return found
