"""Opinions in the room: whose rating is whose, what was said in an earlier round, and who is there to close."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.meeting import Meeting, meeting
from tests.browser.pictures import picture
from tests.browser.test_room import give, opened, tab
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
SHOTS = ROOT / ".screenshots" / "opinions"
COLUMNS = """table => [...table.querySelectorAll('tr')].map(
  row => [...row.cells].map(cell => { const box = cell.getBoundingClientRect(); return [box.left, box.right]; }))"""


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, browser) as made:
        yield made
        assert made.problems == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900), (2560, 1300)])
def test_each_rating_stands_under_its_discipline_and_earlier_rounds_stay(
    held: Meeting, width: int, height: int
) -> None:
    chair, reader = opened(held), held.enter("mbeki", width=width, height=height)
    give(chair, 0, "Concordant.")
    give(reader, 1, "Not yet.")
    chair.get_by_role("button", name="Reveal 2 opinions").click()
    _aligned(reader, "Ratings, round 1", ["Radiology", "Spine surgery"])
    picture(reader, SHOTS / f"{width}.png")

    chair.get_by_role("button", name="Ask for opinions again").click()
    earlier = reader.locator("details.room-fold", has_text="Round 1, 2 opinions")
    earlier.locator("summary").click()
    _aligned(reader, "Ratings, round 1", ["Radiology", "Spine surgery"])
    expect(earlier).to_contain_text("Concordant.")
    give(reader, 0, "Convinced.")
    tab(chair, "Opinions")
    chair.get_by_role("button", name="Reveal 1 opinion ").click()
    _aligned(reader, "Ratings, round 2", ["Radiology"])
    expect(reader.get_by_role("region", name="Ratings, round 2").locator("tbody tr").first).to_contain_text("▲5")
    expect(earlier.locator(".shifts")).to_contain_text("Dr Ayo Mbeki")
    _aligned(reader, "Ratings, round 1", ["Radiology", "Spine surgery"])
    assert reader.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _aligned(page: Page, name: str, disciplines: list[str]) -> None:
    """Every column of the table has one left and one right edge, its head among them."""
    table = page.get_by_role("region", name=name).locator("table")
    expect(table.locator("thead .ratings-name")).to_have_text(disciplines)
    first, *others = table.evaluate(COLUMNS)
    for row in others:
        assert row == [pytest.approx(edges, abs=1) for edges in first]


def test_the_chair_is_told_who_of_an_absent_discipline_sits_in_the_room(held: Meeting) -> None:
    chair = opened(held)
    held.enter("mbeki")
    tab(chair, "Decision")
    chair.locator("#rec-option").select_option("rehabilitation")
    chair.locator("#rec-rationale").fill("Ten weeks are too short.")
    chair.locator("#rec-answer-0").fill("No, not now.")
    chair.get_by_role("button", name="Read back").click()
    chair.get_by_role("button", name="State that Neuroradiology was absent").click()
    expect(chair.locator("[data-here]")).to_have_text("Dr Ayo Mbeki is in the room and can close.")
    chair.get_by_role("button", name="Cancel").click()
    chair.get_by_role("button", name="State that Physical therapy was absent").click()
    expect(chair.locator("#absent-reason")).to_be_focused()
    expect(chair.locator("[data-here]")).to_have_count(0)
