"""What the server holds a call to, whatever a window says: who mutes whom, and who leaves with their case."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.meeting import Meeting, meeting
from tests.browser.test_media_room import PATIENCE_MS, enter, faking, join, receives
from tests.browser.until import until

__all__ = ["faking"]
pytestmark = pytest.mark.browser

STUBBORN = """
const Socket = WebSocket;
window.calls = [];
window.WebSocket = class extends Socket {
  constructor(url, ...rest) {
    super(url, ...rest);
    if (String(url).includes('/sockets/media')) {
      window.calls.push(this);
      this.addEventListener('close', ({ code }) => (window.ended = code));
      this.close = () => undefined;
    }
  }
};
"""
"""A window that keeps its call's socket whatever the page wants, and remembers how the server ended it."""


@pytest.fixture
def held(tmp_path: Path, faking: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, faking, media=True, owners={"case2": "osei"}) as made:
        yield made
        assert made.problems == []


def stubborn(held: Meeting, who: str) -> Page:
    page = held.sign_in(who)
    page.add_init_script(STUBBORN)
    page.goto(f"/conferences/{held.conference}/room")
    return page


def test_only_who_seats_people_mutes_them(held: Meeting) -> None:
    chair, member = enter(held, "laurent"), stubborn(held, "mbeki")
    for page in (chair, member):
        join(page)
    member.evaluate(
        "person => window.calls.at(-1).send(JSON.stringify({ type: 'silence', person }))", held.people["laurent"]
    )
    expect(member.locator("[data-said]")).not_to_be_empty(timeout=PATIENCE_MS)
    expect(chair.locator(".call-mute")).to_have_attribute("aria-pressed", "false")
    expect(chair.locator("[data-said]")).to_be_empty()


def test_a_guest_leaves_the_call_with_their_case_whatever_their_window_wants(held: Meeting) -> None:
    chair, guest = enter(held, "laurent"), stubborn(held, "osei")
    chair.locator("[data-open]").click(timeout=PATIENCE_MS)
    chair.locator("[data-call=case2]").click()
    chair.get_by_role("button", name="Let Dr Kofi Osei in").click()
    for page in (chair, guest):
        join(page)
    receives(chair, heard=1)
    tile = chair.locator(f".tile[data-person='{held.people['osei']}']")
    expect(tile).to_be_visible(timeout=PATIENCE_MS)

    chair.locator("[data-call=case1]").click()
    expect(guest.locator("[data-lobby=over]")).to_be_visible(timeout=PATIENCE_MS)
    until(guest, "async () => window.ended === 4003", timeout_ms=PATIENCE_MS)
    expect(tile).to_have_count(0, timeout=PATIENCE_MS)
    path = f"/conferences/{held.conference}/media/ticket"
    assert guest.evaluate(f"fetch('{path}', {{ method: 'POST' }}).then(({{ status }}) => status)") == 403
