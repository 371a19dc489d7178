"""Snapshots are a mere cache: with them, without them, with stale or foreign ones, the room is the same."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from conference.record import log, snapshots
from conference.record.snapshots import code, faults, forget, state_of
from conference.room import commands as c
from conference.room.evolve import replay
from conference.room.state import RoomState
from tests.rooms import CHAIR, HIP, SURGEON, Table, draw, opened, view
from web.clock import now
from web.database import Database, Deed

ROOM = "room-1"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot after every five records, so that a test need not write a thousand."""
    monkeypatch.setattr(snapshots, "EVERY", 5)


def a_table() -> Table:
    table = opened()
    table.do(SURGEON, draw("m1"))
    table.do(CHAIR, c.Show(HIP, view()))
    return table


def written(session: Session, table: Table, since: int = 0) -> None:
    """The table's log, in the database."""
    epoch = log.take_lease(session, ROOM, "test")
    entries = [log.Entry(f"command-{one.seq}", 0, one) for one in table.log[since:]]  # type: ignore[arg-type]
    log.append(session, ROOM, epoch, log.head_of(session, ROOM), entries)


def opened_state(session: Session) -> RoomState:
    history = log.history(session, ROOM)
    return state_of(session, ROOM, history.recorded, history.digests)


def rows(session: Session) -> list[Any]:
    return list(session.connection().execute(text("SELECT room_id, seq FROM room_snapshot")))


@pytest.fixture
def kept(database: Database) -> tuple[Database, Table]:
    """A room whose log was opened once, so that a snapshot is there."""
    table = a_table()

    def work(session: Session) -> None:
        written(session, table)
        assert opened_state(session) == table.state

    database.write_now(_deed(), work)
    return database, table


def _deed() -> Deed:
    return Deed("system", "system", "test", now())


def test_a_snapshot_is_taken_and_the_next_opening_begins_there(kept: tuple[Database, Table]) -> None:
    database, table = kept
    assert database.write_now(_deed(), rows) == [(ROOM, table.state.seq)]
    table.do(SURGEON, draw("m2"))
    database.write_now(_deed(), written, table, since=table.state.seq - 1)
    assert database.write_now(_deed(), opened_state) == replay(table.log)


def test_deleted_it_is_made_again_and_equal(kept: tuple[Database, Table]) -> None:
    database, table = kept
    database.write_now(_deed(), forget, ROOM)
    assert database.write_now(_deed(), rows) == []
    assert database.write_now(_deed(), opened_state) == table.state
    assert database.write_now(_deed(), rows) == [(ROOM, table.state.seq)]


@pytest.mark.parametrize("change", [
    "made_by = 'another release'", "digest = 'of another log'", "seq = 9999", "state = '{}'", "state = 'no JSON'",
])
def test_what_does_not_fit_is_not_taken(kept: tuple[Database, Table], change: str) -> None:
    database, table = kept

    def work(session: Session) -> RoomState:
        session.connection().execute(text(f"UPDATE room_snapshot SET {change}"))
        return opened_state(session)

    assert database.write_now(_deed(), work) == table.state


def test_a_forged_snapshot_is_found_by_the_proof(kept: tuple[Database, Table]) -> None:
    database, _ = kept

    def forge(session: Session) -> list[tuple[str, str]]:
        [state] = session.connection().execute(text("SELECT state FROM room_snapshot")).scalars().all()
        told = json.loads(state)
        told["floor"] = "somebody"
        session.connection().execute(text("UPDATE room_snapshot SET state = :state"), {"state": json.dumps(told)})
        return faults(session)

    assert database.read_now(faults) == []
    assert [room for room, _ in database.write_now(_deed(), forge)] == [ROOM]


def test_the_code_that_folds_is_part_of_what_fits() -> None:
    assert len(code()) == 64
