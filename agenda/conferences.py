"""Conferences: dated sittings of a board, and the items on their agenda."""

from datetime import datetime
from typing import Literal

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.columns import instant
from agenda.errors import ConferenceNotFound
from agenda.ids import ConferenceId, new_id

ConferenceState = Literal["planned", "published", "open", "ended", "cancelled"]


class Conference(SQLModel, table=True):
    """One dated sitting of a board. Its room has the same identity."""

    id: str = Field(default_factory=new_id, primary_key=True)
    board_id: str = Field(foreign_key="board.id", index=True)
    title: str
    starts_at: datetime = instant(index=True)
    duration_min: int = 60
    state: str = Field(default="planned", index=True)
    chair_id: str = Field(foreign_key="person.id")

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
    presenter_id: str | None = Field(default=None, foreign_key="person.id")
    outcome: str = "waiting"
    """waiting, presented, rolled-over."""


def conference(session: Session, conference_id: str) -> Conference:
    """One conference; raises ConferenceNotFound."""
    found = session.get(Conference, conference_id)
    if found is None:
        raise ConferenceNotFound(conference_id)
    return found


def conferences(session: Session, board_ids: list[str]) -> list[Conference]:
    """The conferences of these boards, soonest first."""
    return list(session.exec(
        select(Conference).where(col(Conference.board_id).in_(board_ids)).order_by(col(Conference.starts_at))
    ))


def items(session: Session, conference_id: str) -> list[AgendaItem]:
    """The running order."""
    return list(session.exec(
        select(AgendaItem).where(AgendaItem.conference_id == conference_id).order_by(col(AgendaItem.position))
    ))


def conferences_of_case(session: Session, case_id: str) -> list[str]:
    """The conferences whose agenda lists a case, latest first."""
    rows = session.exec(
        select(Conference).join(AgendaItem, col(AgendaItem.conference_id) == Conference.id)
        .where(AgendaItem.case_id == case_id).order_by(col(Conference.starts_at).desc())
    )
    return [row.id for row in rows]
