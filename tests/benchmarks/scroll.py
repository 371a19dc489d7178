"""scroll: 200 slices in memory, no graphics processor: CPU of the browser per frame, by process accounting.

Ours is the whole viewer with its tools, facts and strip, scrolled by its own key; theirs is a bare stack viewport of
Cornerstone3D 5 on its CPU path, of the same size, told to show the next image. Both move one slice at each frame of the
screen, through the same number of slices of the same size; user and system time of all processes of the browser count.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from math import log
from pathlib import Path
from statistics import median
from threading import Thread

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.browser import Chromium, chromium
from tests.benchmarks.rig.processes import Missing
from tests.browser.reading import Series, reading
from tests.peers import cornerstone

SLICES = 200
SIDES = (256, 512)
_PATIENCE_MS = 120_000
WINDOW = {"width": 1280, "height": 800}
_OURS = r"""
frames => new Promise((done) => {
  const pane = document.querySelector('.viewer-pane');
  const shown = () => /(\d+)\/(\d+)/.exec(pane.querySelector('.viewer-facts').textContent);
  let [drawn, last, left, key] = [0, shown()[1], frames, 'ArrowDown'];
  const next = () => {
    const [, now, end] = shown();
    if (now !== last) drawn += 1;
    last = now;
    if (left-- === 0) return done(drawn);
    if (now === '1') key = 'ArrowDown';
    if (now === end) key = 'ArrowUp';
    pane.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})
"""
"""The words of the pane hold the number of what was painted last."""
_THEIRS = "frames => globalThis.scrolled(frames)"
_SIZE = "(() => { const { width, height } = document.querySelector('.viewer-pane canvas'); return [width, height]; })()"


def run(*, short: bool) -> Iterator[Figure]:
    """Milliseconds of CPU per frame drawn, ours / Cornerstone3D's, at two sizes; and the exponents between them."""
    try:
        page = cornerstone.fetch()
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"Cornerstone3D could not be had from npm: {error}") from error
    rounds, frames = (2, 120) if short else (5, 400)
    found = []
    for side in SIDES:
        us, them = _measured(page, side, rounds, frames)
        found.append((us, them))
        yield Figure(f"scroll {SLICES} slices of {side} × {side}: CPU a frame", us, them, "ms", 1.0)
    (us, them), (us_large, them_large) = found
    ratio = log((SIDES[1] / SIDES[0]) ** 2)
    grows = log(us_large / us) / ratio, log(them_large / them) / ratio
    yield Figure("scroll: exponent of CPU", *grows, "power of pixels", None)


def _measured(page: Path, side: int, rounds: int, frames: int) -> tuple[float, float]:
    """Medians of interleaved rounds."""
    with chromium() as browser, _served(page) as address:
        ours = _ours(browser, side)
        width, height = ours.evaluate(_SIZE)
        theirs = browser.browser.new_page(viewport=WINDOW)
        theirs.goto(f"{address}/?count={SLICES}&side={side}&width={width}&height={height}")
        theirs.wait_for_function("globalThis.ready === true", timeout=_PATIENCE_MS)
        us, them = [], []
        for _ in range(rounds):
            us.append(_per_frame(browser, ours, _OURS, frames))
            them.append(_per_frame(browser, theirs, _THEIRS, frames))
    return median(us), median(them)


def _per_frame(browser: Chromium, page: Page, scrolled: str, frames: int) -> float:
    page.bring_to_front()
    page.evaluate(scrolled, 20)
    before = browser.cpu()
    drawn = page.evaluate(scrolled, frames)
    return 1000 * (browser.cpu() - before) / drawn


def _ours(browser: Chromium, side: int) -> Page:
    context = browser.browser.new_context(viewport=WINDOW)
    expect.set_options(timeout=_PATIENCE_MS)  # a hundred megabytes come first
    page = reading(context, [Series("1.1", "AX T2", _stack(side))]).page
    expect(page.locator(".viewer-dim")).to_have_count(0)
    return page


def _stack(side: int) -> NDArray[np.uint16]:
    """The same slices as the other page makes."""
    rows, columns = np.mgrid[:side, :side]
    return np.stack([(rows + columns + 7 * at) % 1001 for at in range(SLICES)]).astype("<u2")


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_said: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
