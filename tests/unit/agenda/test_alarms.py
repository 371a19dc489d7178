from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.alarms import acknowledge, alarm_of, confirm, raise_if_flagged, submit, unanswered
from agenda.cases import history
from agenda.errors import Invalid, NotNow
from agenda.referrals import save_fields
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
