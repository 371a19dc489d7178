"""What outlasts a change of slide, case and connection: who may do what, and that everybody has the same bytes."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from conference.room.canonical import canonical
from tests.browser.meeting import CASES, Meeting, add_series, meeting
from tests.browser.test_room import imaged, measure, tab
from tests.patience import patience

pytestmark = pytest.mark.browser


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    expect.set_options(timeout=patience(10) * 1000)
    with meeting(tmp_path, browser) as made:
        add_series(made.held, tmp_path, "1.2.826.2.1", study="1.2.826.2", case_id=CASES[1])
        yield made
        assert made.problems == []
    expect.set_options(timeout=5_000)


def assign(chair: Page, name: str, role: str) -> None:
    tab(chair, "People")
    row = chair.locator("#panel-people .person", has_text=name)
    row.locator("summary").click()
    row.locator("select").select_option(role)


def draws(page: Page, may: bool) -> None:
    imaged(page)
    expect(page.get_by_role("button", name="Length")).to_have_count(1 if may else 0)


def bytes_of(page: Page) -> bytes:
    """The projection that a window has folded, as canonical JSON."""
    found: Any = page.evaluate("document.querySelector('consilium-room').session.confirmed")
    return canonical(found)


def all_the_same(held: Meeting, *pages: Page) -> None:
    """Every window has the bytes the server has; nobody does anything meanwhile, so they get there."""
    until = time.monotonic() + patience(15)
    while True:
        answer = pages[0].request.get(f"/conferences/{held.conference}/room/state.json")
        wanted = canonical(answer.json()["projection"])
        found = [bytes_of(page) for page in pages]
        if found == [wanted] * len(pages):
            return
        assert time.monotonic() < until, [one[:4000] for one in (wanted, *found) if one != wanted]
        pages[0].wait_for_timeout(50)


def test_roles_and_projections_outlast_slide_case_and_connection(held: Meeting) -> None:
    chair = held.sign_in("laurent")
    links: list[WebSocketRoute] = []
    away: list[bool] = []

    def relay(route: WebSocketRoute) -> None:
        links.append(route)
        if away:
            route.close(code=4010, reason="going away")
        else:
            route.connect_to_server()

    chair.route_web_socket(re.compile("/sockets/room"), relay)
    chair.goto(f"/conferences/{held.conference}/room")
    chair.locator("[data-open]").click()
    chair.locator("[data-call-next]").click()
    demoted, promoted = held.enter("mbeki"), held.enter("haddad")
    draws(demoted, may=True)
    draws(promoted, may=False)
    assign(chair, "Mbeki", "observer")
    assign(chair, "Haddad", "member")

    def hold() -> None:
        draws(demoted, may=False)
        draws(promoted, may=True)

    hold()
    chair.locator(".viewer-pane").first.focus()
    chair.keyboard.press("End")
    expect(promoted.locator(".viewer-pane").first).to_contain_text("5/5")
    hold()
    away.append(True)
    links[-1].close(code=4010, reason="going away")
    expect(chair.locator("[data-link=reconnecting]")).to_be_attached()
    measure(promoted)
    tab(promoted, "Marks")
    expect(promoted.locator("#panel-marks [data-delivery=delivered]")).to_have_count(1)
    away.clear()
    expect(chair.locator("[data-link=live]")).to_be_attached(timeout=patience(30) * 1000)
    late = held.enter("varga")
    all_the_same(held, chair, demoted, promoted, late)
    chair.locator("[data-call]").first.click()
    expect(promoted.locator(".viewer-strip")).to_contain_text("1.2.826.2.1")
    hold()
    for page in (demoted, promoted):
        page.reload()
        expect(page.locator("[data-link=live]")).to_be_attached(timeout=patience(15) * 1000)
    hold()
    all_the_same(held, chair, demoted, promoted, late)
