"""The demo's calendars: a board that meets on a pattern, people with hours of their own, invitations that have left."""

from datetime import datetime, time, timedelta

from sqlmodel import Session

from agenda.calendar.availability import Window
from agenda.calendar.invitations import announce
from agenda.calendar.personal import add_absence, add_stand_in, keep_hours
from agenda.calendar.recurrence import Rhythm
from agenda.calendar.series import keep_pattern
from web.demo.cast import Company

_THURSDAY = 3
_WEEKS = 26


def keep_calendars(session: Session, company: Company, conference_id: str, at: datetime) -> None:
    """Give the board its pattern, some people their hours, and tell everybody of today's sitting."""
    keep_pattern(
        session, company.board_id, rhythm=Rhythm(_THURSDAY, 1, (1,)), first_day=(at - timedelta(days=200)).date(),
        begins=time(12), duration_min=60, title="Spine conference, first Thursday", chair_id=company.id("chair"),
        at=at, weeks=_WEEKS,
    )
    clinic = [Window(day, 9 * 60, 12 * 60 + 30) for day in range(5)]
    keep_hours(session, company.id("neurosurgeon"), "", [*clinic, *(Window(day, 13 * 60, 17 * 60) for day in (1, 3))])
    keep_hours(session, company.id("pain"), "", [Window(day, 7 * 60, 15 * 60) for day in (0, 1, 2, 3)])
    away = (at + timedelta(days=9)).date()
    add_absence(session, company.id("physiatrist"), away, away + timedelta(days=2), "Course")
    until = (at + timedelta(days=40)).date()
    add_stand_in(
        session, company.board_id, member_id=company.id("chair"), deputy_id=company.id("neurosurgeon"),
        first_day=until - timedelta(days=5), last_day=until,
    )
    announce(session, conference_id, at - timedelta(days=6))
