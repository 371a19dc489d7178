"""The lobby: a guest referrer waits, is let in to their own case, and goes out again after it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.meeting import STUDY, Meeting, meeting

pytestmark = pytest.mark.browser
GUEST = "Dr Kofi Osei"


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, browser, owners={"case2": "osei", "case1": "abebe"}) as made:
        yield made
        assert made.problems == []


def listening(held: Meeting, who: str) -> tuple[Page, list[str]]:
    """A signed-in window with everything its socket says."""
    page = held.sign_in(who)
    heard: list[str] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda frame: heard.append(str(frame))))
    page.goto(f"/conferences/{held.conference}/room")
    expect(page.locator("[data-link=live]")).to_be_attached(timeout=15_000)
    return page, heard


def call(chair: Page, case: str) -> None:
    chair.locator(f"[data-call={case}]").click()


def test_a_guest_waits_is_let_in_to_their_case_and_goes_out_after_it(held: Meeting) -> None:
    chair = held.enter("laurent")
    chair.locator("[data-open]").click()
    call(chair, "case1")
    guest, heard = listening(held, "osei")
    lobby = guest.locator("[data-lobby=waiting]")
    expect(lobby).to_contain_text(re.compile(r"About \d+ minutes?, 1 case ahead"))
    expect(guest.locator("consilium-viewer, [role=tab], room-agenda")).to_have_count(0)
    waiting = chair.locator("[data-waiting]")
    expect(waiting).to_contain_text(GUEST)
    expect(waiting.get_by_role("button")).to_have_count(0)
    assert not any("snapshot" in frame or '"events"' in frame for frame in heard), "the room reached the lobby"
    call(chair, "case2")
    expect(guest.locator("[data-lobby=called]")).to_contain_text("Your case is on the table")
    chair.get_by_role("button", name=f"Let {GUEST} in").click()
    expect(guest.get_by_role("tab", name="People")).to_be_visible()
    expect(guest.locator(".room-bar h1")).to_contain_text("Is surgery indicated")
    expect(chair.locator("#panel-people .person", has_text=GUEST)).to_contain_text("Guest")
    call(chair, "case1")
    expect(guest.locator("[data-lobby=over]")).to_contain_text("Your case has been discussed")
    expect(guest.get_by_role("link", name="Open your case")).to_have_attribute("href", "/cases/case2")
    expect(guest.locator("consilium-viewer, [role=tab], room-agenda")).to_have_count(0)


def test_nothing_of_another_case_reaches_a_guest_in_any_frame(held: Meeting) -> None:
    chair = held.enter("laurent")
    guest, heard = listening(held, "osei")
    other, _ = listening(held, "abebe")
    chair.locator("[data-open]").click()
    call(chair, "case1")
    chair.get_by_role("button", name="Let Dr Sara Abebe in").click()
    expect(other.get_by_role("tab", name="People")).to_be_visible()
    other.keyboard.press("u")
    expect(chair.locator("#panel-people")).to_contain_text("Hands raised, in order")
    call(chair, "case2")
    expect(other.locator("[data-lobby=over]")).to_be_visible()
    chair.get_by_role("button", name=f"Let {GUEST} in").click()
    expect(guest.get_by_role("tab", name="People")).to_be_visible()
    call(chair, "case1")
    expect(guest.locator("[data-lobby=over]")).to_be_visible()
    assert len(heard) > 3
    for trace in ("case1", "Abebe", held.people["abebe"], STUDY):
        assert not any(trace in frame for frame in heard), f"{trace} reached the guest"


def test_put_out_before_the_case_is_over_and_let_in_again(held: Meeting) -> None:
    chair = held.enter("laurent")
    guest = held.enter("osei")
    chair.locator("[data-open]").click()
    call(chair, "case2")
    chair.get_by_role("button", name=f"Let {GUEST} in").click()
    expect(guest.get_by_role("tab", name="People")).to_be_visible()
    row = chair.locator("#panel-people .person", has_text=GUEST)
    row.locator("summary").click()
    row.get_by_role("button", name="Back to the lobby").click()
    expect(guest.locator("[data-lobby=called]")).to_be_visible()
    expect(guest.locator(".says")).to_contain_text("You are back in the lobby")
    chair.get_by_role("button", name=f"Let {GUEST} in").click()
    expect(guest.get_by_role("tab", name="People")).to_be_visible()
    guest.reload()
    expect(guest.get_by_role("tab", name="People")).to_be_visible(timeout=15_000)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900), (2560, 1300)])
def test_axe_finds_nothing_in_the_lobby(held: Meeting, width: int, height: int) -> None:
    guest = held.enter("osei", width=width, height=height)
    for theme in ("dark", "light"):
        guest.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        found = Axe().run(guest)
        assert found.violations_count == 0, found.generate_report()
        assert guest.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_conference_ends_and_the_lobby_says_so(held: Meeting) -> None:
    chair = held.enter("laurent")
    guest = held.enter("osei")
    chair.locator("[data-open]").click()
    chair.locator(".room-left summary").click()
    chair.get_by_role("button", name="End the conference for everybody").click()
    expect(guest.locator("[data-lobby=over]")).to_contain_text("The meeting has ended")
