"""Who should see this patient? Rules over the facts of a referral suggest disciplines, and the board that has them.

Rules are data with their sources; a suggestion carries its reasons and decides nothing.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import floor
from typing import cast

from sqlmodel import Session

from agenda.boards import Board, boards, members
from agenda.cases import Case, questions, treatments
from agenda.clinical import spine
from agenda.clinical_scores import score_values
from agenda.plans import plan_of
from agenda.scores.sheets import sheets
from agenda.sources import cited

_NO_LIMIT = 10**9


@dataclass(frozen=True, slots=True)
class Rule:
    """One discipline to suggest when every fact lies within its limits."""

    discipline: str
    because: str
    source: str
    status: str
    when: tuple[tuple[str, int, int], ...]
    """Fact, least, most; both inclusive."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a discipline is suggested, and on whose word."""

    text: str
    source: str
    status: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A discipline that should see the patient, with every reason that holds."""

    discipline: str
    reasons: tuple[Reason, ...]
    asked: bool
    """A question is addressed to it already."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A board and which of the suggested disciplines sit on it."""

    board: Board
    has: tuple[str, ...]
    lacks: tuple[str, ...]


@cache
def rules(folder: str = "spine") -> tuple[Rule, ...]:
    """The rules of a field of medicine, read once."""
    rows = cast(
        list[dict[str, object]],
        tomllib.loads(files("agenda").joinpath(folder, "suggestions.toml").read_text(encoding="utf-8"))["rule"],
    )
    return tuple(
        Rule(
            str(row["discipline"]), str(row["because"]), cited(str(row["source"])), str(row["status"]),
            tuple(
                (str(one["fact"]), cast(int, one.get("at_least", 0)), cast(int, one.get("at_most", _NO_LIMIT)))
                for one in cast(list[dict[str, object]], row["when"])
            ),
        )
        for row in rows
    )


def suggest(facts: Mapping[str, int], asked: frozenset[str], by: Sequence[Rule]) -> tuple[Suggestion, ...]:
    """The disciplines whose rules hold, in the order of the data; a fact that is not there is 0."""
    reasons: dict[str, list[Reason]] = {}
    for rule in by:
        if all(least <= facts.get(fact, 0) <= most for fact, least, most in rule.when):
            reasons.setdefault(rule.discipline, []).append(Reason(rule.because, rule.source, rule.status))
    return tuple(Suggestion(code, tuple(found), code in asked) for code, found in reasons.items())


def case_facts(session: Session, found: Case) -> dict[str, int]:
    """The facts of a referral the rules ask for; a score that nobody entered is −1."""
    asked = [one.kind for one in questions(session, found.id)]
    tried = treatments(session, found.id)
    plan = plan_of(session, found.id, "proposed")
    fruitless = {row.kind for row in tried if row.response in ("same", "worse")}
    scores = score_values(session, found.id)
    return {
        **{f"tried.{kind.key}": sum(row.kind == kind.key for row in tried) for kind in spine().treatments},
        **{f"flag.{flag.key}": int(found.red_flags.get(flag.key, False)) for flag in spine().red_flags},
        **{f"asked.{kind.key}": asked.count(kind.key) for kind in spine().questions},
        **{f"score.{key}": floor(scores.get(key, -1)) for key in sheets()},
        "asked.level-or-diagnosis": sum(kind in ("level", "diagnosis") for kind in asked),
        "concerns": sum(found.red_flags.values()), "kinds-without-benefit": len(fruitless),
        "surgery-in-question": int(bool(plan.interventions) or "surgical-candidacy" in asked),
        "fusion-proposed": int(bool(plan.vertebrae("fusion"))), "invasiveness": plan.invasiveness,
    }


def who_should_see(session: Session, found: Case) -> tuple[Suggestion, ...]:
    """The suggestions for a case as it stands."""
    asked = frozenset(one.discipline for one in questions(session, found.id) if one.discipline)
    return suggest(case_facts(session, found), asked, rules())


def fitting_boards(session: Session, wanted: Sequence[str]) -> tuple[Fit, ...]:
    """Every board with the wanted disciplines it has and lacks, the best fit first."""
    fits = []
    for board in boards(session):
        seated = {person.discipline for place, person in members(session, board.id) if place.role != "observer"}
        fits.append(Fit(
            board, tuple(code for code in wanted if code in seated),
            tuple(code for code in wanted if code not in seated),
        ))
    return tuple(sorted(fits, key=lambda fit: (len(fit.lacks), fit.board.name)))
