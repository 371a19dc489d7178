"""The outbox: notices written in the transaction of what they tell, delivered afterwards, tried again, never forgotten.

A notice holds facts, not text: what it says is laid out when it is sent. It never holds anything of a patient; the
number of a case and links are all a mail may carry.
"""

from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import JSON, Field, Session, SQLModel, col, func, or_, select

from agenda.calendar.personal import calendar_of, zone_of
from agenda.columns import instant
from agenda.errors import ItemNotFound
from agenda.ids import new_id
from agenda.notices.events import EVENTS, Kind
from agenda.people import Person

State = Literal["waiting", "sent", "failed"]
MOST_ATTEMPTS = 8
_FIRST_PAUSE = timedelta(seconds=30)
KEPT_FOR = timedelta(days=180)
"""How long a notice that was sent stays in the list."""


class Notice(SQLModel, table=True):
    """One mail to one address."""

    id: str = Field(default_factory=new_id, primary_key=True)
    """Also the left part of its Message-ID: sending it twice is one message (RFC 5322 section 3.6.4)."""
    kind: str = Field(index=True)
    """A Kind of `agenda.notices.events`."""
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    """None: a guest."""
    address: str
    name: str
    time_zone: str
    conference_id: str | None = Field(default=None, foreign_key="conference.id", index=True)
    case_id: str | None = Field(default=None, foreign_key="case.id", index=True)
    data: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """The facts as they were; see the writer of each kind. Nothing of a patient."""
    once: str | None = Field(default=None, unique=True, index=True)
    """What may be told only once, e.g. a reminder of one lead time."""
    created_at: datetime = instant(index=True)
    state: str = Field(default="waiting", index=True)
    attempts: int = 0
    next_at: datetime = instant(index=True)
    sent_at: datetime | None = instant(default=None, nullable=True)
    last_error: str = ""


def tell(
    session: Session, kind: Kind, found: Person, at: datetime, *, conference_id: str | None = None,
    case_id: str | None = None, data: dict[str, str] | None = None, once: str | None = None,
) -> Notice | None:
    """Queue a notice to a person; None where they do not want this kind, have no access, or were told once already."""
    if found.disabled_at is not None:
        return None
    if EVENTS[kind].optional and kind in calendar_of(session, found.id).muted:
        return None
    return post(
        session, kind, at, address=found.email, name=found.name, time_zone=zone_of(session, found.id),
        person_id=found.id, conference_id=conference_id, case_id=case_id, data=data, once=once,
    )


def post(
    session: Session, kind: Kind, at: datetime, *, address: str, name: str, time_zone: str,
    person_id: str | None = None, conference_id: str | None = None, case_id: str | None = None,
    data: dict[str, str] | None = None, once: str | None = None,
) -> Notice | None:
    """Queue a notice to an address, whatever anybody prefers; None when it was told once already."""
    if once is not None and session.exec(select(Notice.id).where(Notice.once == once)).first() is not None:
        return None
    added = Notice(
        kind=kind, person_id=person_id, address=address, name=name, time_zone=time_zone, conference_id=conference_id,
        case_id=case_id, data=data or {}, once=once, created_at=at, next_at=at,
    )
    session.add(added)
    return added


def due(session: Session, at: datetime, limit: int = 50) -> list[Notice]:
    """What is to be sent now, in the order in which it happened."""
    return list(session.exec(
        select(Notice).where(Notice.state == "waiting", Notice.next_at <= at)
        .order_by(col(Notice.created_at), col(Notice.id)).limit(limit)
    ))


def delivered(session: Session, notice_id: str, at: datetime) -> None:
    """The mail was taken."""
    found = notice(session, notice_id)
    found.state, found.sent_at, found.last_error, found.attempts = "sent", at, "", found.attempts + 1
    session.add(found)


def refused(session: Session, notice_id: str, at: datetime, why: str, *, final: bool = False) -> None:
    """The mail was not taken: try again after a pause that doubles; after the last attempt, or `final`, give up."""
    found = notice(session, notice_id)
    found.attempts += 1
    found.last_error = why[:300]
    found.next_at = at + _FIRST_PAUSE * 2 ** (found.attempts - 1)
    if final or found.attempts >= MOST_ATTEMPTS:
        found.state = "failed"
    session.add(found)


def retry(session: Session, notice_id: str, at: datetime) -> Notice:
    """Try one that failed again, from the first attempt on; one that was sent stays sent."""
    found = notice(session, notice_id)
    if found.state != "sent":
        found.state, found.attempts, found.next_at = "waiting", 0, at
        session.add(found)
    return found


def notice(session: Session, notice_id: str) -> Notice:
    """One notice; raises ItemNotFound."""
    found = session.get(Notice, notice_id)
    if found is None:
        raise ItemNotFound(notice_id)
    return found


def notices(session: Session, *, state: str = "", words: str = "", limit: int = 200) -> list[Notice]:
    """The latest notices, of one state if given, whose address or name has these words."""
    wanted = select(Notice).order_by(col(Notice.created_at).desc(), col(Notice.id)).limit(limit)
    if state:
        wanted = wanted.where(Notice.state == state)
    if words:
        wanted = wanted.where(or_(col(Notice.address).contains(words.lower()), col(Notice.name).contains(words)))
    return list(session.exec(wanted))


def counts(session: Session) -> dict[str, int]:
    """State → how many notices."""
    return dict(session.exec(select(Notice.state, func.count()).group_by(Notice.state)).all())


def of_conference(session: Session, conference_id: str) -> list[Notice]:
    """What was told about one sitting, in order."""
    return list(session.exec(
        select(Notice).where(Notice.conference_id == conference_id).order_by(col(Notice.created_at))
    ))


def forget(session: Session, at: datetime) -> int:
    """Remove what was sent long ago; gives how many."""
    old = session.exec(select(Notice).where(Notice.state == "sent", col(Notice.sent_at) < at - KEPT_FOR)).all()
    for one in old:
        session.delete(one)
    return len(old)
