"""Chromium under measurement: reached through a thin link where asked for, its CPU counted over all its processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.rig.processes import Missing, cpu_of
from tests.browser.conftest import FLAGS
from tests.chromium import found_chromium


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser with nothing in its cache, and the process all its others descend from."""

    browser: Browser
    pid: int

    def cpu(self) -> float:
        """Seconds of user and system time so far: of the browser, its renderers and what draws for them."""
        return cpu_of(self.pid)


@contextmanager
def chromium(through: dict[int, int] | None = None) -> Iterator[Chromium]:
    """Headless Chromium without a graphics processor.

    through: port of loopback → port that is connected to instead, such as a thin link's; addresses stay as they are.
    """
    found = found_chromium()
    if found is None:
        raise Missing("Chromium is not here: apt-get install chromium")
    rules = [f"MAP 127.0.0.1:{port} 127.0.0.1:{instead}" for port, instead in (through or {}).items()]
    flags = [*FLAGS, "--disable-gpu", *([f"--host-resolver-rules={','.join(rules)}"] if rules else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        try:
            told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
            yield Chromium(browser, next(one["id"] for one in told if one["type"] == "browser"))
        finally:
            browser.close()
