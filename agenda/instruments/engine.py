"""Scores outcome measures by the data beside it, and says what a change means. Pure after the one read.

A threshold belongs to its population and treatment: thresholds are never mixed, and each carries its source.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast, get_args

from agenda.errors import Invalid
from agenda.sources import cited

Status = Literal["verified", "unverified"]
Licence = Literal["free-embed", "score-only", "needs-key"]
Rule = Literal["sum", "mean", "percent-of-answered", "entered"]
Judgement = Literal["within measurement error", "real, below important", "important", "below important"]


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `low` to `high`; to which band the edge between two belongs, the instrument says."""

    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """What counts as change in one population after one treatment."""

    population: str
    treatment: str
    mic: float
    """Minimal important change."""
    sdc: float | None
    """Smallest detectable change; None: the source gives none."""
    source: str
    status: Status
    direction: Literal["better", "worse"] | None = None
    """Which change it judges; None: either."""
    baseline: tuple[float, float] | None = None
    """First scores it holds for, both ends included; None: any."""

    def judges(self, instrument: "Instrument", before: float, after: float) -> bool:
        """Whether it was made for a change in this direction from a first score like this."""
        if self.baseline is not None and not self.baseline[0] <= before <= self.baseline[1]:
            return False
        return self.direction is None or self.direction == direction_of(instrument, after - before)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One outcome measure; never its items' text."""

    key: str
    name: str
    licence: Licence
    licence_status: Status
    rule: Rule
    items: int
    item_max: int
    least_answered: int
    least: float
    most: float
    higher_is: Literal["worse", "better"]
    unit: str
    source: str
    status: Status
    bands: tuple[Band, ...]
    bands_source: str
    bands_status: Status
    upper_edge: bool
    """True: a score at the edge of two bands belongs to the higher."""
    thresholds: tuple[Threshold, ...]

    @property
    def shows_items(self) -> bool:
        """True when its questions may be asked by us; otherwise only a score is entered."""
        return self.licence == "free-embed"


@dataclass(frozen=True, slots=True)
class Score:
    """A scored measure, rounded to a tenth for percentages and means; an index keeps three digits."""

    value: float
    unit: str
    band: str | None
    answered: int | None
    """Items answered; None for an entered score."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the difference between two scores means, by one threshold."""

    difference: float
    direction: Literal["better", "worse", "unchanged"]
    judgement: Judgement
    threshold: Threshold


@cache
def instruments() -> Mapping[str, Instrument]:
    """Every outcome measure by key, read once."""
    text = files("agenda").joinpath("instruments", "instruments.toml").read_text(encoding="utf-8")
    rows = cast(list[dict[str, object]], tomllib.loads(text)["instrument"])
    return {one.key: one for one in map(_instrument, rows)}


def score(instrument: Instrument, answers: Sequence[int | None]) -> Score:
    """The score of answered items, None for one left open. Raises Invalid with what is wrong."""
    if instrument.rule == "entered":
        raise Invalid("answers", f"{instrument.name} is entered as a score.")
    if len(answers) != instrument.items:
        raise Invalid("answers", f"{instrument.name} has {instrument.items} items, not {len(answers)}.")
    for number, answer in enumerate(answers, 1):
        if answer is not None and not 0 <= answer <= instrument.item_max:
            raise Invalid("answers", f"Item {number} of {instrument.name} is 0 to {instrument.item_max}.")
    given = [answer for answer in answers if answer is not None]
    return from_total(instrument, sum(given), len(given))


def from_total(instrument: Instrument, total: int, answered: int | None = None) -> Score:
    """The score of a total over so many answered items (None: all). Raises Invalid."""
    counted = instrument.items if answered is None else answered
    if instrument.rule == "entered":
        raise Invalid("total", f"{instrument.name} is entered as a score.")
    if not instrument.least_answered <= counted <= instrument.items:
        raise Invalid("answers", f"{instrument.name} needs {instrument.least_answered} of {instrument.items} items "
                      f"answered; there are {counted}.")
    if not 0 <= total <= counted * instrument.item_max:
        raise Invalid("total", f"{counted} items of {instrument.name} add up to 0 to {counted * instrument.item_max}.")
    value: float = total
    if instrument.rule == "mean":
        value = round(total / counted, 1)
    elif instrument.rule == "percent-of-answered":
        value = round(100 * total / (counted * instrument.item_max), 1)
    return Score(value, instrument.unit, band(instrument, value), counted)


def entered(instrument: Instrument, value: float) -> Score:
    """A score computed elsewhere, as it was sent. Raises Invalid outside the scale."""
    if not instrument.least <= value <= instrument.most:
        raise Invalid("score", f"{instrument.name} lies between {instrument.least:g} and {instrument.most:g}.")
    return Score(round(value, 3), instrument.unit, band(instrument, value), None)


def band(instrument: Instrument, value: float) -> str | None:
    """The label of the band a score lies in; None where the instrument has none."""
    for one in instrument.bands:
        last = one is instrument.bands[-1]
        if value < one.high or (value == one.high and (last or not instrument.upper_edge)):
            return one.label
    return None


def change(instrument: Instrument, before: float, after: float, threshold: Threshold) -> Change:
    """What the difference means by this threshold; raises ValueError for another instrument's threshold.

    Below the smallest detectable change it is within measurement error; up to the minimal important change real but
    below important; from the larger of both on, important. Without a detectable change only importance is judged.
    """
    if threshold not in instrument.thresholds:
        raise ValueError("this threshold belongs to another instrument")
    difference = round(after - before, 3)
    return Change(difference, direction_of(instrument, difference), _judged(abs(difference), threshold), threshold)


def direction_of(instrument: Instrument, difference: float) -> Literal["better", "worse", "unchanged"]:
    """Whether a difference of scores is for the better."""
    if not round(difference, 3):
        return "unchanged"
    return "better" if (difference > 0) == (instrument.higher_is == "better") else "worse"


def _judged(size: float, threshold: Threshold) -> Judgement:
    if threshold.sdc is None:
        return "important" if size >= threshold.mic else "below important"
    if size < threshold.sdc:
        return "within measurement error"
    return "important" if size >= threshold.mic else "real, below important"


def _instrument(row: Mapping[str, object]) -> Instrument:
    items, item_max = cast(int, row.get("items", 0)), cast(int, row.get("item_max", 0))
    rule = _one_of(row["rule"], Rule)
    whole = {"percent-of-answered": 100, "mean": item_max}.get(rule, items * item_max)
    return Instrument(
        key=str(row["key"]), name=str(row["name"]), licence=cast(Licence, _one_of(row["licence"], Licence)),
        licence_status=_status(row["licence_status"]), rule=cast(Rule, rule), items=items, item_max=item_max,
        least_answered=cast(int, row.get("least_answered", items)), least=float(cast(float, row.get("least", 0))),
        most=float(cast(float, row.get("most", whole))),
        higher_is="better" if row["higher_is"] == "better" else "worse", unit=str(row["unit"]),
        source=cited(str(row["source"])), status=_status(row["status"]), bands=tuple(map(_band, _rows(row, "bands"))),
        bands_source=cited(str(row.get("bands_source", ""))),
        bands_status=_status(row.get("bands_status", "unverified")),
        upper_edge=row.get("band_edge") == "upper", thresholds=tuple(map(_threshold, _rows(row, "changes"))),
    )


def _band(row: Mapping[str, object]) -> Band:
    return Band(float(cast(float, row["from"])), float(cast(float, row["to"])), str(row["label"]))


def _threshold(row: Mapping[str, object]) -> Threshold:
    sdc = row.get("sdc")
    return Threshold(
        population=str(row["population"]), treatment=str(row["treatment"]), mic=float(cast(float, row["mic"])),
        sdc=None if sdc is None else float(cast(float, sdc)), source=cited(str(row["source"])),
        status=_status(row["status"]), direction=cast(Literal["better", "worse"] | None, row.get("direction")),
        baseline=cast(tuple[float, float], tuple(cast(list[float], row["baseline"]))) if "baseline" in row else None,
    )


def _rows(row: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    return cast(list[Mapping[str, object]], row.get(key, []))


def _status(value: object) -> Status:
    return cast(Status, _one_of(value, Status))


def _one_of(value: object, words: object) -> str:
    if value not in get_args(words):
        raise ValueError(f"{value!r} is none of {', '.join(get_args(words))}")
    return str(value)
