from collections.abc import Iterator

import pytest

from agenda.cases import case
from agenda.conferences import items
from agenda.questions import add_question
from tests.unit.web.desk import Desk, a_desk, a_sitting, a_submitted_case


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("triage")) as made:
        yield made


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
