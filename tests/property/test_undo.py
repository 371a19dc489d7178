"""Laws of a running order under any sequence of inserts, moves, breaks, minutes, removals, undo and redo.

Planted faults these laws are known to catch: undo that leaves positions as they are; undo that forgets a removed case;
redo that survives a new change; a put-back item that loses its minutes; a case left *scheduled* after its placement was
undone.
"""

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine
from sqlmodel import Session

from agenda.cases import case
from agenda.conferences import (
    add_break,
    conference,
    items,
    move_item,
    order,
    place,
    remove_item,
    set_minutes,
)
from agenda.errors import Invalid, NotNow
from agenda.timetable import laid_out
from agenda.undo import redo, to_redo, to_undo, undo, undoable
from tests.unit.agenda.desk import AT, a_sitting, a_triaged_case, settle
from web.schema import create

ACTS = st.lists(st.tuples(
    st.sampled_from(["place", "place", "break", "move", "move", "minutes", "remove", "undo", "undo", "redo"]),
    st.integers(0, 7), st.integers(0, 59),
), max_size=14)
Order = list[tuple[str, int, int | None]]


def shown(session: Session, sitting: str) -> Order:
    return [(one.id, one.minutes, one.at_min) for one in items(session, sitting)]


class Desk:
    """A sitting and the cases that wait, with the stack of orders a person would expect undo to walk."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.sitting = a_sitting(session, duration_min=60).id
        self.cases = [a_triaged_case(session).id for _ in range(3)]
        self.past: list[Order] = []
        self.future: list[Order] = []

    def do(self, act: str, which: int, number: int) -> None:
        before = shown(self.session, self.sitting)
        if act in ("undo", "redo"):
            self._travel(act, before)
            return
        try:
            with undoable(self.session, self.sitting, "coordinator", AT, act):
                self._change(act, which, number)
        except (Invalid, NotNow):
            assert shown(self.session, self.sitting) == before
            return
        after = shown(self.session, self.sitting)
        if after != before:
            self.past.append(before)
            self.future.clear()
        touched = {one[0] for one in before} ^ {one[0] for one in after}
        self._untouched(before, after, touched, act, which)

    def _change(self, act: str, which: int, number: int) -> None:
        there = items(self.session, self.sitting)
        item = there[which % len(there)] if there else None
        if act == "place":
            place(self.session, self.sitting, self.cases[which % 3], "coordinator", AT, minutes=1 + number % 20,
                  index=number % 4)
        elif act == "break":
            add_break(self.session, self.sitting, number, 1 + which)
        elif item is not None and act == "move":
            seen = conference(self.session, self.sitting).revision
            move_item(self.session, self.sitting, item.id, number % 5, seen)
        elif item is not None and act == "minutes":
            set_minutes(self.session, self.sitting, item.id, 1 + number)
        elif item is not None and act == "remove":
            remove_item(self.session, self.sitting, item.id, "coordinator", AT + timedelta(minutes=1))

    def _travel(self, act: str, before: Order) -> None:
        step = to_undo(self.session, self.sitting) if act == "undo" else to_redo(self.session, self.sitting)
        back, forth = (self.past, self.future) if act == "undo" else (self.future, self.past)
        assert (step is not None) == bool(back)
        if step is None:
            return
        travel = undo if act == "undo" else redo
        travel(self.session, self.sitting, step.id, "coordinator", AT)
        forth.append(before)
        assert shown(self.session, self.sitting) == back.pop()

    def _untouched(self, before: Order, after: Order, touched: set[str], act: str, which: int) -> None:
        moving = {before[which % len(before)][0]} if before and act == "move" else set()
        skip = touched | moving
        assert [one[0] for one in before if one[0] not in skip] == [one[0] for one in after if one[0] not in skip]

    def check(self) -> None:
        placed = laid_out(order(self.session, self.sitting))
        assert not any(one.ends > following.begins for one, following in itertools.pairwise(placed))
        on = {one.case_id for one in items(self.session, self.sitting)}
        for case_id in self.cases:
            assert (case(self.session, case_id).state == "scheduled") == (case_id in on)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    create(made)
    yield made
    made.dispose()


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@example([("remove", 0, 0), ("undo", 0, 0), ("redo", 0, 0), ("undo", 0, 0), ("minutes", 1, 30), ("undo", 0, 0)])
@given(ACTS)
def test_no_sequence_of_changes_loses_overlaps_or_reorders_the_untouched(
    engine: Engine, acts: list[tuple[str, int, int]]
) -> None:
    with Session(engine) as session:  # never committed: every example begins with an empty database
        settle(session)
        desk = Desk(session)
        for act, which, number in (("place", 0, 9), ("place", 1, 5), *acts):
            desk.do(act, which, number)
            desk.check()
