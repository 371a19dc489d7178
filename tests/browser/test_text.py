"""Text typed by several people at once, in real browsers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.meeting import Meeting, meeting, served
from tests.browser.test_room import tab

pytestmark = pytest.mark.browser

WORDS = {"laurent": "chair ", "mbeki": "reads ", "varga": "walks "}


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, browser) as made:
        yield made
        assert made.problems == []


def table(held: Meeting) -> Page:
    """The chair's window with the first case on the table."""
    chair = held.enter("laurent")
    chair.locator("[data-open]").click()
    chair.locator("[data-call-next]").click()
    return chair


def typing(page: Page, name: str = "Minutes", field: str = "#minutes") -> None:
    """The caret at the end of a field of this panel."""
    tab(page, name)
    expect(page.locator(field)).not_to_have_attribute("readonly", "")
    page.locator(field).focus()
    page.keyboard.press("Control+End")


def saved(page: Page) -> None:
    expect(page.locator(".room-panel:not([hidden]) [data-saved=yes]")).to_be_visible(timeout=20_000)


def test_three_people_type_into_one_field_at_once_and_read_the_same_words(held: Meeting) -> None:
    pages = {"laurent": table(held), "mbeki": held.enter("mbeki"), "varga": held.enter("varga")}
    for page in pages.values():
        typing(page)
    for place in range(6):
        for who, page in pages.items():
            page.keyboard.type(WORDS[who][place])
    for page in pages.values():
        saved(page)
    chair = pages["laurent"].locator("#minutes")
    expect(chair).to_have_value(re.compile(r"^.{18}$"))
    words = chair.input_value()
    assert sorted(words) == sorted("".join(WORDS.values()))
    for who, page in pages.items():
        expect(page.locator("#minutes")).to_have_value(words)
        theirs = iter(words)
        assert all(letter in theirs for letter in WORDS[who]), f"the letters of {who} changed their order"
    expect(pages["laurent"].locator("[data-caret]")).to_have_count(2)
    expect(pages["laurent"].locator("[data-typing]")).to_contain_text("type here")
    pages["mbeki"].keyboard.press("Control+z")
    expect(chair).not_to_have_value(words)
    left = chair.input_value()
    assert [letter for letter in left if letter in "cwk"] == [letter for letter in words if letter in "cwk"]


def test_what_is_typed_without_a_line_comes_after_it_and_takes_nothing_away(held: Meeting) -> None:
    chair, reader = table(held), held.enter("mbeki")
    for page in (chair, reader):
        typing(page)
    chair.keyboard.type("Before. ")
    expect(reader.locator("#minutes")).to_have_value("Before. ")
    reader.context.set_offline(True)
    expect(reader.locator("[data-link=reconnecting]")).to_be_attached(timeout=15_000)
    reader.keyboard.press("Control+End")
    reader.keyboard.type("Typed offline. ")
    expect(reader.locator("#panel-minutes [data-saved=offline]")).to_be_visible()
    chair.keyboard.type("Typed meanwhile. ")
    saved(chair)
    reader.context.set_offline(False)
    expect(reader.locator("[data-link=live]")).to_be_attached(timeout=20_000)
    for page in (chair, reader):
        saved(page)
        for words in ("Before. ", "Typed offline. ", "Typed meanwhile. "):
            expect(page.locator("#minutes")).to_have_value(re.compile(re.escape(words)))
    assert chair.locator("#minutes").input_value() == reader.locator("#minutes").input_value()
    held.problems.clear()  # fetches that had no line to go over


def test_an_observer_and_a_guest_read_along_and_cannot_type(held: Meeting) -> None:
    chair, observer, guest = table(held), held.enter("haddad"), held.enter("osei")
    tab(chair, "People")
    chair.get_by_role("button", name=re.compile("^Let .* in$")).click()
    typing(chair)
    chair.keyboard.type("Said aloud.")
    for page in (observer, guest):
        tab(page, "Minutes")
        expect(page.locator("#minutes")).to_have_value("Said aloud.")
        expect(page.locator("#minutes")).to_have_attribute("readonly", "")
        page.locator("#minutes").focus()
        page.keyboard.type("forged")
        expect(page.locator("#minutes")).to_have_value("Said aloud.")


def test_a_role_lost_in_mid_word_takes_effect_and_the_words_are_kept_for_copying(held: Meeting) -> None:
    chair, reader = table(held), held.enter("mbeki")
    typing(reader)
    reader.keyboard.type("Taken. ")
    saved(reader)
    reader.context.set_offline(True)
    expect(reader.locator("[data-link=reconnecting]")).to_be_attached(timeout=15_000)
    reader.keyboard.type("Never taken.")
    row = chair.locator("#panel-people .person", has_text="Mbeki")
    row.locator("summary").click()
    row.locator("select").select_option("observer")
    reader.context.set_offline(False)
    kept = reader.locator("#panel-minutes .joint-kept")
    expect(kept).to_contain_text("were not taken", timeout=20_000)
    expect(kept.locator("textarea")).to_have_value("Never taken.")
    expect(reader.locator("#minutes")).to_have_value("Taken. ")
    expect(reader.locator("#minutes")).to_have_attribute("readonly", "")
    kept.get_by_role("button", name="Discard").click()
    expect(kept).to_have_count(0)
    tab(chair, "Minutes")
    expect(chair.locator("#minutes")).to_have_value("Taken. ")
    held.problems.clear()


def test_a_read_back_freezes_the_same_words_for_everybody_at_once(held: Meeting) -> None:
    chair, reader = table(held), held.enter("mbeki")
    typing(reader)
    reader.keyboard.type("Varga asked for a block first.")
    saved(reader)
    typing(reader, "Decision", "#rec-rationale")
    reader.keyboard.type("Ten weeks without gain.")
    typing(chair, "Decision", "#rec-answer-0")
    chair.keyboard.type("Yes, within four weeks.")
    chair.locator("#rec-option").select_option("rehabilitation")
    expect(chair.locator("#rec-rationale")).to_have_value("Ten weeks without gain.")
    chair.get_by_role("button", name="Read back").click()
    for page in (chair, reader):
        expect(page.locator("#panel-recommendation .readback")).to_contain_text("Ten weeks without gain.")
        expect(page.locator("#panel-recommendation .readback")).to_contain_text("Yes, within four weeks.")
        tab(page, "Minutes")
        expect(page.locator("#panel-minutes")).to_contain_text("On record.")
        expect(page.locator("#panel-minutes article")).to_have_text("Varga asked for a block first.")
        expect(page.locator("#minutes")).to_have_count(0)
    tab(chair, "Decision")
    chair.get_by_role("button", name="Reopen for changes").click()
    typing(reader)
    expect(reader.locator("#minutes")).to_have_value("Varga asked for a block first.")


@pytest.mark.slow
def test_kill_9_of_the_server_loses_nothing_that_was_typed(tmp_path: Path, browser: Browser) -> None:
    with served(tmp_path, browser) as (held, process):
        chair, reader = table(held), held.enter("mbeki")
        for page in (chair, reader):
            typing(page)
        chair.keyboard.type("Acknowledged. ")
        saved(chair)
        reader.keyboard.press("Control+End")
        reader.keyboard.type("On its way. ")
        process.kill()
        for page, words in ((chair, "Chair, alone. "), (reader, "Reader, alone. ")):
            expect(page.locator("[data-link=reconnecting]")).to_be_attached()
            page.keyboard.press("Control+End")
            page.keyboard.type(words)
        process.start()
        for page in (chair, reader):
            expect(page.locator("[data-link=live]")).to_be_attached(timeout=30_000)
            saved(page)
            # Words on their way may have come in part, and others were typed into them: every letter is there once.
            words = "Acknowledged. On its way. Chair, alone. Reader, alone. "
            expect(page.locator("#minutes")).to_have_value(re.compile(rf"^[\s\S]{{{len(words)}}}$"))
            assert sorted(page.locator("#minutes").input_value()) == sorted(words)
        assert chair.locator("#minutes").input_value() == reader.locator("#minutes").input_value()
        late = held.enter("varga")
        tab(late, "Minutes")
        expect(late.locator("#minutes")).to_have_value(chair.locator("#minutes").input_value())
