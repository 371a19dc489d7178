"""The call of a room whose media process runs elsewhere, behind a network that a test may spoil."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from conference.media.signalling import Address
from tests.browser.line import Line, line_aside
from tests.browser.meeting import Meeting, Process, served
from tests.browser.test_media_room import PATIENCE_MS, enter, faking, join, receives
from tests.browser.until import until
from tests.conftest import ROOT
from tests.unit.conference.media.browsers import SECRET

__all__ = ["faking"]
pytestmark = pytest.mark.browser

NEAR = "127.0.0.2"
"""Where browsers are told to go: the line, which leads to the port of the same number."""
FLOWED = """
async () => {
  let flowed = 0;
  for (const one of (await window.connections.at(-1).getStats()).values()) {
    if (one.type === 'inbound-rtp') flowed += one.packetsReceived;
  }
  return flowed;
}
"""
VERSION = "Number(window.connections.at(-1).remoteDescription.sdp.match(/^o=\\S+ \\S+ (\\d+)/m)[1])"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A meeting, its web process, and everybody's line to the media process."""

    meeting: Meeting
    web: Process
    line: Line


@pytest.fixture
def elsewhere(tmp_path: Path, faking: Browser) -> Iterator[Elsewhere]:
    path, secret = tmp_path / "elsewhere.sock", tmp_path / "media.secret"
    secret.write_text(SECRET.hex(), "ascii")
    media = subprocess.Popen(
        [sys.executable, "-m", "conference.media", "--control", str(path), "--advertise", NEAR],
        cwd=ROOT, env={"CONSILIUM_MEDIA_SECRET": SECRET.hex()}, stdout=subprocess.PIPE, text=True,
    )
    assert media.stdout is not None
    try:
        ((_, port),) = json.loads(media.stdout.readline())["udp"]
        prefix = "CONSILIUM_CONFERENCE__MEDIA__"
        environment = {
            f"{prefix}ENABLED": "true", f"{prefix}URL": f"unix://{path}", f"{prefix}SECRET_FILE": str(secret),
        }
        with (
            line_aside(Address("127.0.0.1", port), Address(NEAR, port)) as line,
            served(tmp_path / "web", faking, environment) as (made, web),
        ):
            yield Elsewhere(made, web, line)
    finally:
        media.kill()
        media.wait()
        media.stdout.close()


def flows(page: Page) -> None:
    """Media comes in at this very moment."""
    before = page.evaluate(FLOWED)
    until(page, f"async (before) => await ({FLOWED})() > before + 30", before, timeout_ms=PATIENCE_MS)


def test_media_goes_on_while_the_web_process_is_killed_and_comes_back(elsewhere: Elsewhere) -> None:
    pages = [enter(elsewhere.meeting, who) for who in ("laurent", "mbeki")]
    for page in pages:
        join(page, camera=True)
    for page in pages:
        receives(page, heard=1, seen=1)

    made = [page.evaluate("connections.length") for page in pages]
    elsewhere.web.kill()
    for page, count in zip(pages, made, strict=True):
        expect(page.locator("[data-link=live]")).to_have_count(0, timeout=PATIENCE_MS)
        flows(page)
        expect(page.locator("[data-call=live]")).to_be_visible()
        assert page.evaluate("connections.length") == count

    elsewhere.web.start()
    for page in pages:
        expect(page.locator("[data-link=live]")).to_be_attached(timeout=PATIENCE_MS)
        expect(page.locator("[data-call=live]")).to_be_visible(timeout=PATIENCE_MS)
        receives(page, heard=1, seen=1)


def test_a_lost_way_is_found_again_and_a_thin_line_leaves_the_voices(elsewhere: Elsewhere) -> None:
    chair, second = (enter(elsewhere.meeting, who) for who in ("laurent", "mbeki"))
    for page in (chair, second):
        join(page, camera=True)
    for page in (chair, second):
        receives(page, heard=1, seen=1)
    up, down = elsewhere.line.up, elsewhere.line.down

    before = second.evaluate(VERSION)
    up.loss = down.loss = 1.0
    expect(second.locator("[data-call=waiting]")).to_contain_text("come back by themselves", timeout=PATIENCE_MS)
    up.loss = down.loss = 0.0
    expect(second.locator("[data-call=live]")).to_be_visible(timeout=PATIENCE_MS)
    receives(second, heard=1, seen=1)
    assert second.evaluate(VERSION) > before, "another way was looked for"
    flows(second)

    down.loss = 0.3
    expect(second.locator("[data-quality]")).to_contain_text("Poor line", timeout=PATIENCE_MS)
    expect(second.locator("[data-said]")).to_contain_text("Your line is thin", timeout=PATIENCE_MS)
    expect(second.locator(".tile video")).to_have_count(0, timeout=PATIENCE_MS)
    down.loss = 0.0
    expect(second.locator("[data-quality]")).to_contain_text("Good line", timeout=PATIENCE_MS)
    receives(second, heard=1)
    flows(second)
