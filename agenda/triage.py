"""Triage: one list, five lanes, what is missing and who let it go. Nothing is deleted; anybody may call a case in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast, get_args

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.cases import Case, Lane, Question, TreatmentTried, case, change_state, history, questions, treatments
from agenda.clinical import spine
from agenda.clinical_scores import score_facts
from agenda.columns import instant
from agenda.conferences import AgendaItem, place
from agenda.errors import Invalid, NotNow
from agenda.ids import new_id
from agenda.lifecycle import WITH_THE_BOARD, CaseState, label
from agenda.people import Person
from agenda.policies import evidence_of, items_in_force
from agenda.readiness import Fact, Readiness, WaivedBy, check
from agenda.referrals import CaseMessage, send_back
from agenda.rollovers import rollovers_of
from agenda.triggers import mandatory

LANES: Mapping[Lane, str] = {
    "full-discussion": "Full discussion",
    "standard-of-care": "Standard of care",
    "not-ready": "Not ready",
    "redirect": "Redirect",
    "urgent": "Urgent",
}
_STATE_OF_LANE: Mapping[Lane, CaseState] = {
    "full-discussion": "triaged", "standard-of-care": "triaged", "urgent": "triaged", "not-ready": "needs_info",
    "redirect": "declined",
}
_UNREVIEWED: frozenset[Lane] = frozenset({"standard-of-care", "redirect"})
"""Lanes in which nobody discusses the case."""


class Waiver(SQLModel, table=True):
    """A readiness item somebody entitled let go for one case."""

    __table_args__ = (UniqueConstraint("case_id", "item"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    item: str
    """Key of the policy's item."""
    by_id: str = Field(foreign_key="person.id")
    reason: str
    at: datetime = instant()


@dataclass(frozen=True, slots=True)
class StudyFact:
    """What the agenda is told of an imaging study; found by whoever knows both sides."""

    study_instance_uid: str
    modality: str
    description: str
    on: date | None
    images: int


CROSS_SECTIONAL = frozenset({"CT", "MR", "PT"})
"""Modalities (PS3.3 C.7.3.1.1.1) that show the canal in section."""


def facts(
    found: Case, asked: Sequence[Question], tried: Sequence[TreatmentTried], studies: Sequence[StudyFact]
) -> dict[str, Fact]:
    """What a case has to show, item by item of the policy; what is not in the result is missing."""
    shown: dict[str, Fact | None] = {
        "patient": _patient(found),
        "question": _addressed(asked),
        "history": Fact(f"{len(found.summary.split())} words") if found.summary else None,
        "goal": Fact("In the patient's words") if found.goal else None,
        "red-flags": _red_flags(found),
        "examination": _examination(found),
        "imaging": _imaging(studies),
        "tried": _tried(tried),
    }
    return {key: fact for key, fact in shown.items() if fact is not None}


def _patient(found: Case) -> Fact | None:
    complete = found.patient_family_name and found.patient_born_on and found.patient_sex
    return Fact("Complete") if complete else None


def _addressed(asked: Sequence[Question]) -> Fact | None:
    addressed = [one.discipline for one in asked if one.discipline]
    return Fact("To " + ", ".join(dict.fromkeys(spine().short(code) for code in addressed))) if addressed else None


def _red_flags(found: Case) -> Fact | None:
    asked = [flag.key for flag in spine().red_flags]
    if any(key not in found.red_flags for key in asked):
        return None
    positive = sum(found.red_flags[key] for key in asked)
    return Fact(f"{positive} answered with yes" if positive else "All answered with no")


def _examination(found: Case) -> Fact | None:
    lines = [key for key in found.examination if key != "examined-on"]
    if not lines:
        return None
    written = found.examination.get("examined-on")
    return Fact(f"{len(lines)} findings", date.fromisoformat(written) if written else None)


def _imaging(studies: Sequence[StudyFact]) -> Fact | None:
    sections = [study for study in studies if study.modality in CROSS_SECTIONAL]
    if not sections:
        return None
    latest = max(sections, key=lambda study: study.on or date.min)
    named = latest.description.upper().startswith(latest.modality)
    return Fact(latest.description if named else f"{latest.modality} {latest.description}".strip(), latest.on)


def _tried(tried: Sequence[TreatmentTried]) -> Fact | None:
    answered = [row for row in tried if row.response]
    return Fact(f"{len(answered)} with response") if answered else None


def waivers_of(session: Session, case_id: str) -> dict[str, WaivedBy]:
    """Item → who waived it and why."""
    rows = session.exec(select(Waiver, Person).where(Waiver.by_id == Person.id, Waiver.case_id == case_id))
    return {waiver.item: WaivedBy(person.name, waiver.reason) for waiver, person in rows.all()}


def readiness_of(session: Session, found: Case, studies: Sequence[StudyFact], today: date) -> Readiness:
    """The case against its board's policy, as of a day."""
    asked = questions(session, found.id)
    entered = evidence_of(session, found.id) | score_facts(session, found.id)
    shown = entered | facts(found, asked, treatments(session, found.id), studies)
    kinds = frozenset(one.kind for one in asked)
    return check(items_in_force(session, found.board_id), shown, waivers_of(session, found.id), kinds, today)


def worklist(session: Session, board_ids: list[str]) -> list[Case]:
    """Cases on the triage list of these boards: urgent ones first, then those put off before, then by waiting."""
    rows = session.exec(
        select(Case).where(col(Case.board_id).in_(board_ids), col(Case.state).in_(sorted(WITH_THE_BOARD)))
    ).all()
    put_off = rollovers_of(session, [one.id for one in rows])
    return sorted(rows, key=lambda found: (
        found.urgency != "urgent", -put_off.get(found.id, 0), found.submitted_at or found.created_at
    ))


def put_in_lane(
    session: Session, case_id: str, lane: str, reason: str, actor_id: str, at: datetime, *, ready: bool = False
) -> Case:
    """Put a case into one of the five lanes; all but full discussion say why. `ready`: the readiness as checked now.

    Raises Invalid naming the field, NotNow where the case is past triage or its plan makes a full review mandatory.
    """
    if lane not in get_args(Lane):
        raise Invalid("lane", "Choose one of the five lanes.")
    found, said = case(session, case_id), reason.strip()
    if found.state not in WITH_THE_BOARD | {"declined"}:
        raise NotNow("case-state", f"Case {found.number} is {label(found.state).lower()}; triage is over.")
    if lane != "full-discussion" and not said:
        raise Invalid("reason", "Say why; the referrer and the board see it.")
    _demand_review(session, found, cast(Lane, lane))
    target = _STATE_OF_LANE[cast(Lane, lane)]
    if target == "triaged" and ready and found.state != "declined":
        target = "ready"
    found.lane, found.lane_reason = lane, said
    if lane == "urgent":
        found.urgency = "urgent"
    if target == "needs_info" and found.state != "needs_info":
        send_back(session, case_id, "", said, actor_id, at)
    elif found.state != target:
        change_state(session, found, target, actor_id, at, f"{LANES[cast(Lane, lane)]}. {said}".strip())
    session.add(found)
    session.flush()
    return found


def _demand_review(session: Session, found: Case, lane: Lane) -> None:
    reasons = mandatory(session, found.id) if lane in _UNREVIEWED else ()
    if reasons:
        why = " ".join(one.because for one in reasons)
        raise NotNow("mandatory-review", f"The board must discuss case {found.number} in full. {why}")


def call_in(session: Session, case_id: str, reason: str, actor_id: str, at: datetime) -> Case:
    """Any member of the board brings a case to full discussion, with a reason."""
    if not reason.strip():
        raise Invalid("reason", "Say why this case should be discussed.")
    return put_in_lane(session, case_id, "full-discussion", reason, actor_id, at)


def waive(
    session: Session, case_id: str, item: str, reason: str, board_role: str, actor_id: str, at: datetime
) -> Waiver:
    """Let a readiness item go for this case; raises Invalid when the policy does not give this role that right."""
    found = case(session, case_id)
    required = next((one for one in items_in_force(session, found.board_id) if one.key == item), None)
    if required is None:
        raise Invalid("item", "The board's policy has no such item.")
    if board_role not in required.waived_by:
        who = " or ".join(sorted(required.waived_by)) or "nobody"
        raise Invalid("item", f"{required.label} can be waived by {who}.")
    if not reason.strip():
        raise Invalid("reason", "Say why it can be waived; it is printed in the packet.")
    waiver = session.exec(select(Waiver).where(Waiver.case_id == case_id, Waiver.item == item)).one_or_none()
    if waiver is None:
        waiver = Waiver(case_id=case_id, item=item, by_id=actor_id, reason=reason.strip(), at=at)
    waiver.by_id, waiver.reason, waiver.at = actor_id, reason.strip(), at
    session.add(waiver)
    session.flush()
    return waiver


def ask_for(session: Session, case_id: str, item: str, actor_id: str, at: datetime) -> CaseMessage:
    """One click: the policy's own question for a missing item goes to the referrer. Raises Invalid."""
    found = case(session, case_id)
    required = next((one for one in items_in_force(session, found.board_id) if one.key == item), None)
    if required is None:
        raise Invalid("item", "The board's policy has no such item.")
    return send_back(session, case_id, required.field, required.ask, actor_id, at)


def settle_readiness(session: Session, found: Case, readiness: Readiness, actor_id: str | None, at: datetime) -> None:
    """Move a triaged case to ready, or a ready one back, as its readiness now is."""
    if found.state == "triaged" and readiness.ready:
        change_state(session, found, "ready", actor_id, at, "Everything the board asks for is there")
    elif found.state == "ready" and not readiness.ready:
        change_state(session, found, "triaged", actor_id, at, readiness.open[0].reason)


def schedule(
    session: Session, conference_id: str, case_id: str, readiness: Readiness, actor_id: str, at: datetime, *,
    minutes: int = 10,
) -> AgendaItem:
    """Put a triaged case on an agenda; raises NotNow ``not-ready`` where the policy is neither met nor waived.

    An urgent case goes on whatever is missing.
    """
    found = case(session, case_id)
    if found.urgency != "urgent" and not readiness.ready:
        missing = "; ".join(item.item.label.lower() for item in readiness.open)
        raise NotNow("not-ready", f"Case {found.number} still needs: {missing}. Ask for it, or waive it with a reason.")
    return place(session, conference_id, case_id, actor_id, at, minutes=minutes)


def waiting_days(session: Session, found: Case, at: datetime) -> int:
    """Whole days the case has been with its board, the time it waited for its referrer left out."""
    if found.submitted_at is None:
        return 0
    waited, since = 0.0, found.submitted_at
    running = True
    for change in history(session, found.id):
        if change.at < found.submitted_at:
            continue
        if running and change.state == "needs_info":
            waited, running = waited + (change.at - since).total_seconds(), False
        elif not running and change.state != "needs_info":
            since, running = change.at, True
    if running:
        waited += (at - since).total_seconds()
    return int(waited // 86_400)


StudyFinder = Callable[[Session, str], list[StudyFact]]
"""Finds what imaging knows of a case's studies; given by the side that knows both."""
