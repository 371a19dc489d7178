"""What runs beside requests for calendars and mail: the outbox leaves, reminders fall due, patterns are laid out."""

import asyncio
import logging
from datetime import datetime

from sqlmodel import Session

from agenda.calendar.reminders import coming_near, remind
from agenda.calendar.series import lay_out_all
from agenda.care import remind_owners
from agenda.notices import queue
from agenda.notices.paging import page_again
from agenda.settings import AgendaSettings
from web.clock import now
from web.database import Database, Deed
from web.post.mail import Carrier, Letterhead, NotTaken, compose
from web.sittings.invited import announce_now

log = logging.getLogger(__name__)
PLAN_EVERY_S = 60.0


async def deliver(database: Database, carrier: Carrier, head: Letterhead, at: datetime) -> int:
    """Send what is due now; gives how many were tried.

    A crash between the hand-over and the note of it sends that one mail again, under the same Message-ID.
    """
    waiting = await database.read(queue.due, at)
    for one in waiting:
        try:
            await carrier.send(compose(one, head), one.id)
        except NotTaken as error:
            log.warning("a notice was not taken", extra={"notice_id": one.id, "attempts": one.attempts + 1})
            await database.write(_deed(at), queue.refused, one.id, at, str(error), final=error.final)
        except (KeyError, ValueError):
            log.exception("a notice cannot be laid out", extra={"notice_id": one.id})
            await database.write(_deed(at), queue.refused, one.id, at, "It cannot be laid out.", final=True)
        else:
            await database.write(_deed(at), queue.delivered, one.id, at)
    return len(waiting)


async def plan_ahead(database: Database, settings: AgendaSettings, at: datetime) -> None:
    """Lay out the sittings of patterns, queue the reminders that have fallen due, forget old notices."""
    await database.write(Deed("system", "Consilium", "calendar.plan", at), _plan, settings, at)


async def keep_posting(database: Database, carrier: Carrier, head: Letterhead, settings: AgendaSettings) -> None:
    """Do both from time to time, until cancelled; what goes wrong is logged and tried again."""
    planned_at: datetime | None = None
    while True:
        at = now()
        try:
            if planned_at is None or (at - planned_at).total_seconds() >= PLAN_EVERY_S:
                await plan_ahead(database, settings, at)
                planned_at = at
            await deliver(database, carrier, head, at)
        except Exception:
            log.exception("the outbox could not be worked through")
        await asyncio.sleep(head.settings.poll_seconds)


def _plan(session: Session, settings: AgendaSettings, at: datetime) -> None:
    lay_out_all(session, at, settings.weeks_ahead)
    for conference_id in coming_near(session, at, settings.reminder_hours):
        announce_now(session, conference_id, at)  # nobody is reminded of a time that has changed meanwhile
    remind(session, at, settings.reminder_hours)
    page_again(session, at, settings.page_minutes)
    remind_owners(session, at)
    queue.forget(session, at)


def _deed(at: datetime) -> Deed:
    return Deed("system", "Consilium", "notice.send", at)
