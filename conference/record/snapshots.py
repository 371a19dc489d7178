"""Snapshots of rooms: a mere cache, so that a long log need not be folded from its beginning each time it is opened.

The log is the truth. A snapshot counts only if the log still holds the record it was taken at, and if it was made by
exactly the code that would fold now; else everything is folded again. The table may be emptied at any time.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, cast

import msgspec
from sqlalchemy import delete, insert, select
from sqlmodel import Field, Session, SQLModel

from conference.record import log
from conference.record.upcast import SCHEMA
from conference.room.evolve import replay
from conference.room.recorded import Recorded
from conference.room.state import RoomState

EVERY = 1000
"""Records after which a new snapshot is worth its bytes."""


class RoomSnapshot(SQLModel, table=True):
    """The state of one room after one of its records."""

    __tablename__ = "room_snapshot"
    room_id: str = Field(primary_key=True)
    seq: int
    digest: str
    """Of the record it was taken at."""
    made_by: str
    """The code that folded it; see `code`."""
    state: str
    """JSON of the RoomState."""


_SNAPSHOTS = cast(Any, RoomSnapshot).__table__


@cache
def code() -> str:
    """SHA-256 over the room's own source and the version of the log: what decides how a log is folded."""
    found = hashlib.sha256(str(SCHEMA).encode())
    for path in sorted(files("conference.room").iterdir(), key=lambda one: one.name):
        if path.name.endswith(".py"):
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def state_of(session: Session, room_id: str, recorded: Sequence[Recorded], digests: Sequence[str]) -> RoomState:
    """The state after these records, which are the whole log; from the snapshot where it fits, and the same without.

    digests: of each record. Takes a new snapshot when the last one is far behind; the session must be able to write.
    """
    known = _fitting(session, room_id, digests)
    state = replay(recorded) if known is None else replay(recorded[known.seq :], known)
    if state.seq - (0 if known is None else known.seq) >= EVERY:
        _keep(session, room_id, state, digests[state.seq - 1])
    return state


def forget(session: Session, room_id: str) -> None:
    """Throw a snapshot away; the next opening folds the log from its beginning."""
    session.connection().execute(delete(_SNAPSHOTS).where(_SNAPSHOTS.c.room_id == room_id))


def _fitting(session: Session, room_id: str, digests: Sequence[str]) -> RoomState | None:
    row = session.connection().execute(select(_SNAPSHOTS).where(_SNAPSHOTS.c.room_id == room_id)).mappings().first()
    if row is None or row["made_by"] != code() or row["seq"] > len(digests):
        return None
    if digests[row["seq"] - 1] != row["digest"]:
        return None
    try:
        state = msgspec.json.decode(row["state"], type=RoomState)
    except msgspec.MsgspecError:
        return None
    return state if state.seq == row["seq"] else None


def _keep(session: Session, room_id: str, state: RoomState, digest: str) -> None:
    forget(session, room_id)
    session.connection().execute(insert(_SNAPSHOTS).values(
        room_id=room_id, seq=state.seq, digest=digest, made_by=code(), state=msgspec.json.encode(state).decode()
    ))


def faults(session: Session) -> list[tuple[str, str]]:
    """Snapshots that would be taken and are not what their log folds to: room and why."""
    found = []
    for row in session.connection().execute(select(_SNAPSHOTS)).mappings().all():
        history = log.history(session, row["room_id"])
        taken = _fitting(session, row["room_id"], history.digests)
        if taken is not None and taken != replay(history.recorded[: taken.seq]):
            found.append((str(row["room_id"]), "the snapshot is not what the log folds to"))
    return found
