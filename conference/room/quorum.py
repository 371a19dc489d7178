"""Who heard a case: presence while it was on the table, by discipline. Rules R70 to R72.

Times are the RFC 3339 instants of the log. Nobody's word is taken for it: intervals come from joined and left, called
and ended.
"""

from dataclasses import dataclass
from datetime import datetime

from agenda.ids import CaseId, PersonId
from conference.room.state import CaseState, Interval, RoomState


@dataclass(frozen=True, slots=True)
class Hearing:
    """How one discipline took part in one case."""

    discipline: str
    people: tuple[PersonId, ...]
    """Those present for some of the time the case was on the table."""
    seconds: float
    """Time for which at least the longest of them was there."""
    closed: bool
    absent_because: str | None


def hearings(state: RoomState, case: CaseId, at: str) -> tuple[Hearing, ...]:
    """One entry per required discipline, in the board's order; () for a case that is not listed."""
    found = state.cases.get(case)
    if found is None:
        return ()
    return tuple(_hearing(state, found, discipline, at) for discipline in found.brief.required)


def not_yet_heard(state: RoomState, case: CaseId, at: str) -> tuple[str, ...]:
    """Required disciplines of which nobody has been there for the case and nobody has closed."""
    return tuple(one.discipline for one in hearings(state, case, at) if not one.people and not one.closed)


def _hearing(state: RoomState, case: CaseState, discipline: str, at: str) -> Hearing:
    shares = {
        person: sum(overlap_s(there, table, at) for there in seat.presence if there.voiced for table in case.on_table)
        for person, seat in state.people.items()
        if seat.discipline == discipline
    }
    present = tuple(sorted(person for person, seconds in shares.items() if seconds > 0))
    return Hearing(
        discipline, present, max(shares.values(), default=0.0), discipline in case.closings,
        case.absent.get(discipline),
    )


def overlap_s(one: Interval, other: Interval, at: str) -> float:
    """Seconds two intervals share; an open one runs until `at`."""
    since = max(_instant(one.since), _instant(other.since))
    until = min(_instant(one.until or at), _instant(other.until or at))
    return max(0.0, (until - since).total_seconds())


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
