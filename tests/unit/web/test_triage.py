from collections.abc import Iterator

import pytest
from sqlmodel import Session

from agenda.alarms import submit
from agenda.cases import case
from agenda.conferences import add_break, items
from agenda.plans import keep_plan, parse_plan
from agenda.questions import add_question
from agenda.referrals import open_asks
from agenda.triage import waive
from agenda.undo import to_undo
from tests.unit.web.desk import Desk, a_complete_draft, a_desk, a_sitting, a_submitted_case, a_triaged_case
from web.clock import now

LONG = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("triage")) as made:
        yield made


def a_ready_case(session: Session) -> str:
    case_id = a_triaged_case(session)
    for item in ("imaging", "examination"):
        waive(session, case_id, item, "Seen elsewhere", "chair", "chair", now())
    return case_id


def test_the_list_shows_lanes_gaps_and_one_click_asks(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    page = desk.as_("coordinator").get("/triage").text
    assert f'id="case-{case_id}"' in page
    assert "Full discussion" in page
    assert "Cross-sectional imaging: missing" in page
    assert "Ask Dr Referrer" in page


def test_a_lane_is_one_button_and_other_lanes_take_a_reason(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("coordinator")
    answer = browser.post(f"/triage/{case_id}", data={"act": "lane", "lane": "redirect", "reason": ""})
    assert answer.status_code == 422
    assert "Say why" in answer.text
    assert desk.read(case, case_id).state == "submitted"
    browser.post(f"/triage/{case_id}", data={"act": "lane", "lane": "redirect", "reason": "Hip, not spine"})
    assert desk.read(case, case_id).state == "declined"


def test_a_member_calls_a_case_in(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    desk.as_("coordinator").post(f"/triage/{case_id}", data={"act": "lane", "lane": "redirect", "reason": "Hip"})
    desk.as_("radiologist").post(f"/triage/{case_id}", data={"act": "call-in", "reason": "Look again"})
    assert desk.read(case, case_id).lane == "full-discussion"


def test_one_click_asks_the_referrer(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("coordinator")
    browser.post(f"/triage/{case_id}", data={"act": "ask", "item": "imaging"})
    assert desk.read(case, case_id).state == "needs_info"
    assert "Asked, not answered yet" in browser.get("/triage").text


def test_a_case_is_waived_and_placed_and_the_room_knows_it(desk: Desk) -> None:
    case_id, (sitting, _) = desk.do(a_submitted_case), desk.do(a_sitting)
    browser = desk.as_("chair")
    browser.post(f"/triage/{case_id}", data={"act": "lane", "lane": "full-discussion"})
    put = {"act": "schedule", "conference": sitting, "minutes": "12"}
    refused = browser.post(f"/triage/{case_id}", data=put)
    assert refused.status_code == 409
    assert "still needs" in refused.text
    for item in ("imaging", "examination"):
        browser.post(f"/triage/{case_id}", data={"act": "waive", "item": item, "reason": "Seen elsewhere"})
    assert desk.read(case, case_id).state == "ready"
    assert browser.post(f"/triage/{case_id}", data=put).status_code == 303
    assert [(item.case_id, item.minutes) for item in desk.read(items, sitting)] == [(case_id, 12)]
    packet = desk.as_("radiologist").get(f"/conferences/{sitting}/cases/{case_id}").text
    assert "Waived by Dr Chair: Seen elsewhere" in packet
    assert "Seal my opinion" in packet


def test_the_coordinator_may_not_waive_what_only_the_chair_may(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    answer = desk.as_("coordinator").post(
        f"/triage/{case_id}", data={"act": "waive", "item": "imaging", "reason": "No need"}
    )
    assert answer.status_code == 422
    assert "can be waived by chair" in answer.text


@pytest.mark.parametrize("person", ["radiologist", "trainee", "referrer", "stranger", "administrator"])
def test_triage_is_for_chair_and_coordinator(desk: Desk, person: str) -> None:
    case_id = desk.do(a_submitted_case)
    browser = desk.as_(person)
    assert browser.get("/triage").status_code == 403
    assert browser.post(f"/triage/{case_id}", data={"act": "lane", "lane": "full-discussion"}).status_code == 403
    assert desk.read(case, case_id).state == "submitted"


def test_a_button_that_does_not_exist_does_nothing(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    assert desk.as_("chair").post(f"/triage/{case_id}", data={"act": "delete"}).status_code == 422


def test_the_list_filters_by_lane(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    desk.do(lambda session: add_question(
        session, case(session, case_id), kind="level", discipline="neuroradiology", text="Which level?"
    ))
    browser = desk.as_("coordinator")
    assert f'id="case-{case_id}"' in browser.get("/triage?lane=new").text
    assert f'id="case-{case_id}"' not in browser.get("/triage?lane=urgent").text


def test_one_press_puts_several_cases_in_a_lane_and_says_which_were_left(desk: Desk) -> None:
    taken, bound = desk.do(a_submitted_case), desk.do(a_submitted_case)
    desk.do(lambda session: keep_plan(
        session, bound, "proposed", parse_plan({one: ["fusion-posterior"] for one in LONG}, []), "coordinator", now(),
        shown=0,
    ))
    browser = desk.as_("coordinator")
    sent = {"act": "lane", "case": [taken, bound], "lane": "standard-of-care"}
    refused = browser.post("/triage", data=sent)
    assert refused.status_code == 422
    assert "Say why; the referrers and the board see it." in refused.text
    assert f'value="{taken}" form="together" checked' in refused.text
    answer = browser.post("/triage", data=sent | {"reason": "Physiotherapy first"})
    assert "1 of 2 cases done" in answer.text
    assert "The board must discuss case" in answer.text
    assert (desk.read(case, taken).lane, desk.read(case, bound).lane) == ("standard-of-care", None)


def test_each_case_gets_its_own_asks_once(desk: Desk) -> None:
    first = desk.do(a_submitted_case)
    second = desk.do(lambda session: submit(session, a_complete_draft(session, goal=""), "referrer", now()).id)
    browser = desk.as_("coordinator")
    answer = browser.post("/triage", data={"act": "ask", "case": [first, second]})
    assert "2 of 2 cases done" in answer.text
    assert {ask.field for ask in desk.read(open_asks, second)} - {ask.field for ask in desk.read(open_asks, first)} == {
        "goal"
    }
    again = browser.post("/triage", data={"act": "ask", "case": [first]})
    assert "All that is missing was asked for already." in again.text
    assert desk.read(case, first).state == "needs_info"


def test_several_cases_are_placed_with_their_estimated_minutes_and_one_step_takes_them_back(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting)
    cases = [desk.do(a_ready_case) for _ in range(3)]
    raw = desk.do(a_submitted_case)
    browser = desk.as_("coordinator")
    answer = browser.post("/triage", data={"act": "place", "case": [*cases, raw], "conference": sitting})
    assert "3 of 4 cases done" in answer.text
    assert "Put it in a lane first." in answer.text
    assert {item.case_id for item in desk.read(items, sitting)} == set(cases)
    step = desk.read(to_undo, sitting)
    browser.post(f"/conferences/{sitting}/undo", data={"step": step.id if step else ""})
    assert desk.read(items, sitting) == []


def test_what_does_not_fit_is_left_and_says_so(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting)
    desk.do(add_break, sitting, 4, 55)
    case_id = desk.do(a_ready_case)
    answer = desk.as_("coordinator").post("/triage", data={"act": "place", "case": case_id, "conference": sitting})
    assert "no sitting has them free" in answer.text
    assert desk.read(case, case_id).state in ("triaged", "ready")


def test_all_shown_stands_for_every_case_of_the_list(desk: Desk) -> None:
    shown = [desk.do(a_submitted_case) for _ in range(2)]
    answer = desk.as_("coordinator").post("/triage", data={"act": "lane", "lane": "urgent", "reason": "All of them",
                                                         "all": "1", "shown": shown})
    assert "2 of 2 cases done" in answer.text
    assert {desk.read(case, key).lane for key in shown} == {"urgent"}


@pytest.mark.parametrize(("sent", "said"), [
    ({"act": "lane", "lane": "urgent"}, "Choose the cases first."),
    ({"act": "lane", "case": "one", "lane": "fast"}, "Choose one of the five lanes."),
    ({"act": "delete", "case": "one"}, "There is no such button."),
])
def test_what_cannot_be_done_for_any_is_said_once(desk: Desk, sent: dict[str, str], said: str) -> None:
    if "case" in sent:
        sent = sent | {"case": desk.do(a_submitted_case)}
    answer = desk.as_("coordinator").post("/triage", data=sent)
    assert answer.status_code == 422
    assert said in answer.text
