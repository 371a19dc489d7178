"""Reminders of sittings that come near."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from agenda.boards import board
from agenda.calendar.invitations import Invite, snapshot
from agenda.conferences import Conference
from agenda.notices.queue import post, tell
from agenda.people import Person


def remind(session: Session, at: datetime, hours: Sequence[int]) -> int:
    """Queue the reminders that have fallen due, each once; gives how many.

    Nobody is reminded who declined, or who was told of the present time after the reminder would have been due.
    """
    if not hours:
        return 0
    rows = session.exec(
        select(Invite, Conference).where(
            Invite.conference_id == Conference.id, Conference.state == "published",
            col(Invite.cancelled).is_(False), Invite.answer != "declined",
            Invite.starts_at > at, Invite.starts_at <= at + timedelta(hours=max(hours)),
        )
    )
    return sum(_remind(session, invite, sitting, at, hours) for invite, sitting in rows)


def _remind(session: Session, invite: Invite, sitting: Conference, at: datetime, hours: Sequence[int]) -> bool:
    reached = [lead for lead in hours if invite.starts_at - timedelta(hours=lead) <= at]
    if not reached or invite.told_at > invite.starts_at - timedelta(hours=min(reached)):
        return False
    data = snapshot(invite, board(session, sitting.board_id).name, "REQUEST")
    once = f"reminder/{invite.id}/{invite.sequence}/{min(reached)}"
    person = session.get(Person, invite.person_id) if invite.person_id else None
    if person is not None:
        return tell(session, "reminder", person, at, conference_id=sitting.id, data=data, once=once) is not None
    return post(
        session, "reminder", at, address=invite.address, name=invite.name, time_zone=invite.time_zone,
        conference_id=sitting.id, data=data, once=once,
    ) is not None
