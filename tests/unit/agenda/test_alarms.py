from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.alarms import Alarm, acknowledge, alarm_of, confirm, minutes_open, raise_if_flagged, submit, unanswered
from agenda.boards import on_call, put_on_call
from agenda.cases import history
from agenda.errors import Invalid, NotNow
from agenda.notices.paging import page_again
from agenda.notices.queue import notices
from agenda.referrals import save_fields, withdraw
from tests.unit.agenda.desk import AT, a_complete_draft, a_draft, a_submitted_case


def test_a_complete_case_is_sent_once(session: Session) -> None:
    made = a_submitted_case(session)
    assert submit(session, made.id, "referrer", AT + timedelta(minutes=1)) is made
    assert (made.submitted_at, len(history(session, made.id))) == (AT, 1)


def test_an_incomplete_case_names_the_first_field_that_is_missing(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        submit(session, a_draft(session).id, "referrer", AT)
    assert refused.value.field == "patient_family_name"


@pytest.mark.parametrize("flag", ["cauda-equina", "cord-compression", "unstable-fracture", "infection"])
def test_a_positive_red_flag_stops_the_case_until_somebody_acts(session: Session, flag: str) -> None:
    made = a_complete_draft(session, **{f"red_flag__{flag}": "yes"})
    with pytest.raises(NotNow, match=r"^Do not wait for the conference") as stopped:
        submit(session, made.id, "referrer", AT)
    assert stopped.value.code == "red-flag"
    confirm(session, made.id, "Sent to the emergency department", "referrer", AT)
    assert submit(session, made.id, "referrer", AT).urgency == "urgent"


def test_cancer_raises_concern_but_does_not_stop(session: Session) -> None:
    made = a_complete_draft(session, red_flag__cancer="yes")
    assert submit(session, made.id, "referrer", AT).state == "submitted"
    assert alarm_of(session, made.id) is None


def test_the_board_sees_the_alarm_until_the_first_acknowledges(session: Session) -> None:
    made = a_complete_draft(session, red_flag__infection="yes")
    alarm = raise_if_flagged(session, made, "referrer", AT)
    assert alarm is not None
    assert raise_if_flagged(session, made, "referrer", AT + timedelta(hours=1)) is alarm
    assert [found.id for _, found in unanswered(session, ["spine"])] == [made.id]
    assert unanswered(session, ["hip"]) == []
    acknowledge(session, alarm.id, "Called", "chair", AT)
    acknowledge(session, alarm.id, "Me too", "radiologist", AT + timedelta(minutes=5))
    assert (alarm.answered_by, alarm.answered_note, alarm.answered_at) == ("chair", "Called", AT)
    assert unanswered(session, ["spine"]) == []


def test_another_flag_is_another_alarm(session: Session) -> None:
    made = a_complete_draft(session, red_flag__infection="yes")
    confirm(session, made.id, "Sent to hospital", "referrer", AT)
    save_fields(session, made.id, {"red_flag.cauda-equina": "yes"}, {}, AT)
    with pytest.raises(NotNow, match="cauda equina"):
        submit(session, made.id, "referrer", AT + timedelta(minutes=1))


def test_confirming_takes_words_and_a_flag(session: Session) -> None:
    made = a_complete_draft(session)
    with pytest.raises(NotNow):
        confirm(session, made.id, "Sent", "referrer", AT)
    save_fields(session, made.id, {"red_flag.infection": "yes"}, {}, AT)
    with pytest.raises(Invalid):
        confirm(session, made.id, " ", "referrer", AT)


def flagged(session: Session) -> Alarm:
    made = a_draft(session, red_flag__infection="yes")
    alarm = raise_if_flagged(session, made, "referrer", AT)
    assert alarm is not None
    return alarm


def test_the_clock_runs_from_raising_to_the_acknowledgement(session: Session) -> None:
    alarm = flagged(session)
    assert minutes_open(alarm, AT + timedelta(minutes=7, seconds=59)) == 7
    acknowledge(session, alarm.id, "Called", "radiologist", AT + timedelta(minutes=12))
    assert minutes_open(alarm, AT + timedelta(days=2)) == 12


def test_those_on_call_are_paged_again_until_somebody_acknowledges(session: Session) -> None:
    alarm = flagged(session)
    assert page_again(session, AT + timedelta(minutes=9), 10) == 0
    assert page_again(session, AT + timedelta(minutes=10), 10) == 2
    assert page_again(session, AT + timedelta(minutes=19), 10) == 0
    assert page_again(session, AT + timedelta(minutes=45), 10) == 2
    told = notices(session)
    assert {(one.person_id, one.data["minutes"]) for one in told} == {
        (who, minutes) for who in ("chair", "coordinator") for minutes in ("10", "45")
    }
    acknowledge(session, alarm.id, "", "radiologist", AT + timedelta(minutes=46))
    assert page_again(session, AT + timedelta(minutes=60), 10) == 0


def test_a_board_says_who_is_on_call_and_else_its_chair_and_coordinators_are(session: Session) -> None:
    assert {one.id for one in on_call(session, "spine")} == {"chair", "coordinator"}
    put_on_call(session, "spine", ["radiologist"])
    flagged(session)
    page_again(session, AT + timedelta(minutes=10), 10)
    assert [one.person_id for one in notices(session)] == ["radiologist"]
    put_on_call(session, "spine", [])
    assert {one.id for one in on_call(session, "spine")} == {"chair", "coordinator"}
    with pytest.raises(Invalid, match="Only members"):
        put_on_call(session, "spine", ["referrer"])


def test_an_alarm_of_a_withdrawn_case_pages_nobody(session: Session) -> None:
    alarm = flagged(session)
    withdraw(session, alarm.case_id, "Sent to hospital", "referrer", AT)
    assert page_again(session, AT + timedelta(minutes=30), 10) == 0
