"""Boards are made and changed whole, or refused with the field at fault."""

import pytest
from sqlmodel import Session

from agenda.boards import add_board, board, boards, change_board, members, seat, unseat
from agenda.errors import BoardNotFound, Invalid

GOOD: dict[str, str | list[str]] = {
    "name": "Hip board", "charter": "Hips.", "time_zone": "Europe/Oslo", "required_disciplines": ["physiatry"],
}


def test_a_board_is_added_with_its_words_trimmed_and_disciplines_once(session: Session) -> None:
    made = add_board(
        session, name="  Hip   board ", charter=" Hips. ", time_zone=" Europe/Oslo ",
        required_disciplines=["physiatry", "spine-surgery", "physiatry"],
    )
    assert (made.name, made.charter, made.time_zone) == ("Hip board", "Hips.", "Europe/Oslo")
    assert made.required_disciplines == ["physiatry", "spine-surgery"]
    assert [one.name for one in boards(session)] == ["Hip board", "Spine board"]
    assert members(session, made.id) == []


@pytest.mark.parametrize(("change", "field"), [
    ({"name": " "}, "name"),
    ({"name": "SPINE  board"}, "name"),
    ({"time_zone": ""}, "time_zone"),
    ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ({"time_zone": "../../etc/passwd"}, "time_zone"),
    ({"required_disciplines": ["physiatry", "astrology"]}, "required"),
])
def test_what_cannot_be_taken_names_its_field_and_leaves_nothing(
    session: Session, change: dict[str, str | list[str]], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        add_board(session, **(GOOD | change))  # type: ignore[arg-type]  # a table of values of both kinds
    assert refused.value.field == field
    assert [one.name for one in boards(session)] == ["Spine board"]


def test_a_board_is_changed_and_may_keep_its_own_name(session: Session) -> None:
    change_board(session, "spine", name="Spine Board", charter="Spines.", time_zone="UTC", required_disciplines=[])
    session.expire_all()
    found = board(session, "spine")
    assert (found.name, found.charter, found.time_zone, found.required_disciplines) == (
        "Spine Board", "Spines.", "UTC", [],
    )


def test_a_refused_change_leaves_the_board_as_it_was(session: Session) -> None:
    with pytest.raises(Invalid):
        change_board(session, "spine", name="Other", charter="", time_zone="nowhere", required_disciplines=[])
    assert board(session, "spine").name == "Spine board"


def test_a_board_that_is_not_there_cannot_be_changed(session: Session) -> None:
    with pytest.raises(BoardNotFound):
        change_board(session, "nothing", name="X", charter="", time_zone="UTC", required_disciplines=[])


def test_a_seat_is_given_once_changed_and_taken(session: Session) -> None:
    made = add_board(session, **GOOD)  # type: ignore[arg-type]  # a table of values of both kinds
    seat(session, made.id, "chair", "core")
    seat(session, made.id, "chair", "chair")
    assert [(row.role, who.id) for row, who in members(session, made.id)] == [("chair", "chair")]
    unseat(session, made.id, "chair")
    assert members(session, made.id) == []
