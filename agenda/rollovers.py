"""Roll-overs: how often a case was put off, since when and why. A second time is never silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from agenda.cases import CaseHistory


@dataclass(frozen=True, slots=True)
class RolledOver:
    """A case's roll-overs up to now."""

    times: int
    reasons: tuple[tuple[datetime, str], ...]
    """When and why, oldest first."""
    days: int
    """Since the first of them."""

    @property
    def again(self) -> bool:
        """More than once."""
        return self.times > 1

    @property
    def said(self) -> str:
        """How often, in words."""
        return {1: "Rolled over", 2: "Rolled over twice"}.get(self.times, f"Rolled over {self.times} times")


def rolled_over(session: Session, case_id: str, at: datetime) -> RolledOver | None:
    """The roll-overs of a case; None when it never was."""
    rows = session.exec(
        select(CaseHistory.at, CaseHistory.note)
        .where(CaseHistory.case_id == case_id, CaseHistory.state == "rolled_over").order_by(col(CaseHistory.step))
    ).all()
    if not rows:
        return None
    return RolledOver(len(rows), tuple((when, note) for when, note in rows), max(0, (at - rows[0][0]).days))


def rollovers_of(session: Session, case_ids: Sequence[str]) -> dict[str, int]:
    """Case → how often it was put off, for those that were."""
    rows = session.exec(
        select(CaseHistory.case_id, func.count()).where(
            col(CaseHistory.case_id).in_(case_ids), CaseHistory.state == "rolled_over"
        ).group_by(CaseHistory.case_id)
    )
    return dict(rows.all())
