"""Reminders of sittings that come near."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from agenda.boards import board
from agenda.calendar.invitations import Invite, snapshot
from agenda.conferences import Conference
from agenda.notices.queue import Notice, post, tell
from agenda.people import Person


def coming_near(session: Session, at: datetime, hours: Sequence[int]) -> list[str]:
    """The sittings of which somebody is to be reminded now; their invitations are brought up to date before."""
    return list(dict.fromkeys(sitting.id for _, sitting, _ in _due(session, at, hours)))


def remind(session: Session, at: datetime, hours: Sequence[int]) -> int:
    """Queue the reminders that have fallen due, each once; gives how many.

    Nobody is reminded who declined, or who was told of the present time after the reminder would have been due.
    """
    return sum(_remind(session, invite, sitting, at, once) for invite, sitting, once in list(_due(session, at, hours)))


def _due(session: Session, at: datetime, hours: Sequence[int]) -> Iterator[tuple[Invite, Conference, str]]:
    """Whom to remind of what, and under which key it is told once."""
    if not hours:
        return
    rows = session.exec(
        select(Invite, Conference).where(
            Invite.conference_id == Conference.id, Conference.state == "published",
            col(Invite.cancelled).is_(False), Invite.answer != "declined",
            Invite.starts_at > at, Invite.starts_at <= at + timedelta(hours=max(hours)),
        )
    ).all()
    for invite, sitting in rows:
        reached = [lead for lead in hours if invite.starts_at - timedelta(hours=lead) <= at]
        if not reached or invite.told_at > invite.starts_at - timedelta(hours=min(reached)):
            continue
        once = f"reminder/{invite.id}/{invite.sequence}/{min(reached)}"
        if session.exec(select(Notice.id).where(Notice.once == once)).first() is None:
            yield invite, sitting, once


def _remind(session: Session, invite: Invite, sitting: Conference, at: datetime, once: str) -> bool:
    data = snapshot(invite, board(session, sitting.board_id).name, "REQUEST")
    person = session.get(Person, invite.person_id) if invite.person_id else None
    if person is not None:
        return tell(session, "reminder", person, at, conference_id=sitting.id, data=data, once=once) is not None
    return post(
        session, "reminder", at, address=invite.address, name=invite.name, time_zone=invite.time_zone,
        conference_id=sitting.id, data=data, once=once,
    ) is not None
