"""A case that was put off comes first, says how often and why, and is never put off again in silence."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.conferences import cancel, place, record_ended, record_opened
from agenda.notices import listener
from agenda.notices.queue import notices
from agenda.ordering.posed import pose
from agenda.rollovers import rolled_over
from agenda.triage import worklist
from tests.unit.agenda.desk import AT, a_sitting, a_triaged_case


@pytest.fixture
def told(session: Session) -> Session:
    bind = session.get_bind()
    listener.install(bind)  # type: ignore[arg-type]
    return session


def put_off(session: Session, case_id: str, days: int) -> None:
    sitting = a_sitting(session)
    place(session, sitting.id, case_id, "coordinator", AT)
    record_opened(session, sitting.id)
    record_ended(session, sitting.id, "chair", AT + timedelta(days=days))


def test_a_case_says_how_often_it_was_put_off_since_when_and_why(told: Session) -> None:
    made = a_triaged_case(told)
    assert rolled_over(told, made.id, AT) is None
    put_off(told, made.id, 3)
    once = rolled_over(told, made.id, AT + timedelta(days=10))
    assert once is not None
    assert (once.times, once.days, once.again, once.said) == (1, 7, False, "Rolled over")
    sitting = a_sitting(told)
    place(told, sitting.id, made.id, "coordinator", AT)
    cancel(told, sitting.id, "coordinator", AT + timedelta(days=9))
    twice = rolled_over(told, made.id, AT + timedelta(days=10))
    assert twice is not None
    assert (twice.times, twice.days, twice.said) == (2, 7, "Rolled over twice")
    assert [why for _, why in twice.reasons] == ["Not reached", "The sitting was cancelled"]


def test_the_second_time_the_chair_and_the_coordinators_are_told(told: Session) -> None:
    made = a_triaged_case(told)
    put_off(told, made.id, 1)
    assert [one for one in notices(told) if one.kind == "rolled-over-again"] == []
    put_off(told, made.id, 8)
    assert {one.person_id for one in notices(told) if one.kind == "rolled-over-again"} == {"chair", "coordinator"}
    assert sum(one.kind == "rolled-over" for one in notices(told)) == 2


def test_who_was_put_off_stands_before_who_waits_longer(session: Session) -> None:
    older, newer = a_triaged_case(session), a_triaged_case(session)
    put_off(session, newer.id, 1)
    assert [one.id for one in worklist(session, ["spine"])] == [newer.id, older.id]


def test_an_order_must_hear_who_was_put_off(session: Session) -> None:
    made, other = a_triaged_case(session), a_triaged_case(session)
    put_off(session, made.id, 1)
    sitting = a_sitting(session)
    posed = pose(session, "spine", [sitting.id], lambda _: 10, AT + timedelta(days=1))
    assert {one.key: one.must for one in posed.problem.candidates} == {made.id: True} | (
        {other.id: False} if other.state == "ready" else {}
    )
