"""Several panes in the room: who follows sees the same ones, and scrolling tells of one pane only."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from conference.room.canonical import digest
from tests.browser.meeting import SERIES, Meeting, add_series, meeting
from tests.browser.until import until

pytestmark = pytest.mark.browser

SECOND = f"{SERIES}.2"


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, browser) as made:
        add_series(made.held, tmp_path, SECOND)
        yield made
        assert made.problems == []


def pane(page: Page, at: int) -> Locator:
    return page.locator(".viewer-pane").nth(at)


def screen(page: Page) -> dict[str, object]:
    """What the viewer of a window shows, as the room knows it."""
    shown: dict[str, object] = page.evaluate("document.querySelector('consilium-viewer').viewport")
    return shown


def put(page: Page, at: int, series: str) -> None:
    """Open a series in a pane."""
    pane(page, at).click()
    page.locator(f'.viewer-series[data-series="{series}"]').click()
    expect(pane(page, at)).to_contain_text("Lossless", timeout=15_000)


def four(held: Meeting, said: list[str]) -> Page:
    """The chair's window with four images of two series, of which the third is worked in; `said`: what it sent."""
    chair = held.sign_in("laurent")
    chair.on("websocket", lambda socket: socket.on("framesent", lambda text: said.append(str(text))))
    chair.goto(f"/conferences/{held.conference}/room")
    chair.locator("[data-open]").click()
    chair.locator("[data-call-next]").click()
    expect(pane(chair, 0)).to_contain_text("Lossless", timeout=15_000)
    chair.get_by_label("Layout").click()
    chair.locator(".viewer-menu[open]").get_by_role("button", name="Four, two by two").click()
    put(chair, 1, SECOND)
    put(chair, 3, SECOND)
    put(chair, 2, SERIES)
    chair.keyboard.press("k")
    return chair


def same(one: Page, other: Page) -> None:
    """Wait until two windows show the same panes and slices."""
    other.wait_for_function(
        "text => JSON.stringify(document.querySelector('consilium-viewer').viewport) === text",
        arg=json.dumps(screen(one), separators=(",", ":")), timeout=15_000,
    )  # fmt: skip


def test_who_follows_sees_the_same_four_panes(held: Meeting) -> None:
    said: list[str] = []
    chair, reader = four(held, said), held.enter("mbeki")
    for at in range(4):
        expect(pane(reader, at)).to_contain_text("Lossless", timeout=15_000)
    same(chair, reader)
    assert screen(reader)["layout"] == "2x2"
    assert screen(reader)["linked"] is False
    expect(pane(reader, 2)).to_have_attribute("data-active", "true")
    pane(chair, 2).focus()
    before = len(said)
    chair.keyboard.press("Home")
    expect(pane(reader, 2)).to_contain_text("1/5")
    chair.keyboard.press("ArrowDown")
    expect(pane(reader, 2)).to_contain_text("2/5")
    expect(pane(reader, 0)).to_contain_text("3/5")
    moves = [one for one in map(json.loads, said[before:]) if one.get("viewport")]
    assert moves
    assert "screen" not in moves[-1], "a slice is told without the layout"
    same(chair, reader)
    # Looking around in another layout, and one key back.
    pane(reader, 0).focus()
    reader.keyboard.press("Shift+X")
    expect(reader.locator("[data-follow=alone]")).to_be_visible()
    expect(pane(reader, 3)).to_be_hidden()
    reader.keyboard.press("Escape")
    expect(pane(reader, 3)).to_be_visible()
    same(chair, reader)


def test_a_late_joiner_and_a_phone_find_the_layout(held: Meeting) -> None:
    chair = four(held, [])
    late = held.enter("varga")
    same(chair, late)
    late.wait_for_function("document.querySelector('consilium-room').model.table.item.shown?.layout === '2x2'")
    rooms = [page.evaluate("document.querySelector('consilium-room').model.room") for page in (chair, late)]
    assert digest(rooms[0]) == digest(rooms[1])
    phone = held.enter("haddad", width=390, height=844)
    expect(pane(phone, 2)).to_be_visible()
    for at in (0, 1, 3):
        expect(pane(phone, at)).to_be_hidden()
    expect(phone.locator(".viewer-oneof")).to_have_text("One of 4 images shown: the one in use")
    same(chair, phone)


def test_the_image_a_case_opens_with_is_shown_to_everybody_before_anything_moves(held: Meeting) -> None:
    add_series(held.held, held.folder, f"{SERIES}.3", study="1.2.826.3", case_id="case2")
    chair, missed = held.enter("laurent"), []
    chair.on("response", lambda answer: missed.append(answer.url) if answer.status == 404 else None)
    chair.locator("[data-open]").click()
    for case in ("case1", "case2"):
        chair.locator(f"[data-call={case}]").click()
        expect(pane(chair, 0)).to_contain_text("Lossless", timeout=15_000)
        until(
            chair,
            "async ([path, key]) => (await (await fetch(path)).json()).projection.cases[key].shown !== null",
            [f"/conferences/{held.conference}/room/state.json", case], timeout_ms=15_000,
        )
        told = chair.evaluate(f"fetch('/conferences/{held.conference}/room/state.json').then(one => one.json())")
        shown = told["projection"]["cases"][case]["shown"]
        assert shown == screen(chair)
        late = held.enter("mbeki")
        expect(pane(late, 0)).to_contain_text("Lossless", timeout=15_000)
        same(late, chair)
    assert missed == []  # nor was a picture of one asked for in the other
    expect(chair.locator(".says [data-tone=bad]")).to_have_count(0)  # nothing of one case was shown in the other
