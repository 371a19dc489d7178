"""A board's pattern and the sittings it lays out ahead; what was published, moved or filled is never disturbed."""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import JSON, Field, Session, SQLModel, col, select

from agenda.boards import Board, board, boards, members
from agenda.calendar.recurrence import Rhythm, days, horizon, instant_of, rhythm_of, skipped_by_clock
from agenda.conferences import AgendaItem, Attendance, Conference
from agenda.errors import BoardNotFound, Invalid, NotNow
from agenda.ids import new_id

_YEARS_AROUND = 10


class Pattern(SQLModel, table=True):
    """When a board meets, by its own clock."""

    id: str = Field(default_factory=new_id, primary_key=True)
    board_id: str = Field(foreign_key="board.id", unique=True, index=True)
    rule: str
    """RRULE (RFC 5545 section 3.3.10)."""
    first_day: date
    """DTSTART's day."""
    begins: time
    """By the clock of the board's zone."""
    duration_min: int = 60
    title: str
    chair_id: str = Field(foreign_key="person.id")
    place: str = ""
    last_day: date | None = None
    skipped: list[str] = Field(default_factory=list, sa_type=JSON)
    """Days without a sitting (EXDATE), ISO."""


@dataclass(frozen=True, slots=True)
class Coming:
    """One date of a pattern."""

    day: date
    starts_at: datetime
    skipped: bool
    late_clock: bool
    """The clocks skip this time on this day; the sitting begins when they have changed."""
    conference: Conference | None
    """The sitting laid out for it, with a time of its own if it was moved."""


def pattern_of(session: Session, board_id: str) -> Pattern | None:
    """The pattern of a board; None: it meets by appointment."""
    return session.exec(select(Pattern).where(Pattern.board_id == board_id)).one_or_none()


def keep_pattern(
    session: Session, board_id: str, *, rhythm: Rhythm, first_day: date, begins: time, duration_min: int, title: str,
    chair_id: str, place: str = "", last_day: date | None = None, at: datetime, weeks: int,
) -> Pattern:
    """Set when a board meets, and lay its sittings out; raises Invalid naming the field.

    Sittings of the former pattern that nobody published, moved, answered or gave a case follow the new one or go.
    """
    team = board(session, board_id)
    check_first_day(first_day, at)
    if not title.strip() or len(title) > 120:
        raise Invalid("title", "Give the sittings a title of up to 120 characters.")
    if not 10 <= duration_min <= 480:
        raise Invalid("duration_min", "A sitting takes 10 to 480 minutes.")
    if chair_id not in {person.id for _, person in members(session, board_id)}:
        raise Invalid("chair", "The chair is a member of the board.")
    if last_day is not None and last_day < first_day:
        raise Invalid("last_day", "The last day is not before the first.")
    found = pattern_of(session, board_id) or Pattern(
        board_id=board_id, rule="", first_day=first_day, begins=begins, title="", chair_id=chair_id
    )
    found.rule, found.first_day, found.begins, found.last_day = rhythm.rule, first_day, begins, last_day
    found.duration_min, found.title, found.chair_id, found.place = duration_min, title.strip(), chair_id, place.strip()
    session.add(found)
    session.flush()
    _clear(session, found, at)
    lay_out(session, team, found, at, weeks)
    return found


def check_first_day(first_day: date, at: datetime) -> None:
    """Refuse a first day from which counting would take for ever; raises Invalid."""
    if abs(first_day.year - at.year) > _YEARS_AROUND:
        raise Invalid("first_day", f"Choose a day within {_YEARS_AROUND} years of today.")


def end_pattern(session: Session, board_id: str, at: datetime) -> None:
    """Meet by appointment from now on; sittings nobody has touched go, the others stay."""
    found = pattern_of(session, board_id)
    if found is None:
        return
    _clear(session, found, at)
    for one in session.exec(select(Conference).where(Conference.pattern_id == found.id)):
        one.pattern_id = None
        session.add(one)
    session.flush()
    session.delete(found)
    session.flush()


def skip(session: Session, board_id: str, day: date) -> None:
    """Leave one date out; raises NotNow where a sitting stands that somebody relies on."""
    found = _pattern(session, board_id)
    there = _sittings(session, found).get(day)
    if there is not None and there.state != "cancelled":
        if _touched(session, there):
            raise NotNow("sitting-in-use", f"The sitting of {day:%d %b %Y} is in use; move or cancel it on its page.")
        session.delete(there)
    found.skipped = sorted({*found.skipped, day.isoformat()})
    session.add(found)
    session.flush()


def take_up(session: Session, board_id: str, day: date, at: datetime, weeks: int) -> None:
    """Meet on a date that was left out after all."""
    found = _pattern(session, board_id)
    found.skipped = [one for one in found.skipped if one != day.isoformat()]
    session.add(found)
    lay_out(session, board(session, board_id), found, at, weeks)


def coming(session: Session, found: Pattern, at: datetime, weeks: int) -> list[Coming]:
    """The dates of a pattern ahead, those left out among them."""
    zone = board(session, found.board_id).time_zone
    laid = _sittings(session, found)
    return [
        Coming(
            day, instant_of(day, found.begins, zone), day.isoformat() in found.skipped,
            skipped_by_clock(day, found.begins, zone), laid.get(day),
        )
        for day in _days(found, zone, at, weeks)
    ]


def lay_out(session: Session, team: Board, found: Pattern, at: datetime, weeks: int) -> int:
    """Plan the sittings of a pattern that are missing within the horizon; gives how many. Idempotent."""
    laid, made = _sittings(session, found), 0
    for day in _days(found, team.time_zone, at, weeks):
        starts_at = instant_of(day, found.begins, team.time_zone)
        if day in laid or day.isoformat() in found.skipped or starts_at <= at:
            continue
        session.add(Conference(
            board_id=team.id, title=found.title, starts_at=starts_at, duration_min=found.duration_min,
            chair_id=found.chair_id, place=found.place, pattern_id=found.id, occurrence=day,
        ))
        made += 1
    session.flush()
    return made


def lay_out_all(session: Session, at: datetime, weeks: int) -> int:
    """`lay_out` for every board with a pattern: what the server does from time to time."""
    patterns = {one.board_id: one for one in session.exec(select(Pattern))}
    return sum(lay_out(session, one, patterns[one.id], at, weeks) for one in boards(session) if one.id in patterns)


def in_words(found: Pattern, zone: str) -> str:
    """``every first Thursday of the month at 08:00, America/Denver``."""
    until = f", until {found.last_day.day} {found.last_day:%b %Y}" if found.last_day else ""
    return f"{rhythm_of(found.rule).words} at {found.begins:%H:%M}, {zone}{until}"


def _pattern(session: Session, board_id: str) -> Pattern:
    found = pattern_of(session, board_id)
    if found is None:
        raise BoardNotFound(board_id)
    return found


def _days(found: Pattern, zone: str, at: datetime, weeks: int) -> tuple[date, ...]:
    today, end = horizon(at, zone, weeks)
    last = min(end, found.last_day) if found.last_day else end
    return days(found.rule, found.first_day, max(today, found.first_day), last)


def _sittings(session: Session, found: Pattern) -> dict[date, Conference]:
    rows = session.exec(select(Conference).where(Conference.pattern_id == found.id))
    return {one.occurrence: one for one in rows if one.occurrence is not None}


def _clear(session: Session, found: Pattern, at: datetime) -> None:
    for one in _sittings(session, found).values():
        if one.starts_at > at and not _touched(session, one):
            session.delete(one)
    session.flush()


def _touched(session: Session, sitting: Conference) -> bool:
    """Somebody published it, moved it, answered it or gave it a case or a break."""
    if sitting.state != "planned" or sitting.moved:
        return True
    items = session.exec(select(AgendaItem.id).where(AgendaItem.conference_id == sitting.id).limit(1)).first()
    answers = select(Attendance.person_id).where(Attendance.conference_id == sitting.id)
    return items is not None or session.exec(answers.order_by(col(Attendance.person_id)).limit(1)).first() is not None
