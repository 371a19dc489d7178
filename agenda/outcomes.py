"""Outcome scores of a case: entered as totals or scores, computed by each instrument's data, never its questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Field, Session, SQLModel, col, select

from agenda.cases import Case
from agenda.columns import instant
from agenda.days import past_day
from agenda.errors import Invalid, ItemNotFound
from agenda.ids import new_id
from agenda.instruments.engine import Change, Instrument, band, change, entered, from_total, instruments

LIMIT = 60
FIELDS = ("instrument", "taken_on", "total", "answered", "score")
"""The fields of a row, as the form and the API name them."""


class OutcomeScore(SQLModel, table=True):
    """One measurement with one instrument on one day."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    instrument: str
    """Key of an instrument."""
    taken_on: date
    value: float
    """In the instrument's unit."""
    total: int | None = None
    """Sum of the answered items, where items were counted."""
    answered: int | None = None
    entered_at: datetime = instant()


@dataclass(frozen=True, slots=True)
class Measured:
    """One score as a reader sees it."""

    instrument: Instrument
    taken_on: date
    value: float
    band: str | None
    changes: tuple[Change, ...]
    """Against the first score with the same instrument, one for each threshold made for such a change."""


def scores_of(session: Session, case_id: str) -> list[OutcomeScore]:
    """The rows of a case, oldest first."""
    return list(session.exec(
        select(OutcomeScore).where(OutcomeScore.case_id == case_id)
        .order_by(col(OutcomeScore.taken_on), col(OutcomeScore.entered_at))
    ))


def measured(rows: Sequence[OutcomeScore]) -> tuple[Measured, ...]:
    """The rows with their bands, and what each changed against the first of its instrument."""
    first: dict[str, float] = {}
    shown = []
    for row in rows:
        instrument = instruments()[row.instrument]
        changes: tuple[Change, ...] = ()
        if row.instrument in first:
            before = first[row.instrument]
            changes = tuple(
                change(instrument, before, row.value, one) for one in instrument.thresholds
                if one.judges(instrument, before, row.value)
            )
        first.setdefault(row.instrument, row.value)
        shown.append(Measured(instrument, row.taken_on, row.value, band(instrument, row.value), changes))
    return tuple(shown)


def add_score(session: Session, found: Case, fields: Mapping[str, str], at: datetime) -> OutcomeScore:
    """Add a row; raises Invalid naming the field."""
    if len(scores_of(session, found.id)) >= LIMIT:
        raise Invalid("instrument", f"At most {LIMIT} scores.")
    return _fill(session, OutcomeScore(
        case_id=found.id, instrument="", taken_on=at.date(), value=0, entered_at=at,
    ), fields, at)


def edit_score(session: Session, found: Case, score_id: str, fields: Mapping[str, str], at: datetime) -> OutcomeScore:
    """Change a row in place; raises Invalid naming the field, ItemNotFound."""
    return _fill(session, _of(session, found, score_id), fields, at)


def remove_score(session: Session, found: Case, score_id: str) -> None:
    """Take a row away; raises ItemNotFound."""
    session.delete(_of(session, found, score_id))
    session.flush()


def _of(session: Session, found: Case, score_id: str) -> OutcomeScore:
    row = session.get(OutcomeScore, score_id)
    if row is None or row.case_id != found.id:
        raise ItemNotFound(score_id)
    return row


def _fill(session: Session, row: OutcomeScore, fields: Mapping[str, str], at: datetime) -> OutcomeScore:
    text = {name: fields.get(name, "").strip() for name in FIELDS}
    instrument = instruments().get(text["instrument"])
    if instrument is None:
        raise Invalid("instrument", "Choose an instrument.")
    if not text["taken_on"]:
        raise Invalid("taken_on", "Say on which day it was filled in.")
    taken_on = past_day("taken_on", text["taken_on"], at, "A score cannot be from the future.")
    total, answered, value = _value(instrument, text)
    row.instrument, row.taken_on, row.value = instrument.key, taken_on, value
    row.total, row.answered = total, answered
    session.add(row)
    session.flush()
    return row


def _value(instrument: Instrument, text: Mapping[str, str]) -> tuple[int | None, int | None, float]:
    if text["total"] and instrument.rule != "entered":
        total, answered = _whole("total", text["total"]), _answered(text)
        try:
            return total, answered, from_total(instrument, total, answered).value
        except Invalid as error:
            field = "answered" if error.field == "answers" else error.field
            raise Invalid(field, error.reason) from None
    if not text["score"]:
        wanted = "the score" if instrument.rule == "entered" else "the total of the answered items, or the score"
        raise Invalid("score", f"Enter {wanted}.")
    try:
        score = float(text["score"].removesuffix("%").strip().replace(",", "."))
    except ValueError:
        raise Invalid("score", "Write the score as a number, e.g. 32 or 35.6.") from None
    return None, None, entered(instrument, score).value


def _answered(text: Mapping[str, str]) -> int | None:
    return _whole("answered", text["answered"]) if text["answered"] else None


def _whole(field: str, written: str) -> int:
    if not written.isascii() or not written.isdigit() or len(written) > 4:
        raise Invalid(field, "This is a whole number.")
    return int(written)
