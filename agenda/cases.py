"""Cases: one patient, one or more questions, everything already tried, and where the case stands."""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import bindparam
from sqlmodel import JSON, Field, Session, SQLModel, col, func, select

from agenda.columns import instant
from agenda.errors import CaseNotFound, NotNow
from agenda.ids import CaseId, new_id
from agenda.lifecycle import CaseState, label, may_become, steps_to

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
    field_revisions: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """Field of the form → revision at which it last changed; two tabs collide only on the same field."""

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
    study_instance_uid: str = Field(primary_key=True, index=True)
    added_at: datetime = instant()


class CaseHistory(SQLModel, table=True):
    """Every change of a case's state, for the tracker and the board."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    step: int = 0
    """Counts the changes of one case from 1; several may share an instant."""
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


_CASES_OF = select(CaseStudy.case_id).where(CaseStudy.study_instance_uid == bindparam("study"))


def cases_of_study(session: Session, study_instance_uid: str) -> list[str]:
    """The cases that list a study."""
    session.flush()
    return list(session.connection().execute(_CASES_OF, {"study": study_instance_uid}).scalars())


def add_study(session: Session, case_id: str, study_instance_uid: str, at: datetime) -> None:
    """List a study under a case; listing it twice is the same as once."""
    if case_id not in cases_of_study(session, study_instance_uid):
        session.add(CaseStudy(case_id=case_id, study_instance_uid=study_instance_uid, added_at=at))


def cases_by(session: Session, referrer_id: str) -> list[Case]:
    """A referrer's own cases, newest first."""
    return list(session.exec(select(Case).where(Case.referrer_id == referrer_id).order_by(col(Case.number).desc())))


def cases_of_boards(session: Session, board_ids: list[str]) -> list[Case]:
    """The cases of these boards, newest first, drafts left out: a draft is its referrer's alone."""
    return list(session.exec(
        select(Case).where(col(Case.board_id).in_(board_ids), Case.state != "draft").order_by(col(Case.number).desc())
    ))


def next_number(session: Session) -> int:
    """The number for a new case; sequential, because there is one writer."""
    return (session.exec(select(func.max(Case.number))).one() or 1000) + 1


def history(session: Session, case_id: str) -> list[CaseHistory]:
    """Every change of the case's state, oldest first."""
    return list(session.exec(
        select(CaseHistory).where(CaseHistory.case_id == case_id).order_by(col(CaseHistory.step))
    ))


def change_state(
    session: Session, found: Case, state: CaseState, actor_id: str | None, at: datetime, note: str = ""
) -> None:
    """Move a case along an edge of the lifecycle and keep it in its history; raises NotNow where there is no edge."""
    if not may_become(found.state, state):
        here, there = label(found.state).lower(), label(state).lower()
        raise NotNow("case-state", f"Case {found.number} is {here}; it cannot become {there} now.")
    found.state = state
    session.add(found)
    step = len(history(session, found.id)) + 1
    session.add(CaseHistory(case_id=found.id, step=step, at=at, actor_id=actor_id, state=state, note=note))
    session.flush()


def record_presented(session: Session, case_id: str, at: datetime, actor_id: str | None) -> None:
    """The room called the case to the table. Idempotent; never moves a case back."""
    _advance(session, case_id, "presented", at, actor_id)


def record_recommended(session: Session, case_id: str, at: datetime, actor_id: str | None) -> None:
    """The room read the joint recommendation back. Idempotent; never moves a case back."""
    _advance(session, case_id, "recommended", at, actor_id)


def record_signed(session: Session, case_id: str, at: datetime, actor_id: str | None) -> None:
    """The recommendation is signed. Idempotent; never moves a case back."""
    _advance(session, case_id, "signed", at, actor_id)


def record_delivered(session: Session, case_id: str, at: datetime, actor_id: str | None) -> None:
    """The letter reached the referrer. Idempotent; never moves a case back."""
    _advance(session, case_id, "delivered", at, actor_id)


def _advance(session: Session, case_id: str, target: CaseState, at: datetime, actor_id: str | None) -> None:
    found = case(session, case_id)
    steps = steps_to(found.state, target)
    if steps is None:
        raise NotNow("case-state", f"Case {found.number} is {label(found.state).lower()}; it is not before the board.")
    for step in steps:
        change_state(session, found, step, actor_id, at)
