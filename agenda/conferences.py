"""Conferences: dated sittings of a board, and the items on their agenda."""

from datetime import date, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import bindparam
from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.boards import board, members
from agenda.cases import Case, case, change_state
from agenda.columns import instant
from agenda.errors import ConferenceNotFound, Invalid, ItemNotFound, NotNow
from agenda.ids import ConferenceId, new_id
from agenda.people import Person
from agenda.timetable import Placed, Slot, ends_at, inserted, laid_out, moved, removed

ConferenceState = Literal["planned", "published", "open", "ended", "cancelled"]
_FOLLOWING: dict[str, frozenset[ConferenceState]] = {
    "planned": frozenset({"published", "open", "cancelled"}),
    "published": frozenset({"open", "cancelled"}),
    "open": frozenset({"ended"}),
    "ended": frozenset(),
    "cancelled": frozenset(),
}
Answer = Literal["accepted", "tentative", "declined"]


class Conference(SQLModel, table=True):
    """One dated sitting of a board. Its room has the same identity."""

    id: str = Field(default_factory=new_id, primary_key=True)
    board_id: str = Field(foreign_key="board.id", index=True)
    title: str
    starts_at: datetime = instant(index=True)
    duration_min: int = 60
    state: str = Field(default="planned", index=True)
    chair_id: str = Field(foreign_key="person.id")
    place: str = ""
    """Where, in the board's words; empty: online, in the room."""
    pattern_id: str | None = Field(default=None, foreign_key="pattern.id", index=True)
    """The board's pattern it came from; None: planned by hand."""
    occurrence: date | None = None
    """The day the pattern gave it, by the board's clock (RFC 5545 section 3.8.4.4); stays when the sitting moves."""
    moved: bool = False
    """Somebody gave it another time than its pattern's."""
    revision: int = 0
    """Counts changes of the running order; a coordinator who saw an older one is told."""
    due_at: datetime | None = instant(default=None, nullable=True)
    """When opinions are due in a second opinion without a meeting (`agenda.second_opinions`); None: a sitting."""

    @property
    def ends_at(self) -> datetime:
        """When it is over by plan."""
        return self.starts_at + timedelta(minutes=self.duration_min)

    @property
    def conference_id(self) -> ConferenceId:
        """The identity, typed."""
        return ConferenceId(self.id)


class AgendaItem(SQLModel, table=True):
    """A case, or a break, at a place in the running order."""

    __table_args__ = (UniqueConstraint("conference_id", "case_id"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    conference_id: str = Field(foreign_key="conference.id", index=True)
    case_id: str | None = Field(default=None, foreign_key="case.id", index=True)
    """None: a break."""
    position: int
    minutes: int = 10
    at_min: int | None = None
    """For a break: the minute of the sitting at which it stays."""
    presenter_id: str | None = Field(default=None, foreign_key="person.id")
    outcome: str = "waiting"
    """waiting, presented, rolled-over."""
    added_at: datetime | None = instant(default=None, nullable=True)
    """When it came onto the agenda; after the cut-off it is marked as late."""
    added_by: str | None = Field(default=None, foreign_key="person.id")


class Attendance(SQLModel, table=True):
    """What an invited person answered for one sitting."""

    conference_id: str = Field(foreign_key="conference.id", primary_key=True)
    person_id: str = Field(foreign_key="person.id", primary_key=True)
    answer: str
    """accepted, tentative or declined (RFC 5545 section 3.2.12, lower case)."""
    answered_at: datetime = instant()


def conference(session: Session, conference_id: str) -> Conference:
    """One conference; raises ConferenceNotFound."""
    found = session.get(Conference, conference_id)
    if found is None:
        raise ConferenceNotFound(conference_id)
    return found


def conferences(session: Session, board_ids: list[str]) -> list[Conference]:
    """The sittings of these boards, soonest first."""
    return list(session.exec(
        select(Conference).where(col(Conference.board_id).in_(board_ids), col(Conference.due_at).is_(None))
        .order_by(col(Conference.starts_at))
    ))


def items(session: Session, conference_id: str) -> list[AgendaItem]:
    """The running order."""
    return list(session.exec(
        select(AgendaItem).where(AgendaItem.conference_id == conference_id).order_by(col(AgendaItem.position))
    ))


_OF_CASE = (
    select(Conference.id).join(AgendaItem, col(AgendaItem.conference_id) == Conference.id)
    .where(AgendaItem.case_id == bindparam("case")).order_by(col(Conference.starts_at).desc())
)


def conferences_of_case(session: Session, case_id: str) -> list[str]:
    """The conferences whose agenda lists a case, latest first."""
    session.flush()
    return list(session.connection().execute(_OF_CASE, {"case": case_id}).scalars())


def plan_conference(
    session: Session, *, board_id: str, title: str, starts_at: datetime, duration_min: int, chair_id: str, at: datetime
) -> Conference:
    """Plan a sitting; raises Invalid naming the field."""
    board(session, board_id)
    if not title.strip() or len(title) > 120:
        raise Invalid("title", "Give the sitting a title of up to 120 characters.")
    if starts_at <= at:
        raise Invalid("starts_at", "A sitting begins in the future.")
    if not 10 <= duration_min <= 480:
        raise Invalid("duration_min", "A sitting takes 10 to 480 minutes.")
    if chair_id not in {person.id for _, person in members(session, board_id)}:
        raise Invalid("chair", "The chair is a member of the board.")
    made = Conference(
        board_id=board_id, title=title.strip(), starts_at=starts_at, duration_min=duration_min, chair_id=chair_id
    )
    session.add(made)
    session.flush()
    return made


def place(
    session: Session, conference_id: str, case_id: str, actor_id: str, at: datetime, *, minutes: int = 10,
    presenter_id: str | None = None, index: int | None = None,
) -> AgendaItem:
    """Put a case on the agenda; without a presenter its referrer presents. Twice is the same as once."""
    sitting, found = _plannable(session, conference_id), case(session, case_id)
    there = session.exec(
        select(AgendaItem).where(AgendaItem.conference_id == conference_id, AgendaItem.case_id == case_id)
    ).one_or_none()
    if there is not None:
        return there
    if found.board_id != sitting.board_id:
        raise Invalid("case", "This case belongs to another board.")
    _minutes(minutes)
    item = AgendaItem(
        conference_id=conference_id, case_id=case_id, position=0, minutes=minutes,
        presenter_id=presenter_id or found.referrer_id, added_at=at,
        added_by=actor_id if session.get(Person, actor_id) else None,
    )
    change_state(session, found, "scheduled", actor_id, at, sitting.title)
    _reorder(session, sitting, inserted(order(session, conference_id), Slot(item.id, minutes), index), item)
    return item


def add_break(session: Session, conference_id: str, at_min: int, minutes: int) -> AgendaItem:
    """A break at a minute of the sitting, where it stays; raises Invalid naming the field."""
    sitting = _plannable(session, conference_id)
    if not 0 <= at_min < sitting.duration_min:
        raise Invalid("at_min", "A break lies within the sitting.")
    _minutes(minutes)
    item = AgendaItem(conference_id=conference_id, position=0, minutes=minutes, at_min=at_min)
    _reorder(session, sitting, inserted(order(session, conference_id), Slot(item.id, minutes, at_min)), item)
    return item


def remove_item(session: Session, conference_id: str, item_id: str, actor_id: str, at: datetime) -> None:
    """Take a case or a break off the agenda; a case goes back to those that wait for a sitting."""
    sitting, item = _plannable(session, conference_id), _item(session, conference_id, item_id)
    if item.case_id is not None:
        found = case(session, item.case_id)
        if found.state == "scheduled":
            change_state(session, found, "triaged", actor_id, at, "Taken off the agenda")
        elif found.state != "withdrawn":
            raise NotNow("case-heard", f"Case {found.number} was heard here; it stays on the agenda.")
    session.delete(item)
    session.flush()
    _reorder(session, sitting, removed(order(session, conference_id), item_id))


def move_item(session: Session, conference_id: str, item_id: str, index: int, revision: int) -> None:
    """Move an item to another place; `revision` is the order the mover saw, NotNow when it has changed since."""
    sitting = _plannable(session, conference_id)
    _item(session, conference_id, item_id)
    if revision != sitting.revision:
        raise NotNow("stale-agenda", "Somebody else changed the running order meanwhile. This is how it stands now.")
    _reorder(session, sitting, moved(order(session, conference_id), item_id, index))


def set_minutes(session: Session, conference_id: str, item_id: str, minutes: int) -> None:
    """Give an item more or less time; only later items shift. Raises Invalid."""
    sitting, item = _plannable(session, conference_id), _item(session, conference_id, item_id)
    _minutes(minutes)
    item.minutes = minutes
    session.add(item)
    _reorder(session, sitting, order(session, conference_id))


def order(session: Session, conference_id: str) -> tuple[Slot, ...]:
    """The running order as the timetable sees it; keys are item identities."""
    return tuple(Slot(item.id, item.minutes, item.at_min) for item in items(session, conference_id))


def timetable(session: Session, conference_id: str) -> tuple[Placed, ...]:
    """Every item with its minutes on the clock, by time."""
    return laid_out(order(session, conference_id))


def overrun_min(session: Session, conference_id: str) -> int:
    """Minutes by which the running order goes beyond the sitting; 0 when it fits."""
    return max(0, ends_at(order(session, conference_id)) - conference(session, conference_id).duration_min)


def publish(session: Session, conference_id: str) -> Conference:
    """Tell everybody this is the agenda. Publishing again changes nothing. Raises NotNow for an empty agenda."""
    found = conference(session, conference_id)
    if not any(item.case_id for item in items(session, conference_id)):
        raise NotNow("empty-agenda", "Put at least one case on the agenda before publishing it.")
    return _become(session, found, "published")


def cancel(session: Session, conference_id: str, actor_id: str, at: datetime) -> Conference:
    """Call a sitting off; its cases roll over."""
    found = _become(session, conference(session, conference_id), "cancelled")
    _roll_over(session, found, actor_id, at, "The sitting was cancelled")
    return found


def reschedule(
    session: Session, conference_id: str, *, starts_at: datetime, duration_min: int, where: str, at: datetime
) -> Conference:
    """Give a sitting another time or place; raises Invalid naming the field, NotNow once it is open or over."""
    found = conference(session, conference_id)
    if found.state not in ("planned", "published"):
        raise NotNow("conference-state", f"This sitting is {found.state}; its time stays as it was.")
    if starts_at <= at:
        raise Invalid("starts_at", "A sitting begins in the future.")
    if not 10 <= duration_min <= 480:
        raise Invalid("duration_min", "A sitting takes 10 to 480 minutes.")
    if len(where) > 200:
        raise Invalid("place", "Say the place in up to 200 characters.")
    if found.pattern_id is not None and starts_at != found.starts_at:
        found.moved = True
    found.starts_at, found.duration_min, found.place = starts_at, duration_min, " ".join(where.split())
    session.add(found)
    session.flush()
    return found


def record_opened(session: Session, conference_id: str) -> Conference:
    """The room opened. Idempotent."""
    return _become(session, conference(session, conference_id), "open")


def record_ended(session: Session, conference_id: str, actor_id: str | None, at: datetime) -> Conference:
    """The room ended the sitting; cases that were not concluded roll over, with the reason. Idempotent."""
    found = conference(session, conference_id)
    if found.state != "ended":
        _become(session, found, "ended")
        _roll_over(session, found, actor_id, at, "Not reached")
    return found


def respond(session: Session, conference_id: str, person_id: str, answer: str, at: datetime) -> Attendance:
    """A member says whether they come; the last answer stands. Raises Invalid."""
    conference(session, conference_id)
    if answer not in get_args(Answer):
        raise Invalid("answer", "Answer accepted, tentative or declined.")
    found = session.get(Attendance, (conference_id, person_id))
    if found is None:
        found = Attendance(conference_id=conference_id, person_id=person_id, answer=answer, answered_at=at)
    found.answer, found.answered_at = answer, at
    session.add(found)
    session.flush()
    return found


def attendance(session: Session, conference_id: str) -> dict[str, str]:
    """Person → their answer, for those who gave one."""
    rows = session.exec(select(Attendance).where(Attendance.conference_id == conference_id))
    return {row.person_id: row.answer for row in rows}


def upcoming(session: Session, board_ids: list[str], at: datetime) -> list[Conference]:
    """Sittings of these boards to come or in session, soonest first; one that was left open on another day is not."""
    return [
        one for one in conferences(session, board_ids)
        if one.state in ("open", "planned", "published") and one.starts_at >= at - timedelta(hours=12)
    ]


def offered(session: Session, board_ids: list[str], at: datetime) -> list[Conference]:
    """Sittings a case can still be placed on, soonest first: in session, or not yet past their end."""
    return [
        one for one in upcoming(session, board_ids, at)
        if one.state == "open" or one.starts_at + timedelta(minutes=one.duration_min) > at
    ]


def _plannable(session: Session, conference_id: str) -> Conference:
    found = conference(session, conference_id)
    if found.state in ("ended", "cancelled"):
        raise NotNow("conference-over", f"This sitting is {found.state}; its agenda stays as it was.")
    return found


def _item(session: Session, conference_id: str, item_id: str) -> AgendaItem:
    found = session.get(AgendaItem, item_id)
    if found is None or found.conference_id != conference_id:
        raise ItemNotFound(item_id)
    return found


def _minutes(minutes: int) -> None:
    if not 1 <= minutes <= 240:
        raise Invalid("minutes", "An item takes 1 to 240 minutes.")


def _reorder(session: Session, sitting: Conference, slots: tuple[Slot, ...], fresh: AgendaItem | None = None) -> None:
    rows = {item.id: item for item in items(session, sitting.id)}
    if fresh is not None:
        rows[fresh.id] = fresh
    for position, slot in enumerate(slots):
        rows[slot.key].position = position
        session.add(rows[slot.key])
    sitting.revision += 1
    session.add(sitting)
    session.flush()


def _become(session: Session, found: Conference, state: ConferenceState) -> Conference:
    if found.state == state:
        return found
    if state not in _FOLLOWING[found.state]:
        raise NotNow("conference-state", f"This sitting is {found.state}; it cannot become {state} now.")
    found.state = state
    session.add(found)
    session.flush()
    return found


def _roll_over(session: Session, sitting: Conference, actor_id: str | None, at: datetime, reason: str) -> None:
    for item in items(session, sitting.id):
        found = session.get(Case, item.case_id) if item.case_id else None
        if found is None:
            continue
        if found.state in ("scheduled", "presented"):
            note = reason if found.state == "scheduled" else "No recommendation was reached"
            change_state(session, found, "rolled_over", actor_id, at, note)
            item.outcome = "rolled-over"
        else:
            item.outcome = "presented"
        session.add(item)
    session.flush()
