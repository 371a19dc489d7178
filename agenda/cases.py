"""Cases: one patient, one or more questions, everything already tried, and where the case stands."""

from datetime import date, datetime
from typing import Literal

from sqlmodel import JSON, Field, Session, SQLModel, col, select

from agenda.columns import instant
from agenda.errors import CaseNotFound
from agenda.ids import CaseId, new_id

CaseState = Literal[
    "draft", "submitted", "needs_info", "triaged", "ready", "scheduled", "presented", "recommended", "signed",
    "delivered", "followed_up", "closed", "withdrawn", "declined", "rolled_over",
]
QuestionKind = Literal[
    "surgical-candidacy", "level", "diagnosis", "pain-plan", "rehabilitation-plan", "anaesthesia-fitness",
    "second-opinion",
]
Lane = Literal["full-discussion", "standard-of-care", "not-ready", "redirect", "urgent"]


class Case(SQLModel, table=True):
    """A request to a board about one patient."""

    id: str = Field(default_factory=new_id, primary_key=True)
    number: int = Field(unique=True, index=True)
    """What people say aloud: *case 1042*. Says nothing about the patient."""
    board_id: str = Field(foreign_key="board.id", index=True)
    referrer_id: str = Field(foreign_key="person.id", index=True)
    state: str = Field(default="draft", index=True)
    lane: str | None = None
    lane_reason: str = ""
    patient_family_name: str = ""
    patient_given_name: str = ""
    patient_born_on: date | None = None
    patient_sex: str = ""
    """F, M or O (PS3.3 C.2.2, Patient's Sex)."""
    patient_id: str = ""
    """The referrer's record number; matched against headers, never printed in a URL or a log."""
    summary: str = ""
    """History in the referrer's words."""
    goal: str = ""
    """The patient's top goal, in the patient's words."""
    activities: str = ""
    unacceptable: str = ""
    red_flags: dict[str, bool] = Field(default_factory=dict, sa_type=JSON)
    examination: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    urgency: str = "routine"
    """routine, soon or urgent."""
    created_at: datetime = instant()
    submitted_at: datetime | None = instant(default=None, nullable=True)
    revision: int = 0

    @property
    def case_id(self) -> CaseId:
        """The identity, typed."""
        return CaseId(self.id)

    @property
    def patient_name(self) -> str:
        """``Family, Given`` as a list shows it; empty while nothing was typed."""
        return ", ".join(part for part in (self.patient_family_name, self.patient_given_name) if part)


class Question(SQLModel, table=True):
    """What the referrer wants to know, and from which discipline; the recommendation answers each."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    position: int = 0
    kind: str
    discipline: str | None = Field(default=None, foreign_key="discipline.code")
    text: str


class TreatmentTried(SQLModel, table=True):
    """One thing already attempted: what, when, how much, what came of it, why it stopped."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    kind: str
    """physical-therapy, injection, medication, surgery, chiropractic, psychology, bracing, other."""
    description: str
    started_on: date | None = None
    ended_on: date | None = None
    amount: str = ""
    """Dose or number of sessions, as written by the referrer."""
    response: str = ""
    """better, same or worse."""
    response_percent: int | None = None
    stopped_because: str = ""


class CaseStudy(SQLModel, table=True):
    """A DICOM study that belongs to a case; imaging knows the study, the agenda knows whose it is."""

    case_id: str = Field(foreign_key="case.id", primary_key=True)
    study_instance_uid: str = Field(primary_key=True)
    added_at: datetime = instant()


class CaseHistory(SQLModel, table=True):
    """Every change of a case's state, for the tracker and the board."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    at: datetime = instant()
    actor_id: str | None = None
    state: str
    note: str = ""


def case(session: Session, case_id: str) -> Case:
    """One case; raises CaseNotFound."""
    found = session.get(Case, case_id)
    if found is None:
        raise CaseNotFound(case_id)
    return found


def questions(session: Session, case_id: str) -> list[Question]:
    """The questions of a case in the referrer's order."""
    return list(session.exec(select(Question).where(Question.case_id == case_id).order_by(col(Question.position))))


def treatments(session: Session, case_id: str) -> list[TreatmentTried]:
    """What was tried, oldest first."""
    return list(session.exec(
        select(TreatmentTried).where(TreatmentTried.case_id == case_id).order_by(col(TreatmentTried.started_on))
    ))


def studies_of(session: Session, case_id: str) -> list[str]:
    """Study Instance UIDs of a case, in the order they were added."""
    rows = session.exec(select(CaseStudy).where(CaseStudy.case_id == case_id).order_by(col(CaseStudy.added_at)))
    return [row.study_instance_uid for row in rows]


def cases_of_study(session: Session, study_instance_uid: str) -> list[str]:
    """The cases that list a study."""
    rows = session.exec(select(CaseStudy).where(CaseStudy.study_instance_uid == study_instance_uid))
    return [row.case_id for row in rows]


def add_study(session: Session, case_id: str, study_instance_uid: str, at: datetime) -> None:
    """List a study under a case; listing it twice is the same as once."""
    if session.get(CaseStudy, (case_id, study_instance_uid)) is None:
        session.add(CaseStudy(case_id=case_id, study_instance_uid=study_instance_uid, added_at=at))
