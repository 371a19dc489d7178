"""The joint texts of rooms in the database: every update with its author and time, and now and then all in one.

Rows are written in the transaction of the room's own records, under the same lease. A compaction keeps the document
whole and takes the letters out of the rows it covers: who typed when stays, what was typed and deleted again goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import LargeBinary, bindparam, delete, exists, insert, literal, select, update
from sqlmodel import Field, Session, SQLModel

from agenda.ids import CaseId, PersonId
from conference.errors import Fenced
from conference.record.log import RoomLease
from conference.room.values import CommandId


class RoomText(SQLModel, table=True):
    """One update of the joint text of a case."""

    __tablename__ = "room_text"
    __table_args__ = ({"sqlite_with_rowid": False},)
    room_id: str = Field(primary_key=True)
    case_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    """From 1, without a gap, for each case."""
    command_id: str | None
    """The command it came with; None: it followed from a draft."""
    author: str
    at: str
    """RFC 3339 with milliseconds."""
    size: int
    """Bytes of the update as it was typed."""
    content: bytes = Field(sa_type=LargeBinary)
    """A Yjs update, version 1; empty once a compaction holds it."""
    epoch: int


class RoomTextWhole(SQLModel, table=True):
    """The joint text of a case up to an update, as one."""

    __tablename__ = "room_text_whole"
    room_id: str = Field(primary_key=True)
    case_id: str = Field(primary_key=True)
    seq: int
    """The last update it holds."""
    content: bytes = Field(sa_type=LargeBinary)


@dataclass(frozen=True, slots=True)
class Typed:
    """An update about to be written."""

    case: CaseId
    seq: int
    command: CommandId | None
    author: PersonId
    at: str
    content: bytes


@dataclass(slots=True)
class Stored:
    """The joint text of one case as it is kept."""

    seq: int = 0
    """Number of the last update."""
    loose: int = 0
    """Updates that no compaction holds."""
    updates: list[bytes] = field(default_factory=list)
    """All that makes the document, the compaction first."""


_TEXTS = cast(Any, RoomText).__table__
_WHOLES = cast(Any, RoomTextWhole).__table__
_LEASES = cast(Any, RoomLease).__table__
_COLUMNS = [column.name for column in _TEXTS.columns]
_HELD = exists(
    select(literal(1)).select_from(_LEASES).where(
        _LEASES.c.room_id == bindparam("b_room_id"), _LEASES.c.epoch == bindparam("b_epoch")
    )
)
_FENCED_INSERT = insert(_TEXTS).from_select(
    _COLUMNS, select(*[bindparam(f"b_{column.name}", type_=column.type) for column in _TEXTS.columns]).where(_HELD)
)


def append(session: Session, room_id: str, epoch: int, typed: Sequence[Typed]) -> None:
    """Write updates, all or none once the caller commits.

    Raises Fenced when the room's lease has another epoch, and IntegrityError when a number is taken.
    """
    rows = [
        {
            "b_room_id": room_id, "b_case_id": one.case, "b_seq": one.seq, "b_command_id": one.command,
            "b_author": one.author, "b_at": one.at, "b_size": len(one.content), "b_content": one.content,
            "b_epoch": epoch,
        }
        for one in typed
    ]
    if rows and session.connection().execute(_FENCED_INSERT, rows).rowcount != len(rows):
        raise Fenced("This room is led elsewhere now.")


def compact(session: Session, room_id: str, epoch: int, case_id: CaseId, seq: int, whole: bytes) -> None:
    """Keep the document up to `seq` as one update; raises Fenced as `append` does."""
    connection = session.connection()
    held = select(literal(1)).where(_HELD)
    if connection.execute(held, {"b_room_id": room_id, "b_epoch": epoch}).first() is None:
        raise Fenced("This room is led elsewhere now.")
    here = (_WHOLES.c.room_id == room_id, _WHOLES.c.case_id == case_id)
    connection.execute(delete(_WHOLES).where(*here))
    connection.execute(insert(_WHOLES).values(room_id=room_id, case_id=case_id, seq=seq, content=whole))
    covered = (_TEXTS.c.room_id == room_id, _TEXTS.c.case_id == case_id, _TEXTS.c.seq <= seq)
    connection.execute(update(_TEXTS).where(*covered).values(content=b""))


def texts(session: Session, room_id: str) -> dict[CaseId, Stored]:
    """The joint texts of a room."""
    found: dict[CaseId, Stored] = {}
    connection = session.connection()
    wholes = select(_WHOLES.c.case_id, _WHOLES.c.seq, _WHOLES.c.content).where(_WHOLES.c.room_id == room_id)
    for case_id, seq, content in connection.execute(wholes):
        found[CaseId(case_id)] = Stored(seq, 0, [content])
    rows = select(_TEXTS.c.case_id, _TEXTS.c.seq, _TEXTS.c.content).where(_TEXTS.c.room_id == room_id)
    for case_id, seq, content in connection.execute(rows.order_by(_TEXTS.c.case_id, _TEXTS.c.seq)):
        kept = found.setdefault(CaseId(case_id), Stored())
        if seq > kept.seq:
            kept.seq, kept.loose = seq, kept.loose + 1
            kept.updates.append(content)
    return found


def typed_commands(session: Session, room_id: str) -> dict[CommandId, PersonId]:
    """Every command that brought an update, with who gave it."""
    rows = select(_TEXTS.c.command_id, _TEXTS.c.author).where(
        _TEXTS.c.room_id == room_id, _TEXTS.c.command_id.is_not(None)
    )
    return {CommandId(command): PersonId(author) for command, author in session.connection().execute(rows)}
