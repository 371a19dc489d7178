"""Slots for a sitting inside the hours of everybody it needs; who cannot come to one, and the rule that says so."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from agenda.boards import Board, board, members
from agenda.calendar.availability import Clash, Offer, OwnHours, clash, offers
from agenda.calendar.invitations import WHOLE
from agenda.calendar.personal import own_hours, standing_in
from agenda.conferences import Conference
from agenda.errors import Invalid
from agenda.people import Person, person

MOST_DAYS = 42
MOST_OFFERS = 12
_A_DAY = 3
_ALL_DAY = 96


def needed(session: Session, team: Board, on: date, chair_id: str | None = None) -> list[Person]:
    """Who must be there on a day of the board: its chair, coordinator and core members, or who stands in for them."""
    deputies = standing_in(session, team, on)
    keys = {
        deputies.get(one.id, one.id): None for seat, one in members(session, team.id)
        if (seat.role in WHOLE or one.id == chair_id) and one.disabled_at is None
    }
    return [person(session, key) for key in keys]


def slots(
    session: Session, board_id: str, first_day: date, last_day: date, duration_min: int, at: datetime
) -> tuple[Offer, ...]:
    """Slots between two days of the board, both included; raises Invalid naming the field.

    Those inside the hours of everybody needed, a few of each day. Where there is none: those that the fewest would
    miss, each with who and why.
    """
    team = board(session, board_id)
    if last_day < first_day or (last_day - first_day).days >= MOST_DAYS:
        raise Invalid("last_day", f"Look through one to {MOST_DAYS} days, the last not before the first.")
    if not 10 <= duration_min <= 480:
        raise Invalid("duration_min", "A sitting takes 10 to 480 minutes.")
    found: list[Offer] = []
    kept: dict[str, OwnHours] = {}
    for number in range((last_day - first_day).days + 1):
        day = first_day + timedelta(days=number)
        people = [kept.setdefault(one.id, own_hours(session, one)) for one in needed(session, team, day)]
        begins, ends = max(_midnight(day, team), at), _midnight(day + timedelta(days=1), team)
        if begins < ends:
            found += _spread(offers(people, begins, ends, duration_min, zone=team.time_zone, limit=_ALL_DAY))
    whole = [one for one in found if not one.clashes]
    if whole:
        return tuple(whole[:MOST_OFFERS])
    return tuple(sorted(found, key=lambda one: (len(one.clashes), one.begins))[:MOST_OFFERS])


def clashes(session: Session, sitting: Conference) -> tuple[Clash, ...]:
    """Who of those needed cannot come to a sitting as it stands, and why."""
    team = board(session, sitting.board_id)
    day = sitting.starts_at.astimezone(ZoneInfo(team.time_zone)).date()
    everybody = needed(session, team, day, sitting.chair_id)
    found = (clash(own_hours(session, one), sitting.starts_at, sitting.ends_at) for one in everybody)
    return tuple(one for one in found if one is not None)


def _spread(day: Sequence[Offer]) -> Sequence[Offer]:
    """A few slots of one day: its first, one in the middle, its last; those that somebody misses stay as ranked."""
    if len(day) <= _A_DAY or day[0].clashes:
        return day[:_A_DAY]
    return [day[number * (len(day) - 1) // (_A_DAY - 1)] for number in range(_A_DAY)]


def _midnight(day: date, team: Board) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(team.time_zone)).astimezone(UTC)
