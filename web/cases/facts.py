"""What the desk's pages know of a case from both sides: the agenda's record and imaging's index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from agenda.boards import Board, board
from agenda.cases import Case, history, questions, studies_of
from agenda.clinical import spine
from agenda.conferences import Conference, conference, conferences_of_case
from agenda.lifecycle import label
from agenda.packet import title_of
from agenda.people import Person, Site, person
from agenda.readiness import Readiness
from agenda.service_clock import ServiceClock, service_clock
from agenda.triage import StudyFact, readiness_of
from conference.outcome.letter import letter_of
from imaging.errors import NotFound
from imaging.studies import count_of, series_of, stack, study

TONES = {
    "draft": "quiet", "submitted": "info", "needs_info": "warn", "triaged": "info", "ready": "good",
    "scheduled": "good",
    "presented": "info", "recommended": "info", "signed": "good", "delivered": "good", "followed_up": "good",
    "closed": "quiet", "withdrawn": "quiet", "declined": "bad", "rolled_over": "warn",
}
"""State of a case → tone of its pill."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as a list shows it."""

    case: Case
    title: str
    referrer: Person
    site: Site
    board: Board
    state: str
    tone: str
    at: datetime | None
    """The latest sitting it stands on."""


@dataclass(frozen=True, slots=True)
class SeriesThumb:
    """One series with the picture that stands for it: the middle of its stack."""

    study_instance_uid: str
    series_instance_uid: str
    modality: str
    description: str
    on: date | None
    frames: int
    sop_instance_uid: str
    frame: int


def study_facts(session: Session, case_id: str) -> list[StudyFact]:
    """What imaging knows of a case's studies; a study whose files never came is left out."""
    found = []
    for uid in studies_of(session, case_id):
        try:
            row = study(session, uid)
        except NotFound:
            continue
        runs = series_of(session, uid)
        modality = next((one.modality for one in runs if one.modality not in ("SR", "PR", "KO")), "")
        found.append(StudyFact(
            study_instance_uid=uid, modality=modality, description=row.description, on=_day(row.study_date),
            images=sum(count_of(session, one.series_instance_uid)[0] for one in runs),
        ))
    return found


def thumbs(session: Session, case_id: str, limit: int = 24) -> list[SeriesThumb]:
    """The series of a case that can be drawn, newest study first."""
    found: list[SeriesThumb] = []
    facts = sorted(study_facts(session, case_id), key=lambda fact: fact.on or date.min, reverse=True)
    for fact in facts:
        for run in series_of(session, fact.study_instance_uid):
            frames = stack(session, run.series_instance_uid)
            if not frames or len(found) >= limit:
                continue
            middle = frames[len(frames) // 2]
            found.append(SeriesThumb(
                fact.study_instance_uid, run.series_instance_uid, run.modality,
                run.description or fact.description or "Images", fact.on, len(frames),
                middle.sop_instance_uid, middle.number,
            ))
    return found


def readiness_now(session: Session, found: Case, at: datetime) -> Readiness:
    """The case against its board's policy, now."""
    return readiness_of(session, found, study_facts(session, found.id), at.date())


def rows_of(session: Session, cases: Sequence[Case]) -> list[CaseRow]:
    """Cases as a list shows them, in the order given."""
    return [row_of(session, one) for one in cases]


def row_of(session: Session, found: Case) -> CaseRow:
    """One case as a list shows it."""
    referrer = person(session, found.referrer_id)
    site = session.get(Site, referrer.site_id)
    assert site is not None, "a person's site is a foreign key"
    return CaseRow(
        case=found, title=title_of(questions(session, found.id), found.number), referrer=referrer, site=site,
        board=board(session, found.board_id), state=label(found.state), tone=TONES[found.state],
        at=_latest_sitting(session, found),
    )


def _latest_sitting(session: Session, found: Case) -> datetime | None:
    sitting = latest_conference(session, found.id)
    return sitting.starts_at if sitting else None


def latest_conference(session: Session, case_id: str) -> Conference | None:
    """The latest sitting whose agenda lists the case."""
    ids = conferences_of_case(session, case_id)
    return conference(session, ids[0]) if ids else None


def discipline_names(codes: Sequence[str]) -> list[str]:
    """Short names of disciplines, in the order given."""
    return [spine().short(code) for code in codes]


def clock_of(session: Session, found: Case, at: datetime) -> ServiceClock | None:
    """The service clock of a case; None before it is submitted."""
    letter = letter_of(session, found.id)
    return service_clock(found, history(session, found.id), letter.opened_at if letter else None, at)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
