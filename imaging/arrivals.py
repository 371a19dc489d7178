"""Studies that came from a PACS and belong to no case yet: they wait for a coordinator.

waiting → taken (listed under a case) | declined (kept, shown to nobody); what is declined waits again when more of it
arrives.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam
from sqlalchemy.orm.util import identity_key
from sqlmodel import Field, Session, SQLModel, col, select, update

from imaging.columns import instant
from imaging.errors import NotFound

State = Literal["waiting", "taken", "declined"]


class ArrivalNotFound(NotFound):
    """No such study has arrived."""

    noun = "arrived study"


class Arrival(SQLModel, table=True):
    """One study as it came over the network."""

    study_instance_uid: str = Field(foreign_key="study.study_instance_uid", primary_key=True)
    calling_ae: str
    """Who sent it first."""
    destination: str = Field(default="", index=True)
    """Whose coordinators see it, as configured for that peer; empty: everybody's."""
    first_at: datetime = instant()
    last_at: datetime = instant()
    instances: int = 0
    """How many came this way; what was here already is not counted again."""
    state: str = Field(default="waiting", index=True)
    settled_at: datetime | None = instant(default=None, nullable=True)


_STATE = select(Arrival.state).where(Arrival.study_instance_uid == bindparam("uid"))
_ONE_MORE = update(Arrival).where(col(Arrival.study_instance_uid) == bindparam("uid")).values(
    instances=Arrival.instances + 1, last_at=bindparam("at")
)
"""Goes past the audit: how many came is the number of the instances' own rows there."""


def note(
    session: Session, study_instance_uid: str, *, calling_ae: str, destination: str, at: datetime, at_home: bool
) -> None:
    """Count one instance that was taken in; `at_home` when its study belongs to a case already."""
    session.flush()
    connection = session.connection()
    here = connection.execute(_STATE, {"uid": study_instance_uid}).scalar()
    if here == ("taken" if at_home else "waiting"):
        connection.execute(_ONE_MORE, {"uid": study_instance_uid, "at": at})
        loaded = session.identity_map.get(identity_key(Arrival, study_instance_uid))
        if loaded is not None:
            session.expire(loaded)
        return
    found = session.get(Arrival, study_instance_uid)
    if found is None:
        found = Arrival(
            study_instance_uid=study_instance_uid, calling_ae=calling_ae, destination=destination, first_at=at,
            last_at=at,
        )
    found.instances += 1
    found.last_at = at
    if at_home and found.state != "taken":
        found.state, found.settled_at = "taken", at
    elif not at_home and found.state == "declined":
        found.state, found.settled_at = "waiting", None
    session.add(found)


def arrival(session: Session, study_instance_uid: str) -> Arrival:
    """One arrived study; raises ArrivalNotFound."""
    found = session.get(Arrival, study_instance_uid)
    if found is None:
        raise ArrivalNotFound(study_instance_uid)
    return found


def waiting(session: Session, destinations: Collection[str]) -> list[Arrival]:
    """What waits for these destinations or for nobody in particular, the latest first."""
    rows = session.exec(
        select(Arrival).where(Arrival.state == "waiting", col(Arrival.destination).in_(["", *destinations]))
        .order_by(col(Arrival.last_at).desc(), col(Arrival.study_instance_uid))
    )
    return list(rows)


def is_waiting(session: Session, study_instance_uid: str) -> bool:
    """Whether a study is one that nobody has put into a case yet, declined ones included."""
    found = session.get(Arrival, study_instance_uid)
    return found is not None and found.state != "taken"


def settle(session: Session, study_instance_uid: str, state: State, at: datetime) -> None:
    """Say what became of an arrived study; raises ArrivalNotFound."""
    found = arrival(session, study_instance_uid)
    found.state, found.settled_at = state, None if state == "waiting" else at
    session.add(found)
