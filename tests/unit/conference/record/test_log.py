"""The log: chained, fenced, found out when somebody touches it; in SQLite and in PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from conference.errors import Fenced, ProtocolError, RecordBroken
from conference.record import log, upcast
from conference.record.replay import Follower, follow, position
from conference.room.events import HandRaised
from conference.room.recorded import Recorded
from conference.room.values import CommandId
from tests.benchmarks.rig.postgresql import postgresql
from tests.benchmarks.rig.processes import Missing
from tests.live_rooms import DEED
from tests.rooms import signable
from web import schema
from web.database import Database, opened

ROOM = "room-1"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A PostgreSQL of this file's own."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgresql())
        except Missing as missing:
            pytest.skip(str(missing))
        with opened(url) as fresh:
            schema.create(fresh.engine)
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with every table, of each kind."""
    sqlite = request.param == "sqlite"
    with opened(f"sqlite:///{tmp_path / 'test.db'}" if sqlite else request.getfixturevalue("cluster")) as empty:
        if sqlite:
            schema.create(empty.engine)
        yield empty
        if not sqlite:
            with empty.engine.begin() as connection:
                for table in reversed(SQLModel.metadata.sorted_tables):
                    connection.execute(table.delete())


def write(database: Database, records: list[Recorded], *, room: str = ROOM) -> log.Head:
    epoch = database.write_now(DEED, log.take_lease, room, "me")
    entries = [log.Entry(CommandId(f"command-{one.seq}"), 0, one) for one in records]
    return database.write_now(DEED, log.append, room, epoch, database.read_now(log.head_of, room), entries)


@pytest.fixture
def written(database: Database) -> Database:
    write(database, signable().log)
    return database


def test_what_is_written_is_read(written: Database) -> None:
    history = written.read_now(log.history, ROOM)
    assert list(history.recorded) == signable().log
    assert history.head == written.read_now(log.verify, ROOM) == written.read_now(log.head_of, ROOM)
    assert history.commands["command-3"] == (signable().log[2].actor, 3)
    assert written.read_now(log.rooms) == [ROOM]
    assert [one.seq for one in written.read_now(log.after, ROOM, 5)] == [one.seq for one in signable().log[5:]]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE room_event SET payload = replace(payload, 'Ada', 'Eve') WHERE seq = 3",
        "UPDATE room_event SET actor = 'eve' WHERE seq = 12",
        "UPDATE room_event SET at = '2026-11-26T08:00:00.001Z' WHERE seq = 5",
        "UPDATE room_event SET epoch = epoch + 1 WHERE seq = 5",
        "UPDATE room_event SET command_id = 'other' WHERE seq = 5",
        "UPDATE room_event SET digest = '0' || substr(digest, 2) || 'f' WHERE seq = 5",
        "DELETE FROM room_event WHERE seq = 5",
        "DELETE FROM room_event WHERE seq = 1",
    ],
)
def test_every_change_is_found_and_its_place_said(written: Database, change: str) -> None:
    written.write_now(DEED, lambda session: session.connection().execute(text(change)))
    with pytest.raises(RecordBroken) as found:
        written.read_now(log.verify, ROOM)
    assert found.value.seq in (1, 3, 5, 6, 12)
    with pytest.raises(RecordBroken):
        written.read_now(log.history, ROOM)


def test_a_cut_tail_is_found_against_an_anchor(written: Database) -> None:
    anchor = written.read_now(log.head_of, ROOM)
    written.read_now(log.verify, ROOM, anchor)
    written.write_now(
        DEED, lambda session: session.connection().execute(text("DELETE FROM room_event WHERE seq > 10"))
    )
    written.read_now(log.verify, ROOM)
    with pytest.raises(RecordBroken, match="missing"):
        written.read_now(log.verify, ROOM, anchor)


def test_a_log_rewritten_from_the_start_is_found_against_an_anchor(written: Database) -> None:
    anchor = written.read_now(log.head_of, ROOM)
    written.write_now(DEED, lambda session: session.connection().execute(text("DELETE FROM room_event")))
    other = signable()
    other.log[0] = Recorded(1, "2026-11-26T07:00:00.000Z", None, other.log[0].event)
    write(written, other.log)
    written.read_now(log.verify, ROOM)
    with pytest.raises(RecordBroken, match="anchored"):
        written.read_now(log.verify, ROOM, anchor)


def test_an_older_epoch_writes_nothing(database: Database) -> None:
    old = database.write_now(DEED, log.take_lease, ROOM, "old")
    new = database.write_now(DEED, log.take_lease, ROOM, "new")
    assert new == old + 1
    entry = log.Entry(CommandId("command-1"), 0, signable().log[0])
    with pytest.raises(Fenced):
        database.write_now(DEED, log.append, ROOM, old, log.Head(), [entry])
    assert database.read_now(log.head_of, ROOM) == log.Head()


def test_a_taken_number_or_command_is_refused_by_the_table(written: Database) -> None:
    epoch = written.write_now(DEED, log.take_lease, ROOM, "me")
    head = written.read_now(log.head_of, ROOM)
    raised = HandRaised("bo")  # type: ignore[arg-type]
    taken = log.Entry(CommandId("fresh"), 0, Recorded(head.seq, "2026-11-26T09:00:00.000Z", None, raised))
    again = log.Entry(CommandId("command-3"), 0, Recorded(head.seq + 1, "2026-11-26T09:00:00.000Z", None, raised))
    for entry in (taken, again):
        with pytest.raises(IntegrityError):
            written.write_now(DEED, log.append, ROOM, epoch, head, [entry])
    assert written.read_now(log.verify, ROOM) == head


def test_a_batch_is_all_or_nothing(written: Database) -> None:
    epoch = written.write_now(DEED, log.take_lease, ROOM, "me")
    head = written.read_now(log.head_of, ROOM)
    raised = HandRaised("bo")  # type: ignore[arg-type]
    good = log.Entry(CommandId("fresh"), 0, Recorded(head.seq + 1, "2026-11-26T09:00:00.000Z", None, raised))
    bad = log.Entry(CommandId("command-3"), 0, Recorded(head.seq + 2, "2026-11-26T09:00:00.000Z", None, raised))
    with pytest.raises(IntegrityError):
        written.write_now(DEED, log.append, ROOM, epoch, head, [good, bad])
    assert written.read_now(log.head_of, ROOM) == head


def test_old_events_are_read_in_todays_words() -> None:
    steps = {1: lambda value: value | {"person": value.pop("who")}, 2: lambda value: value | {"type": "hand-raised"}}
    found = upcast.event_of(1, '{"type":"hand-up","who":"bo"}', steps, 3)
    assert found == HandRaised("bo")  # type: ignore[arg-type]
    with pytest.raises(ProtocolError):
        upcast.event_of(1, '{"type":"hand-up","who":"bo"}', {}, 1)


def test_a_follower_sees_each_record_once_and_its_fault_loses_none(written: Database) -> None:
    seen: list[int] = []
    fail = [True]

    def project(_session: object, _room: str, recorded: object) -> None:
        seen.extend(one.seq for one in recorded)  # type: ignore[attr-defined]
        if fail:
            fail.clear()
            seen.clear()
            raise RuntimeError

    follower = Follower("letters", project)
    with pytest.raises(RuntimeError):
        written.write_now(DEED, follow, ROOM, follower)
    assert written.read_now(position, ROOM, "letters") == 0
    last = written.read_now(log.head_of, ROOM).seq
    assert written.write_now(DEED, follow, ROOM, follower) == last
    assert written.write_now(DEED, follow, ROOM, follower) == last
    assert seen == list(range(1, last + 1))
