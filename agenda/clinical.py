"""Clinical content as data: one folder of TOML files per field of medicine, each file with its source.

Spine care is the first folder. A tumour board would be another folder, not a fork.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from agenda.readiness import Required, policy_from

Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class DisciplineEntry:
    """A profession with a voice: what `people.Discipline` is filled from."""

    code: str
    name: str
    short: str
    colour: str
    shape: str


@dataclass(frozen=True, slots=True)
class QuestionEntry:
    """A kind of question, with an example and the disciplines it is usually addressed to."""

    key: str
    label: str
    example: str
    disciplines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TreatmentEntry:
    """A kind of treatment tried, and what to write as its amount."""

    key: str
    label: str
    amount: str


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A question whose positive answer means: do not wait for the conference (`stops`), or raises concern."""

    key: str
    label: str
    question: str
    advice: str
    stops: bool
    status: str
    """verified or unverified, as CLINICAL.md marks its source."""


@dataclass(frozen=True, slots=True)
class ExamEntry:
    """One line of the examination; `kind` is date or text."""

    key: str
    label: str
    hint: str
    kind: str


@dataclass(frozen=True, slots=True)
class OptionEntry:
    """One row of the options grid."""

    key: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything one field of medicine brings."""

    disciplines: tuple[DisciplineEntry, ...]
    questions: tuple[QuestionEntry, ...]
    treatments: tuple[TreatmentEntry, ...]
    red_flags: tuple[RedFlag, ...]
    examination: tuple[ExamEntry, ...]
    options: tuple[OptionEntry, ...]
    policy: tuple[Required, ...]

    def question(self, key: str) -> QuestionEntry | None:
        """The kind of question with this key."""
        return next((entry for entry in self.questions if entry.key == key), None)

    def treatment(self, key: str) -> TreatmentEntry | None:
        """The kind of treatment with this key."""
        return next((entry for entry in self.treatments if entry.key == key), None)

    def discipline(self, code: str) -> DisciplineEntry | None:
        """The discipline with this code."""
        return next((entry for entry in self.disciplines if entry.code == code), None)

    def short(self, code: str) -> str:
        """A discipline's short name, or its code where the folder does not know it."""
        found = self.discipline(code)
        return found.short if found else code


@cache
def spine() -> Content:
    """Spine care's content, read once."""
    return _read("spine")


def _read(folder: str) -> Content:
    def rows(name: str, key: str) -> list[Table]:
        return cast(list[Table], _load(folder, name)[key])

    return Content(
        disciplines=tuple(
            DisciplineEntry(**_strings(row, "code", "name", "short", "colour", "shape"))
            for row in rows("disciplines", "discipline")
        ),
        questions=tuple(
            QuestionEntry(**_strings(row, "key", "label", "example"), disciplines=_names(row["disciplines"]))
            for row in rows("questions", "kind")
        ),
        treatments=tuple(
            TreatmentEntry(**_strings(row, "key", "label", "amount")) for row in rows("treatments", "kind")
        ),
        red_flags=tuple(
            RedFlag(**_strings(row, "key", "label", "question", "advice", "status"), stops=row["stops"] is True)
            for row in rows("red_flags", "flag")
        ),
        examination=tuple(
            ExamEntry(**_strings(row, "key", "label", "hint", "kind")) for row in rows("examination", "item")
        ),
        options=tuple(OptionEntry(**_strings(row, "key", "kind", "label")) for row in rows("options", "option")),
        policy=policy_from(_load(folder, "readiness")),
    )


def _load(folder: str, name: str) -> Table:
    text = files("agenda").joinpath(folder, f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _strings(row: Table, *keys: str) -> dict[str, str]:
    return {key: str(row[key]) for key in keys}


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in cast(list[object], value))
