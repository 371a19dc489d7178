"""The server is killed between acknowledged marks: nothing acknowledged is lost, and browsers go on by themselves."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from conference.record import log
from tests.browser.meeting import served
from tests.browser.test_room import imaged, press, tab
from tests.conftest import ROOT
from web.database import opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STROKES = (((0.3, 0.2), (0.6, 0.3)), ((0.3, 0.4), (0.6, 0.5)), ((0.3, 0.6), (0.6, 0.7)))


def stroke(page: Page, number: int) -> None:
    page.locator("[data-tool=length]").click()
    start, end = STROKES[number]
    page.mouse.move(*press(page, start))
    page.mouse.down()
    page.mouse.move(*press(page, end), steps=4)
    page.mouse.up()


def test_kill_9_between_marks_loses_nothing_and_browsers_resume_by_themselves(tmp_path: Path, browser: Browser) -> None:
    with served(tmp_path, browser) as (held, process):
        chair, reader = held.enter("laurent"), held.enter("mbeki")
        chair.locator("[data-open]").click()
        chair.locator("[data-call-next]").click()
        for page in (chair, reader):
            imaged(page)
            tab(page, "Marks")
        for number in range(len(STROKES)):
            stroke(reader, number)
            expect(reader.locator("#panel-marks [data-delivery=delivered]")).to_have_count(number + 1)
            process.kill()
            expect(reader.locator("[data-link=reconnecting]")).to_be_attached()
            process.start()
            for page in (chair, reader):
                expect(page.locator("[data-link=live]")).to_be_attached(timeout=30_000)
                expect(page.locator("#panel-marks [data-mark]")).to_have_count(number + 1)
        late = held.enter("varga")
        tab(late, "Marks")
        expect(late.locator("#panel-marks [data-mark]")).to_have_count(len(STROKES))
    _verify(tmp_path, held.conference)


def _verify(folder: Path, conference: str) -> None:
    command = [sys.executable, "-m", "web", "audit", "verify", "--dir", str(folder)]
    verified = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with opened(f"sqlite:///{folder / 'consilium.db'}") as database:
        assert database.read_now(log.verify, conference).seq > len(STROKES)
