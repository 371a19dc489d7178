"""A whole triage and a whole agenda without a pointer: every control is reached by Tab, and focus is never lost."""

import re
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel import Session

from agenda.cases import case
from agenda.conferences import items
from agenda.referrals import withdraw
from agenda.triage import worklist
from tests.browser.accessible import clean
from tests.browser.keys import Keys
from tests.browser.meeting import Meeting, meeting
from tests.browser.pictures import picture
from tests.browser.test_desk import deed, referred
from tests.conftest import ROOT
from web.clock import now

pytestmark = pytest.mark.browser

SHOTS = ROOT / ".screenshots" / "keyboard"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Meeting]:
    expect.set_options(timeout=30_000)
    with meeting(tmp_path_factory.mktemp("keyboard"), browser) as made:
        yield made
        assert made.problems == []
    expect.set_options(timeout=5_000)


def _fresh(session: Session, referrer: str) -> list[str]:
    for one in worklist(session, ["spine"]):
        withdraw(session, one.id, "Another test's", one.referrer_id, now())
    return [referred(session, referrer, number, without="tried" if number == 2 else "") for number in range(3)]


def test_triage_and_agenda_by_keyboard_alone(held: Meeting) -> None:
    cases = held.held.database.write_now(deed(), _fresh, held.people["osei"])
    page = held.sign_in("castell")
    keys = Keys(page)
    page.goto("/")
    keys.press(page.get_by_role("link", name="Conferences", exact=True).first)
    keys.type(page.get_by_label("Title"), "Keyboard board")
    keys.to(page.get_by_label("Begins, by the clock in"))
    begins = (now() + timedelta(days=9)).astimezone(ZoneInfo("Europe/Zurich"))
    page.keyboard.type(f"{begins:%m%d%Y}")
    page.keyboard.press("Tab")
    page.keyboard.type("1000AM")
    keys.type(page.get_by_label("Minutes"), "90")
    keys.press(page.get_by_role("button", name="Plan it"))
    expect(page.locator("h1")).to_contain_text("Keyboard board")
    keys.press(page.get_by_role("link", name="Triage", exact=True).first)
    _triage(keys, cases)
    keys.press(page.locator(".together-said a").first)
    expect(page.locator("[data-item]")).to_have_count(3)
    _order(keys, held)
    keys.press(page.get_by_role("button", name="Publish the agenda"))
    expect(page.locator("h1")).to_contain_text("Published")
    clean(page)
    placed = held.held.database.read_now(items, page.url.rpartition("/")[2])
    assert {one.case_id for one in placed if one.case_id} == set(cases)
    assert [one.at_min for one in placed if one.case_id is None] == [45]
    assert {held.held.database.read_now(case, one).state for one in cases} == {"scheduled"}


def _triage(keys: Keys, cases: list[str]) -> None:
    """Waive what one case lacks, put all three in a lane, and place them."""
    page = keys.page
    line = page.locator(f"#case-{cases[2]}")
    keys.press(line.locator("summary", has_text="What was tried"))
    clean(page)
    keys.type(line.get_by_label("Why it can be waived"), "Nothing may be tried before the biopsy")
    keys.press(line.get_by_role("button", name="Waive"))
    expect(page.locator("#triage-desk [role=status]").first).to_be_focused()
    expect(line.locator("summary", has_text="What was tried")).to_have_count(0)
    keys.press(page.get_by_label("All 3 shown"), "Space")
    keys.press(page.locator("#together-lane"))
    expect(page.locator(".together-said")).to_contain_text("3 of 3 cases done")
    expect(page.locator("#together-lane")).to_be_focused()
    picture(page, SHOTS / "lane.png", full_page=True)
    keys.to(page.locator("#sitting-together"))
    for _ in range(2):  # past the next sittings with room and the one that is nearer
        page.keyboard.press("ArrowDown")
    keys.press(page.locator("#together-place"))
    expect(page.locator(".together-said")).to_contain_text("3 of 3 cases done")
    clean(page)


def _order(keys: Keys, held: Meeting) -> None:
    """Move, undo, redo, give more time, put a break in; the focus stays where it was."""
    page = keys.page
    first, second, third = (str(one.get_attribute("data-item")) for one in page.locator("[data-item]").all())

    def stands(*wanted: str) -> None:
        expect(page.locator("[data-item]").first).to_have_attribute("data-item", wanted[0])
        assert tuple(one.get_attribute("data-item") for one in page.locator("[data-item]").all()) == wanted

    keys.press(page.locator(f"#down-{first}"))
    stands(second, first, third)
    expect(page.locator(f"#down-{first}")).to_be_focused()
    page.keyboard.press("Control+z")
    stands(first, second, third)
    page.keyboard.press("Control+Shift+Z")
    stands(second, first, third)
    seen = str(page.locator("#agenda").get_attribute("data-revision"))
    keys.type(page.locator(f"#min-{third}"), "25")
    page.keyboard.press("Tab")
    expect(page.locator("#agenda")).not_to_have_attribute("data-revision", seen)
    expect(page.locator(f"#min-{third}")).to_have_value("25")
    expect(page.locator("#agenda .card-head")).to_contain_text(re.compile(r"of 90 min"))
    keys.type(page.get_by_label("Break at minute"), "45")
    keys.press(page.get_by_role("button", name="Add break"))
    expect(page.locator("[data-pinned]")).to_have_count(1)
    picture(page, SHOTS / "ordered.png", full_page=True)
    clean(page)
    page.goto(page.url)
    stands(second, first, third)
    placed = held.held.database.read_now(items, page.url.rpartition("/")[2])
    assert [one.minutes for one in placed if one.id == third] == [25]
