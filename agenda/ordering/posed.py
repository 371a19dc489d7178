"""A board's coming sittings as a problem to arrange: its cases, who they need, and everybody's own hours.

Cases on an agenda already must be heard, and so must a case that was rolled over before; others that wait may be. A
discipline is there while one of its members is, inside their own hours and unless they declined; a presenter or
referrer inside theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from agenda.boards import members
from agenda.calendar.availability import spans
from agenda.calendar.personal import own_hours
from agenda.cases import Case, case, cases_of_boards
from agenda.conferences import AgendaItem, Conference, attendance, conference, items, order
from agenda.errors import Invalid
from agenda.ordering.hours import joined
from agenda.ordering.values import Candidate, Problem, Sitting, Window
from agenda.packet import required_disciplines
from agenda.people import Person, person
from agenda.rollovers import rolled_over
from agenda.timetable import laid_out
from agenda.triggers import mandatory

MOST_SITTINGS, MOST_CASES = 6, 80
_URGENCY = {"routine": 0, "soon": 1, "urgent": 3}
_WAITS = ("ready", "rolled_over")


@dataclass(frozen=True, slots=True)
class Posed:
    """The problem, and what its keys mean. A candidate's key is its case, a sitting's its conference."""

    problem: Problem
    sittings: tuple[Conference, ...]
    names: Mapping[str, str]
    """Person → name; discipline codes and cases are named by whoever shows them."""
    waiting: frozenset[str]
    """Cases on no agenda yet."""
    revisions: Mapping[str, int]
    """Conference → revision of the running order this was made from."""


def pose(
    session: Session, board_id: str, conference_ids: Sequence[str], minutes_of: Callable[[Case], int], at: datetime
) -> Posed:
    """The chosen sittings of a board and everything that could be heard in them; raises Invalid naming the field."""
    sittings = _chosen(session, board_id, conference_ids, at)
    rows = {one.id: items(session, one.id) for one in sittings}
    placed = {item.case_id: item for found in rows.values() for item in found if item.case_id}
    waiting = [one for one in cases_of_boards(session, [board_id]) if one.state in _WAITS and one.id not in placed]
    cases = [*(case(session, key) for key in placed), *waiting][:MOST_CASES]
    candidates = tuple(_candidate(session, one, placed.get(one.id), minutes_of, at) for one in cases)
    needed = [code for one in candidates for code in one.disciplines]
    scarce = frozenset(code for code in needed if 2 <= needed.count(code) <= len(candidates) // 2)
    voices = {person.id: person for _, person in members(session, board_id) if person.disabled_at is None}
    people = {key: person(session, key) for one in candidates for key in (one.presenter, one.referrer) if key}
    return Posed(
        Problem(candidates, tuple(_sitting(session, one, voices, people, set(needed)) for one in sittings), scarce),
        tuple(sittings), {key: one.name for key, one in people.items()}, frozenset(one.id for one in waiting),
        {one.id: one.revision for one in sittings},
    )


def _chosen(session: Session, board_id: str, conference_ids: Sequence[str], at: datetime) -> list[Conference]:
    keys = list(dict.fromkeys(conference_ids))
    if not 1 <= len(keys) <= MOST_SITTINGS:
        raise Invalid("sittings", f"Choose one to {MOST_SITTINGS} sittings.")
    found = [conference(session, key) for key in keys]
    for one in found:
        if one.board_id != board_id or one.state not in ("planned", "published") or one.starts_at <= at:
            raise Invalid("sittings", "Choose sittings of this board that have not begun.")
    return sorted(found, key=lambda one: one.starts_at)


def _candidate(
    session: Session, found: Case, item: AgendaItem | None, minutes_of: Callable[[Case], int], at: datetime
) -> Candidate:
    waited = at - (found.submitted_at or found.created_at)
    disciplines = required_disciplines(session, found)
    return Candidate(
        key=found.id, minutes=item.minutes if item else minutes_of(found), disciplines=frozenset(disciplines),
        presenter=(item.presenter_id if item else None) or found.referrer_id, referrer=found.referrer_id,
        urgency=_URGENCY.get(found.urgency, 0), waiting_days=max(0, waited.days),
        complexity=min(3, max(0, len(disciplines) - 3) + 2 * bool(mandatory(session, found.id))),
        must=item is not None or found.urgency == "urgent" or rolled_over(session, found.id, at) is not None,
    )


def _sitting(
    session: Session, sitting: Conference, voices: Mapping[str, Person], people: Mapping[str, Person],
    needed: set[str],
) -> Sitting:
    answers = attendance(session, sitting.id)
    breaks = tuple(
        Window(one.begins, one.ends) for one in laid_out(order(session, sitting.id)) if one.slot.at_min is not None
    )

    def hours(found: Person) -> tuple[Window, ...]:
        return () if answers.get(found.id) == "declined" else _minutes(session, found, sitting)

    speaking = {code: [one for one in voices.values() if one.discipline == code] for code in needed}
    return Sitting(
        sitting.id, sitting.duration_min, breaks,
        {code: joined([window for one in some for window in hours(one)]) for code, some in speaking.items()},
        {key: hours(one) for key, one in people.items()},
    )


def _minutes(session: Session, found: Person, sitting: Conference) -> tuple[Window, ...]:
    """The person's own hours as minutes of the sitting."""
    begins, ends = sitting.starts_at, sitting.starts_at + timedelta(minutes=sitting.duration_min)
    cut = [
        (max(0, round((one - begins).total_seconds() / 60)), min(sitting.duration_min, _floor(other - begins)))
        for one, other in spans(own_hours(session, found), begins, ends)
    ]
    return tuple(Window(first, last) for first, last in cut if first < last)


def _floor(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
