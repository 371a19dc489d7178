from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.boards import board
from agenda.cases import history
from agenda.conferences import items
from agenda.errors import Invalid, NotNow
from agenda.questions import add_question
from agenda.referrals import answer, open_asks, save_fields
from agenda.triage import (
    ask_for,
    call_in,
    put_in_lane,
    readiness_of,
    schedule,
    settle_readiness,
    waiting_days,
    waive,
    worklist,
)
from tests.unit.agenda.desk import AT, MR, a_sitting, a_submitted_case, a_triaged_case

DAY = AT.date()


@pytest.mark.parametrize(("lane", "state"), [
    ("full-discussion", "triaged"), ("standard-of-care", "triaged"), ("urgent", "triaged"),
    ("not-ready", "needs_info"), ("redirect", "declined"),
])
def test_each_lane_has_its_state_and_its_history(session: Session, lane: str, state: str) -> None:
    made = put_in_lane(session, a_submitted_case(session).id, lane, "because", "coordinator", AT)
    assert (made.lane, made.state, history(session, made.id)[-1].state) == (lane, state, state)


def test_a_lane_other_than_discussion_takes_a_reason(session: Session) -> None:
    made = a_submitted_case(session)
    with pytest.raises(Invalid) as refused:
        put_in_lane(session, made.id, "redirect", " ", "coordinator", AT)
    assert refused.value.field == "reason"
    with pytest.raises(Invalid):
        put_in_lane(session, made.id, "someday", "x", "coordinator", AT)


def test_a_declined_case_can_be_called_in_by_any_member(session: Session) -> None:
    made = put_in_lane(session, a_submitted_case(session).id, "redirect", "Not spine", "coordinator", AT)
    call_in(session, made.id, "It may be spine after all", "radiologist", AT)
    assert (made.state, made.lane) == ("triaged", "full-discussion")
    with pytest.raises(Invalid):
        call_in(session, made.id, "", "radiologist", AT)


def test_readiness_follows_policy_images_and_waivers(session: Session) -> None:
    made = a_triaged_case(session)
    add_question(session, made, kind="level", discipline="neuroradiology", text="Which level?")
    assert [one.item.key for one in readiness_of(session, made, [], DAY).open] == ["imaging", "tried"]
    old = replace(MR, on=DAY - timedelta(days=181))
    assert [one.state for one in readiness_of(session, made, [old], DAY).open] == ["stale", "missing"]
    assert "imaging" not in [one.item.key for one in readiness_of(session, made, [MR], DAY).open]
    plain_film = replace(MR, modality="CR")
    assert "imaging" in [one.item.key for one in readiness_of(session, made, [plain_film], DAY).open]
    waive(session, made.id, "tried", "Emergency", "chair", "chair", AT)
    assert readiness_of(session, made, [MR], DAY).ready


def test_a_board_may_have_a_policy_of_its_own(session: Session) -> None:
    made = a_triaged_case(session)
    board(session, "spine").policy = {
        "items": [{"key": "goal", "label": "Goal", "ask": "Ask.", "field": "goal"}]
    }
    assert [one.item.key for one in readiness_of(session, made, [], DAY).items] == ["goal"]


def test_who_may_waive_is_the_policy_s_word(session: Session) -> None:
    made = a_triaged_case(session)
    with pytest.raises(Invalid, match="can be waived by chair"):
        waive(session, made.id, "imaging", "Seen elsewhere", "coordinator", "coordinator", AT)
    with pytest.raises(Invalid, match="can be waived by nobody"):
        waive(session, made.id, "question", "No need", "chair", "chair", AT)
    with pytest.raises(Invalid, match="Say why"):
        waive(session, made.id, "imaging", " ", "chair", "chair", AT)


def test_one_click_asks_with_the_policy_s_own_words(session: Session) -> None:
    made = a_submitted_case(session)
    assert ask_for(session, made.id, "imaging", "coordinator", AT).text.startswith("Please upload the imaging")
    assert (made.state, open_asks(session, made.id)[0].field) == ("needs_info", "images")


def test_a_case_that_is_not_ready_is_not_scheduled_unless_urgent(session: Session) -> None:
    made, sitting = a_triaged_case(session), a_sitting(session)
    readiness = readiness_of(session, made, [], DAY)
    with pytest.raises(NotNow, match="what was tried") as refused:
        schedule(session, sitting.id, made.id, readiness, "coordinator", AT)
    assert refused.value.code == "not-ready"
    save_fields(session, made.id, {"urgency": "urgent"}, {}, AT)
    schedule(session, sitting.id, made.id, readiness, "coordinator", AT, minutes=15)
    assert (made.state, items(session, sitting.id)[0].minutes) == ("scheduled", 15)


def test_a_triaged_case_becomes_ready_and_falls_back(session: Session) -> None:
    made = a_triaged_case(session)
    waive(session, made.id, "tried", "x", "chair", "chair", AT)
    settle_readiness(session, made, readiness_of(session, made, [], DAY), "chair", AT)
    assert made.state == "ready"
    save_fields(session, made.id, {"goal": ""}, {}, AT)
    settle_readiness(session, made, readiness_of(session, made, [], DAY), "chair", AT)
    assert made.state == "triaged"


def test_the_clock_stands_while_the_referrer_is_asked(session: Session) -> None:
    made = a_submitted_case(session)
    ask_for(session, made.id, "imaging", "coordinator", AT + timedelta(days=2))
    assert waiting_days(session, made, AT + timedelta(days=9)) == 2
    answer(session, made.id, "Sent", "referrer", AT + timedelta(days=10))
    assert waiting_days(session, made, AT + timedelta(days=13)) == 5


def test_urgent_cases_stand_first_and_scheduled_ones_not_at_all(session: Session) -> None:
    first, second = a_submitted_case(session), a_submitted_case(session, urgency="urgent")
    assert [one.id for one in worklist(session, ["spine"])] == [second.id, first.id]
    put_in_lane(session, first.id, "redirect", "Not spine", "coordinator", AT)
    assert [one.id for one in worklist(session, ["spine"])] == [second.id]
