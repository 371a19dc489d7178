"""What a read gave is given again until something is written; after a write nobody is given the old."""

import asyncio

import pytest
from sqlalchemy import delete, text
from sqlmodel import Session, select

from agenda.people import Site
from conference.record import log as record
from conference.record.audit import note_read
from conference.record.replay import Follower, follow
from conference.room.events import ConferenceOpened
from conference.room.recorded import Recorded
from conference.room.values import CommandId
from imaging.studies import Study
from tests.unit.web.application import deed
from web.database import Database


def _sites(session: Session) -> list[str]:
    return sorted(session.exec(select(Site.id)))


def _add(session: Session, key: str) -> None:
    session.add(Site(id=key, name=key, time_zone="UTC"))


@pytest.fixture
def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for each read that reached the tables."""
    lines: list[str] = []
    reached = database._read

    def read(work: object, *args: object) -> object:
        lines.append("read")
        return reached(work, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "_read", read)
    return lines


def test_a_write_of_anything_ends_what_was_recalled(database: Database, counted: list[str]) -> None:
    async def run() -> list[list[str]]:
        seen = [await database.recall("sites", _sites), await database.recall("sites", _sites)]
        await database.write(deed(), _add, "north")
        return [*seen, await database.recall("sites", _sites)]

    first, again, after = asyncio.run(run())
    assert first == again
    assert after == sorted([*first, "north"])
    assert len(counted) == 2


def test_a_write_that_fails_still_ends_it_and_keys_are_apart(database: Database, counted: list[str]) -> None:
    def refuse(_session: Session) -> None:
        raise ValueError("no")

    async def run() -> None:
        await database.recall("a", _sites)
        await database.recall("b", _sites)
        with pytest.raises(ValueError, match="no"):
            await database.write(deed(), refuse)
        await database.recall("a", _sites)

    asyncio.run(run())
    assert len(counted) == 3


def test_that_somebody_read_is_written_down_and_ends_nothing(database: Database, counted: list[str]) -> None:
    heading = deed()
    database.write_now(heading, _add, "north")

    async def run() -> None:
        await database.recall("a", _sites)
        version, audit = database.version, database.version_of("auditentry")
        await database.write(heading, note_read, heading, "image.read", "case/1")
        assert (database.version, database.version_of("auditentry") != audit) == (version, True)
        await database.recall("a", _sites)

    asyncio.run(run())
    assert len(counted) == 1


def test_what_is_done_in_a_room_changes_nobodys_rights_and_ends_nothing(
    database: Database, counted: list[str]
) -> None:
    async def run() -> None:
        epoch = await database.write(deed(), record.take_lease, "room0", "one")
        await database.recall("a", _sites)
        opened = Recorded(1, "2026-11-30T10:00:00.000Z", None, ConferenceOpened())
        entry = record.Entry(CommandId("open-0001"), 0, opened)
        await database.write(deed(), record.append, "room0", epoch, record.Head(), [entry])
        await database.write(deed(), follow, "room0", Follower("idle", lambda *_: None))
        await database.recall("a", _sites)
        assert len(counted) == 1
        assert database.version_of("room_event") == database.version_of("room_event", "site")
        await database.write(deed(), follow, "room0", Follower("busy", lambda session, *_: _add(session, "west")))
        assert "west" in await database.recall("a", _sites)
        assert len(counted) == 2
        await database.write(deed(), record.take_lease, "room0", "two")  # not a row of the log
        await database.recall("a", _sites)

    asyncio.run(run())
    assert len(counted) == 3


def test_images_that_come_end_only_what_may_come_of_them(database: Database, counted: list[str]) -> None:
    def take(session: Session) -> None:
        session.add(Study(study_instance_uid="1.2.3", received_at=deed().at))

    async def run() -> None:
        await database.write(deed(), _add, "south")  # the first write counts the making of the tables too
        for _ in range(2):
            await database.recall("a", _sites)
            await database.recall_beside_images("a", _sites)
        assert len(counted) == 2
        await database.write(deed(), take)
        await database.recall_beside_images("a", _sites)
        assert len(counted) == 2
        await database.recall("a", _sites)
        assert len(counted) == 3
        await database.write(deed(), _add, "north")
        assert "north" in await database.recall_beside_images("a", _sites)

    asyncio.run(run())
    assert len(counted) == 4


def test_a_read_that_began_before_a_write_is_not_kept_after_it(database: Database) -> None:
    async def run() -> list[str]:
        slow = asyncio.create_task(database.recall("sites", _sites))
        await database.write(deed(), _add, "south")
        await slow
        return await database.recall("sites", _sites)

    assert "south" in asyncio.run(run())


def test_a_write_of_other_tables_leaves_what_was_computed_from_these(database: Database) -> None:
    def by_hand(session: Session) -> None:
        session.execute(text("INSERT OR IGNORE INTO site (id, name, time_zone) VALUES ('w', 'w', 'UTC')"))

    def bulk(session: Session) -> None:
        session.execute(delete(Site))

    database.write_now(deed(), _add, "first")
    images, sites = database.version_of("study", "instance"), database.version_of("site", "study")
    database.write_now(deed(), _add, "east")
    assert database.version_of("study", "instance") == images
    assert database.version_of("site", "study") != sites
    before = database.version_of("site")
    database.write_now(deed(), bulk)
    assert database.version_of("site") != before
    assert database.version_of("study") == images
    database.write_now(deed(), by_hand)  # nobody can tell what an unusual statement touches: everything
    assert database.version_of("study") != images
