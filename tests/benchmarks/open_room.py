"""open-room: a cold browser at 1 Mbit/s, 60 ms, from the address to the first image and to a measurement drawn.

Ours is the whole room with a case on the table and a study in it, signed in; theirs is OHIF with the same study from
the same server, its files compressed as well as ours. An image is there when a canvas or picture at least 200 pixels
wide shows one; tools are usable when a press and a drag of the length tool have left a length on it.
"""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from math import log
from pathlib import Path
from statistics import median

from playwright.sync_api import BrowserContext, Page

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.browser import chromium
from tests.benchmarks.rig.consilium import STOW, consilium
from tests.benchmarks.rig.instances import STACK, series, uids
from tests.benchmarks.rig.link import Link, thin
from tests.benchmarks.rig.processes import Missing
from tests.benchmarks.rig.rooms import Sat, sit
from tests.peers import ohif

RATE, DELAY_S = 1e6, 0.06
FIRST_BYTES = 400_000
"""What may come before the first image."""
PATIENCE_MS = 240_000
SIZES = (20, 200)
"""Images of the series that is opened."""
_WATCH = """
const shows = (seen) => {
  if (seen.clientWidth < 200 || !seen.checkVisibility()) return false;
  if (seen instanceof HTMLImageElement && !(seen.complete && seen.naturalWidth > 0)) return false;
  if (seen instanceof HTMLCanvasElement && !(seen.width > 0 && seen.height > 0)) return false;
  const small = new OffscreenCanvas(64, 64).getContext('2d');
  small.drawImage(seen, 0, 0, 64, 64);
  const { data } = small.getImageData(0, 0, 64, 64);
  let bright = 0;
  for (let at = 0; at < data.length; at += 4) bright += data[at] > 40 ? 1 : 0;
  return bright > 64 * 64 / 50;
};
const look = () => {
  if ([...document.querySelectorAll('canvas, img')].some(shows)) globalThis.firstImage = performance.now();
  else setTimeout(look, 20);
};
look();
"""
"""Notes when the first image is there: a fiftieth of it brighter than the blackest sixth."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Seconds from the address, and bytes that had come by then."""

    image: float
    tools: float
    bytes: int


def run(*, short: bool) -> Iterator[Figure]:
    """Seconds and bytes, ours / OHIF's, for a short and a long series."""
    try:
        dist = ohif.packed()
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"OHIF could not be had from npm: {error}") from error
    rounds = 1 if short else 3
    found: list[tuple[Opened, Opened]] = []
    for count in SIZES[:1] if short else SIZES:
        both = _measured(dist, count, rounds)
        found.append(both)
        yield from _figures(count, *both)
    if len(found) > 1:
        (us, them), (us_large, them_large) = found
        ratio = log(SIZES[1] / SIZES[0])
        grows = log(us_large.image / us.image) / ratio, log(them_large.image / them.image) / ratio
        yield Figure("open-room first image: exponent", *grows, "power of images", None)


def _figures(count: int, us: Opened, them: Opened) -> Iterator[Figure]:
    name = f"open-room {count} images"
    yield Figure(f"{name}: first image", us.image, them.image, "s", 1 / 5)
    yield Figure(f"{name}: tools usable", us.tools, them.tools, "s", 1 / 5)
    yield Figure(f"{name}: bytes before the image", us.bytes / 1000, them.bytes / 1000, "kB", None)
    yield Figure(f"{name}: bytes before the image / bar", us.bytes / 1000, FIRST_BYTES / 1000, "kB", 1.0)


def _measured(dist: Path, count: int, rounds: int) -> tuple[Opened, Opened]:
    kind = replace(STACK, count=count)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sat: list[Sat] = []
        server = stack.enter_context(consilium(folder, lambda session: sat.append(sit(session))))
        files = list(series(kind, 7))
        for at in range(0, len(files), 20):
            server.http.stow(STOW, files[at : at + 20])
        server.prepared(count)
        address, _seen = stack.enter_context(ohif.one_origin(dist, server.port))
        theirs = int(address.rsplit(":", 1)[1])
        link = stack.enter_context(thin(server.port, RATE, DELAY_S))
        far = stack.enter_context(thin(theirs, RATE, DELAY_S))
        browser = stack.enter_context(chromium({server.port: link.port, theirs: far.port})).browser
        sat[0].call(browser, server.port)
        us, them = [], []
        for _ in range(rounds):
            ours = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
            sat[0].enter(ours, "Ada", server.port)
            us.append(_cold(ours, link, partial(_room, conference=sat[0].conference)))
            them.append(_cold(browser.new_context(base_url=address), far, partial(_ohif, token=server.token)))
    return _median(us), _median(them)


def _median(seen: list[Opened]) -> Opened:
    return Opened(
        median(one.image for one in seen), median(one.tools for one in seen), round(median(one.bytes for one in seen))
    )


def _cold(context: BrowserContext, link: Link, opened: "Opens") -> Opened:
    """One visit by a browser that has never been here."""
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.add_init_script(_WATCH)
    before = len(link.arrived)
    button, pane, drawn = opened(page)
    page.locator(button).first.click()
    box = page.locator(pane).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 4, y + box["height"] / 5, steps=4)
    page.mouse.up()
    page.locator(drawn).first.wait_for(state="attached")
    began, image, tools = page.evaluate("[performance.timeOrigin, globalThis.firstImage, performance.now()]")
    context.close()
    reached = sum(size for when, size in link.arrived[before:] if when <= (began + image) / 1000)
    return Opened(image / 1000, tools / 1000, reached)


Opens = Callable[[Page], tuple[str, str, str]]
"""Goes to the address and returns once an image is there; gives what to press, where to draw and what is then drawn."""


def _room(page: Page, conference: str) -> tuple[str, str, str]:
    page.goto(f"/conferences/{conference}/room", wait_until="commit")
    page.locator(".viewer-pane[data-fidelity=preview], .viewer-pane[data-fidelity=lossless]").first.wait_for()
    return "[data-tool=length]", ".viewer-pane", ".viewer-mark"


def _ohif(page: Page, token: str) -> tuple[str, str, str]:
    page.add_init_script("""localStorage.setItem('shownTours', '["basicViewerTour"]')""")  # no tour over the tools
    page.goto(f"/viewer?StudyInstanceUIDs={uids(7, 0, 0)[0]}&token={token}", wait_until="commit")
    page.wait_for_function("globalThis.firstImage !== undefined")
    page.locator("[data-cy=MeasurementTools-split-button-primary]").wait_for()
    return "[data-cy=MeasurementTools-split-button-primary]", ".viewport-element", ".viewport-element svg line"
