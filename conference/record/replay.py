"""Followers of a log: rows elsewhere that are made from a room's events, each event exactly once and in order.

The position of a follower is kept in the transaction of what it writes, so a crash between two events neither loses nor
repeats one; at the start each follower reads on from where it stood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import insert, select, update
from sqlmodel import Field, Session, SQLModel

from conference.record.log import after
from conference.room.recorded import Recorded

Project = Callable[[Session, str, Sequence[Recorded]], None]
"""(session, room id, records): writes what follows from them; called in one write transaction."""


class RoomFollower(SQLModel, table=True):
    """How far a follower has come in a room's log."""

    __tablename__ = "room_follower"
    name: str = Field(primary_key=True)
    room_id: str = Field(primary_key=True)
    seq: int


_FOLLOWERS = cast(Any, RoomFollower).__table__


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody who makes rows from events."""

    name: str
    """Stable: its position is kept under it."""
    project: Project


def follow(session: Session, room_id: str, follower: Follower) -> int:
    """Show a follower every record it has not seen; gives the number it has come to."""
    at = position(session, room_id, follower.name)
    records = after(session, room_id, at)
    if not records:
        return at
    follower.project(session, room_id, records)
    _keep(session, room_id, follower.name, records[-1].seq)
    return records[-1].seq


def position(session: Session, room_id: str, name: str) -> int:
    """Number of the last record a follower has seen; 0: none."""
    found = session.connection().execute(
        select(_FOLLOWERS.c.seq).where(_FOLLOWERS.c.room_id == room_id, _FOLLOWERS.c.name == name)
    ).scalar_one_or_none()
    return 0 if found is None else int(found)


def _keep(session: Session, room_id: str, name: str, seq: int) -> None:
    connection = session.connection()
    moved = connection.execute(
        update(_FOLLOWERS).where(_FOLLOWERS.c.room_id == room_id, _FOLLOWERS.c.name == name).values(seq=seq)
    )
    if moved.rowcount == 0:
        connection.execute(insert(_FOLLOWERS).values(room_id=room_id, name=name, seq=seq))
