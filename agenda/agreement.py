"""How far a panel agrees: RAND/UCLA appropriateness, and the statistics the literature reports. Pure.

Ratings are whole numbers from 1 (inappropriate) to 9 (appropriate).

Sources: Fitch et al. 2001, The RAND/UCLA Appropriateness Method User's Manual (IPRAS, classic rule); the constant 2.35
is checked against a published worked example, which a table elsewhere prints as 2.5. Fleiss 1971 for kappa.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

Band = Literal["inappropriate", "uncertain", "appropriate"]
Verdict = Literal["agreement", "neither", "disagreement"]

IPRAS_CONSTANT = 2.35
"""IPR required for disagreement when perfect symmetry exists."""
IPRAS_FACTOR = 1.5
"""Correction for asymmetry."""
_REGIONS: dict[Band, tuple[int, int]] = {"inappropriate": (1, 3), "uncertain": (4, 6), "appropriate": (7, 9)}
_CLASSIC = {**dict.fromkeys(range(8, 11), (2, 3)), **dict.fromkeys(range(11, 14), (3, 4)),
            **dict.fromkeys(range(14, 17), (4, 5))}


@dataclass(frozen=True, slots=True)
class Panel:
    """What one round of ratings of one option amounts to."""

    size: int
    median: float
    band: Band
    p30: float
    p70: float
    ipr: float
    """Interpercentile range, P70 − P30."""
    ipras: float
    """The same range adjusted for symmetry: 2.35 + 1.5 · |5 − (P30 + P70) / 2|."""
    classic: Verdict
    """The rule by panel size: how many rate outside the median's region, how many at both ends."""

    @property
    def disagreement(self) -> bool:
        """True when IPR > IPRAS."""
        return self.ipr > self.ipras

    @property
    def settled(self) -> bool:
        """True when there is agreement by panel size and no disagreement by IPRAS: may be ratified unheard."""
        return self.classic == "agreement" and not self.disagreement

    @property
    def split(self) -> float:
        """Degree of split: IPR / IPRAS; above 1 is disagreement."""
        return self.ipr / self.ipras


def panel(ratings: Sequence[int]) -> Panel:
    """The panel's verdict. Raises ValueError without ratings or for one outside 1 to 9."""
    if not ratings:
        raise ValueError("a panel needs at least one rating")
    if any(not 1 <= rating <= 9 for rating in ratings):
        raise ValueError("a rating is a whole number from 1 to 9")
    middle, low, high = percentile(ratings, 50), percentile(ratings, 30), percentile(ratings, 70)
    return Panel(
        size=len(ratings), median=middle, band=band(middle), p30=low, p70=high, ipr=high - low,
        ipras=IPRAS_CONSTANT + IPRAS_FACTOR * abs(5 - (low + high) / 2), classic=_classic(ratings, band(middle)),
    )


def band(median: float) -> Band:
    """The third of the scale a median lies in; one between two thirds (3.5, 6.5) belongs to the higher."""
    if median < 3.5:
        return "inappropriate"
    return "uncertain" if median < 6.5 else "appropriate"


def percentile(values: Sequence[int], percent: int) -> float:
    """The percentile with linear interpolation between the two nearest ranks (Hyndman and Fan 1996, type 7)."""
    ordered = sorted(values)
    whole, rest = divmod((len(ordered) - 1) * percent, 100)
    below = ordered[whole]
    above = ordered[min(whole + 1, len(ordered) - 1)]
    return below + (above - below) * rest / 100


def _classic(ratings: Sequence[int], of: Band) -> Verdict:
    outside_limit, extreme_limit = _limits(len(ratings))
    low, high = _REGIONS[of]
    if min(sum(r <= 3 for r in ratings), sum(r >= 7 for r in ratings)) >= extreme_limit:
        return "disagreement"
    outside = sum(not low <= rating <= high for rating in ratings)
    return "agreement" if outside <= outside_limit else "neither"


def _limits(size: int) -> tuple[int, int]:
    """Up to how many outside is agreement; from how many at each end is disagreement.

    The manual speaks of 8 to 16 raters; outside that its shares are used, a quarter and three
    tenths: our inference.
    """
    return _CLASSIC.get(size, (size // 4, ceil(size * 3 / 10)))


def pairwise_disagreement(counts: Iterable[int]) -> float:
    """The chance that two randomly chosen raters chose differently: 1 − Σ n(n−1) / N(N−1). 0 with fewer than two."""
    votes = list(counts)
    total = sum(votes)
    if total < 2:
        return 0.0
    return 1 - sum(n * (n - 1) for n in votes) / (total * (total - 1))


def iqv(counts: Sequence[int]) -> float:
    """Index of qualitative variation, K/(K−1) · (1 − Σp²): 0 all alike, 1 spread evenly over the K choices.

    Every choice on offer counts, also those nobody took. Raises ValueError for fewer than two choices or no vote.
    """
    total = sum(counts)
    if len(counts) < 2 or total == 0:
        raise ValueError("variation needs at least two choices and one vote")
    return len(counts) / (len(counts) - 1) * (1 - sum((n / total) ** 2 for n in counts))


def fleiss_kappa(table: Sequence[Sequence[int]]) -> float | None:
    """Agreement beyond chance of many raters over many cases; a row per case, a column per choice.

    None when every vote fell on one choice: chance explains all and kappa has no value. Raises ValueError when rows
    differ in length or in raters, or there are fewer than two raters.
    """
    raters = sum(table[0]) if table else 0
    if raters < 2 or any(sum(row) != raters or len(row) != len(table[0]) for row in table):
        raise ValueError("every case needs the same choices and the same number of raters, at least two")
    observed = sum(1 - pairwise_disagreement(row) for row in table) / len(table)
    shares = [sum(row[k] for row in table) / (len(table) * raters) for k in range(len(table[0]))]
    chance = sum(share**2 for share in shares)
    return None if chance == 1 else (observed - chance) / (1 - chance)


@dataclass(frozen=True, slots=True)
class Opined:
    """One case before the meeting: per option its sealed ratings, and the disciplines that gave theirs."""

    key: str
    ratings: Mapping[str, Sequence[int]]
    required: frozenset[str]
    opined: frozenset[str]


@dataclass(frozen=True, slots=True)
class SplitFirst:
    """What is read out in one go, and what gets the live minutes, most split first."""

    ratify: tuple[str, ...]
    discuss: tuple[str, ...]


def split_first(cases: Sequence[Opined]) -> SplitFirst:
    """Settled cases with every required discipline's opinion are ratified; the others by degree of split.

    Cases that split alike keep their sequence. A case nobody rated is discussed, after those that split.
    """
    discuss = [case for case in cases if not _ratified(case)]
    return SplitFirst(
        ratify=tuple(case.key for case in cases if _ratified(case)),
        discuss=tuple(case.key for case in sorted(discuss, key=_split, reverse=True)),
    )


def _ratified(case: Opined) -> bool:
    rated = [ratings for ratings in case.ratings.values() if ratings]
    complete = len(rated) == len(case.ratings) > 0 and case.required <= case.opined
    return complete and all(panel(ratings).settled for ratings in rated)


def _split(case: Opined) -> float:
    return max((panel(ratings).split for ratings in case.ratings.values() if ratings), default=0.0)
