"""Statements in text are answered alike by the driver of a file and by a session, and can only read."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator

import pytest
from sqlmodel import Session

from agenda.people import Site
from imaging.asking import Ask
from tests.unit.web.application import deed
from web import schema
from web.database import Database, opened


@pytest.fixture
def in_memory() -> Iterator[Database]:
    """A database without a file, which is asked through a session as PostgreSQL is."""
    with opened("sqlite://") as fresh:
        schema.create(fresh.engine)
        yield fresh


def _add(session: Session) -> None:
    for key, zone in (("north", "UTC"), ("south", "Europe/Vienna")):
        session.add(Site(id=key, name=f"{key}'s", time_zone=zone))


def _named(ask: Ask, zone: str, most: int) -> list[tuple[object, ...]]:
    statement = "SELECT id, name FROM site WHERE time_zone = :zone ORDER BY id LIMIT :most"
    return [tuple(row) for row in ask(statement, {"zone": zone, "most": most})]


def test_a_file_and_a_session_answer_alike(database: Database, in_memory: Database) -> None:
    for one in (database, in_memory):
        one.write_now(deed(), _add)
        assert asyncio.run(one.ask(_named, "Europe/Vienna", 5)) == [("south", "south's")]


def test_what_was_committed_before_is_seen(database: Database) -> None:
    async def run() -> list[int]:
        before = len(await database.ask(_named, "Europe/Vienna", 5))
        await database.write(deed(), _add)
        return [before, len(await database.ask(_named, "Europe/Vienna", 5))]

    assert asyncio.run(run()) == [0, 1]


def test_nothing_can_be_written(database: Database) -> None:
    def write(ask: Ask) -> None:
        ask("DELETE FROM site WHERE id = :id", {"id": "north"})

    database.write_now(deed(), _add)
    for way in (database.ask, database.glance):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            asyncio.run(way(write))


def _where(ask: Ask) -> tuple[str, int]:
    """The thread that asks."""
    ask("SELECT id FROM site", {})
    return threading.current_thread().name, 0


def _counted(ask: Ask) -> tuple[str, int]:
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < :most) SELECT count(*) FROM n"
    ((count,),) = ask(numbers, {"most": 100_000})
    return threading.current_thread().name, count


def test_a_glance_needs_no_thread_and_what_takes_long_is_done_in_one(database: Database, in_memory: Database) -> None:
    here = threading.current_thread().name
    assert asyncio.run(database.glance(_where)) == (here, 0)
    thread, count = asyncio.run(database.glance(_counted))
    assert thread != here
    assert count == 100_000
    assert asyncio.run(database.glance(_where))[0] == here, "the next one may be quick again"
    assert asyncio.run(in_memory.glance(_where))[0] != here


def test_a_glance_waits_for_no_writer(database: Database) -> None:
    def look(session: Session) -> list[tuple[object, ...]]:
        _add(session)
        session.flush()
        return asyncio.run(database.glance(_named, "Europe/Vienna", 5))

    assert database.write_now(deed(), look) == []


def test_like_does_not_mind_case(database: Database, in_memory: Database) -> None:
    def alike(ask: Ask) -> list[object]:
        return [row[0] for row in ask("SELECT id FROM site WHERE name ILIKE :name ORDER BY id", {"name": "SOUTH%"})]

    for one in (database, in_memory):
        one.write_now(deed(), _add)
        assert asyncio.run(one.ask(alike)) == asyncio.run(one.glance(alike)) == ["south"]
