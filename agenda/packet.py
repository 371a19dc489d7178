"""The packet: one page per case, made from the structured record, every line with its source."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session

from agenda.alarms import Alarm, alarms_of, minutes_open
from agenda.boards import board
from agenda.cases import Case, Question, TreatmentTried, case, questions, studies_of, treatments
from agenda.clinical import spine
from agenda.clinical_scores import standing
from agenda.outcomes import Measured, measured, scores_of
from agenda.people import person
from agenda.plans import FEATURES, plan_of
from agenda.readiness import Readiness
from agenda.surgeries import APPROACHES, KINDS, OUTCOMES, PriorSurgery, surgeries
from agenda.triggers import mandatory


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of the packet and where it comes from."""

    label: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One treatment on the timeline."""

    kind: str
    label: str
    text: str
    amount: str
    started_on: date | None
    ended_on: date | None
    response: str
    """better, same, worse or empty."""
    outcome: str
    """The response in words, with its size and why it stopped."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with the names a reader knows."""

    id: str
    kind: str
    text: str
    discipline: str | None
    addressed_to: str


@dataclass(frozen=True, slots=True)
class Packet:
    """What a specialist reads before giving an opinion."""

    case_id: str
    number: int
    title: str
    """The first question; never a patient's name."""
    questions: tuple[Asked, ...]
    goal: tuple[Line, ...]
    story: tuple[Line, ...]
    examination: tuple[Line, ...]
    attempts: tuple[Attempt, ...]
    surgeries: tuple[Line, ...]
    """Earlier operations, oldest first."""
    proposal: tuple[Line, ...]
    """The operation somebody proposed, and why that makes a full review mandatory."""
    scores: tuple[Line, ...]
    clinical: tuple[Line, ...] = field(default=(), kw_only=True)
    """Clinical scores and classifications, with who entered them and whose rule they are."""
    concerns: tuple[Line, ...]
    """Positive red flags, what was done about them, and readiness items that were waived or are open."""
    studies: tuple[str, ...]
    """Study Instance UIDs."""
    required: tuple[str, ...]
    """Discipline codes that must be heard."""


def packet(session: Session, case_id: str, readiness: Readiness | None = None) -> Packet:
    """The packet of a case; raises CaseNotFound."""
    found = case(session, case_id)
    referrer = person(session, found.referrer_id).name
    asked = questions(session, case_id)
    form = f"Referral form, {referrer}"
    return Packet(
        case_id=found.id,
        number=found.number,
        title=title_of(asked, found.number),
        questions=tuple(_asked(one) for one in asked),
        goal=_lines(
            "Patient, written down by " + referrer,
            ("Goal", found.goal), ("Wants to do again", found.activities), ("Would not accept", found.unacceptable),
        ),
        story=_lines(form, ("History", found.summary)),
        examination=_examination(found, referrer),
        attempts=tuple(_attempt(row) for row in treatments(session, case_id)),
        surgeries=tuple(_surgery(row, form) for row in surgeries(session, case_id)),
        proposal=_proposal(session, case_id, form),
        scores=tuple(_score(one, form) for one in measured(scores_of(session, case_id))),
        clinical=tuple(
            Line(one.sheet.name, one.text, one.source) for one in standing(session, case_id)
        ),
        concerns=(*_flags(found, form), *_alarms(session, case_id), *_gaps(readiness)),
        studies=tuple(studies_of(session, case_id)),
        required=required_disciplines(session, found, asked),
    )


def title_of(asked: Sequence[Question], number: int) -> str:
    """What a case is called in a room: its first question, never a patient's name."""
    return asked[0].text if asked else f"Case {number}"


def required_disciplines(session: Session, found: Case, asked: Sequence[Question] | None = None) -> tuple[str, ...]:
    """Disciplines that must be heard on a case: the board's, then those its questions are addressed to."""
    asked = questions(session, found.id) if asked is None else asked
    addressed = [one.discipline for one in asked if one.discipline]
    return tuple(dict.fromkeys([*board(session, found.board_id).required_disciplines, *addressed]))


def _asked(one: Question) -> Asked:
    entry = spine().question(one.kind)
    to = spine().short(one.discipline) if one.discipline else "the board"
    return Asked(one.id, entry.label if entry else one.kind, one.text, one.discipline, to)


def _lines(source: str, *lines: tuple[str, str]) -> tuple[Line, ...]:
    return tuple(Line(label, text, source) for label, text in lines if text)


def _examination(found: Case, referrer: str) -> tuple[Line, ...]:
    on = found.examination.get("examined-on", "")
    source = f"Examination by {referrer}, {on}" if on else f"Examination by {referrer}, date not given"
    texts = (entry for entry in spine().examination if entry.kind == "text")
    lines = [(entry.label, found.examination.get(entry.key, "")) for entry in texts]
    return _lines(source, *lines)


def _attempt(row: TreatmentTried) -> Attempt:
    entry = spine().treatment(row.kind)
    parts = []
    if row.response:
        size = f" by {row.response_percent} %" if row.response_percent is not None else ""
        parts.append({"better": "Better", "same": "No change", "worse": "Worse"}[row.response] + size)
    if row.stopped_because:
        parts.append(f"stopped: {row.stopped_because}")
    return Attempt(
        row.kind, entry.label if entry else row.kind, row.description, row.amount, row.started_on, row.ended_on,
        row.response, "; ".join(parts) or "Response not recorded",
    )


def _surgery(row: PriorSurgery, form: str) -> Line:
    when = str(row.done_on.year) if row.done_on else "date not known"
    parts = [
        f"{KINDS[row.kind]} {row.levels}".strip(), when, APPROACHES.get(row.approach, "").lower(), row.implant,
        row.description, {"yes": "infected", "no": "no infection"}.get(row.infection, ""),
    ]
    after = f"Afterwards {OUTCOMES[row.outcome].lower()}" if row.outcome else ""
    return Line("Operation", "; ".join(part for part in [*parts, after] if part), form)


def _proposal(session: Session, case_id: str, form: str) -> tuple[Line, ...]:
    plan = plan_of(session, case_id, "proposed")
    if not plan:
        return ()
    marked = ", ".join(text for key, text in FEATURES.items() if key in plan.features)
    index = f"{plan.invasiveness} (vertebra by intervention, Mirza 2008)" if plan.invasiveness else ""
    return (
        *_lines(form, ("Proposed", plan.in_words()), ("Marked by", marked), ("Invasiveness index", index)),
        *(Line("Review is mandatory", one.because, one.trigger.source) for one in mandatory(session, case_id)),
    )


def _score(one: Measured, form: str) -> Line:
    text = f"{one.value:g} {one.instrument.unit}"
    if one.band:
        text += f", {one.band}"
    for change in one.changes:
        against = f"{change.threshold.population}, {change.threshold.treatment}"
        text += f"; {change.difference:+g} since the first, {change.judgement} ({against})"
    return Line(one.instrument.name, text, f"{form}, {one.taken_on.isoformat()}; scored by {one.instrument.source}")


def _flags(found: Case, form: str) -> tuple[Line, ...]:
    return tuple(Line(flag.label, flag.question, form) for flag in spine().red_flags if found.red_flags.get(flag.key))


def _alarms(session: Session, case_id: str) -> tuple[Line, ...]:
    """What was done about red flags, and who of the board acknowledged it, when."""
    return tuple(_alarm(session, one) for one in alarms_of(session, case_id))


def _alarm(session: Session, one: Alarm) -> Line:
    labels = [flag.label.lower() for flag in spine().red_flags if flag.key in one.flags]
    acted = f"the referrer at {_clock(one.confirmed_at)}: “{one.action_taken}”" if one.confirmed_at else ""
    if one.answered_at is None or one.answered_by is None:
        seen = "nobody of the board has acknowledged it"
    else:
        minutes = minutes_open(one, one.answered_at)
        seen = (
            f"acknowledged by {person(session, one.answered_by).name} at {_clock(one.answered_at)}, after {minutes} "
            f"{'minute' if minutes == 1 else 'minutes'}" + (f": “{one.answered_note}”" if one.answered_note else "")
        )
    parts = [f"Raised at {_clock(one.raised_at)} for {', '.join(labels)}", acted, seen]
    return Line("Alarm", "; ".join(part for part in parts if part), "Alarm record of the board")


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _gaps(readiness: Readiness | None) -> tuple[Line, ...]:
    items = readiness.items if readiness else ()
    return tuple(
        Line(item.item.label, item.reason, "Board's readiness policy") for item in items if item.state != "current"
    )
