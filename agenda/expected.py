"""How long a case is expected to take before its board: what the record holds, at the board's own pace."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from agenda.cases import Case, CaseHistory, questions, treatments
from agenda.complexity import ENOUGH, Estimate, estimate, pace_of, weights
from agenda.conferences import AgendaItem
from agenda.packet import required_disciplines
from agenda.plans import plan_of
from agenda.surgeries import surgeries
from agenda.triage import CROSS_SECTIONAL, StudyFact
from agenda.triggers import mandatory

_RECENT = 5 * ENOUGH
"""Cases looked back on for a board's pace."""


def expected(session: Session, found: Case, studies: Sequence[StudyFact], pace: float = 1.0) -> Estimate:
    """Minutes for a case with their reasons; `pace` as `board_pace` gives it."""
    sections = sum(study.modality in CROSS_SECTIONAL for study in studies)
    counts = {
        "further-questions": max(0, len(questions(session, found.id)) - 1),
        "mandatory": int(bool(mandatory(session, found.id))),
        "plan": int(bool(plan_of(session, found.id, "proposed"))),
        "prior-surgeries": len(surgeries(session, found.id)),
        "cross-sectional-studies": max(0, sections - 1),
        "disciplines": max(0, len(required_disciplines(session, found)) - 4),
        "red-flags": int(any(found.red_flags.values())),
        "tried": int(len(treatments(session, found.id)) > 6),
    }
    return estimate(counts, weights(), pace)


def board_pace(session: Session, board_id: str) -> float:
    """What the board's recent cases took against what they were given; 1 until it has enough of them."""
    rows = session.exec(
        select(AgendaItem.case_id, AgendaItem.minutes)
        .join(Case, col(Case.id) == AgendaItem.case_id)
        .where(Case.board_id == board_id, AgendaItem.outcome == "presented")
        .order_by(col(Case.number).desc()).limit(_RECENT)
    ).all()
    timed = [(_took(session, case_id), minutes) for case_id, minutes in rows if case_id]
    return pace_of(timed)


def _took(session: Session, case_id: str) -> float:
    """Minutes from the table to the read-back; 0 where they are not known."""
    steps = session.exec(
        select(CaseHistory.state, CaseHistory.at).where(
            CaseHistory.case_id == case_id, col(CaseHistory.state).in_(["presented", "recommended"])
        ).order_by(col(CaseHistory.step))
    ).all()
    at = dict(steps)
    if len(at) < 2:
        return 0.0
    return max(0.0, (at["recommended"] - at["presented"]).total_seconds() / 60)
