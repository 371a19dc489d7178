"""How long a board keeps the images of its cases, how much room they may take, and which cases are held.

A case is over when it was closed, declined or withdrawn. The images of a case under a legal hold stay, whatever the
board's rule says.
"""

from calendar import monthrange
from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, Session, SQLModel, col, func, select

from agenda.cases import Case, CaseHistory, case
from agenda.columns import instant
from agenda.errors import Invalid

OVER = ("closed", "declined", "withdrawn")
"""States after which a case's images may go in time."""
LONGEST_MONTHS = 1200


class BoardKeeping(SQLModel, table=True):
    """A board's own rules for images; a board without a row has none."""

    board_id: str = Field(foreign_key="board.id", primary_key=True)
    retention_months: int | None = None
    """Months after a case is over; None: images stay."""
    quota_bytes: int | None = Field(default=None, sa_type=BigInteger)
    """None: what the configuration says."""


class CaseHold(SQLModel, table=True):
    """A legal hold: nothing of this case is removed until it is released."""

    case_id: str = Field(foreign_key="case.id", primary_key=True)
    reason: str
    placed_by: str
    """The name of whoever placed it."""
    placed_at: datetime = instant()


def keeping(session: Session, board_id: str) -> BoardKeeping:
    """A board's rules."""
    return session.get(BoardKeeping, board_id) or BoardKeeping(board_id=board_id)


def set_keeping(
    session: Session, board_id: str, *, retention_months: int | None, quota_bytes: int | None
) -> BoardKeeping:
    """Change a board's rules; raises Invalid naming the field."""
    if retention_months is not None and not 1 <= retention_months <= LONGEST_MONTHS:
        raise Invalid("retention_months", f"Give whole months from 1 to {LONGEST_MONTHS:,}, or nothing.")
    if quota_bytes is not None and quota_bytes < 0:
        raise Invalid("quota", "Give the room as a positive number of gigabytes, or nothing.")
    found = keeping(session, board_id)
    found.retention_months, found.quota_bytes = retention_months, quota_bytes
    session.add(found)
    session.flush()
    return found


def hold(session: Session, case_id: str, reason: str, by: str, at: datetime) -> CaseHold:
    """Hold a case; holding it again changes the reason. Raises CaseNotFound, Invalid."""
    wanted = " ".join(reason.split())
    if not wanted:
        raise Invalid("reason", "Say why the case is held, e.g. the file number of the request.")
    found = session.get(CaseHold, case(session, case_id).id)
    if found is None:
        found = CaseHold(case_id=case_id, reason=wanted, placed_by=by, placed_at=at)
    found.reason = wanted
    session.add(found)
    return found


def release(session: Session, case_id: str) -> None:
    """End a hold; a case that is not held stays so."""
    found = session.get(CaseHold, case_id)
    if found is not None:
        session.delete(found)


def held(session: Session) -> list[tuple[CaseHold, Case]]:
    """Every hold with its case, the latest first."""
    rows = session.exec(
        select(CaseHold, Case).where(CaseHold.case_id == Case.id).order_by(col(CaseHold.placed_at).desc())
    )
    return list(rows.all())


def is_held(session: Session, case_id: str) -> bool:
    """Whether a case is held."""
    return session.get(CaseHold, case_id) is not None


def over_since(session: Session, found: Case) -> datetime | None:
    """When a case was closed, declined or withdrawn; None while it is open."""
    if found.state not in OVER:
        return None
    return session.exec(
        select(func.max(CaseHistory.at)).where(CaseHistory.case_id == found.id, CaseHistory.state == found.state)
    ).one()


def due(session: Session, board_id: str, at: datetime) -> list[Case]:
    """Cases of a board, none of them held, whose images were kept for as long as it says; none when it says nothing."""
    months = keeping(session, board_id).retention_months
    if months is None:
        return []
    before = months_before(at, months)
    rows = session.exec(
        select(Case).where(Case.board_id == board_id, col(Case.state).in_(OVER)).order_by(col(Case.number))
    )
    return [
        one for one in rows
        if not is_held(session, one.id) and (since := over_since(session, one)) is not None and since <= before
    ]


def months_before(at: datetime, months: int) -> datetime:
    """The same day and hour so many months earlier; the last of the month where there is no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))
