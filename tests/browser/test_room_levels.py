"""Numbering, blind grades and the plan, worked on in the room by two people at once, with mouse and with keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.meeting import SERIES, Meeting, add_series, meeting
from tests.browser.pictures import picture
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
SHOTS = ROOT / ".screenshots" / "levels"
SAGITTAL = "1.2.826.1.7"
SIZES = ((390, 844), (1440, 900), (2560, 1440))


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    expect.set_options(timeout=30_000)
    with meeting(tmp_path, browser) as made:
        add_series(made.held, tmp_path, SAGITTAL, sagittal=True)
        yield made
        assert made.problems == []
    expect.set_options(timeout=5_000)


def test_levels_are_numbered_graded_and_planned_in_the_room(held: Meeting) -> None:
    chair, reader = held.enter("laurent"), held.enter("mbeki")
    for press in ("[data-open]", "[data-call-next]"):
        chair.locator(press).click()
    for page in (chair, reader):
        page.get_by_role("tab", name="Decision").click()
        expect(page.locator("[data-numbering=missing]")).to_be_visible()
    _number(chair, reader)
    _grade(chair, reader)
    _plan(chair, reader)
    _look(chair)
    _beside_the_packet(held, chair)


def _number(chair: Page, reader: Page) -> None:
    """One click and one mark by keys; the reader sees every step on their own image and accepts."""
    _shows(chair, SAGITTAL)
    chair.locator("[data-begin]").click()
    chair.locator("#numbering-vertebra").select_option("L3")
    pane = chair.locator(".viewer-pane[data-active]")
    box = pane.bounding_box()
    assert box is not None
    chair.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.3)
    expect(_level(chair, "L3?")).to_be_attached()
    chair.locator("#numbering-vertebra").select_option("S1")
    chair.get_by_role("button", name="To the image").press("Enter")
    expect(pane).to_be_focused()
    for key in ("Enter", *["ArrowDown"] * 12, "Enter"):
        chair.keyboard.press(key)
    for name in ("L3?", "L4?", "L5?", "S1?"):
        expect(_level(chair, name)).to_be_attached()
    expect(chair.locator(".viewer-numbered").first).to_have_text("Numbering being marked")
    chair.locator("#numbering-castellvi").select_option("IIa")
    chair.get_by_role("button", name="Propose", exact=True).press("Enter")
    expect(chair.locator("level-numbering .error")).to_contain_text("Say how the vertebrae were counted")
    chair.locator("#numbering-method").select_option("iliolumbar")
    chair.get_by_role("button", name="Propose", exact=True).press("Enter")
    expect(reader.locator("[data-numbering=proposed]")).to_be_visible()
    expect(_level(reader, "L4?")).to_be_attached()
    reader.get_by_role("button", name="Accept version 1").click()
    for page in (chair, reader):
        expect(page.locator("[data-numbering=accepted]")).to_be_visible()
        expect(page.locator("level-numbering")).to_contain_text("Castellvi IIa")
        expect(_level(page, "L4")).to_be_attached()
        expect(page.locator(".viewer-numbered").first).to_have_text("Numbering accepted")
    _shows(chair, SERIES)
    expect(chair.locator(".viewer-numbered").first).to_contain_text("numbering accepted")
    expect(chair.locator(".viewer-numbered").first).to_contain_text("Level L")


def _grade(chair: Page, reader: Page) -> None:
    """The reader's grade is in nobody else's hands until the chair's is in; then both see that they differ."""
    with reader.expect_response("**/levels-summary.json"):
        _give(reader, "lee-central", "L4-L5", "3")
    place = '[data-place="lee-central L4–L5"]'
    expect(reader.locator(place)).to_contain_text("3 (you)")
    expect(chair.locator(place)).to_contain_text("given")
    told = chair.evaluate("fetch('/cases/case1/levels-summary.json').then(one => one.json())")
    assert [one["grade"] for one in told["grades"]["places"][0]["grades"]] == [None]
    _give(chair, "lee-central", "L4-L5", "1")
    for page in (chair, reader):
        expect(page.locator(place)).to_contain_text("differ by 2, a note on the agenda")
        expect(page.locator("level-grading")).to_contain_text("no kappa yet from 1 pair")


def _give(page: Page, instrument: str, level: str, grade: str) -> None:
    _unfold(page, "data-grades")
    page.locator("#grading-instrument").select_option(instrument)
    page.locator("#grading-level").select_option(level)
    page.locator(f"input[name=grading-grade][value='{grade}']").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Give this grade").press("Enter")


def _plan(chair: Page, reader: Page) -> None:
    """The index counts while one ticks; whoever keeps second is told, and loses nothing."""
    for page in (chair, reader):
        _unfold(page, "data-plan")
    _cell(chair, "L4", "decompression-posterior").focus()
    for key in ("Space", "ArrowDown", "Space"):
        chair.keyboard.press(key)
    expect(_cell(chair, "L5", "decompression-posterior")).to_be_checked()
    expect(chair.locator("[data-index='2']")).to_contain_text("+2")
    expect(chair.locator("[data-index='2']")).to_contain_text("L5 (decompress, back)")
    _cell(reader, "S1", "decompression-posterior").check()
    reader.get_by_role("button", name="Keep this plan").press("Enter")
    expect(chair.locator("[data-overtaken]")).to_contain_text("Somebody else changed the plan")
    expect(chair.locator("[data-index='3']")).to_be_visible()
    chair.get_by_role("button", name="Keep this plan").press("Enter")
    expect(reader.locator("[data-index='3']")).to_be_visible()
    for name in ("L4", "L5", "S1"):
        expect(_cell(reader, name, "decompression-posterior")).to_be_checked()
    expect(chair.locator("[data-overtaken]")).to_have_count(0)


def _look(chair: Page) -> None:
    _shows(chair, SAGITTAL)
    chair.locator("[data-begin]").click()
    for width, height in SIZES:
        chair.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            chair.evaluate("theme => { document.documentElement.dataset.theme = theme; "
                           "for (const one of document.getAnimations()) one.finish(); }", theme)
            picture(chair, SHOTS / f"{width}-{theme}.png")
            if width != 2560:
                found = Axe().run(chair)
                assert found.violations_count == 0, found.generate_report()
        assert chair.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _beside_the_packet(held: Meeting, page: Page) -> None:
    """The packet's viewer carries the same labels, and takes marks as well."""
    page.goto(f"/conferences/{held.conference}/cases/case1")
    expect(page.locator("case-numbering [data-numbering=accepted]")).to_be_visible()
    _shows(page, SAGITTAL)
    expect(_level(page, "L4")).to_be_attached()
    page.locator("case-numbering [data-begin]").click()
    expect(_level(page, "L4?")).to_be_attached()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def _unfold(page: Page, which: str) -> None:
    fold = page.locator(f"details[{which}]")
    if fold.get_attribute("open") is None:
        fold.locator("summary").first.press("Enter")


def _shows(page: Page, series: str) -> None:
    page.locator(f".viewer-series[data-series='{series}']").click()
    expect(page.locator(f".viewer-series[data-series='{series}']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".viewer-pane[data-active]")).to_have_attribute("data-fidelity", "lossless")


def _level(page: Page, name: str) -> Locator:
    return page.locator(f".viewer-pane[data-active] [data-level='{name}']")


def _cell(page: Page, vertebra: str, what: str) -> Locator:
    return page.locator(f"input[data-cell='{vertebra}.{what}']")
