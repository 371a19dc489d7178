from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.cases import case, history, record_delivered, record_presented, record_recommended, record_signed
from agenda.conferences import (
    add_break,
    attendance,
    cancel,
    items,
    move_item,
    offered,
    overrun_min,
    place,
    plan_conference,
    publish,
    record_ended,
    record_opened,
    remove_item,
    respond,
    set_minutes,
    timetable,
    upcoming,
)
from agenda.errors import Invalid, ItemNotFound, NotNow
from tests.unit.agenda.desk import AT, a_draft, a_sitting, a_submitted_case, a_triaged_case


def keys(session: Session, sitting: str) -> list[str]:
    return [item.id for item in items(session, sitting)]


@pytest.mark.parametrize(("field", "wrong"), [
    ("title", ""), ("starts_at", AT), ("duration_min", 5), ("chair", "referrer"),
])
def test_planning_names_the_field_that_is_wrong(session: Session, field: str, wrong: object) -> None:
    fields = {"title": "Board", "starts_at": AT + timedelta(days=1), "duration_min": 60, "chair_id": "chair"}
    fields |= {"chair_id" if field == "chair" else field: wrong}  # type: ignore[dict-item]
    with pytest.raises(Invalid) as refused:
        plan_conference(session, board_id="spine", at=AT, **fields)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_placing_schedules_once_and_only_what_was_triaged(session: Session) -> None:
    sitting, made = a_sitting(session), a_triaged_case(session)
    item = place(session, sitting.id, made.id, "coordinator", AT)
    assert place(session, sitting.id, made.id, "coordinator", AT) is item
    assert (made.state, item.presenter_id, len(items(session, sitting.id))) == ("scheduled", "referrer", 1)
    with pytest.raises(NotNow):
        place(session, sitting.id, a_submitted_case(session).id, "coordinator", AT)
    with pytest.raises(NotNow):
        place(session, sitting.id, a_draft(session).id, "coordinator", AT)


def test_moving_and_re_timing_shift_only_what_is_later_and_breaks_stay(session: Session) -> None:
    sitting = a_sitting(session)
    one, two, three = (place(session, sitting.id, a_triaged_case(session).id, "c", AT).id for _ in range(3))
    pause = add_break(session, sitting.id, 15, 5).id
    begins = {placed.slot.key: placed.begins for placed in timetable(session, sitting.id)}
    assert begins == {one: 0, pause: 15, two: 20, three: 30}
    move_item(session, sitting.id, three, 0, sitting.revision)
    set_minutes(session, sitting.id, one, 20)
    begins = {placed.slot.key: placed.begins for placed in timetable(session, sitting.id)}
    assert begins == {three: 0, pause: 15, one: 20, two: 40}
    assert overrun_min(session, sitting.id) == 0
    set_minutes(session, sitting.id, two, 30)
    assert overrun_min(session, sitting.id) == 10


def test_the_second_of_two_movers_is_told_and_the_order_is_one(session: Session) -> None:
    sitting = a_sitting(session)
    one, two = (place(session, sitting.id, a_triaged_case(session).id, "c", AT).id for _ in range(2))
    seen = sitting.revision
    move_item(session, sitting.id, two, 0, seen)
    with pytest.raises(NotNow) as refused:
        move_item(session, sitting.id, one, 1, seen)
    assert refused.value.code == "stale-agenda"
    assert keys(session, sitting.id) == [two, one]


def test_taking_off_gives_the_case_back_to_triage(session: Session) -> None:
    sitting, made = a_sitting(session), a_triaged_case(session)
    item = place(session, sitting.id, made.id, "coordinator", AT)
    remove_item(session, sitting.id, item.id, "coordinator", AT)
    assert (made.state, items(session, sitting.id)) == ("triaged", [])
    with pytest.raises(ItemNotFound):
        remove_item(session, sitting.id, item.id, "coordinator", AT)


def test_a_case_that_was_heard_stays_on_the_agenda(session: Session) -> None:
    sitting, made = a_sitting(session), a_triaged_case(session)
    item = place(session, sitting.id, made.id, "coordinator", AT)
    record_presented(session, made.id, AT, None)
    with pytest.raises(NotNow, match="heard"):
        remove_item(session, sitting.id, item.id, "coordinator", AT)


def test_publishing_takes_a_case(session: Session) -> None:
    sitting = a_sitting(session)
    with pytest.raises(NotNow) as refused:
        publish(session, sitting.id)
    assert refused.value.code == "empty-agenda"
    place(session, sitting.id, a_triaged_case(session).id, "coordinator", AT)
    assert publish(session, publish(session, sitting.id).id).state == "published"


def test_the_end_rolls_over_what_was_not_concluded(session: Session) -> None:
    sitting = a_sitting(session)
    reached, unreached, unfinished = (a_triaged_case(session) for _ in range(3))
    for made in (reached, unreached, unfinished):
        place(session, sitting.id, made.id, "coordinator", AT)
    record_opened(session, sitting.id)
    record_recommended(session, reached.id, AT, "chair")
    record_presented(session, unfinished.id, AT, "chair")
    record_ended(session, sitting.id, "chair", AT)
    record_ended(session, sitting.id, "chair", AT)
    assert (reached.state, unreached.state, unfinished.state) == ("recommended", "rolled_over", "rolled_over")
    assert [item.outcome for item in items(session, sitting.id)] == ["presented", "rolled-over", "rolled-over"]
    assert history(session, unreached.id)[-1].note == "Not reached"
    with pytest.raises(NotNow):
        place(session, sitting.id, unreached.id, "coordinator", AT)


def test_cancelling_rolls_every_case_over(session: Session) -> None:
    sitting, made = a_sitting(session), a_triaged_case(session)
    place(session, sitting.id, made.id, "coordinator", AT)
    cancel(session, sitting.id, "coordinator", AT)
    assert (sitting.state, made.state) == ("cancelled", "rolled_over")
    assert place(session, a_sitting(session).id, made.id, "coordinator", AT).case_id == made.id


def test_news_from_the_room_moves_a_case_forward_once(session: Session) -> None:
    sitting, made = a_sitting(session), a_triaged_case(session)
    place(session, sitting.id, made.id, "coordinator", AT)
    for tell in (record_signed, record_presented, record_signed, record_delivered, record_recommended):
        tell(session, made.id, AT, "chair")
    assert case(session, made.id).state == "delivered"
    assert [one.state for one in history(session, made.id)][-4:] == ["presented", "recommended", "signed", "delivered"]
    with pytest.raises(NotNow):
        record_presented(session, a_draft(session).id, AT, "chair")


def test_the_last_answer_to_an_invitation_stands(session: Session) -> None:
    sitting = a_sitting(session)
    respond(session, sitting.id, "chair", "accepted", AT)
    respond(session, sitting.id, "chair", "declined", AT)
    assert attendance(session, sitting.id) == {"chair": "declined"}
    with pytest.raises(Invalid):
        respond(session, sitting.id, "chair", "maybe", AT)


def test_upcoming_leaves_out_what_is_over(session: Session) -> None:
    first, second = a_sitting(session), a_sitting(session)
    cancel(session, first.id, "coordinator", AT)
    assert [one.id for one in upcoming(session, ["spine"], AT)] == [second.id]
    assert upcoming(session, ["spine"], AT + timedelta(days=4)) == []


def test_a_past_or_forgotten_sitting_is_neither_upcoming_nor_offered(session: Session) -> None:
    sitting = a_sitting(session)
    begun = sitting.starts_at
    assert [one.id for one in offered(session, ["spine"], begun + timedelta(minutes=30))] == [sitting.id]
    assert offered(session, ["spine"], begun + timedelta(minutes=61)) == []
    assert [one.id for one in upcoming(session, ["spine"], begun + timedelta(minutes=61))] == [sitting.id]
    record_opened(session, sitting.id)
    assert [one.id for one in offered(session, ["spine"], begun + timedelta(minutes=61))] == [sitting.id]
    assert upcoming(session, ["spine"], begun + timedelta(days=2)) == []
