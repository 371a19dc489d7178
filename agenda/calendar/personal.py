"""A person's own calendar: the zone and hours they keep, days away, who stands in, and what they want to be told."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import available_timezones

from sqlmodel import JSON, Field, Session, SQLModel, col, select

from agenda.boards import Board, Membership, board
from agenda.calendar.availability import Absent, OwnHours, Window, office_hours
from agenda.columns import instant
from agenda.errors import Invalid, ItemNotFound
from agenda.ids import new_id
from agenda.people import Person, Site, person

_DAY_MIN = 24 * 60


LONGEST_NOTE = 120

class PersonalCalendar(SQLModel, table=True):
    """What a person has said about their time and their mail; without a row the defaults hold."""

    person_id: str = Field(foreign_key="person.id", primary_key=True)
    time_zone: str = ""
    """IANA name; empty: that of the person's site."""
    hours: list[list[int]] | None = Field(default=None, sa_type=JSON, nullable=True)
    """Windows as [weekday 0 to 6 from Monday, from minute, until minute]; None: office hours."""
    muted: list[str] = Field(default_factory=list, sa_type=JSON)
    """Kinds of notices the person does not want by mail."""
    feed_digest: str | None = Field(default=None, unique=True, index=True)
    """SHA-256 of the feed's secret; the secret itself is shown once."""
    feed_made_at: datetime | None = instant(default=None, nullable=True)


class Absence(SQLModel, table=True):
    """Days on which a person is away, both included, by their own clock."""

    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    first_day: date
    last_day: date
    note: str = ""


class StandIn(SQLModel, table=True):
    """A deputy who takes a member's place on a board for some days, both included, by the board's clock."""

    id: str = Field(default_factory=new_id, primary_key=True)
    board_id: str = Field(foreign_key="board.id", index=True)
    member_id: str = Field(foreign_key="person.id", index=True)
    deputy_id: str = Field(foreign_key="person.id", index=True)
    first_day: date
    last_day: date


def calendar_of(session: Session, person_id: str) -> PersonalCalendar:
    """A person's calendar as it stands; the defaults, not yet kept, where they said nothing."""
    return session.get(PersonalCalendar, person_id) or PersonalCalendar(person_id=person_id)


def zone_of(session: Session, person_id: str) -> str:
    """The zone a person lives by: their own choice, else their site's."""
    chosen = calendar_of(session, person_id).time_zone
    if chosen:
        return chosen
    site = session.get(Site, person(session, person_id).site_id)
    return site.time_zone if site is not None else "UTC"


def own_hours(session: Session, found: Person) -> OwnHours:
    """A person's hours and days away, in their own zone."""
    kept = calendar_of(session, found.id).hours
    windows = office_hours() if kept is None else tuple(Window(*row) for row in kept)
    away = tuple(Absent(one.first_day, one.last_day) for one in absences(session, found.id))
    return OwnHours(found.id, found.name, zone_of(session, found.id), windows, away)


def keep_hours(session: Session, person_id: str, time_zone: str, windows: Sequence[Window] | None) -> PersonalCalendar:
    """Set a person's zone (empty: the site's) and hours (None: office hours); raises Invalid."""
    person(session, person_id)
    if time_zone and time_zone not in available_timezones():
        raise Invalid("time_zone", f"There is no time zone {time_zone!r}; write it like America/Denver.")
    for one in windows or ():
        if not 0 <= one.weekday <= 6 or not 0 <= one.begins < one.ends <= _DAY_MIN:
            raise Invalid(f"day{one.weekday}", "Hours end after they begin, on the same day.")
    kept = calendar_of(session, person_id)
    kept.time_zone = time_zone
    kept.hours = None if windows is None else [[one.weekday, one.begins, one.ends] for one in windows]
    session.add(kept)
    session.flush()
    return kept


def mute(session: Session, person_id: str, kinds: Sequence[str]) -> None:
    """The kinds of notices a person does not want by mail, all others they do."""
    kept = calendar_of(session, person_id)
    kept.muted = sorted(set(kinds))
    session.add(kept)
    session.flush()


def absences(session: Session, person_id: str) -> list[Absence]:
    """A person's days away, earliest first."""
    return list(session.exec(
        select(Absence).where(Absence.person_id == person_id).order_by(col(Absence.first_day))
    ))


def add_absence(session: Session, person_id: str, first_day: date, last_day: date, note: str = "") -> Absence:
    """Be away from one day to another, both included; raises Invalid."""
    _span(first_day, last_day)
    said = note.strip()
    if len(said) > LONGEST_NOTE:
        raise Invalid("note", f"At most {LONGEST_NOTE} characters; this has {len(said)}.")
    added = Absence(person_id=person_id, first_day=first_day, last_day=last_day, note=said)
    session.add(added)
    session.flush()
    return added


def remove_absence(session: Session, person_id: str, absence_id: str) -> None:
    """Be there after all; raises ItemNotFound unless it is theirs."""
    found = session.get(Absence, absence_id)
    if found is None or found.person_id != person_id:
        raise ItemNotFound(absence_id)
    session.delete(found)
    session.flush()


def stand_ins(session: Session, board_id: str) -> list[StandIn]:
    """Who stands in on a board, earliest first."""
    return list(session.exec(
        select(StandIn).where(StandIn.board_id == board_id).order_by(col(StandIn.first_day))
    ))


def add_stand_in(
    session: Session, board_id: str, *, member_id: str, deputy_id: str, first_day: date, last_day: date
) -> StandIn:
    """Let one member of a board stand in for another; raises Invalid naming the field."""
    roles = {row.person_id: row.role for row in session.exec(
        select(Membership).where(Membership.board_id == board(session, board_id).id)
    )}
    if roles.get(member_id) not in ("chair", "coordinator", "core", "extended"):
        raise Invalid("member", "Choose the member who is away.")
    if roles.get(deputy_id) in (None, "observer") or deputy_id == member_id:
        raise Invalid("deputy", "Choose a deputy or another member of this board.")
    _span(first_day, last_day)
    overlapping = [
        one for one in stand_ins(session, board_id)
        if one.member_id == member_id and one.first_day <= last_day and first_day <= one.last_day
    ]
    if overlapping:
        raise Invalid("first_day", "Somebody stands in for this member on some of these days already.")
    added = StandIn(
        board_id=board_id, member_id=member_id, deputy_id=deputy_id, first_day=first_day, last_day=last_day
    )
    session.add(added)
    session.flush()
    return added


def remove_stand_in(session: Session, board_id: str, stand_in_id: str) -> None:
    """The member takes their own place again; raises ItemNotFound."""
    found = session.get(StandIn, stand_in_id)
    if found is None or found.board_id != board_id:
        raise ItemNotFound(stand_in_id)
    session.delete(found)
    session.flush()


def standing_in(session: Session, team: Board, on: date) -> dict[str, str]:
    """Member away → deputy who sits for them, on one day of the board."""
    return {
        one.member_id: one.deputy_id for one in stand_ins(session, team.id) if one.first_day <= on <= one.last_day
    }


def _span(first_day: date, last_day: date) -> None:
    if last_day < first_day:
        raise Invalid("last_day", "The last day is not before the first.")
    if (last_day - first_day).days > 366:
        raise Invalid("last_day", "At most a year at a time.")
