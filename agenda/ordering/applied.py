"""Taking an arrangement over several sittings: cases move between agendas, each agenda's change is one step to undo."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime

from sqlmodel import Session

from agenda.cases import case
from agenda.conferences import AgendaItem, conference, items, move_item, place, remove_item
from agenda.errors import Invalid, NotNow
from agenda.undo import undoable


def apply_orders(
    session: Session, orders: Mapping[str, Sequence[str]], revisions: Mapping[str, int], minutes: Mapping[str, int],
    actor_id: str, at: datetime,
) -> None:
    """Make each agenda hold these cases in this sequence. `orders`: conference → cases; `minutes`: case → its length.

    Cases of these sittings that are in none of the orders go back to those that wait; breaks stay. Raises NotNow
    ``stale-agenda`` when an agenda changed since `revisions`, Invalid when a case stands twice.
    """
    named = [key for cases in orders.values() for key in cases]
    if len(set(named)) < len(named):
        raise Invalid("order", "An order names every case once.")
    for conference_id in orders:
        if conference(session, conference_id).revision != revisions.get(conference_id):
            raise NotNow("stale-agenda", "Somebody else changed an agenda meanwhile. Look for a new order.")
    with ExitStack() as changes:
        for conference_id in orders:
            changes.enter_context(undoable(session, conference_id, actor_id, at, "the proposed order"))
        kept = _take_off(session, orders, actor_id, at)
        for conference_id, cases in orders.items():
            _put_on(session, conference_id, cases, kept, minutes, actor_id, at)


def _take_off(
    session: Session, orders: Mapping[str, Sequence[str]], actor_id: str, at: datetime
) -> dict[str, tuple[int, str | None]]:
    """Take off what goes elsewhere; gives each such case's minutes and presenter."""
    kept: dict[str, tuple[int, str | None]] = {}
    for conference_id, cases in orders.items():
        for item in items(session, conference_id):
            if item.case_id is not None and item.case_id not in cases:
                kept[item.case_id] = (item.minutes, item.presenter_id)
                remove_item(session, conference_id, item.id, actor_id, at)
    return kept


def _put_on(
    session: Session, conference_id: str, cases: Sequence[str], kept: Mapping[str, tuple[int, str | None]],
    minutes: Mapping[str, int], actor_id: str, at: datetime,
) -> None:
    there: dict[str | None, AgendaItem] = {one.case_id: one for one in items(session, conference_id)}
    for key in cases:
        if key in there:
            continue
        found = case(session, key)
        if found.state not in ("triaged", "ready", "rolled_over"):
            raise NotNow("case-elsewhere", f"Case {found.number} has moved on meanwhile. Look for a new order.")
        length, presenter = kept.get(key, (minutes.get(key, 10), None))
        there[key] = place(
            session, conference_id, key, actor_id, at, minutes=length, presenter_id=presenter,
        )
    for index, key in enumerate(cases):
        move_item(session, conference_id, there[key].id, index, conference(session, conference_id).revision)
