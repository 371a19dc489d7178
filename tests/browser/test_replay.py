"""The replay in a browser: played and stepped by keyboard, opinions only from their reveal on, on every screen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.meeting import CASES, Meeting, meeting
from tests.browser.pictures import picture
from tests.browser.test_room import give, imaged, measure, tab
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
SHOTS = ROOT / ".screenshots" / "replay"
SIZES = {"phone": (390, 844, "light"), "desk": (1440, 900, "dark"), "wall": (2560, 1300, "light")}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path_factory.mktemp("replay"), browser) as made:
        _discuss(made)
        yield made
        assert made.problems == []


def _discuss(held: Meeting) -> None:
    """The first case is called, looked at and marked; two opinions are given and revealed; words are written."""
    chair, reader = held.enter("laurent"), held.enter("mbeki")
    chair.locator("[data-open]").click()
    chair.locator("[data-call]").first.click()
    for page in (chair, reader):
        imaged(page)
    chair.locator(".viewer-pane").first.focus()
    chair.keyboard.press("ArrowDown")
    for page in (chair, reader):
        expect(page.locator(".viewer-pane").first).to_contain_text("MR 4/5")
    measure(reader)
    tab(reader, "Marks")
    expect(reader.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
    give(reader, 1, "Concordant with the leg.")
    tab(chair, "Opinions")
    chair.get_by_role("button", name=re.compile("Reveal")).click()
    expect(chair.locator(".remarks").first).to_contain_text("Concordant with the leg.")
    tab(chair, "Decision")
    chair.locator("#rec-rationale").fill("Concordant compression; see the measured canal.")
    chair.locator("#rec-answer-0").fill("Yes, within six weeks.")
    chair.locator("#rec-option").select_option(index=1)
    expect(chair.locator("#panel-recommendation [data-saved=yes]")).to_be_visible()
    for page in (chair, reader):
        page.context.close()


def opened(held: Meeting, who: str, size: str) -> Page:
    width, height, theme = SIZES[size]
    page = held.sign_in(who, width=width, height=height)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": held.url}])
    page.goto(f"/cases/{CASES[0]}/replay")
    expect(page.locator("[data-play]")).to_be_visible()
    return page


@pytest.mark.parametrize("size", SIZES)
def test_a_replay_is_stepped_by_keyboard_and_opens_opinions_when_they_were_opened(held: Meeting, size: str) -> None:
    page = opened(held, "haddad", size)
    expect(page.locator(".replay-said")).to_contain_text("The case comes to the table")
    seen: list[str] = []
    for _ in range(40):
        said = page.locator(".replay-said").inner_text()
        if "draws" in said:
            expect(page.locator(".viewer-mark")).to_have_count(1)
        if "seals an opinion" in said:
            assert "Concordant with the leg." not in page.content()
            expect(page.locator("main")).to_contain_text("1 sealed opinion, open to nobody")
        if "is revealed" in said:
            expect(page.locator("main")).to_contain_text("Concordant with the leg.")
        seen.append(said)
        if "writes revision 1" in said:
            break
        page.keyboard.press("l")
    assert "writes revision 1" in seen[-1], seen
    expect(page.locator(".viewer-mark")).to_have_count(1)
    expect(page.locator("#replay-words + *, #replay-words")).not_to_have_count(0)
    page.wait_for_load_state("networkidle")
    picture(page, SHOTS / f"{size}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []


def test_it_plays_pauses_changes_speed_and_jumps(held: Meeting) -> None:
    page = opened(held, "laurent", "desk")
    clock = page.locator("[data-clock]")
    before = clock.inner_text()
    page.keyboard.press("]")
    expect(page.locator("#replay-speed")).to_have_value("2")
    page.keyboard.press("k")
    expect(page.locator("[data-play]")).to_have_attribute("aria-pressed", "true")
    expect(clock).not_to_have_text(before)
    page.keyboard.press("k")
    expect(page.locator("[data-play]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Home")
    expect(clock).to_contain_text(re.compile(r"^0:00 /"))
    expect(page.locator("replay-stage")).to_contain_text("No image is on the screen yet.")
    page.keyboard.press("End")
    expect(page.locator("#replay-at")).to_have_attribute("aria-valuetext", re.compile(r"^(\d+:\d+) of \1"))
    page.locator("summary", has_text="Everything that happened").click()
    page.get_by_role("button", name=re.compile("is revealed")).click()
    expect(page.locator("main")).to_contain_text("Concordant with the leg.")


def test_the_pdf_and_the_signed_file_are_offered_to_who_may_take_them(held: Meeting, tmp_path: Path) -> None:
    page = opened(held, "osei", "phone")
    with page.expect_download() as got:
        page.get_by_role("link", name="As PDF").click()
    got.value.save_as(tmp_path / "replay.pdf")
    assert (tmp_path / "replay.pdf").read_bytes().startswith(b"%PDF-")
