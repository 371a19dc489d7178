"""The outbound queue: one row for each object and destination, committed before anything is sent.

waiting → sent | refused (the destination will not have it) | undelivered (it could not be reached for a day) |
cancelled. What is not sent can be tried again. A process that is killed while it sends finds its rows waiting: an
object sent twice is the same object to its receiver, for UID and bytes are the same.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlmodel import Field, Session, SQLModel, col, select

from imaging.columns import instant
from imaging.errors import ImagingError, NotFound

PAUSES_S = (30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
"""Seconds before each further attempt; after the last one it is given up."""
_SETTLED = ("sent", "refused", "undelivered", "cancelled")
_AGAIN = ("refused", "undelivered", "cancelled")


class SendingNotFound(NotFound):
    """No sending with this identity."""

    noun = "sending"


class SendingSettled(ImagingError):
    """The sending is at another step than the button supposed."""


class Sending(SQLModel, table=True):
    """One object on its way to one destination."""

    id: str = Field(default_factory=lambda: str(uuid4()), primary_key=True)
    about: str = Field(index=True)
    """What it belongs to; the caller's identity, such as a case's."""
    node: str = Field(index=True)
    """Name of the destination in the settings."""
    kind: str
    """report, presentation, keys or letter."""
    sop_instance_uid: str = Field(index=True)
    sop_class_uid: str
    study_instance_uid: str
    digest: str
    """SHA-256 of the file; its name in the spool."""
    size: int
    state: str = Field(default="waiting", index=True)
    attempts: int = 0
    next_at: datetime | None = instant(default=None, nullable=True)
    """When it is tried next; None once it is settled."""
    said: str = ""
    """What became of the last attempt, in a sentence."""
    asked_by: str
    """Who asked for it."""
    asked_at: datetime = instant()
    settled_at: datetime | None = instant(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class Parcel:
    """An object that lies in the spool, ready to be queued."""

    kind: str
    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt came to."""

    sending_id: str
    result: str
    """sent, refused, or later: then it is tried again."""
    said: str


def enqueue(
    session: Session, about: str, node: str, parcels: Sequence[Parcel], asked_by: str, at: datetime
) -> list[Sending]:
    """Queue parcels for a destination; what waits for it or reached it already is not queued twice.

    What was refused, given up or cancelled before is tried again under its old row.
    """
    return [_queued(session, about, node, one, asked_by, at) for one in parcels]


def _queued(session: Session, about: str, node: str, parcel: Parcel, asked_by: str, at: datetime) -> Sending:
    found = session.exec(select(Sending).where(
        Sending.about == about, Sending.node == node, Sending.sop_instance_uid == parcel.sop_instance_uid,
    )).first()
    if found is None:
        found = Sending(
            about=about, node=node, kind=parcel.kind, sop_instance_uid=parcel.sop_instance_uid,
            sop_class_uid=parcel.sop_class_uid, study_instance_uid=parcel.study_instance_uid, digest=parcel.digest,
            size=parcel.size, asked_by=asked_by, asked_at=at, next_at=at,
        )
        session.add(found)
    elif found.state in _AGAIN:
        _restart(found, at)
        session.add(found)
    session.flush()
    return found


def sending(session: Session, about: str, sending_id: str) -> Sending:
    """One sending of this subject; raises SendingNotFound."""
    found = session.get(Sending, sending_id)
    if found is None or found.about != about:
        raise SendingNotFound(sending_id)
    return found


def sendings_of(session: Session, about: str) -> list[Sending]:
    """Everything queued for a subject, the latest first."""
    rows = session.exec(select(Sending).where(Sending.about == about)
                        .order_by(col(Sending.asked_at).desc(), col(Sending.node), col(Sending.kind)))
    return list(rows)


def due(session: Session, at: datetime, limit: int = 64) -> list[Sending]:
    """What is to be tried now, the oldest first."""
    rows = session.exec(
        select(Sending).where(Sending.state == "waiting", col(Sending.next_at) <= at)
        .order_by(col(Sending.next_at), col(Sending.asked_at)).limit(limit)
    )
    return list(rows)


def next_due(session: Session) -> datetime | None:
    """When the next attempt is to be made; None: nothing waits."""
    return session.exec(
        select(Sending.next_at).where(Sending.state == "waiting").order_by(col(Sending.next_at)).limit(1)
    ).first()


def settle(session: Session, attempts: Collection[Attempt], at: datetime) -> list[str]:
    """Write down what attempts came to; what was settled meanwhile stays so, unless it arrived.

    Gives the digests that no sending needs any more.
    """
    done: set[str] = set()
    for attempt in attempts:
        found = session.get(Sending, attempt.sending_id)
        if found is None or (found.state != "waiting" and attempt.result != "sent"):
            continue
        found.attempts += 1
        found.said = attempt.said
        if attempt.result == "later" and found.attempts <= len(PAUSES_S):
            found.next_at = at + timedelta(seconds=PAUSES_S[found.attempts - 1])
        else:
            found.state = "undelivered" if attempt.result == "later" else attempt.result
            found.next_at, found.settled_at = None, at
        session.add(found)
        if found.state == "sent":
            done.add(found.digest)
    session.flush()
    return needless(session, done)


def needless(session: Session, digests: Collection[str]) -> list[str]:
    """Those of these files that every destination has that was asked for them."""
    needed = session.exec(select(Sending.digest).where(col(Sending.digest).in_(digests), Sending.state != "sent"))
    return sorted(set(digests) - set(needed))


def retry(session: Session, about: str, sending_id: str, at: datetime) -> None:
    """Try again at once, also what waits; raises SendingNotFound, SendingSettled."""
    found = sending(session, about, sending_id)
    if found.state == "sent":
        raise SendingSettled("This has arrived already.")
    _restart(found, at)
    session.add(found)


def cancel(session: Session, about: str, sending_id: str, at: datetime) -> None:
    """Try no more; raises SendingNotFound, SendingSettled when it is no longer waiting."""
    found = sending(session, about, sending_id)
    if found.state != "waiting":
        raise SendingSettled("This no longer waits; there is nothing to cancel.")
    found.state, found.next_at, found.settled_at = "cancelled", None, at
    session.add(found)


def _restart(found: Sending, at: datetime) -> None:
    found.state, found.attempts, found.next_at, found.settled_at = "waiting", 0, at, None
