"""The repeating rows of the referral form: questions, treatments tried, earlier operations, outcome scores.

Each kind says how its rows are listed, added, changed and taken away; the form treats them alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, SQLModel

from agenda import outcomes, questions, surgeries, treatments
from agenda.cases import Case
from agenda.cases import questions as questions_of
from agenda.cases import treatments as treatments_of

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowKind:
    """One kind of row: the names of its fields and its verbs; each verb raises Invalid naming a field."""

    fields: tuple[str, ...]
    listed: Callable[[Session, str], Sequence[SQLModel]]
    add: Callable[[Session, Case, Texts, datetime], object]
    edit: Callable[[Session, Case, str, Texts, datetime], object]
    remove: Callable[[Session, Case, str], None]


def _add_question(session: Session, found: Case, typed: Texts, _at: datetime) -> None:
    questions.add_question(session, found, **_question(typed))


def _edit_question(session: Session, found: Case, question_id: str, typed: Texts, _at: datetime) -> None:
    questions.edit_question(session, found, question_id, **_question(typed))


def _question(typed: Texts) -> dict[str, str]:
    return {name: typed.get(name, "") for name in ("kind", "discipline", "text")}


ROWS: Mapping[str, RowKind] = {
    "question": RowKind(
        ("kind", "discipline", "text"), questions_of, _add_question, _edit_question, questions.remove_question,
    ),
    "treatment": RowKind(
        treatments.FIELDS, treatments_of, treatments.add_treatment, treatments.edit_treatment,
        treatments.remove_treatment,
    ),
    "surgery": RowKind(
        surgeries.FIELDS, surgeries.surgeries, surgeries.add_surgery, surgeries.edit_surgery,
        surgeries.remove_surgery,
    ),
    "score": RowKind(
        outcomes.FIELDS, outcomes.scores_of, outcomes.add_score, outcomes.edit_score, outcomes.remove_score,
    ),
}


def row_id(row: SQLModel) -> str:
    """The identity of a row."""
    return str(row.id)  # type: ignore[attr-defined]


def text_of(row: SQLModel, field: str) -> str:
    """A field of a row as the form shows it; a field that is only entered shows nothing."""
    value = getattr(row, field, None)
    if field == "score" and value is None and getattr(row, "total", None) is None:
        value = getattr(row, "value", None)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
