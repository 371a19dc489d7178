"""Every page of every role: axe finds nothing, nothing is wider than the screen, light and dark, phone to wall."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.meeting import CASES, Meeting, meeting
from tests.browser.pictures import picture
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

SHOTS = ROOT / ".screenshots" / "pages"
_WIDE = ("agenda", "packet", "case")
"""What has most to lay out on a wall."""
SIZES = {"phone": (390, 844), "desk": (1440, 900), "wall": (2560, 1300)}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path_factory.mktemp("pages"), browser) as made:
        yield made
        assert made.problems == []


def pages_of(held: Meeting, who: str) -> dict[str, str]:
    packet = f"/conferences/{held.conference}/cases/{CASES[0]}"
    sitting, case = f"/conferences/{held.conference}", f"/cases/{CASES[0]}"
    return {
        "castell": {"today": "/", "cases": "/cases", "triage": "/triage", "conferences": "/conferences",
                    "agenda": sitting, "packet": packet, "case": case, "pacs": f"{case}/pacs",
                    "exports": f"{case}/exports", "account": "/account",
                    "time": "/calendar", "meets": "/boards/spine/calendar", "slots": "/boards/spine/slots"},
        "laurent": {"today": "/", "packet": packet, "agenda": sitting},
        "osei": {"today": "/", "cases": "/cases", "new": "/cases/new", "case": case, "nowhere": "/nowhere"},
    }[who]


def look(page: Page, who: str, name: str, address: str, size: str, theme: str) -> list[str]:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    picture(page, SHOTS / f"{who}-{name}-{size}-{theme}.png", full_page=True)
    found = [f"{name}: {one['id']}" for one in Axe().run(page).response["violations"]]
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.append(f"{name}: wider than the screen")
    return found


@pytest.mark.parametrize("who", ["castell", "laurent", "osei"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_and_nothing_is_too_wide(held: Meeting, who: str, size: str) -> None:
    width, height = SIZES[size]
    page = held.sign_in(who, width=width, height=height)
    theme = "dark" if size == "desk" else "light"
    page.context.add_cookies([{"name": "theme", "value": theme, "url": held.url}])
    found: list[str] = []
    pages = pages_of(held, who)
    for name, address in pages.items() if size != "wall" else [(name, pages[name]) for name in _WIDE if name in pages]:
        found += look(page, who, name, address, size, theme)
    assert found == []


def test_the_door_is_clean_for_somebody_who_is_not_signed_in(held: Meeting) -> None:
    context = held.browser.new_context(base_url=held.url, viewport={"width": 390, "height": 844})
    held.contexts.append(context)
    assert look(context.new_page(), "anybody", "sign-in", "/sign-in", "phone", "light") == []
