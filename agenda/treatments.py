"""What was tried: one row per treatment, with dates, amount, response and why it stopped."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlmodel import Session

from agenda.cases import Case, TreatmentTried, treatments
from agenda.clinical import spine
from agenda.days import past_day
from agenda.errors import Invalid, ItemNotFound

LIMIT = 60
FIELDS = (
    "kind", "description", "started_on", "ended_on", "amount", "response", "response_percent", "stopped_because",
)
"""The fields of a row, as the form and the API name them."""


def add_treatment(session: Session, found: Case, fields: Mapping[str, str], at: datetime) -> TreatmentTried:
    """Add a row; raises Invalid naming the field."""
    if len(treatments(session, found.id)) >= LIMIT:
        raise Invalid("description", f"At most {LIMIT} rows; write the rest in the history.")
    made = TreatmentTried(case_id=found.id, kind="", description="")
    for name, value in _checked(fields, at).items():
        setattr(made, name, value)
    session.add(made)
    session.flush()
    return made


def edit_treatment(
    session: Session, found: Case, treatment_id: str, fields: Mapping[str, str], at: datetime
) -> TreatmentTried:
    """Change a row in place; raises Invalid naming the field, ItemNotFound."""
    row = _of(session, found, treatment_id)
    for name, value in _checked(fields, at).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def remove_treatment(session: Session, found: Case, treatment_id: str) -> None:
    """Take a row away; raises ItemNotFound."""
    session.delete(_of(session, found, treatment_id))
    session.flush()


def _of(session: Session, found: Case, treatment_id: str) -> TreatmentTried:
    row = session.get(TreatmentTried, treatment_id)
    if row is None or row.case_id != found.id:
        raise ItemNotFound(treatment_id)
    return row


def _checked(fields: Mapping[str, str], at: datetime) -> dict[str, object]:
    text = {name: fields.get(name, "").strip() for name in FIELDS}
    if spine().treatment(text["kind"]) is None:
        raise Invalid("kind", "Choose what kind of treatment this was.")
    if not text["description"]:
        raise Invalid("description", "Say what was done, e.g. “core stabilisation, supervised”.")
    for name in ("description", "amount", "stopped_because"):
        if len(text[name]) > 300:
            raise Invalid(name, f"At most 300 characters; this has {len(text[name])}.")
    if text["response"] not in ("", "better", "same", "worse"):
        raise Invalid("response", "The response is better, same or worse.")
    started, ended = _day("started_on", text, at), _day("ended_on", text, at)
    if started and ended and ended < started:
        raise Invalid("ended_on", "It cannot end before it began.")
    return {
        **{name: text[name] for name in ("kind", "description", "amount", "response", "stopped_because")},
        "started_on": started, "ended_on": ended, "response_percent": _percent(text),
    }


def _day(name: str, text: Mapping[str, str], at: datetime) -> date | None:
    future = "This is about what was tried: the date cannot be in the future."
    return past_day(name, text[name], at, future, vague=True) if text[name] else None


def _percent(text: Mapping[str, str]) -> int | None:
    written = text["response_percent"].removesuffix("%").strip()
    if not written:
        return None
    if not written.isascii() or not written.isdigit() or int(written) > 100:
        raise Invalid("response_percent", "By how much, in per cent from 0 to 100.")
    if text["response"] not in ("better", "worse"):
        raise Invalid("response_percent", "Say first whether it was better or worse.")
    return int(written)
