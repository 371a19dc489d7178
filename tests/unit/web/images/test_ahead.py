"""After a search the results of the other studies are written too, until a table changes."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from sqlmodel import Session

from imaging.asking import Ask
from imaging.dicomweb.results import TABLES, Results, Shown
from imaging.studies import Study
from tests.unit.web.application import deed
from web.clock import now
from web.database import Database
from web.images.ahead import Ahead

SHOWN = Shown("https://consilium.example/dicom-web", ("study",))
UIDS = [f"1.2.{number}" for number in range(60)]


@pytest.fixture(autouse=True)
def studies(database: Database) -> None:
    """More of them than are written in one go, some of one date."""
    database.write_now(deed(), _fill)


def _fill(session: Session) -> None:
    for number, uid in enumerate(UIDS):
        session.add(Study(study_instance_uid=uid, study_date=f"2026-01-{number % 7 + 1:02}", received_at=now()))


def _refuse(*_: object) -> list[list[str]]:
    raise AssertionError("this was to be written before")


def test_the_next_search_finds_every_study_written(database: Database) -> None:
    results, ahead = Results(), Ahead(0, 0)

    async def search() -> None:
        ahead.begin(database, results, SHOWN, database.version_of(*TABLES))
        await ahead.done()

    asyncio.run(search())
    assert len(results.studies(_refuse, UIDS, SHOWN, database.version_of(*TABLES))) == len(UIDS)


def test_it_ends_when_a_table_changes_and_begins_anew_with_the_next_search(database: Database) -> None:
    results, ahead, seen = Results(), Ahead(0, 0), list[int]()

    async def search(*, change: bool) -> None:
        version = database.version_of(*TABLES)
        assert version is not None
        ahead.begin(database, results, SHOWN, version)
        if change:
            database.write_now(deed(), lambda session: session.add(Study(study_instance_uid="1.3", received_at=now())))
        await ahead.done()
        seen.append(await database.ask(_unwritten, results, version))

    asyncio.run(search(change=True))
    asyncio.run(search(change=False))
    assert seen == [len(UIDS), 0]


def _unwritten(ask: Ask, results: Results, version: int) -> int:
    """How many of `UIDS` must still be asked for."""
    asked: list[int] = []

    def counting(statement: str, values: Mapping[str, str | int]) -> Sequence[Sequence[object]]:
        asked.append(len(values))
        return ask(statement, values)

    results.studies(counting, UIDS, SHOWN, version)
    return max(asked, default=0)


def test_what_was_written_so_is_not_written_again_whatever_was_between(database: Database) -> None:
    results, ahead, version = Results(), Ahead(0, 0), database.version_of(*TABLES)

    async def searches() -> list[int]:
        running = []
        for shown in (SHOWN, SHOWN._replace(levels=()), SHOWN):
            ahead.begin(database, results, shown, version)
            running.append(len(asyncio.all_tasks()) - 1)
            await ahead.done()
        return running

    assert asyncio.run(searches()) == [1, 1, 0]


def test_where_others_write_too_nothing_is_begun(database: Database) -> None:
    ahead = Ahead(0, 0)

    async def search() -> None:
        ahead.begin(database, Results(), SHOWN, None)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(search())


def test_closing_ends_it(database: Database) -> None:
    ahead = Ahead(3600, 0)

    async def search() -> None:
        ahead.begin(database, Results(), SHOWN, 1)
        await ahead.close()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(search())
