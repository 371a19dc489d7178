"""The rural provider's form on a phone: nothing typed is lost, and a red flag finds somebody."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from agenda.alarms import alarm_of
from agenda.cases import case, cases_by, treatments
from agenda.notices.paging import page_again
from agenda.packet import packet
from agenda.plans import plan_of
from agenda.referrals import send_back
from tests.browser.meeting import Meeting, meeting
from tests.browser.pictures import picture
from tests.browser.test_desk import deed, referred
from tests.conftest import ROOT
from web.clock import now

pytestmark = pytest.mark.browser

SHOTS = ROOT / ".screenshots" / "refer"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Meeting]:
    expect.set_options(timeout=30_000)
    with meeting(tmp_path_factory.mktemp("refer"), browser) as made:
        yield made
        assert made.problems == []
    expect.set_options(timeout=5_000)


def started(held: Meeting) -> Page:
    """A fresh form on a phone."""
    page = held.sign_in("osei", touch=True, **PHONE)
    page.goto("/cases/new")
    page.get_by_role("button", name="Start the referral").click()
    expect(page).to_have_url(re.compile("/cases/[0-9a-f]{32}/edit$"))
    return page


def reopened(held: Meeting, page: Page) -> Page:
    """The tab is closed; the same person comes back on another machine."""
    address = page.url
    page.close()
    again = held.sign_in("osei")
    again.goto(address)
    return again


def case_of(page: Page) -> str:
    return page.url.split("/")[-2]


def test_a_closed_tab_loses_nothing_of_fields_rows_and_plan(held: Meeting) -> None:
    page = started(held)
    page.locator("[name=goal]").press_sequentially("Sleep through the night")  # and no key that leaves the field
    expect(page.locator("#note-goal")).to_contain_text("Saved")
    page.locator("[name='new-question.text']").fill("Which level is it?")
    expect(page.locator("#note-new-question-")).to_contain_text("not added yet")
    page.locator("[name='new-treatment.kind']").select_option("injection")
    page.locator("[name='new-treatment.description']").fill("Transforaminal epidural")
    page.locator("[name='new-treatment.started_on']").fill("long ago")
    expect(page.locator("#note-new-treatment-")).to_contain_text("not added yet")
    page.get_by_text("Write down what was proposed").click()
    page.locator("[name='plan.fusion-posterior']").fill("L4-L9")
    page.locator("[name='plan.fusion-posterior']").press("Tab")
    expect(page.locator(".field", has=page.locator("[name='plan.fusion-posterior']"))).to_have_class(re.compile("bad"))
    page.get_by_label("Osteoporosis").check()
    again = reopened(held, page)
    expect(again.locator("[name=goal]")).to_have_value("Sleep through the night")
    expect(again.locator("[name='new-question.text']")).to_have_value("Which level is it?")
    expect(again.locator("[name='new-treatment.kind']")).to_have_value("injection")
    expect(again.locator("[name='new-treatment.started_on']")).to_have_value("long ago")
    expect(again.locator("[name='plan.fusion-posterior']")).to_have_value("L4-L9")
    expect(again.get_by_label("Osteoporosis")).to_be_checked()
    picture(again, SHOTS / "waiting.png", full_page=True)
    again.get_by_role("button", name="Add this treatment").click()
    expect(again.locator("#treatments .error")).to_contain_text("Write the date as")
    again.locator("[name='new-treatment.started_on']").fill("2025-03")
    again.get_by_role("button", name="Add this treatment").click()
    expect(again.locator("#treatments")).to_contain_text("Remove")
    again.locator("[name='plan.fusion-posterior']").fill("L4-L5")
    again.locator("[name='plan.fusion-posterior']").press("Tab")
    expect(again.locator("#note-plan-")).to_contain_text("Saved")
    found = case_of(again)
    assert [one.description for one in held.held.database.read_now(treatments, found)] == ["Transforaminal epidural"]
    assert set(held.held.database.read_now(plan_of, found, "proposed").interventions) == {"L4", "L5"}


def test_a_lost_line_keeps_what_is_typed_and_sends_it_when_it_is_back(held: Meeting) -> None:
    page = started(held)
    page.context.set_offline(True)
    page.locator("[name=goal]").fill("Lift hay")
    page.locator("[name='new-treatment.description']").fill("Exercise class")
    page.locator("[name=summary]").fill("Half a year of pain")
    page.locator("[name=summary]").press("Tab")
    for note in ("#note-goal", "#note-new-treatment-", "#note-summary"):
        expect(page.locator(note)).to_have_class(re.compile("unsaved"))
    picture(page, SHOTS / "offline.png")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_timeout(0)
    expect(page.locator("[name=goal]")).to_have_value("Lift hay")
    assert asked == ["beforeunload"]
    page.context.set_offline(False)
    expect(page.locator("#note-goal")).to_contain_text("Saved")
    expect(page.locator("#note-summary")).to_contain_text("Saved")
    expect(page.locator("#note-new-treatment-")).to_contain_text("not added yet")
    held.problems[:] = [one for one in held.problems if "htmx:" not in one]  # the browser's own word for the lost line
    again = reopened(held, page)
    expect(again.locator("[name=goal]")).to_have_value("Lift hay")
    expect(again.locator("[name='new-treatment.description']")).to_have_value("Exercise class")
    assert held.held.database.read_now(case, case_of(again)).summary == "Half a year of pain"


def test_a_question_of_the_board_stands_at_its_field_and_stops_the_clock(held: Meeting) -> None:
    made = held.held.database.write_now(deed(), referred, held.people["osei"], 3)
    held.held.database.write_now(
        deed(), send_back, made, "goal", "In the patient's own words, please.", held.people["castell"], now()
    )
    page = held.sign_in("osei", touch=True, **PHONE)
    page.goto(f"/cases/{made}/edit")
    field = page.locator(".field", has=page.locator("[name=goal]"))
    expect(field.locator(".ask")).to_contain_text("Rosa Castell asks: In the patient's own words, please.")
    expect(page.locator("main")).to_contain_text("its clock stands since")
    picture(page, SHOTS / "asked.png")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("[id^=ask-] .error")).to_contain_text("Nothing was changed here since the board asked")
    page.locator("[name=goal]").fill("“Carry my grandchild”")
    page.locator("[name=goal]").press("Tab")
    expect(page.locator("#note-goal")).to_contain_text("Saved")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".tracker [aria-current=step]").first).to_contain_text("Received")
    desk = held.sign_in("castell")
    desk.goto(f"/cases/{made}")
    expect(desk.locator("main")).to_contain_text("Carry my grandchild")


def test_a_red_flag_stops_the_form_and_pages_until_a_member_acknowledges(held: Meeting) -> None:
    page = started(held)
    found = case_of(page)
    page.locator(".flag").first.get_by_text("Yes", exact=True).click()
    stop = page.locator(".stop")
    expect(stop).to_contain_text("Do not wait for the conference.")
    picture(page, SHOTS / "stopped.png", full_page=True)
    assert Axe().run(page).response["violations"] == []
    page.get_by_label("What happens now?").fill("Sent to the emergency department")
    stop.get_by_role("button", name="I have acted on this").click()
    expect(stop).to_contain_text("nobody has acknowledged it")
    held.held.database.write_now(deed(), page_again, now() + timedelta(minutes=11), 10)
    administrator = held.sign_in("moss")
    administrator.goto("/outbox?words=laurent")
    mails = administrator.locator("li", has_text="Do not wait for the conference: red flag")
    expect(mails).to_have_count(2)
    mails.first.get_by_role("link").click()
    expect(administrator.locator(".mail-text")).to_contain_text("Nobody has acknowledged it for 11 minutes.")
    chair = held.sign_in("laurent")
    chair.goto("/")
    alarm = chair.get_by_role("alert").filter(has_text="Do not wait for the conference")
    expect(alarm).to_contain_text("the referrer says: “Sent to the emergency department”")
    picture(chair, SHOTS / "alarm.png")
    alarm.get_by_placeholder("What you did").fill("Called the ward")
    alarm.get_by_role("button", name="Acknowledge").click()
    expect(chair.locator(".stop")).to_contain_text(re.compile(r"Acknowledged\s+by Dr Ines Laurent"))
    expect(chair.locator("main")).to_contain_text("osei@example.org")
    assert Axe().run(chair).response["violations"] == []
    picture(chair, SHOTS / "acknowledged.png")
    held.held.database.write_now(deed(), page_again, now() + timedelta(minutes=31), 10)
    administrator.goto("/outbox?words=laurent")
    expect(mails).to_have_count(2)
    page.reload()
    expect(stop).to_contain_text("Dr Ines Laurent acknowledged it")
    kept = held.held.database.read_now(alarm_of, found)
    assert kept is not None
    assert (kept.answered_by, kept.answered_note) == (held.people["laurent"], "Called the ward")
    (line,) = [one.text for one in held.held.database.read_now(packet, found).concerns if one.label == "Alarm"]
    assert "acknowledged by Dr Ines Laurent at" in line
    assert found in {one.id for one in held.held.database.read_now(cases_by, held.people["osei"])}
