"""Key images: chosen once, in an order, taken off again."""

import pytest
from sqlmodel import Session

from agenda.errors import Invalid, NotNow
from agenda.key_images import LONGEST_NOTE, MOST, annotate, choose, key_images, let_go, shift
from tests.unit.agenda.desk import AT, a_draft


def chosen(session: Session, *uids: str) -> str:
    case_id = a_draft(session).id
    for uid in uids:
        choose(session, case_id, uid, 1, by="radiologist", at=AT)
    return case_id


def order(session: Session, case_id: str) -> list[str]:
    rows = key_images(session, case_id)
    assert [one.position for one in rows] == list(range(len(rows)))
    return [one.sop_instance_uid for one in rows]


def test_choosing_again_takes_the_new_window_and_keeps_place_and_note(session: Session) -> None:
    case_id = chosen(session, "1.1", "1.2")
    choose(session, case_id, "1.1", 1, by="radiologist", at=AT, note="the disc")
    choose(session, case_id, "1.1", 1, by="chair", at=AT, window=(40.0, 400.0))
    first = key_images(session, case_id)[0]
    assert order(session, case_id) == ["1.1", "1.2"]
    assert (first.window_centre, first.window_width, first.note) == (40.0, 400.0, "the disc")
    assert first.chosen_by == "radiologist"


def test_moving_stops_at_the_ends(session: Session) -> None:
    case_id = chosen(session, "1.1", "1.2", "1.3")
    shift(session, case_id, "1.3", 1, -1)
    assert order(session, case_id) == ["1.1", "1.3", "1.2"]
    shift(session, case_id, "1.1", 1, -1)
    shift(session, case_id, "1.2", 1, 5)
    assert order(session, case_id) == ["1.1", "1.3", "1.2"]


def test_what_is_taken_off_leaves_no_gap_and_twice_is_once(session: Session) -> None:
    case_id = chosen(session, "1.1", "1.2", "1.3")
    let_go(session, case_id, "1.2", 1)
    let_go(session, case_id, "1.2", 1)
    assert order(session, case_id) == ["1.1", "1.3"]
    with pytest.raises(NotNow):
        shift(session, case_id, "1.2", 1, 1)


def test_a_note_has_its_limit_and_the_list_too(session: Session) -> None:
    case_id = chosen(session, "1.1")
    annotate(session, case_id, "1.1", 1, "  left  foramen ")
    assert key_images(session, case_id)[0].note == "left foramen"
    with pytest.raises(Invalid):
        annotate(session, case_id, "1.1", 1, "x" * (LONGEST_NOTE + 1))
    for number in range(MOST - 1):
        choose(session, case_id, f"2.{number}", 1, by="chair", at=AT)
    with pytest.raises(NotNow):
        choose(session, case_id, "3.1", 1, by="chair", at=AT)
