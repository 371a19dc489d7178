"""Three people in Chromium hear and see each other through the media process, and go on after an ICE restart."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from conference.media.profile import LOW, VIDEO_SLOTS
from conference.media.remote import RemotePlane
from tests.browser.camera import Layer, showing
from tests.browser.conftest import FLAGS
from tests.chromium import found_chromium
from tests.unit.conference.media.browsers import token
from tests.unit.conference.media.callers import Caller
from tests.unit.conference.media.test_process import running

pytestmark = pytest.mark.browser

PAGE = "http://localhost/media"
SCRIPT = Path(__file__).with_name("media.js").read_text("utf-8")
FAKE = [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
HTML = "<!doctype html><title>Media</title>"


SEEN = """
() => Object.fromEntries([...document.querySelectorAll('video')].map((one, at) => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d');
  canvas.drawImage(one, one.videoWidth / 2, one.videoHeight / 4, 1, 1, 0, 0, 1, 1);
  const [red, green, blue, shown] = canvas.getImageData(0, 0, 1, 1).data;
  const colour = green > red + 60 && green > blue + 60 ? 'green' : 'grey';
  return ['v' + at, shown === 0 || one.videoWidth === 0 ? 'nothing' : colour];
}))
"""
"""What each camera's place shows: a browser's camera is green, ours is grey."""


def test_three_people_hear_and_see_each_other_and_change_networks(tmp_path):
    apart(_meet, tmp_path / "media.sock")


def test_who_speaks_takes_the_place_of_a_silent_camera_and_gives_it_back(tmp_path):
    apart(_speak, tmp_path / "media.sock")


def apart(meet: Callable[[Browser, RemotePlane], Coroutine[Any, Any, None]], path: Path) -> None:
    """Let them meet in a thread of their own: the browser fixtures of other tests hold this thread's event loop."""
    found = found_chromium()
    if found is None:
        pytest.skip("needs Chromium on the PATH")

    async def run() -> None:
        async with running(path), async_playwright() as playwright, asyncio.timeout(300):
            browser = await playwright.chromium.launch(executable_path=found, args=FLAGS + FAKE)
            plane = RemotePlane(path)
            await meet(browser, plane)
            await plane.close()
            await browser.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


async def _speak(browser: Browser, plane: RemotePlane) -> None:
    async with AsyncExitStack() as held:
        for number in range(VIDEO_SLOTS):
            await held.enter_async_context(showing(Caller(plane, f"silent {number}"), {LOW: Layer()}))
        ana = await join(browser, plane, "ana", video=False)
        grey = f"() => Object.values(({SEEN})()).filter((one) => one === 'grey').length"
        await ana.wait_for_function(f"() => ({grey})() === {VIDEO_SLOTS}", timeout=0)
        bo = await join(browser, plane, "bo", video=True)
        await ana.wait_for_function(f"() => Object.values(({SEEN})()).includes('green')", timeout=0)
        seen = await ana.evaluate(SEEN)
        assert sorted(seen.values()) == ["green", "grey", "grey", "grey", "nothing"], seen
        (place,) = (place for place, shown in seen.items() if shown == "green")
        await bo.close()
        await ana.wait_for_function(f"(place) => ({SEEN})()[place] === 'grey'", arg=place, timeout=0)


async def join(browser: Browser, plane: RemotePlane, name: str, *, video: bool) -> Page:
    """A window of this person in the call."""
    page = await blank(browser)
    joined = await plane.join(token(name))
    await plane.answer(joined.session, await page.evaluate(SCRIPT, {"offer": joined.offer, "video": video}))
    return page


async def _meet(browser: Browser, plane: RemotePlane) -> None:
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


async def blank(browser: Browser) -> Page:
    page: Page = await (await browser.new_context()).new_page()
    await page.route(PAGE, lambda route: route.fulfill(content_type="text/html", body=HTML))
    await page.goto(PAGE)
    return page


async def received(page: Page, frames: int, others: int = 2) -> dict[str, Any]:
    """What the page has received, once it hears so many voices and as many cameras reached so many decoded frames."""
    found: dict[str, Any] = await page.evaluate("(wanted) => window.until(wanted)", [frames, others])
    return found
