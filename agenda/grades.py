"""Blind double grading: two disciplines grade the same place, and neither sees the other's grade until both are in.

Every read goes through `seen`, which blanks what its viewer may not see yet; no function gives a row out. So no page
and no export can show a grade early.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.cases import Case
from agenda.columns import instant
from agenda.errors import Invalid, NotNow
from agenda.grading import Agreement, agreement, grading, gradings, place
from agenda.ids import new_id
from agenda.levels import VERTEBRAE


class ImagingGrade(SQLModel, table=True):
    """One grader's grade of one place."""

    __table_args__ = (UniqueConstraint("case_id", "instrument", "level", "side", "discipline"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    instrument: str
    level: str
    side: str = ""
    grade: str
    discipline: str
    grader_id: str = Field(foreign_key="person.id")
    at: datetime = instant()


@dataclass(frozen=True, slots=True)
class SeenGrade:
    """One grade as its viewer may see it."""

    discipline: str
    grader_id: str
    grade: str | None
    """None: given, but not for this viewer's eyes until both are in."""


@dataclass(frozen=True, slots=True)
class Graded:
    """One place with what was said of it."""

    instrument: str
    level: str
    side: str
    grades: tuple[SeenGrade, ...]
    opened: bool
    """Both disciplines are in."""
    apart: int | None
    """By how many grades they differ, once opened."""


def give_grade(
    session: Session, case_id: str, *, instrument: str, level: str, side: str, grade: str, grader_id: str,
    discipline: str, at: datetime,
) -> None:
    """Keep a grade, or replace one's own while the other is out.

    Raises Invalid naming instrument, level, side or grade; NotNow ``grade-opened`` once both are in, and
    ``grade-taken`` where one's discipline has graded this place already.
    """
    made = grading(instrument)
    where, at_side = place(made, level, side)
    made.choice(grade)
    if not discipline:
        raise Invalid("grade", "Grades are given by people who speak for a discipline.")
    here = (instrument, where, at_side)
    rows = [row for row in _rows(session, case_id) if (row.instrument, row.level, row.side) == here]
    if len(rows) > 1:
        raise NotNow("grade-opened", "Both grades are in and open; they stand as they are.")
    own = next((row for row in rows if row.grader_id == grader_id), None)
    if own is None and any(row.discipline == discipline for row in rows):
        raise NotNow("grade-taken", "Your discipline has graded this place; the other grade is another discipline's.")
    row = own or ImagingGrade(
        case_id=case_id, instrument=instrument, level=where, side=at_side, grade=grade, discipline=discipline,
        grader_id=grader_id, at=at,
    )
    row.grade, row.at = grade, at
    session.add(row)
    session.flush()


def seen(session: Session, case_id: str, viewer_id: str) -> tuple[Graded, ...]:
    """Every graded place of a case from the head down, as this viewer may see it."""
    return tuple(_graded(rows, viewer_id) for rows in _places(_rows(session, case_id)))


def opened(session: Session, case_id: str) -> tuple[Graded, ...]:
    """The places both have graded, for anybody who may read the case."""
    return tuple(one for one in seen(session, case_id, "") if one.opened)


def differences(session: Session, case_id: str) -> tuple[Graded, ...]:
    """Opened places whose two grades differ by a grade or more: they are notes on the agenda."""
    return tuple(one for one in opened(session, case_id) if one.apart)


def running_kappa(session: Session, board_id: str) -> dict[tuple[str, str, str], Agreement]:
    """(instrument, discipline, other discipline) → how far the board's opened pairs agree, disciplines by name."""
    rows = session.exec(
        select(ImagingGrade).join(Case, col(Case.id) == ImagingGrade.case_id).where(Case.board_id == board_id)
    ).all()
    pairs: defaultdict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for found in _places(rows):
        if len(found) > 1:
            first, second = sorted(found, key=lambda row: row.discipline)[:2]
            pairs[first.instrument, first.discipline, second.discipline].append((first.grade, second.grade))
    return {key: agreement(gradings()[key[0]], given) for key, given in sorted(pairs.items())}


def _rows(session: Session, case_id: str) -> list[ImagingGrade]:
    return list(session.exec(select(ImagingGrade).where(ImagingGrade.case_id == case_id)))


def _places(rows: Iterable[ImagingGrade]) -> list[list[ImagingGrade]]:
    grouped: defaultdict[tuple[str, str, str, str], list[ImagingGrade]] = defaultdict(list)
    for row in rows:
        grouped[row.case_id, row.instrument, row.level, row.side].append(row)
    order = list(gradings())
    return sorted(grouped.values(), key=lambda found: (
        VERTEBRAE.index(found[0].level.split("–")[0]), order.index(found[0].instrument), found[0].side,
    ))


def _graded(rows: list[ImagingGrade], viewer_id: str) -> Graded:
    both = len(rows) > 1
    shown = tuple(
        SeenGrade(row.discipline, row.grader_id, row.grade if both or row.grader_id == viewer_id else None)
        for row in sorted(rows, key=lambda row: row.discipline)
    )
    first = rows[0]
    apart = gradings()[first.instrument].apart(rows[0].grade, rows[1].grade) if both else None
    return Graded(first.instrument, first.level, first.side, shown, both, apart)
