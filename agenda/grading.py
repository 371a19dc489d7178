"""Imaging grades as data: what each instrument grades, in which steps, and how far two graders agree. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

from agenda.errors import Invalid
from agenda.levels import neighbours, spoken, vertebrae
from agenda.sources import cited

Side = Literal["", "left", "right"]
Weights = Literal["none", "linear", "quadratic"]
ENOUGH = 10
"""Fewer pairs than this give no kappa: chance would speak louder than the graders."""


@dataclass(frozen=True, slots=True)
class GradeChoice:
    """One grade; `rank` counts the steps from the first."""

    key: str
    rank: int
    label: str


@dataclass(frozen=True, slots=True)
class Grading:
    """One instrument with its source."""

    key: str
    name: str
    about: str
    source: str
    status: str
    """verified or unverified."""
    ordered: bool
    """False: the grades are kinds; any two differ by one and agreement is not weighted."""
    sided: bool
    per: str
    """segment, or vertebra."""
    regions: tuple[str, ...]
    """First letters of the lower vertebra's region."""
    modalities: tuple[str, ...]
    """Of the images it is usually read on (PS3.3 C.7.3.1.1.1); a suggestion."""
    planes: tuple[str, ...]
    """sagittal, coronal or axial: how these images lie."""
    grades: tuple[GradeChoice, ...]

    @property
    def steps(self) -> int:
        """How many different ranks there are."""
        return len({one.rank for one in self.grades})

    def choice(self, key: str) -> GradeChoice:
        """One grade; raises Invalid naming grade."""
        found = next((one for one in self.grades if one.key == key), None)
        if found is None:
            raise Invalid("grade", f"Choose a grade of “{self.name}”.")
        return found

    def apart(self, one: str, other: str) -> int:
        """By how many grades two grades differ."""
        gap = abs(self.choice(one).rank - self.choice(other).rank)
        return gap if self.ordered else min(gap, 1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two disciplines agree beyond chance."""

    pairs: int
    linear: float | None
    """None: too few pairs, kinds without steps, or no spread at all."""
    quadratic: float | None
    plain: float | None
    """Without weights."""

    @property
    def enough(self) -> bool:
        """Whether there are pairs enough to say anything."""
        return self.pairs >= ENOUGH


@cache
def gradings() -> Mapping[str, Grading]:
    """Every instrument by key, read once."""
    text = files("agenda").joinpath("spine", "grades.toml").read_text(encoding="utf-8")
    rows = cast(list[dict[str, Any]], tomllib.loads(text)["instrument"])
    return {str(row["key"]): _grading(row) for row in rows}


def _grading(row: Mapping[str, Any]) -> Grading:
    return Grading(
        **{name: str(row[name]) for name in ("key", "name", "about", "status")}, source=cited(str(row["source"])),
        ordered=row["ordered"] is True, sided=row["sided"] is True, per=str(row.get("per", "segment")),
        regions=tuple(row["regions"]), modalities=tuple(row["modalities"]), planes=tuple(row["planes"]),
        grades=tuple(GradeChoice(one["key"], one["rank"], one["label"]) for one in row["grades"]),
    )


def grading(key: str) -> Grading:
    """One instrument; raises Invalid naming instrument."""
    found = gradings().get(key)
    if found is None:
        raise Invalid("instrument", "Choose what is graded.")
    return found


def place(instrument: Grading, level: str, side: str) -> tuple[str, Side]:
    """A segment (``L4–L5``) or vertebra as it is written here, and a side; raises Invalid naming level or side."""
    named = vertebrae("level", level)
    if instrument.per == "vertebra":
        if len(named) != 1:
            raise Invalid("level", "Name one vertebra, like T8.")
    elif len(named) != 2 or not neighbours(*named):
        raise Invalid("level", "Name one motion segment, like L4-L5.")
    if named[-1][0] not in instrument.regions:
        raise Invalid("level", f"“{instrument.name}” is made for other regions of the spine.")
    if instrument.sided != (side in ("left", "right")) or (side and not instrument.sided):
        raise Invalid("side", "Choose the left or the right side." if instrument.sided else "This has no sides.")
    return spoken(named), cast(Side, side)


def weighted_kappa(pairs: Sequence[tuple[int, int]], steps: int, weights: Weights) -> float | None:
    """Cohen's weighted kappa (Cohen 1968, Psychol Bull 70:213) of ranks from 0 to `steps` − 1.

    Disagreement weighs |i − j| (linear), (i − j)² (quadratic) or 1 (none). None where chance alone leaves no
    disagreement. Raises ValueError for a rank outside the steps.
    """
    if any(not 0 <= rank < steps for pair in pairs for rank in pair):
        raise ValueError("a rank lies outside the steps")
    firsts = [sum(a == rank for a, _ in pairs) for rank in range(steps)]
    seconds = [sum(b == rank for _, b in pairs) for rank in range(steps)]
    observed = sum(_weight(a, b, weights) for a, b in pairs) * len(pairs)
    chance = sum(
        _weight(a, b, weights) * firsts[a] * seconds[b] for a in range(steps) for b in range(steps)
    )
    return None if chance == 0 else 1 - observed / chance


def _weight(a: int, b: int, weights: Weights) -> int:
    gap = abs(a - b)
    return {"linear": gap, "quadratic": gap * gap, "none": int(gap > 0)}[weights]


def agreement(instrument: Grading, pairs: Sequence[tuple[str, str]]) -> Agreement:
    """The running kappa of pairs of grades: the first discipline's, then the second's."""
    ranks = [(instrument.choice(a).rank, instrument.choice(b).rank) for a, b in pairs]
    if len(pairs) < ENOUGH:
        return Agreement(len(pairs), None, None, None)
    plain = weighted_kappa(ranks, instrument.steps, "none")
    if not instrument.ordered:
        return Agreement(len(pairs), None, None, plain)
    linear, quadratic = (weighted_kappa(ranks, instrument.steps, kind) for kind in ("linear", "quadratic"))
    return Agreement(len(pairs), linear, quadratic, plain)
