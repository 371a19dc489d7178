"""The room with several participants in real browsers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from agenda.boards import unseat
from tests.browser.meeting import PASSWORD, Meeting, meeting
from tests.browser.withheld import withheld
from web.clock import now
from web.database import Deed

pytestmark = pytest.mark.browser

CANARY = "CANARY-OPINION-7731"
LINE = ((0.3, 0.3), (0.6, 0.5))
"""Where a stroke goes, in fractions of the image pane."""


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, browser) as made:
        yield made
        assert made.problems == []


def opened(held: Meeting) -> Page:
    """The chair's window, with the first case on the table and its image on screen."""
    chair = held.enter("laurent")
    chair.locator("[data-open]").click()
    chair.locator("[data-call-next]").click()
    imaged(chair)
    return chair


def imaged(page: Page) -> None:
    """Wait until the image is there without loss."""
    expect(page.locator(".viewer-pane").first).to_contain_text("Lossless", timeout=15_000)


def press(page: Page, fraction: tuple[float, float]) -> tuple[float, float]:
    """Page coordinates of a place on the image."""
    box = page.locator(".viewer-pane").first.bounding_box()
    assert box is not None
    return box["x"] + fraction[0] * box["width"], box["y"] + fraction[1] * box["height"]


def measure(page: Page) -> None:
    """Draw a length."""
    page.get_by_role("button", name="Length").click()
    page.mouse.move(*press(page, LINE[0]))
    page.mouse.down()
    page.mouse.move(*press(page, LINE[1]), steps=4)
    page.mouse.up()


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def give(page: Page, preferred: int, comment: str) -> None:
    """A sealed opinion that rates every option and prefers one."""
    tab(page, "Opinions")
    rates = page.locator(".rate")
    for place in range(rates.count()):
        rates.nth(place).locator(".scale input").nth(7 if place == preferred else 2).check(force=True)
    rates.nth(preferred).locator("[name=preferred]").check()
    page.locator("#opinion-comment").fill(comment)
    page.get_by_role("button", name="Seal my opinion").click()
    expect(page.get_by_text("Your opinion is sealed")).to_be_visible()


def justify(page: Page, standing: str, reason: str) -> None:
    """Say, before an operation, why non-operative care is not enough."""
    page.locator(f"non-operative [value={standing}]").check()
    page.locator("#non-operative-reason").fill(reason)
    page.locator("non-operative [data-state]").click()
    expect(page.locator(f"non-operative [data-standing={standing}]")).to_contain_text(reason)


def stand(page: Page) -> None:
    """Be neutral to an operation, for one's discipline."""
    tab(page, "Opinions")
    page.locator("[data-take-stances]").click()
    page.locator("[name=side-surgical][value=neutral]").check()
    page.get_by_role("button", name="State for everybody").click()
    expect(page.locator("[data-option=surgical] [data-side=neutral]").first).to_be_visible()


def test_a_mark_is_local_then_delivered_then_seen_and_a_late_joiner_has_it(held: Meeting) -> None:
    chair = opened(held)
    reader = held.enter("mbeki")
    imaged(reader)
    measure(reader)
    for page in (reader, chair):
        tab(page, "Marks")
        expect(page.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
        expect(page.locator("#panel-marks")).to_contain_text(re.compile(r"Length \d+\.\d mm"))
    expect(reader.locator("#panel-marks")).to_contain_text("seen by 1 of 1")
    late = held.enter("varga")
    tab(late, "Marks")
    value = "#panel-marks .mark-value"
    assert late.locator(value).inner_text() == chair.locator(value).inner_text()


def test_a_picture_is_there_before_any_script_and_gives_way_to_the_stream(held: Meeting) -> None:
    opened(held)
    late = held.sign_in("mbeki")
    late.route("**/*.js", lambda route: route.abort())
    late.goto(f"/conferences/{held.conference}/room")
    first = late.locator(".first-picture img")
    expect(first).to_be_visible()
    assert first.evaluate("async image => { await image.decode(); return image.naturalWidth; }") > 0
    expect(late.locator(".first-picture")).to_contain_text("Preview, not for primary diagnosis")
    late.unroute("**/*.js")
    late.reload()
    imaged(late)
    expect(late.locator(".first-picture")).to_have_count(0)


def test_the_lobby_and_the_agenda_fetch_ahead_what_the_room_needs(held: Meeting) -> None:
    chair = held.sign_in("laurent")
    for path in ("", "/room"):
        with chair.expect_event("requestfinished", lambda request: request.url.endswith(".wasm")):
            chair.goto(f"/conferences/{held.conference}{path}")
        expect(chair.locator(".first-picture")).to_have_count(0)


def test_everybody_follows_the_presenter_and_one_key_brings_a_wanderer_back(held: Meeting) -> None:
    chair, reader = opened(held), held.enter("mbeki")
    imaged(reader)
    place = chair.locator(".viewer-pane").first
    place.focus()
    chair.keyboard.press("ArrowDown")
    expect(place).to_contain_text("4/5")
    expect(reader.locator(".viewer-pane").first).to_contain_text("4/5")
    reader.locator(".viewer-pane").first.focus()
    reader.keyboard.press("ArrowUp")
    expect(reader.locator("[data-follow=alone]")).to_be_visible()
    expect(reader.locator(".viewer-pane").first).to_contain_text("3/5")
    expect(place).to_contain_text("4/5")
    reader.keyboard.press("Escape")
    expect(reader.locator("[data-follow=following]")).to_be_visible()
    expect(reader.locator(".viewer-pane").first).to_contain_text("4/5")


def test_the_floor_moves_who_leads(held: Meeting) -> None:
    chair, reader = opened(held), held.enter("mbeki")
    imaged(reader)
    reader.keyboard.press("u")
    chair.get_by_role("button", name="Give the floor to Dr Ayo Mbeki", exact=True).click()
    expect(reader.locator("[data-follow=leading]")).to_be_visible()
    expect(chair.locator("[data-follow=following]")).to_contain_text("Dr Ayo Mbeki")
    reader.locator(".viewer-pane").first.focus()
    reader.keyboard.press("End")
    expect(chair.locator(".viewer-pane").first).to_contain_text("5/5")


def test_a_role_lost_in_mid_stroke_leaves_no_ghost_and_says_so(held: Meeting) -> None:
    chair, reader = opened(held), held.enter("mbeki")
    imaged(reader)
    reader.get_by_role("button", name="Length").click()
    reader.mouse.move(*press(reader, LINE[0]))
    reader.mouse.down()
    reader.mouse.move(*press(reader, LINE[1]), steps=4)
    row = chair.locator("#panel-people .person", has_text="Mbeki")
    row.locator("summary").click()
    row.locator("select").select_option("observer")
    expect(reader.get_by_role("alert")).to_contain_text("Your unfinished line was dropped")
    reader.mouse.up()
    tab(chair, "Marks")
    tab(reader, "Marks")
    for page in (chair, reader):
        expect(page.locator("#panel-marks [data-mark]")).to_have_count(0)
    expect(reader.get_by_role("button", name="Length")).to_have_count(0)


def test_a_mark_that_was_not_delivered_is_never_shown_as_shared(held: Meeting) -> None:
    chair = opened(held)
    reader = held.sign_in("mbeki")
    links: list[WebSocketRoute] = []
    silent: list[bool] = []

    def relay(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(lambda text: None if silent else server.send(text))
        links.append(route)

    reader.route_web_socket(re.compile("/sockets/room"), relay)
    reader.goto(f"/conferences/{held.conference}/room")
    imaged(reader)
    silent.append(True)
    measure(reader)
    tab(reader, "Marks")
    expect(reader.locator("#panel-marks [data-delivery=local]")).to_have_text(re.compile("not delivered"))
    tab(chair, "Marks")
    expect(chair.locator("#panel-marks [data-mark]")).to_have_count(0)
    silent.clear()
    links[-1].close(code=4010, reason="going away")
    expect(reader.locator("[data-link=reconnecting]")).to_be_attached()
    expect(reader.locator("#panel-marks [data-delivery=delivered]")).to_be_visible(timeout=15_000)
    expect(chair.locator("#panel-marks [data-mark]")).to_have_count(1)


def test_two_windows_of_one_person_are_one_person_and_show_the_same(held: Meeting) -> None:
    first = opened(held)
    second = first.context.new_page()
    second.goto(f"/conferences/{held.conference}/room")
    imaged(second)
    measure(first)
    tab(second, "Marks")
    expect(second.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
    expect(second.locator(".room-count")).to_contain_text("1person")


def test_opinions_stay_sealed_on_the_wire_until_the_reveal(held: Meeting) -> None:
    chair = held.sign_in("laurent")
    heard: list[str] = []
    chair.on("websocket", lambda ws: ws.on("framereceived", lambda frame: heard.append(str(frame))))
    chair.goto(f"/conferences/{held.conference}/room")
    chair.locator("[data-open]").click()
    chair.locator("[data-call-next]").click()
    reader = held.enter("mbeki")
    give(reader, 1, CANARY)
    tab(chair, "Opinions")
    expect(chair.locator(".given")).to_contain_text("Dr Ayo Mbeki")
    assert not any(CANARY in frame for frame in heard)
    chair.get_by_role("button", name=re.compile("Reveal 1 opinion")).click()
    expect(chair.locator(".remarks").first).to_contain_text(CANARY)
    expect(reader.locator("#panel-opinions .ratings")).to_be_visible()


def test_a_recommendation_is_written_closed_with_a_dissent_and_signed(held: Meeting) -> None:
    chair, reader, therapist = opened(held), held.enter("mbeki"), held.enter("varga")
    tab(chair, "Decision")
    chair.locator("#rec-option").select_option("surgical")
    justify(chair, "declined", "Ten weeks are enough for him.")
    chair.locator("#rec-rationale").fill("Ten weeks without gain, concordant herniation.")
    chair.locator("#rec-answer-0").fill("Yes, within four weeks.")
    chair.get_by_role("button", name="Read back").click()
    for page in (reader, therapist):
        tab(page, "Decision")
        expect(page.locator(".readback")).to_contain_text("concordant herniation")
    reader.get_by_role("button", name="Concur", exact=True).click()
    therapist.get_by_role("button", name="Dissent…").click()
    therapist.locator("#closing-reason").fill("Graded activity was not tried.")
    therapist.get_by_role("button", name="Record my dissent").click()
    sign = chair.get_by_role("button", name="Sign the recommendation…")
    expect(sign).to_be_disabled()
    chair.get_by_role("button", name="Concur", exact=True).click()
    for page in (chair, reader, therapist):
        stand(page)
    tab(chair, "Decision")
    expect(chair.locator(".closings")).to_contain_text("Graded activity was not tried.")
    expect(chair.locator("room-closing")).to_contain_text("A dissent is recorded: is this a majority?")
    sign.click()
    chair.locator("#sign-password").fill("not my password")
    chair.get_by_role("button", name="Sign", exact=True).click()
    expect(chair.locator("sign-dialog [role=alert]")).to_be_visible()
    chair.locator("#sign-password").fill(PASSWORD)
    chair.get_by_role("button", name="Sign", exact=True).click()
    for page in (chair, reader, therapist):
        expect(page.locator("#panel-recommendation")).to_contain_text("Signed by Dr Ines Laurent")


def test_words_name_a_mark_by_a_link_and_a_press_that_leaves_a_field_is_not_lost(held: Meeting) -> None:
    chair = held.sign_in("laurent")
    line = withheld(chair)
    chair.goto(f"/conferences/{held.conference}/room")
    chair.locator("[data-open]").click()
    chair.locator("[data-call-next]").click()
    imaged(chair)
    measure(chair)
    tab(chair, "Marks")
    expect(chair.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
    pane = chair.locator(".viewer-pane").first
    drawn_on = pane.inner_text().split("/5")[0][-1]
    pane.focus()
    chair.keyboard.press("End")
    expect(pane).to_contain_text("5/5")
    tab(chair, "Decision")
    chair.locator("#rec-option").select_option("rehabilitation")
    chair.locator("#rec-answer-0").fill("No.")
    chair.locator("#rec-rationale").fill("Wide enough at ")
    chair.get_by_label("Name a mark in: Rationale").click()
    chair.locator("[data-cite]:visible").click()
    expect(chair.locator("#rec-rationale")).to_have_value(re.compile(r"^Wide enough at \[#[0-9a-f]{8}\]$"))
    chair.get_by_role("button", name="Add an action").click()
    chair.get_by_label("Action 1: what").fill("Graded activity")
    chair.get_by_label("Action 1: owner").fill("Petra Varga")
    line.hold()
    chair.get_by_role("button", name="Read back").click()
    expect(chair.get_by_role("button", name="Reading back…")).to_be_visible()
    line.release()
    words = chair.locator("#panel-recommendation .readback")
    expect(words).to_contain_text("Petra Varga")
    expect(words.locator(".prose").first).to_have_text(re.compile(r"^Wide enough at\s+Length \d+\.\d mm"))
    expect(words).to_contain_text("Cites:")
    words.locator(".prose button").click()
    expect(pane).to_contain_text(f"{drawn_on}/5")


def test_a_choice_made_meanwhile_by_another_is_kept_beside_ones_own(held: Meeting) -> None:
    chair, reader = opened(held), held.enter("mbeki")
    for page in (chair, reader):
        tab(page, "Decision")
    chair.locator("#rec-option").select_option(index=1)
    reader.locator("#rec-outcome").select_option("majority")
    for page in (chair, reader):
        expect(page.locator("#rec-outcome")).to_have_value("majority")
        expect(page.locator("#rec-option")).not_to_have_value("")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900), (2560, 1300)])
def test_axe_finds_nothing_in_any_panel_at_any_width(held: Meeting, width: int, height: int) -> None:
    opened(held)
    reader = held.enter("mbeki", width=width, height=height)
    imaged(reader)
    measure(reader)
    for name in ("People", "Opinions", "Decision", "Marks", "Minutes"):
        tab(reader, name)
        found = Axe().run(reader)
        assert found.violations_count == 0, found.generate_report()
        assert reader.evaluate("document.documentElement.scrollWidth <= innerWidth")
    reader.keyboard.press("?")
    expect(reader.get_by_role("heading", name="Keys")).to_be_visible()
    assert Axe().run(reader).violations_count == 0


def test_on_a_phone_the_series_have_the_width_of_the_screen(held: Meeting) -> None:
    opened(held)
    reader = held.enter("mbeki", width=390, height=844)
    imaged(reader)
    strip, series = reader.locator(".viewer-strip"), reader.locator(".viewer-series").first
    box, first = strip.bounding_box(), series.bounding_box()
    assert box is not None
    assert first is not None
    assert box["width"] == 390
    assert box["y"] <= first["y"]
    assert first["y"] + first["height"] <= box["y"] + box["height"]


def test_the_room_is_worked_by_keyboard_alone(held: Meeting) -> None:
    chair, reader = held.enter("laurent"), held.enter("mbeki")
    chair.locator("[data-open]").focus()
    chair.keyboard.press("Enter")
    chair.locator("[data-call-next]").focus()
    chair.keyboard.press("Enter")
    imaged(reader)
    reader.keyboard.press("u")
    expect(chair.locator(".says")).to_contain_text("Dr Ayo Mbeki raises a hand")
    expect(chair.locator("p[data-heard]")).to_contain_text("Dr Ayo Mbeki raises a hand")
    reader.keyboard.press("f")
    expect(reader.locator("[data-follow=alone]")).to_be_visible()
    reader.keyboard.press("f")
    expect(reader.locator("[data-follow=following]")).to_be_visible()
    reader.keyboard.press("2")
    expect(reader.get_by_role("tab", name="Opinions")).to_be_focused()
    reader.keyboard.press("ArrowRight")
    expect(reader.get_by_role("tabpanel", name="Decision")).to_be_visible()
    reader.keyboard.press("?")
    expect(reader.get_by_role("heading", name="Keys")).to_be_visible()
    reader.keyboard.press("Escape")
    expect(reader.get_by_role("heading", name="Keys")).to_be_hidden()
    reader.locator("#rec-rationale").press_sequentially("fu?12")
    expect(reader.locator("#rec-rationale")).to_have_value("fu?12")


def test_a_right_taken_back_ends_the_room_with_words(held: Meeting) -> None:
    reader = held.enter("mbeki")
    deed = Deed("system", "Test", "test.unseat", now())
    held.held.database.write_now(deed, unseat, "spine", held.people["mbeki"])
    dialog = reader.get_by_role("alertdialog")
    expect(dialog).to_contain_text("no longer admitted")
    expect(dialog.get_by_role("link", name="Reload this page")).to_be_focused()
