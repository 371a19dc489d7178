"""Statements in text are answered alike by the driver of a file and by a session, and can only read."""

import asyncio
import sqlite3
from collections.abc import Iterator

import pytest
from sqlmodel import Session

from agenda.people import Site
from tests.unit.web.application import deed
from web import schema
from web.database import Ask, Database, opened


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
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        asyncio.run(database.ask(write))
