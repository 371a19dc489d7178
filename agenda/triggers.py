"""Triggers: rules over the plan and the clinical scores that make a full review mandatory. The rules are data."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import floor
from typing import cast

from sqlmodel import Session

from agenda.clinical_scores import score_values
from agenda.levels import lumbar
from agenda.plans import FEATURES, SurgicalPlan, plan_of
from agenda.scores.sheets import sheets
from agenda.sources import cited
from agenda.surgeries import PriorSurgery, lumbar_fusion_before, surgeries

_SAID: Mapping[str, str] = {
    "fused-levels": "{} levels are to be fused", "fused-lumbar": "a lumbar vertebra is to be fused",
    "lumbar-fusion-before": "no earlier lumbar fusion is recorded",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One number of the case between two limits, both inclusive."""

    fact: str
    at_least: int
    at_most: int | None

    def holds(self, facts: Mapping[str, int]) -> bool:
        """Whether the number lies between the limits."""
        value = facts[self.fact]
        return self.at_least <= value and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One rule: mandatory review when every condition holds."""

    key: str
    label: str
    source: str
    status: str
    """verified or unverified."""
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that holds for a case, and why in words."""

    trigger: Trigger
    because: str


def case_facts(
    plan: SurgicalPlan, before: Sequence[PriorSurgery], scores: Mapping[str, float] = {}
) -> dict[str, int]:
    """The numbers the rules ask for: counts of levels, 1 or 0 for what is so or not, and each score, rounded down.

    `scores`: sheet → number, as ``score.<sheet>`` in a rule; one that nobody entered is −1, below every rule.
    """
    fused = plan.vertebrae("fusion")
    return {
        "fused-levels": plan.fused_levels, "fused-lumbar": int(lumbar(fused)), "invasiveness": plan.invasiveness,
        "lumbar-fusion-before": int(lumbar_fusion_before(list(before))),
        **{feature: int(feature in plan.features) for feature in FEATURES},
        **{f"score.{key}": floor(scores.get(key, -1)) for key in sheets()},
    }


@cache
def triggers(folder: str = "spine") -> tuple[Trigger, ...]:
    """The rules of a field of medicine, read once; raises ValueError for a rule over a fact there is not."""
    text = files("agenda").joinpath(folder, "triggers.toml").read_text(encoding="utf-8")
    rows = cast(list[dict[str, object]], tomllib.loads(text)["trigger"])
    known = case_facts(SurgicalPlan(), ()).keys()
    return tuple(_trigger(row, known) for row in rows)


def fired(facts: Mapping[str, int], rules: Sequence[Trigger]) -> tuple[Fired, ...]:
    """The rules that hold, in the order of the data."""
    holding = (rule for rule in rules if all(condition.holds(facts) for condition in rule.when))
    return tuple(Fired(rule, _because(rule, facts)) for rule in holding)


def mandatory(session: Session, case_id: str) -> tuple[Fired, ...]:
    """Why a case must be reviewed by the full board; empty when nothing makes it so."""
    facts = case_facts(
        plan_of(session, case_id, "proposed"), surgeries(session, case_id), score_values(session, case_id)
    )
    return fired(facts, triggers())


def _because(rule: Trigger, facts: Mapping[str, int]) -> str:
    return f"{rule.label}: {' and '.join(_told(one.fact, facts[one.fact]) for one in rule.when)}."


def _told(fact: str, value: int) -> str:
    if fact in _SAID:
        return _SAID[fact].format(value)
    kind, _, key = fact.partition(".")
    return f"{sheets()[key].short} is {value}" if kind == "score" else FEATURES[fact].lower()


def _trigger(row: Mapping[str, object], known: object) -> Trigger:
    when = tuple(_condition(one) for one in cast(list[Mapping[str, object]], row["when"]))
    for condition in when:
        if condition.fact not in cast(dict[str, int], known):
            raise ValueError(f"trigger {row['key']!r} asks for {condition.fact!r}, which no case gives")
    return Trigger(str(row["key"]), str(row["label"]), cited(str(row["source"])), str(row["status"]), when)


def _condition(row: Mapping[str, object]) -> Condition:
    most = row.get("at_most")
    return Condition(str(row["fact"]), cast(int, row["at_least"]), None if most is None else cast(int, most))
