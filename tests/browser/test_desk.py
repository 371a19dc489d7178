"""The desk: twelve referrals to a published agenda in few presses, against others, on a line that fails."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from zoneinfo import ZoneInfo

import pytest
import vobject
from playwright.sync_api import Browser, Locator, Page, Route, expect
from sqlmodel import Session

from agenda.alarms import submit
from agenda.calendar.invitations import invites
from agenda.cases import add_study, cases_by
from agenda.clinical import spine
from agenda.conferences import items, place, plan_conference
from agenda.notices.queue import notices
from agenda.questions import add_question
from agenda.referrals import save_fields, start_case, withdraw
from agenda.treatments import add_treatment
from agenda.triage import put_in_lane, worklist
from imaging.studies import Series, Study
from tests.browser.meeting import Meeting, meeting
from tests.browser.pictures import picture
from tests.conftest import ROOT
from web.clock import now
from web.database import Deed

pytestmark = pytest.mark.browser

SHOTS = ROOT / ".screenshots" / "desk"
KINDS = (
    ("surgical-candidacy", "spine-surgery"), ("pain-plan", "spine-surgery"),
    ("rehabilitation-plan", "physical-therapy"),
)
NAMES = ("Abara", "Brandt", "Costa", "Dubois", "Eriksen", "Farah", "Grant", "Haas", "Ito", "Juarez", "Kone", "Lund")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Meeting]:
    expect.set_options(timeout=30_000)
    with meeting(tmp_path_factory.mktemp("desk"), browser) as made:
        yield made
        assert made.problems == []
    expect.set_options(timeout=5_000)


@dataclass
class Hand:
    """One person at one page: every click, choice and text is counted and written down."""

    page: Page
    trace: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.trace.append(f"open {address}")
        self.page.goto(address)

    def click(self, what: Locator) -> None:
        self.trace.append(f"click “{_said(what)}”")
        what.click()

    def fill(self, label: str, text: str) -> None:
        self.trace.append(f"type {text!r} into “{label}”")
        self.page.get_by_label(label).fill(text)


def _said(what: Locator) -> str:
    return " ".join((what.get_attribute("aria-label") or what.inner_text() or what.get_attribute("id") or "").split())


def deed() -> Deed:
    return Deed("system", "Test", "test.desk", now())


def referred(session: Session, referrer: str, number: int, *, without: str = "") -> str:
    """A complete referral, sent; `without` leaves out the goal or what was tried."""
    at = now()
    made = start_case(session, referrer, "spine", at)
    kind, discipline = KINDS[number % len(KINDS)]
    fields = {
        "patient_family_name": NAMES[number % len(NAMES)], "patient_born_on": f"19{50 + number}-02-11",
        "patient_sex": "FM"[number % 2], "summary": "Leg pain for half a year.", "exam.motor": "5/5",
        "exam.examined-on": f"{at:%Y-%m-%d}", "goal": "" if without == "goal" else "Walk my dog",
    }
    save_fields(session, made.id, fields | {f"red_flag.{flag.key}": "no" for flag in spine().red_flags}, {}, at)
    add_question(session, made, kind=kind, discipline=discipline, text="What would you do next?")
    if without != "tried":
        tried = {"kind": "physical-therapy", "description": "Supervised exercise", "response": "same"}
        add_treatment(session, made, tried, at)
    uid = f"1.2.826.9.{made.number}"
    session.add(Study(study_instance_uid=uid, description="Lumbar spine", study_date=f"{at:%Y-%m-%d}", received_at=at))
    session.flush()
    session.add(Series(series_instance_uid=f"{uid}.1", study_instance_uid=uid, modality="MR"))
    session.flush()
    add_study(session, made.id, uid, at)
    return submit(session, made.id, referrer, at).id


def fresh(held: Meeting, count: int) -> list[str]:
    """So many fresh referrals and nothing else on the list; of twelve, one lacks a goal and one what was tried."""

    def make(session: Session) -> list[str]:
        for one in worklist(session, ["spine"]):
            withdraw(session, one.id, "Another test's", one.referrer_id, now())
        lacking = {10: "goal", 11: "tried"}
        referrer = held.people["osei"]
        return [referred(session, referrer, number, without=lacking.get(number, "")) for number in range(count)]

    return held.held.database.write_now(deed(), make)


def completed(session: Session, referrer: str) -> None:
    """The referrer gives what was asked for and sends the cases again."""
    for one in cases_by(session, referrer):
        if one.state == "needs_info":
            save_fields(session, one.id, {"goal": "Sleep through"}, {}, now())
            tried = {"kind": "physical-therapy", "description": "Supervised swimming", "response": "same"}
            add_treatment(session, one, tried, now())
            submit(session, one.id, referrer, now())


def in_days(days: int) -> str:
    return f"{(now() + timedelta(days=days)).astimezone(ZoneInfo('Europe/Zurich')):%Y-%m-%dT10:00}"


def test_twelve_referrals_reach_a_published_agenda_in_under_forty_interactions(held: Meeting) -> None:
    cases = fresh(held, 12)
    page = held.sign_in("castell")
    hand = Hand(page)
    hand.open("/triage")
    said = page.locator(".together-said")
    hand.click(page.get_by_label("All 12 shown"))
    hand.click(page.locator("#together-lane"))
    expect(said).to_contain_text("12 of 12 cases done")
    hand.click(page.locator("#together-ask"))
    expect(said).to_contain_text("2 of 12 cases done")
    expect(said).to_contain_text("Asked for: the patient's goal, in their words")
    picture(page, SHOTS / "asked.png", full_page=True)
    held.held.database.write_now(deed(), completed, held.people["osei"])
    hand.click(page.get_by_role("link", name="Conferences", exact=True).first)
    hand.fill("Title", "Spine board, next week")
    hand.fill("Begins, by the clock in Europe/Zurich", in_days(7))
    hand.fill("Minutes", "240")
    hand.click(page.get_by_role("button", name="Plan it"))
    hand.click(page.get_by_role("link", name="Triage", exact=True))
    hand.click(page.get_by_label("All 12 shown"))
    hand.click(page.locator("#together-lane"))
    expect(said.locator("li", has_text="ready")).to_have_count(12)
    hand.click(page.locator("#together-place"))
    expect(said.locator("li", has_text="Spine board, next week")).to_have_count(12)
    hand.click(said.get_by_role("link").first)
    hand.click(page.get_by_role("link", name="Arrange for me"))
    expect(page.locator("main")).to_contain_text("Proposed order")
    if page.get_by_role("button", name="Use this order").count():
        hand.click(page.get_by_role("button", name="Use this order"))
    else:
        hand.click(page.get_by_role("link", name="Back to the agenda"))
    expect(page.locator("[data-item]")).to_have_count(12)
    hand.click(page.get_by_role("button", name="Publish the agenda"))
    expect(page.locator("h1")).to_contain_text("Published")
    picture(page, SHOTS / "published.png", full_page=True)
    sitting = page.url.rpartition("/")[2]
    invited = {one.name for one in held.held.database.read_now(invites, sitting) if not one.cancelled}
    assert {"Dr Kofi Osei", "Dr Ines Laurent", "Dr Ayo Mbeki", "Petra Varga"} <= invited
    outbox = follow_the_mails(held, hand)
    assert set(outbox) == invited
    for number, step in enumerate(hand.trace, 1):
        print(f"{number:2d}  {step}")
    assert len(hand.trace) < 40
    placed = held.held.database.read_now(items, sitting)
    assert {one.case_id for one in placed} == set(cases)


def follow_the_mails(held: Meeting, hand: Hand) -> dict[str, str]:
    """The administrator finds the invitations in the outbox and opens one; whoever got it answers by its link alone.

    Gives name → address of the mail, for every invitation that left. The one mail opened is read by another
    implementation of calendars and holds the same instants in the attendee's zone.
    """
    outbox = Hand(held.sign_in("moss"), hand.trace)
    outbox.open("/outbox?state=sent")
    mails = outbox.page.locator(".list li", has_text="Invitation: ")
    while outbox.page.locator("a", has_text="Waiting").locator(".number").inner_text() != "0":
        outbox.page.reload()  # mails leave every two seconds
    names = [str(one.locator(".sub").inner_text()).split(" · ")[0] for one in mails.all()]
    links = [str(one.get_by_role("link").get_attribute("href")) for one in mails.all()]
    found = dict(zip(names, links, strict=True))
    picture(outbox.page, SHOTS / "outbox.png", full_page=True)
    outbox.click(mails.filter(has_text="Dr Ayo Mbeki").get_by_role("link"))
    expect(outbox.page.locator("#cal-title")).to_be_visible()
    expect(outbox.page.locator(".mail-text")).to_contain_text("/replies/(the-receiver-alone-sees-this)")
    picture(outbox.page, SHOTS / "mail.png", full_page=True)
    mail = message_from_bytes((held.folder / "spool" / f"{outbox.page.url.rpartition('/')[2]}.eml").read_bytes())
    said = {part.get_content_type(): part for part in mail.walk()}
    event = vobject.readOne(said["text/calendar"].get_payload(decode=True).decode()).vevent
    shown = event.dtstart.value
    assert shown.tzinfo is not None
    assert f"{shown:%H:%M}" == "10:00"
    assert (event.dtend.value - shown) == timedelta(minutes=240)
    assert str(event.attendee.value) == "mailto:mbeki@example.org"
    link = re.search(r"https?://\S+(/replies/\S+)", said["text/plain"].get_payload(decode=True).decode())
    assert link is not None
    context = held.browser.new_context(base_url=held.url)
    held.contexts.append(context)
    invitee = Hand(context.new_page(), hand.trace)
    invitee.open(link[1])
    invitee.click(invitee.page.get_by_role("button", name="Yes, I come"))
    expect(invitee.page.locator("main")).to_contain_text("Thank you. You come.")
    hand.page.reload()
    expect(hand.page.locator(".seats li", has_text="Dr Ayo Mbeki").filter(has_text="Comes").first).to_be_attached()
    return found


def _planned(session: Session, chair: str) -> str:
    at = now()
    return plan_conference(
        session, board_id="spine", title="Keyboard board", starts_at=at + timedelta(days=9), duration_min=90,
        chair_id=chair, at=at,
    ).id


def test_two_coordinators_move_the_same_item_and_the_later_one_is_told(held: Meeting) -> None:
    cases = fresh(held, 3)
    sitting = held.held.database.write_now(deed(), _planned_with, held.people["laurent"], cases)
    first, second = held.sign_in("castell"), held.sign_in("laurent")
    for page in (first, second):
        page.goto(f"/conferences/{sitting}")
        expect(page.locator("[data-item]")).to_have_count(3)
    order = [str(one.get_attribute("data-item")) for one in first.locator("[data-item]").all()]
    first.locator(f"#down-{order[0]}").click()
    expect(first.locator("[data-item]").first).to_have_attribute("data-item", order[1])
    second.locator(f"#down-{order[0]}").click()
    expect(second.get_by_role("alert")).to_contain_text("Somebody else changed the running order meanwhile")
    shown = [[one.get_attribute("data-item") for one in page.locator("[data-item]").all()] for page in (first, second)]
    assert shown == [[order[1], order[0], order[2]]] * 2


def test_what_is_typed_while_an_answer_is_on_its_way_is_still_there_after_it(held: Meeting) -> None:
    sitting = held.held.database.write_now(deed(), _planned_with, held.people["laurent"], fresh(held, 2))
    page = held.sign_in("castell")
    page.goto(f"/conferences/{sitting}")
    first, second = (str(one.get_attribute("data-item")) for one in page.locator("[data-item]").all())
    seen = str(page.locator("#agenda").get_attribute("data-revision"))
    kept: list[Route] = []
    page.route("**/conferences/**", lambda route: kept.append(route), times=1)
    page.locator(f"#min-{first}").fill("25")
    with page.expect_request("**/conferences/**"):
        page.keyboard.press("Tab")
    page.locator(f"#min-{second}").fill("3")
    page.get_by_label("Break at minute").fill("3")
    kept[0].continue_()
    expect(page.locator("#agenda")).not_to_have_attribute("data-revision", seen)
    expect(page.get_by_label("Break at minute")).to_be_focused()
    page.keyboard.type("0")
    expect(page.get_by_label("Break at minute")).to_have_value("30")
    expect(page.locator(f"#min-{first}")).to_have_value("25")
    expect(page.locator(f"#min-{second}")).to_have_value("3")


def _planned_with(session: Session, chair: str, cases: list[str]) -> str:
    sitting = _planned(session, chair)
    for key in cases:
        put_in_lane(session, key, "full-discussion", "", chair, now())
        place(session, sitting, key, chair, now())
    return sitting


def test_a_double_press_makes_one_case_and_a_lost_line_loses_nothing(held: Meeting) -> None:
    page = held.sign_in("osei")
    before = len(held.held.database.read_now(cases_by, held.people["osei"]))
    page.goto("/cases/new")
    page.get_by_role("button", name="Start the referral").dblclick()
    expect(page).to_have_url(re.compile("/cases/[0-9a-f]{32}/edit$"))
    assert len(held.held.database.read_now(cases_by, held.people["osei"])) == before + 1
    goal = page.locator("[name=goal]")
    page.context.set_offline(True)
    goal.fill("Sleep through the night")
    goal.press("Tab")
    expect(page.locator("#announce")).to_contain_text("did not reach the server")
    expect(goal).to_have_value("Sleep through the night")
    page.context.set_offline(False)
    expect(page.locator("#note-goal")).to_contain_text("Saved")
    held.problems[:] = [one for one in held.problems if "htmx:" not in one]  # the browser's own word for the lost line
    address = page.url
    page.close()
    again = held.sign_in("osei")
    again.goto(address)
    expect(again.locator("[name=goal]")).to_have_value("Sleep through the night")


def test_a_case_put_off_twice_says_so_wherever_it_stands_and_tells_who_plans(held: Meeting) -> None:
    (case_id,) = fresh(held, 1)
    page = held.sign_in("castell")
    for time in range(2):
        sitting = held.held.database.write_now(deed(), _planned_with, held.people["laurent"], [case_id])
        page.goto(f"/conferences/{sitting}")
        before = page.locator("[data-item]", has_text="Rolled over")
        expect(before).to_have_count(time)
        page.get_by_text("Cancel this sitting").click()
        if time:
            expect(page.locator("details[open] .banner")).to_contain_text("1 of them was put off before: Abara")
            picture(page, SHOTS / "put-off-again.png", full_page=True)
        page.get_by_role("button", name="Cancel the sitting").click()
        expect(page.locator("h1")).to_contain_text("Cancelled")
    page.goto("/triage")
    line = page.locator(f"#case-{case_id}")
    expect(line.locator(".pill", has_text="Rolled over twice")).to_be_visible()
    expect(line).to_contain_text("first 0 days ago: the sitting was cancelled")
    expect(line).to_contain_text("Hear it first at the next sitting, or answer it without a meeting.")
    picture(page, SHOTS / "put-off-twice.png", full_page=True)
    told = held.held.database.read_now(notices)
    wanted = {held.people["castell"], held.people["laurent"]}
    assert {one.person_id for one in told if one.kind == "rolled-over-again" and one.case_id == case_id} == wanted
