"""Alarms: a positive red flag stops the referral; who was told, what they did, who answered, and when.

An alarm has two sides. The referrer confirms what they do now (only then can the case be sent); the board's on-call
members see it on top of every page of theirs until one of them answers.
"""

from datetime import datetime

from sqlmodel import JSON, Field, Session, SQLModel, col, select

from agenda.cases import Case, case, change_state
from agenda.clinical import RedFlag, spine
from agenda.columns import instant
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.referrals import editable, resubmitted, what_is_missing

LONGEST_NOTE = 500
DO_NOT_WAIT = "Do not wait for the conference."


class Alarm(SQLModel, table=True):
    """Positive red flags of one case, with who did what about them."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    board_id: str = Field(foreign_key="board.id", index=True)
    flags: list[str] = Field(default_factory=list, sa_type=JSON)
    raised_at: datetime = instant()
    raised_by: str = Field(foreign_key="person.id")
    confirmed_at: datetime | None = instant(default=None, nullable=True)
    """When the referrer said what they do now."""
    action_taken: str = ""
    answered_at: datetime | None = instant(default=None, nullable=True)
    """When somebody of the board acknowledged it."""
    answered_by: str | None = Field(default=None, foreign_key="person.id")
    answered_note: str = ""


def stopping(found: Case) -> tuple[RedFlag, ...]:
    """The positive answers that stop this case's form."""
    return tuple(flag for flag in spine().red_flags if flag.stops and found.red_flags.get(flag.key))


def alarm_of(session: Session, case_id: str) -> Alarm | None:
    """The latest alarm of a case."""
    return session.exec(
        select(Alarm).where(Alarm.case_id == case_id).order_by(col(Alarm.raised_at).desc()).limit(1)
    ).first()


def alarms_of(session: Session, case_id: str) -> list[Alarm]:
    """Every alarm of a case, oldest first."""
    return list(session.exec(select(Alarm).where(Alarm.case_id == case_id).order_by(col(Alarm.raised_at))))


def unanswered(session: Session, board_ids: list[str]) -> list[tuple[Alarm, Case]]:
    """Alarms nobody of these boards has acknowledged, oldest first."""
    rows = session.exec(
        select(Alarm, Case).where(
            Alarm.case_id == Case.id, col(Alarm.board_id).in_(board_ids), col(Alarm.answered_at).is_(None)
        ).order_by(col(Alarm.raised_at))
    )
    return list(rows.all())


def open_alarms(session: Session) -> list[Alarm]:
    """Alarms of every board that nobody has acknowledged, oldest first; those of withdrawn cases are over."""
    rows = session.exec(
        select(Alarm).where(
            Alarm.case_id == Case.id, col(Alarm.answered_at).is_(None), Case.state != "withdrawn"
        ).order_by(col(Alarm.raised_at))
    )
    return list(rows.all())


def minutes_open(alarm: Alarm, at: datetime) -> int:
    """Whole minutes from raising it to its acknowledgement, or to `at` while there is none."""
    return max(0, int(((alarm.answered_at or at) - alarm.raised_at).total_seconds() // 60))


def raise_if_flagged(session: Session, found: Case, actor_id: str, at: datetime) -> Alarm | None:
    """The alarm this case's answers call for, made when they changed; None when nothing stops the form."""
    flags = sorted(flag.key for flag in stopping(found))
    if not flags:
        return None
    last = alarm_of(session, found.id)
    if last is not None and sorted(last.flags) == flags:
        return last
    alarm = Alarm(case_id=found.id, board_id=found.board_id, flags=flags, raised_at=at, raised_by=actor_id)
    session.add(alarm)
    session.flush()
    return alarm


def confirm(session: Session, case_id: str, action_taken: str, actor_id: str, at: datetime) -> Alarm:
    """The referrer says what they do now instead of waiting; raises Invalid when they say nothing."""
    found = editable(session, case_id)
    alarm = raise_if_flagged(session, found, actor_id, at)
    if alarm is None:
        raise NotNow("no-red-flag", "No red flag is answered with yes.")
    said = action_taken.strip()
    if len(said) < 3 or len(said) > 500:
        raise Invalid("action_taken", "Say in a few words what happens now, e.g. “sent to the emergency department”.")
    alarm.confirmed_at, alarm.action_taken = at, said
    found.urgency = "urgent"
    session.add_all([alarm, found])
    session.flush()
    return alarm


def acknowledge(session: Session, alarm_id: str, note: str, actor_id: str, at: datetime) -> Alarm:
    """Somebody of the board has seen the alarm; the first acknowledgement stands.

    Raises ItemNotFound, Invalid naming note.
    """
    alarm = session.get(Alarm, alarm_id)
    if alarm is None:
        raise ItemNotFound(alarm_id)
    if len(note.strip()) > LONGEST_NOTE:
        raise Invalid("note", f"At most {LONGEST_NOTE} characters; this has {len(note.strip())}.")
    if alarm.answered_at is None:
        alarm.answered_at, alarm.answered_by, alarm.answered_note = at, actor_id, note.strip()
        session.add(alarm)
        session.flush()
    return alarm


def submit(session: Session, case_id: str, actor_id: str, at: datetime) -> Case:
    """Send a case to its board. Sending it again while it is there changes nothing.

    Raises Invalid naming the first field that is missing; NotNow ``red-flag`` until a positive red flag is confirmed.
    """
    found = case(session, case_id)
    if found.state == "submitted":
        return found
    editable(session, case_id)
    for field, sentence in what_is_missing(session, found).items():
        raise Invalid(field, sentence)
    alarm = raise_if_flagged(session, found, actor_id, at)
    if alarm is not None and alarm.confirmed_at is None:
        advice = " ".join(flag.advice for flag in stopping(found))
        raise NotNow("red-flag", f"{DO_NOT_WAIT} {advice} Say what happens now, then the case can be sent.")
    if found.state == "needs_info":
        resubmitted(session, found, actor_id, at)
    else:
        found.submitted_at = at
        change_state(session, found, "submitted", actor_id, at)
    return found
