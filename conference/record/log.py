"""The log of a room: the truth. Ordered, append-only, hash-chained; one transaction per batch.

Table first, verbs below. Rows are written with SQLAlchemy Core in one statement; the ORM would cost many times more.
Three fences keep a second writer out: the lease's epoch inside the INSERT, the primary key ``(room_id, seq)``, and the
unique command ids.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    Column,
    Dialect,
    Integer,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlmodel import Field, Session, SQLModel, col
from sqlmodel import select as select_rows

from agenda.ids import PersonId
from conference.errors import Fenced, RecordBroken
from conference.record.upcast import SCHEMA, event_of
from conference.room.canonical import canonical_tagged, canonical_text
from conference.room.plain import kebab
from conference.room.recorded import Recorded
from conference.room.values import CommandId

GENESIS = "0" * 64
"""What the first record of a room calls its previous digest."""


class RoomEvent(SQLModel, table=True):
    """One record. Never updated, never deleted."""

    __tablename__ = "room_event"
    __table_args__ = (
        UniqueConstraint("room_id", "command_id", "index", name="uq_room_event_command"),
        {"sqlite_with_rowid": False},
    )
    room_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    command_id: str
    index: int
    """Place among the events of one command, from 0."""
    actor: str | None
    kind: str
    """Type of the event, kebab-case."""
    at: str
    """RFC 3339 with milliseconds, as it entered the digest."""
    schema_version: int = Field(sa_column=Column("schema", Integer, nullable=False))
    payload: str = Field(sa_type=Text)
    """Canonical JSON (RFC 8785) of the event."""
    previous: str
    digest: str
    """SHA-256 over `previous` and the canonical JSON of everything else in this row."""
    epoch: int


class RoomLease(SQLModel, table=True):
    """Who may append to a room. Each taking raises the epoch, and an append names the epoch it was made under."""

    __tablename__ = "room_lease"
    room_id: str = Field(primary_key=True)
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A record about to be written."""

    command: CommandId
    index: int
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a room's log."""

    seq: int = 0
    digest: str = GENESIS


@dataclass(frozen=True, slots=True)
class History:
    """A room's log as read."""

    recorded: tuple[Recorded, ...]
    commands: dict[CommandId, tuple[PersonId | None, int]]
    """Every command with who gave it and the number of its last event."""
    head: Head
    digests: tuple[str, ...] = ()
    """Of each record."""


_EVENTS = cast(Any, RoomEvent).__table__
_LEASES = cast(Any, RoomLease).__table__
_COLUMNS = [column.name for column in _EVENTS.columns]
_DIGESTED = sorted(set(_COLUMNS) - {"previous", "digest"})
"""In the order of canonical JSON."""
_FENCED_INSERT = insert(_EVENTS).from_select(
    _COLUMNS,
    select(*[bindparam(column.name, type_=column.type) for column in _EVENTS.columns]).where(
        exists(
            select(literal_column("1")).select_from(_LEASES).where(
                _LEASES.c.room_id == bindparam("room_id", type_=String),
                _LEASES.c.epoch == bindparam("epoch", type_=Integer),
            )
        )
    ),
)


def take_lease(session: Session, room_id: str, owner: str) -> int:
    """Become the one who appends to a room; gives the new epoch, which fences every earlier owner."""
    connection = session.connection()
    raised = connection.execute(
        update(_LEASES).where(_LEASES.c.room_id == room_id).values(owner=owner, epoch=_LEASES.c.epoch + 1)
    )
    if raised.rowcount == 0:
        connection.execute(insert(_LEASES).values(room_id=room_id, owner=owner, epoch=1))
    return int(connection.execute(select(_LEASES.c.epoch).where(_LEASES.c.room_id == room_id)).scalar_one())


def append(session: Session, room_id: str, epoch: int, head: Head, entries: Sequence[Entry]) -> Head:
    """Write a batch after `head`, all or nothing once the caller commits; gives the new head.

    Raises Fenced when the lease has another epoch, and IntegrityError when a number or a command id is taken: then
    somebody else wrote, and what is in memory is not the truth.
    """
    rows: list[dict[str, Any]] = []
    for entry in entries:
        row = _row(room_id, epoch, head, entry)
        rows.append(row)
        head = Head(entry.recorded.seq, row["digest"])
    connection = session.connection()
    words, names = _fenced_insert(connection.dialect)
    said: Any = rows if names is None else [tuple([row[name] for name in names]) for row in rows]
    result = connection.exec_driver_sql(words, said, execution_options={"preserve_rowcount": True})
    if result.rowcount != len(rows):
        raise Fenced("This room is led elsewhere now.")
    return head


@lru_cache(4)
def _fenced_insert(dialect: Dialect) -> tuple[str, list[str] | None]:
    """The statement in a driver's words, and the order of its places; None: they have the columns' names.

    Rows are texts and numbers, which drivers take as they are: SQLAlchemy would go through each value of each row.
    """
    said = _FENCED_INSERT.compile(dialect=dialect)
    return str(said), list(said.positiontup) if said.positiontup is not None else None


def _row(room_id: str, epoch: int, head: Head, entry: Entry) -> dict[str, Any]:
    event = entry.recorded.event
    row: dict[str, Any] = {
        "room_id": room_id, "seq": entry.recorded.seq, "command_id": entry.command, "index": entry.index,
        "actor": entry.recorded.actor, "kind": kebab(type(event).__name__), "at": entry.recorded.at, "schema": SCHEMA,
        "payload": canonical_tagged(event), "previous": head.digest, "epoch": epoch,
    }
    row["digest"] = record_digest(row)
    return row


def record_digest(row: dict[str, Any]) -> str:
    """SHA-256 over the previous digest and the canonical JSON of the record without its digests, hex."""
    members = ",".join([f'"{name}":{canonical_text(row[name])}' for name in _DIGESTED])
    return hashlib.sha256(f"{row['previous']}\n{{{members}}}".encode()).hexdigest()


def history(session: Session, room_id: str) -> History:
    """Everything a room's log holds; raises RecordBroken where it does not verify."""
    recorded: list[Recorded] = []
    commands: dict[CommandId, tuple[PersonId | None, int]] = {}
    digests: list[str] = []
    head = Head()
    for row in _rows(session, room_id, 0):
        head = _verified(room_id, head, row)
        one = _recorded(row)
        recorded.append(one)
        commands[CommandId(row["command_id"])] = (one.actor, one.seq)
        digests.append(head.digest)
    return History(tuple(recorded), commands, head, tuple(digests))


def after(session: Session, room_id: str, seq: int) -> list[Recorded]:
    """The records after number `seq`."""
    return [_recorded(row) for row in _rows(session, room_id, seq)]


def head_of(session: Session, room_id: str) -> Head:
    """The end of a room's log; Head() for a room that has none."""
    row = session.exec(
        select_rows(RoomEvent.seq, RoomEvent.digest).where(RoomEvent.room_id == room_id)
        .order_by(col(RoomEvent.seq).desc()).limit(1)
    ).first()
    return Head() if row is None else Head(*row)


def heads(session: Session) -> dict[str, Head]:
    """Room → the end of its log, for every room that has one."""
    last = select(_EVENTS.c.room_id, func.max(_EVENTS.c.seq).label("seq")).group_by(_EVENTS.c.room_id).subquery()
    joined = (_EVENTS.c.room_id == last.c.room_id) & (_EVENTS.c.seq == last.c.seq)
    rows = session.connection().execute(
        select(_EVENTS.c.room_id, _EVENTS.c.seq, _EVENTS.c.digest).select_from(_EVENTS.join(last, joined))
    )
    return {str(room): Head(int(seq), str(digest)) for room, seq, digest in rows}


def digest_at(session: Session, room_id: str, seq: int) -> str | None:
    """The digest of one record; `GENESIS` for number 0, None where there is no such record."""
    if seq == 0:
        return GENESIS
    found = session.connection().execute(
        select(_EVENTS.c.digest).where(_EVENTS.c.room_id == room_id, _EVENTS.c.seq == seq)
    ).scalar_one_or_none()
    return None if found is None else str(found)


def of_kind(session: Session, room_id: str, kind: str) -> list[Recorded]:
    """The records of one kind of event (kebab-case), in their order."""
    query = select(_EVENTS).where(_EVENTS.c.room_id == room_id, _EVENTS.c.kind == kind).order_by(_EVENTS.c.seq)
    return [_recorded(dict(row)) for row in session.connection().execute(query).mappings()]


def payloads(session: Session, room_id: str, kind: str) -> list[str]:
    """The stored payloads of one kind of event, in their order."""
    query = select(_EVENTS.c.payload).where(_EVENTS.c.room_id == room_id, _EVENTS.c.kind == kind)
    return [str(one) for one in session.connection().execute(query.order_by(_EVENTS.c.seq)).scalars()]


def rooms(session: Session) -> list[str]:
    """Every room that has a log."""
    return list(session.exec(select_rows(RoomEvent.room_id).distinct().order_by(RoomEvent.room_id)))


def verify(session: Session, room_id: str, expected: Head | None = None) -> Head:
    """Check every number, link and digest of a room's log; gives its head, raises RecordBroken saying where.

    expected: an earlier head kept elsewhere, which finds a tail that was cut off.
    """
    head = Head()
    met = expected is None or expected.seq == 0
    for row in _rows(session, room_id, 0):
        head = _verified(room_id, head, row)
        if expected is not None and head.seq == expected.seq:
            if head.digest != expected.digest:
                raise RecordBroken(room_id, head.seq, "the record is not the one that was anchored.")
            met = True
    if not met:
        raise RecordBroken(room_id, head.seq, "records at the end are missing.")
    return head


def _verified(room_id: str, head: Head, row: dict[str, Any]) -> Head:
    if row["seq"] != head.seq + 1:
        raise RecordBroken(room_id, head.seq + 1, "a record is missing or was inserted.")
    if row["previous"] != head.digest:
        raise RecordBroken(room_id, row["seq"], "the record does not follow the one before it.")
    if record_digest(row) != row["digest"]:
        raise RecordBroken(room_id, row["seq"], "the record was changed.")
    return Head(row["seq"], row["digest"])


def _rows(session: Session, room_id: str, seq: int) -> Iterable[dict[str, Any]]:
    query = select(_EVENTS).where(_EVENTS.c.room_id == room_id, _EVENTS.c.seq > seq).order_by(_EVENTS.c.seq)
    for row in session.connection().execute(query).mappings():
        yield dict(row)


def _recorded(row: dict[str, Any]) -> Recorded:
    actor = None if row["actor"] is None else PersonId(row["actor"])
    return Recorded(row["seq"], row["at"], actor, event_of(row["schema"], row["payload"]))
