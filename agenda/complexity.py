"""How many minutes a case is likely to take, with the reasons. Pure; the weights are data.

The estimate is a planning aid. Once a board has enough cases behind it, the ratio of what they took to what was
expected scales it: a talkative board gets longer slots.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import median
from typing import cast

ENOUGH = 8
"""Cases a board must have timed before its own record counts."""
_SLOWEST, _FASTEST = 2.0, 0.5


@dataclass(frozen=True, slots=True)
class Factor:
    """What adds minutes: so many for each, up to a limit."""

    key: str
    label: str
    minutes: int
    most: int


@dataclass(frozen=True, slots=True)
class Weights:
    """The data: a base, limits and the factors."""

    base: int
    least: int
    most: int
    factors: tuple[Factor, ...]
    source: str
    status: str


@dataclass(frozen=True, slots=True)
class Because:
    """One reason, and the minutes it adds."""

    reason: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Whole minutes, and why so many."""

    minutes: int
    reasons: tuple[Because, ...]


@cache
def weights(folder: str = "spine") -> Weights:
    """The weights of a field of medicine, read once."""
    data = tomllib.loads(files("agenda").joinpath(folder, "complexity.toml").read_text(encoding="utf-8"))
    rows = cast(list[dict[str, object]], data["factor"])
    factors = tuple(
        Factor(str(row["key"]), str(row["label"]), cast(int, row["minutes"]), cast(int, row["most"])) for row in rows
    )
    return Weights(data["base"], data["least"], data["most"], factors, str(data["source"]), str(data["status"]))


def estimate(counts: Mapping[str, int], by: Weights, pace: float = 1.0) -> Estimate:
    """Minutes for a case. `counts`: factor → how often it applies; `pace`: see `pace_of`."""
    reasons = [Because("any case", by.base)]
    for factor in by.factors:
        added = min(factor.most, factor.minutes * counts.get(factor.key, 0))
        if added > 0:
            reasons.append(Because(factor.label, added))
    plain = sum(one.minutes for one in reasons)
    minutes = min(by.most, max(by.least, round(plain * pace)))
    if minutes != plain:
        reasons.append(Because("this board's own pace" if pace != 1.0 else "the limits of a slot", minutes - plain))
    return Estimate(minutes, tuple(reasons))


def pace_of(timed: Sequence[tuple[float, int]]) -> float:
    """The board's pace from (minutes taken, minutes expected) of its earlier cases: the median ratio, 0.5 to 2.

    1 with fewer than ENOUGH of them.
    """
    ratios = [taken / expected for taken, expected in timed if expected > 0 and taken > 0]
    if len(ratios) < ENOUGH:
        return 1.0
    return min(_SLOWEST, max(_FASTEST, median(ratios)))
