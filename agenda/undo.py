"""Undo and redo of every change of a running order.

Each change is kept as a step: the order before it and after it. Undoing a step puts the order before it back, redoing
puts back the one after it; a new change drops the steps that were undone. An undone removal brings the case back onto
the agenda, an undone placement sends it back to those that wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from sqlmodel import JSON, Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.cases import case, change_state
from agenda.columns import instant
from agenda.conferences import AgendaItem, conference, items, remove_item
from agenda.errors import NotNow
from agenda.ids import new_id

KEPT = 100
"""Steps kept for one sitting; older ones cannot be undone any more."""
Row = dict[str, object]


class AgendaStep(SQLModel, table=True):
    """One change of a running order."""

    __table_args__ = (UniqueConstraint("conference_id", "number"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    conference_id: str = Field(foreign_key="conference.id", index=True)
    number: int
    at: datetime = instant()
    by_id: str = Field(foreign_key="person.id")
    what: str
    """What was done, in words without a patient's name."""
    before: list[Row] = Field(default_factory=list, sa_type=JSON)
    after: list[Row] = Field(default_factory=list, sa_type=JSON)
    undone: bool = False


@contextmanager
def undoable(session: Session, conference_id: str, actor_id: str, at: datetime, what: str) -> Iterator[None]:
    """Keep what is changed inside as one step; changing nothing keeps nothing."""
    before = _order(session, conference_id)
    yield
    session.flush()
    after = _order(session, conference_id)
    if before == after:
        return
    kept = steps(session, conference_id)
    for step in [one for one in kept if one.undone] + kept[: max(0, len(kept) - KEPT + 1)]:
        session.delete(step)
    session.flush()
    number = max((one.number for one in kept), default=0) + 1
    session.add(AgendaStep(
        conference_id=conference_id, number=number, at=at, by_id=actor_id, what=what, before=before, after=after,
    ))
    session.flush()


def steps(session: Session, conference_id: str) -> list[AgendaStep]:
    """The kept steps, oldest first; undone ones stand last."""
    return list(session.exec(
        select(AgendaStep).where(AgendaStep.conference_id == conference_id).order_by(col(AgendaStep.number))
    ))


def to_undo(session: Session, conference_id: str) -> AgendaStep | None:
    """The step that undo would take back."""
    done = [one for one in steps(session, conference_id) if not one.undone]
    return done[-1] if done else None


def to_redo(session: Session, conference_id: str) -> AgendaStep | None:
    """The step that redo would do again."""
    return next((one for one in steps(session, conference_id) if one.undone), None)


def undo(session: Session, conference_id: str, step_id: str, actor_id: str, at: datetime) -> AgendaStep:
    """Take back the last step. `step_id`: the one that was shown; NotNow ``stale-agenda`` when it is another by now."""
    step = _shown(to_undo(session, conference_id), step_id)
    _put_back(session, step, step.after, step.before, actor_id, at)
    step.undone = True
    session.add(step)
    session.flush()
    return step


def redo(session: Session, conference_id: str, step_id: str, actor_id: str, at: datetime) -> AgendaStep:
    """Do the last undone step again; raises NotNow as `undo` does."""
    step = _shown(to_redo(session, conference_id), step_id)
    _put_back(session, step, step.before, step.after, actor_id, at)
    step.undone = False
    session.add(step)
    session.flush()
    return step


def _shown(step: AgendaStep | None, step_id: str) -> AgendaStep:
    if step is None or step.id != step_id:
        raise NotNow("stale-agenda", "Somebody else changed the running order meanwhile. This is how it stands now.")
    return step


def _order(session: Session, conference_id: str) -> list[Row]:
    return [
        {"id": one.id, "case_id": one.case_id, "minutes": one.minutes, "at_min": one.at_min,
         "presenter_id": one.presenter_id}
        for one in items(session, conference_id)
    ]


def _put_back(
    session: Session, step: AgendaStep, here: list[Row], wanted: list[Row], actor_id: str, at: datetime
) -> None:
    sitting = conference(session, step.conference_id)
    if sitting.state in ("ended", "cancelled"):
        raise NotNow("conference-over", f"This sitting is {sitting.state}; its agenda stays as it was.")
    if _order(session, sitting.id) != here:
        raise NotNow("stale-agenda", "The running order was changed in another way since; this cannot be undone.")
    keep = {row["id"] for row in wanted}
    for row in here:
        if row["id"] not in keep:
            remove_item(session, sitting.id, str(row["id"]), actor_id, at)
    there = {one.id: one for one in items(session, sitting.id)}
    for position, row in enumerate(wanted):
        item = there.get(str(row["id"])) or _again(session, sitting.id, row, actor_id, at)
        item.position, item.minutes = position, cast(int, row["minutes"])
        item.at_min, item.presenter_id = cast(int | None, row["at_min"]), cast(str | None, row["presenter_id"])
        session.add(item)
    sitting.revision += 1
    session.add(sitting)
    session.flush()


def _again(session: Session, conference_id: str, row: Row, actor_id: str, at: datetime) -> AgendaItem:
    case_id = cast(str | None, row["case_id"])
    if case_id is not None:
        found = case(session, case_id)
        if found.state not in ("triaged", "ready", "rolled_over"):
            raise NotNow("case-elsewhere", f"Case {found.number} has moved on meanwhile; it cannot be put back here.")
        change_state(session, found, "scheduled", actor_id, at, conference(session, conference_id).title)
    return AgendaItem(
        id=str(row["id"]), conference_id=conference_id, case_id=case_id, position=0, added_at=at, added_by=actor_id
    )
