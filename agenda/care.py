"""The care path after the letter: actions, handoffs that are accepted or declined, milestones, and who has the ball.

A step is offered to a person; until they accept it the ball stays with whoever offered it. So there is always exactly
one name: the owner of the next step, the giver of one that nobody has taken, or the referrer when nothing is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Field, Session, SQLModel, col, select

from agenda.boards import members
from agenda.cases import Case, case
from agenda.columns import instant
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.notices.events import Kind
from agenda.notices.queue import tell
from agenda.people import Person, person

KINDS: Mapping[str, str] = {
    "action": "Action", "handoff": "Handoff", "before": "Milestone before an operation",
    "after": "Milestone after an operation",
}
OPEN = ("offered", "accepted", "declined")
"""States of a step that is still to be done."""
LONGEST = 300
MOST = 60
_SOON = timedelta(days=3)
_UNANSWERED = timedelta(days=2)


class CareStep(SQLModel, table=True):
    """One thing to be done after the letter, by one named owner."""

    __tablename__ = "care_step"
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    position: int
    kind: str
    """A key of KINDS."""
    text: str
    owner_name: str
    """As it was written in the recommendation, or the person's name."""
    owner_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    """None: the name is nobody who has an account; then the giver keeps the ball."""
    given_by: str = Field(foreign_key="person.id")
    """Who offered it, and has the ball until it is accepted."""
    due_on: date | None = None
    state: str = Field(default="offered", index=True)
    """offered, accepted, declined or done."""
    note: str = ""
    """Why it was declined, or what came of it."""
    source: str = Field(unique=True)
    """Where it comes from: the signed record and a number, or its own identity."""
    offered_at: datetime = instant()
    answered_at: datetime | None = instant(default=None, nullable=True)
    done_at: datetime | None = instant(default=None, nullable=True)

    @property
    def is_open(self) -> bool:
        """Still to be done."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Ball:
    """Who has to move next, and why."""

    name: str
    person_id: str
    why: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step as somebody asks for it."""

    kind: str
    text: str
    owner_id: str
    due: str


def steps(session: Session, case_id: str) -> list[CareStep]:
    """The steps of a case: what is open first, by day, then what is done."""
    found = session.exec(select(CareStep).where(CareStep.case_id == case_id).order_by(col(CareStep.position))).all()
    return sorted(found, key=lambda one: (not one.is_open, one.due_on or date.max, one.position))


def takers(session: Session, found: Case) -> list[Person]:
    """Who a step can be offered to: the board's members and the referrer."""
    seated = [one for _, one in members(session, found.board_id)]
    return [one for one in {one.id: one for one in [*seated, person(session, found.referrer_id)]}.values()
            if one.disabled_at is None]


def lay_out(
    session: Session, case_id: str, source: str, actions: Sequence[Mapping[str, str]], by: str, at: datetime
) -> None:
    """Offer the actions of a signed recommendation to whom they name; doing it twice is the same as once.

    source: the signed record. actions: text, owner, due (ISO date or empty).
    """
    found = case(session, case_id)
    known = {_bare(one.name): one for one in takers(session, found)}
    for number, action in enumerate(actions):
        key = f"{source}:{number}"
        if session.exec(select(CareStep.id).where(CareStep.source == key)).first() is not None:
            continue
        owner = known.get(_bare(action["owner"]))
        step = CareStep(
            case_id=case_id, position=_next(session, case_id), kind="action", text=action["text"][:LONGEST],
            owner_name=owner.name if owner else action["owner"], owner_id=owner.id if owner else None, given_by=by,
            due_on=_read_day(action["due"]), source=key, offered_at=at,
        )
        _offer(session, step, found, at)


def add(session: Session, case_id: str, wanted: Wanted, by: str, at: datetime) -> CareStep:
    """Add a step and offer it to its owner; raises Invalid naming the field, NotNow for a case without a letter."""
    found = case(session, case_id)
    if found.state not in ("signed", "delivered", "followed_up"):
        raise NotNow("case-state", "The care path begins with the signed letter.")
    if wanted.kind not in KINDS:
        raise Invalid("kind", "Choose what kind of step it is.")
    if not wanted.text.strip():
        raise Invalid("text", "Say what is to be done.")
    if len(wanted.text) > LONGEST:
        raise Invalid("text", f"At most {LONGEST} characters; this has {len(wanted.text)}.")
    if len(steps(session, case_id)) >= MOST:
        raise Invalid("text", f"A care path has at most {MOST} steps.")
    owner = _taker(session, found, wanted.owner_id)
    due = _read_day(wanted.due)
    if wanted.due and due is None:
        raise Invalid("due", "Write the day as year-month-day, e.g. 2027-01-31.")
    key = new_id()
    step = CareStep(
        id=key, case_id=case_id, position=_next(session, case_id), kind=wanted.kind, text=wanted.text.strip(),
        owner_name=owner.name, owner_id=owner.id, given_by=by, due_on=due, source=key, offered_at=at,
    )
    _offer(session, step, found, at)
    return step


def hand_on(session: Session, step: CareStep, owner_id: str, by: str, at: datetime) -> None:
    """Offer an open step to somebody else, who takes it or not; raises Invalid, NotNow when it is done."""
    _demand_open(step)
    found = case(session, step.case_id)
    owner = _taker(session, found, owner_id)
    step.owner_id, step.owner_name, step.given_by = owner.id, owner.name, by
    step.state, step.note, step.offered_at, step.answered_at = "offered", "", at, None
    _offer(session, step, found, at)


def accept(session: Session, step: CareStep, by: str, at: datetime) -> None:
    """Its owner takes the step on: the ball is theirs. Raises NotNow for anybody else."""
    _demand_offered(step, by)
    step.state, step.answered_at = "accepted", at
    session.add(step)
    _answer(session, step, at)


def decline(session: Session, step: CareStep, reason: str, by: str, at: datetime) -> None:
    """Its owner does not take it, and says why: the ball goes back. Raises Invalid, NotNow."""
    _demand_offered(step, by)
    if not reason.strip():
        raise Invalid("note", "Say why, so that somebody else can be asked.")
    if len(reason) > LONGEST:
        raise Invalid("note", f"At most {LONGEST} characters; this has {len(reason)}.")
    step.state, step.note, step.answered_at = "declined", reason.strip(), at
    session.add(step)
    _answer(session, step, at)


def finish(session: Session, step: CareStep, note: str, at: datetime) -> None:
    """It was done; what came of it is kept. Raises NotNow when it was done before."""
    _demand_open(step)
    step.state, step.note, step.done_at = "done", note.strip()[:LONGEST], at
    session.add(step)


def ball_of(session: Session, found: Case) -> Ball:
    """The one name that has to move next."""
    waiting = [one for one in steps(session, found.id) if one.is_open]
    if not waiting:
        referrer = person(session, found.referrer_id)
        return Ball(referrer.name, referrer.id, "nothing is open; the case is with its referrer", None)
    step = waiting[0]
    if step.state == "accepted" and step.owner_id is not None:
        return Ball(step.owner_name, step.owner_id, step.text, step.due_on)
    giver = person(session, step.given_by)
    why = {
        "offered": f"has offered it to {step.owner_name}, who has not answered: {step.text}",
        "declined": f"{step.owner_name} has declined; somebody else is needed: {step.text}",
    }.get(step.state, step.text)
    if step.owner_id is None:
        why = f"{step.owner_name or 'nobody'} has no account here; sees to it that it is done: {step.text}"
    return Ball(giver.name, giver.id, why, step.due_on)


def offered_to(session: Session, person_id: str) -> list[CareStep]:
    """What waits for somebody's answer."""
    return list(session.exec(
        select(CareStep).where(CareStep.owner_id == person_id, CareStep.state == "offered")
        .order_by(col(CareStep.offered_at))
    ))


def held_by(session: Session, person_id: str) -> list[CareStep]:
    """What somebody has taken on and not done yet, by day."""
    rows = session.exec(select(CareStep).where(CareStep.owner_id == person_id, CareStep.state == "accepted")).all()
    return sorted(rows, key=lambda one: (one.due_on or date.max, one.position))


def step_of(session: Session, case_id: str, step_id: str) -> CareStep:
    """One step of a case; raises ItemNotFound."""
    found = session.get(CareStep, step_id)
    if found is None or found.case_id != case_id:
        raise ItemNotFound(step_id)
    return found


def remind_owners(session: Session, at: datetime) -> None:
    """Remind whoever has a step that is due within three days or late, and whoever has not answered an offer."""
    for step in session.exec(select(CareStep).where(col(CareStep.state).in_(OPEN))).all():
        if step.state == "accepted" and step.owner_id and step.due_on and step.due_on <= (at + _SOON).date():
            late = (at.date() - step.due_on).days
            stage = "soon" if late <= 0 else f"late-{late // 7}"
            _tell(session, "action-due", step.owner_id, step, at, f"{step.due_on}:{stage}")
        elif step.state == "offered" and step.owner_id and step.offered_at + _UNANSWERED <= at:
            _tell(session, "handoff", step.owner_id, step, at, f"again:{step.offered_at.isoformat()}")


def _offer(session: Session, step: CareStep, found: Case, at: datetime) -> None:
    if step.owner_id == step.given_by:
        step.state, step.answered_at = "accepted", at  # whoever gives it to themselves has taken it
    session.add(step)
    session.flush()
    if step.owner_id is not None and step.state == "offered":
        _tell(session, "handoff", step.owner_id, step, at, step.offered_at.isoformat(), found)


def _answer(session: Session, step: CareStep, at: datetime) -> None:
    _tell(session, "handoff-answer", step.given_by, step, at, f"{step.state}:{at.isoformat()}")


def _tell(
    session: Session, kind: Kind, to: str, step: CareStep, at: datetime, once: str, found: Case | None = None
) -> None:
    about = found or case(session, step.case_id)
    data = {"case": str(about.number), "who": step.owner_name, "answer": step.state}
    if step.due_on is not None:
        data["due"] = step.due_on.isoformat()
    tell(session, kind, person(session, to), at, case_id=about.id, data=data, once=f"{kind}:{step.id}:{once}")


def _taker(session: Session, found: Case, owner_id: str) -> Person:
    owner = next((one for one in takers(session, found) if one.id == owner_id), None)
    if owner is None:
        raise Invalid("owner", "Choose somebody of the board, or the referrer.")
    return owner


def _demand_open(step: CareStep) -> None:
    if not step.is_open:
        raise NotNow("care-done", "This step is done already.")


def _demand_offered(step: CareStep, by: str) -> None:
    if step.owner_id != by:
        raise NotNow("care-not-yours", "This step was offered to somebody else.")
    if step.state != "offered":
        raise NotNow("care-answered", "This step has been answered already.")


def _next(session: Session, case_id: str) -> int:
    taken = session.exec(select(CareStep.position).where(CareStep.case_id == case_id)).all()
    return max(taken, default=0) + 1


def _bare(name: str) -> str:
    """A name without title, credentials and capitals, for finding a person by what somebody wrote."""
    return name.partition(",")[0].casefold().removeprefix("dr ").removeprefix("dr. ").strip()


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
