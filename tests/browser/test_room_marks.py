"""Marks in the room after they were drawn: moved, taken back, erased, refused, and the layers of disciplines."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.meeting import Meeting, meeting
from tests.browser.test_room import LINE, imaged, measure, opened, press, tab
from tests.browser.withheld import withheld

pytestmark = pytest.mark.browser

VALUE = "#panel-marks .mark-value"


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, browser) as made:
        yield made
        assert made.problems == []


def drawn(page: Page) -> Locator:
    """The lines on this window's image."""
    return page.locator(".viewer-pane").first.locator(".viewer-mark")


def test_a_mark_is_moved_taken_back_and_done_again_for_everybody(held: Meeting) -> None:
    chair, reader = opened(held), held.enter("mbeki")
    imaged(reader)
    measure(reader)
    for page in (reader, chair):
        tab(page, "Marks")
        expect(page.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
    first = chair.locator(VALUE).inner_text()

    reader.mouse.move(*press(reader, LINE[1]))
    reader.mouse.down()
    reader.mouse.move(*press(reader, (0.7, 0.6)), steps=4)
    reader.mouse.up()
    for page in (reader, chair):
        expect(page.locator(VALUE)).not_to_have_text(first)
    moved = chair.locator(VALUE).inner_text()
    expect(reader.locator(VALUE)).to_have_text(moved)

    chair.keyboard.press("Control+z")  # has drawn nothing
    for keys, words in (("Control+z", first), ("Control+Shift+z", moved), ("Control+z", first)):
        reader.locator(".viewer-pane").first.focus()
        reader.keyboard.press(keys)
        for page in (reader, chair):
            expect(page.locator(VALUE)).to_have_text(words)

    reader.get_by_role("button", name=f"Erase {first}").click()
    for page in (reader, chair):
        expect(page.locator(VALUE)).to_have_count(0)
        expect(drawn(page)).to_have_count(0)
    reader.get_by_role("button", name="Undo").click()
    for page in (reader, chair):
        expect(page.locator(VALUE)).to_have_text(first)
        expect(drawn(page)).to_have_count(1)


def test_a_layer_is_hidden_looked_at_alone_and_shown_as_it_was_drawn(held: Meeting) -> None:
    chair, reader = opened(held), held.enter("mbeki")
    imaged(reader)
    measure(chair)
    measure(reader)
    tab(reader, "Marks")
    expect(reader.locator("#panel-marks [data-state=delivered]")).to_have_count(2)
    expect(drawn(reader)).to_have_count(2)
    reader.get_by_label("Marks by discipline").click()
    layer = reader.locator(".viewer-layer", has_text="Neuroradiology")
    layer.locator("input").uncheck()
    expect(drawn(reader)).to_have_count(1)
    expect(drawn(chair)).to_have_count(2)  # hidden here alone
    layer.get_by_role("button", name="Only").click()
    expect(layer.locator("input")).to_be_checked()
    expect(drawn(reader)).to_have_count(1)
    expect(drawn(reader)).to_contain_text("Mbeki")
    layer.get_by_role("button", name="Only").click()
    expect(drawn(reader)).to_have_count(2)
    reader.get_by_label("Marks by discipline").click()

    reader.get_by_role("button", name="Show the layer of Neuroradiology as it was drawn").click()
    expect(reader.get_by_role("button", name="Stop showing the layer of Neuroradiology")).to_be_visible()
    expect(drawn(reader)).to_have_count(1)
    expect(drawn(reader)).to_contain_text("Mbeki")
    expect(reader.get_by_role("button", name="Show the layer of Neuroradiology as it was drawn")).to_be_visible()
    expect(drawn(reader)).to_have_count(2)


def test_a_refused_mark_is_struck_kept_as_a_private_note_and_drawn_again(held: Meeting) -> None:
    chair, reader = opened(held), held.sign_in("mbeki")
    line = withheld(reader)
    reader.goto(f"/conferences/{held.conference}/room")
    imaged(reader)
    tab(reader, "Marks")
    line.hold()
    measure(reader)
    expect(reader.locator("#panel-marks [data-delivery=local]")).to_be_visible()
    _role(chair, "observer")
    expect(reader.locator(".viewer-tool[data-tool=length]")).to_have_count(0)
    line.release()

    struck = reader.locator("#panel-marks [data-state=refused]")
    expect(struck.locator("s")).to_have_text(re.compile("Length"))
    expect(struck).to_contain_text("Refused, nobody else sees it")
    expect(reader.locator(".says")).to_contain_text("Your mark was refused.")
    expect(reader.locator(".viewer-mark[data-delivery=refused]")).to_have_count(1)
    struck.get_by_role("button", name="Keep as private note").click()
    expect(drawn(reader)).to_have_count(0)
    reader.reload()
    tab(reader, "Marks")
    expect(reader.get_by_role("heading", name="Private notes")).to_be_visible()
    expect(reader.get_by_role("button", name="Draw it again")).to_have_count(0)
    tab(chair, "Marks")
    expect(chair.locator("#panel-marks [data-mark]")).to_have_count(0)

    _role(chair, "member")
    reader.get_by_role("button", name="Draw it again").click()
    expect(reader.get_by_role("heading", name="Private notes")).to_have_count(0)
    tab(chair, "Marks")
    expect(chair.locator("#panel-marks [data-state=delivered]")).to_have_count(1)


def _role(chair: Page, role: str) -> None:
    tab(chair, "People")
    row = chair.locator("#panel-people .person", has_text="Mbeki")
    if row.locator("details").get_attribute("open") is None:
        row.locator("summary").click()
    row.locator("select").select_option(role)
