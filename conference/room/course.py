"""How the sitting runs against its agenda: when each waiting case should come to the table, and the drift. Rule R103.

The running case takes what is left of its planned minutes; every later one its own, after the breaks the agenda has
before it. A sitting that has not begun begins when it is planned. The browser reckons the same way
(`web/client/src/room/course.ts`); `tests/data/room/course.json` holds the two together.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agenda.ids import CaseId
from conference.room.state import CaseState, RoomState


@dataclass(frozen=True, slots=True)
class Expected:
    """One waiting case."""

    case: CaseId
    starts_at: datetime
    ahead: int
    """Cases before it, the one on the table among them."""


@dataclass(frozen=True, slots=True)
class Course:
    """The sitting as it will run from now on."""

    waiting: tuple[Expected, ...]
    drift: timedelta | None
    """How much later than planned the next case comes, or the last one ends; None: no times are planned."""


def course(state: RoomState, at: str) -> Course:
    """What is to be expected at an instant, RFC 3339."""
    now = datetime.fromisoformat(at)
    order = [key for key in state.order if _waits(state.cases[key]) and key != state.table]
    clock, ahead = now + _left(state, now), 0 if state.table is None else 1
    if state.phase == "preparing" and order:
        clock = max(clock, _planned(state, order[0]) or clock)
    waiting: list[Expected] = []
    for key in order:
        if waiting or state.table is not None:
            clock += timedelta(minutes=state.planned[key].pause_min if key in state.planned else 0)
        waiting.append(Expected(key, clock, ahead))
        clock += timedelta(minutes=state.cases[key].brief.minutes)
        ahead += 1
    return Course(tuple(waiting), _drift(state, waiting, now))


def _waits(case: CaseState) -> bool:
    return case.called_at is None and case.signed is None


def _left(state: RoomState, now: datetime) -> timedelta:
    """What the case on the table has left of its planned minutes; none when it is over them."""
    case = None if state.table is None else state.cases.get(state.table)
    if case is None or case.called_at is None:
        return timedelta(0)
    ends = datetime.fromisoformat(case.called_at) + timedelta(minutes=case.brief.minutes)
    return max(timedelta(0), ends - now)


def _planned(state: RoomState, key: CaseId) -> datetime | None:
    return datetime.fromisoformat(state.planned[key].starts_at) if key in state.planned else None


def _drift(state: RoomState, waiting: list[Expected], now: datetime) -> timedelta | None:
    if waiting:
        planned = _planned(state, waiting[0].case)
        return None if planned is None else waiting[0].starts_at - planned
    if state.table is None or (begins := _planned(state, state.table)) is None:
        return None
    return now + _left(state, now) - begins - timedelta(minutes=state.cases[state.table].brief.minutes)
