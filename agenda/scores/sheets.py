"""The sheets on which clinical scores are entered: what each asks, read from the data, and which limits a number has.

One place for all of them: the sums of `engine`, the classes of `numbers` and `lenke`, and opioids dose by dose. What a
filled sheet says is computed by `readings`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from agenda.scores.engine import ClinicianScore, Status, scores
from agenda.scores.numbers import table
from agenda.sources import cited

_NUMBER = re.compile(r"-?\d{1,6}(?:[.,]\d{1,4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pick:
    """One answer that can be chosen."""

    key: str
    label: str
    points: int | None = None
    """None: it adds nothing up."""
    status: Status | None = None
    """None: that of the sheet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing a sheet asks: a choice, or a number in a unit between two limits, both included."""

    key: str
    label: str
    picks: tuple[Pick, ...] = ()
    unit: str = ""
    least: float = 0
    most: float = 0
    whole: bool = False

    @property
    def range(self) -> str:
        """``0 to 180°`` or ``0 to 5``; empty for a choice."""
        if self.picks:
            return ""
        unit = self.unit if self.unit in ("°", "") else f" {self.unit}"
        return f"{self.least:g} to {self.most:g}{unit}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One score or classification as it is entered."""

    key: str
    short: str
    name: str
    group: str
    rule: str
    source: str
    status: Status
    placed: bool
    """It is about one level, which may be named."""
    items: tuple[Asked, ...]
    doses: int = 0
    """So many rows of drug, dose and times a day; 0: it has items instead."""

    def item(self, key: str) -> Asked:
        """One thing it asks; raises KeyError."""
        return next(one for one in self.items if one.key == key)


@dataclass(frozen=True, slots=True)
class Drug:
    """One opioid of the table in force."""

    key: str
    label: str
    unit: str
    factor: float
    by_the_clock: bool
    """Its dose is given in an amount each hour: there are no times a day."""


@cache
def sheets() -> Mapping[str, Sheet]:
    """Every sheet by key, in the order they are offered, read once."""
    text = files("agenda").joinpath("scores", "sheets.toml").read_text(encoding="utf-8")
    rows = cast(list[dict[str, object]], tomllib.loads(text)["sheet"])
    return {str(row["key"]): _sheet(row) for row in rows}


@cache
def drugs() -> Mapping[str, Drug]:
    """The opioids of the table in force, by key."""
    factors = cast(dict[str, float], table("mme")["factors"])
    return {key: _drug(key, factor) for key, factor in factors.items()}


def _drug(key: str, factor: float) -> Drug:
    name, _, way = key.partition("-")
    hourly = way == "transdermal"
    return Drug(key, name.capitalize() + (f", {way}" if way else ""), "µg/h" if hourly else "mg", factor, hourly)


def number_in(text: str) -> float | None:
    """A number as people write it, with a point or a comma; None where it is none."""
    written = text.strip().replace("−", "-")
    return float(written.replace(",", ".")) if _NUMBER.fullmatch(written) else None


def _sheet(row: Mapping[str, object]) -> Sheet:
    key, found = str(row["key"]), scores().get(str(row["key"]))
    source, status = (found.source, found.status) if found else _told(key)
    if row.get("status") == "unverified":
        status = "unverified"
    return Sheet(
        key=key, short=str(row["short"]), name=found.name if found else str(row["name"]), group=str(row["group"]),
        rule=str(row["rule"]), source=source, status=status, placed=row.get("placed") is True,
        items=_summed(found) if found else tuple(
            _asked(one) for one in cast(list[dict[str, object]], row.get("items", []))
        ),
        doses=cast(int, row.get("doses", 0)),
    )


def _told(key: str) -> tuple[str, Status]:
    """Source and status of a sheet of numbers; one made of several scales is verified where all are."""
    if key == "start-back":
        return cited("S89"), "verified"
    tables = {"mme": "mme", "lenke": "lenke", "lordosis-target": "lordosis-target"}
    if key in tables:
        return cited(str(table(key)["source"])), _status(table(key))
    scales = cast(dict[str, Mapping[str, object]], table("scale"))
    of = {"srs-schwab": ("schwab-pi-ll", "schwab-sva", "schwab-pt")}.get(key, (key,))
    verified = all(_status(scales[name]) == "verified" for name in of)
    return cited(str(scales[of[0]]["source"])), "verified" if verified else "unverified"


def _status(found: Mapping[str, object]) -> Status:
    return "verified" if found["status"] == "verified" else "unverified"


def _summed(found: ClinicianScore) -> tuple[Asked, ...]:
    sums = len(found.items) > 1
    return tuple(
        Asked(item.key, item.label, tuple(
            Pick(one.key, one.label, one.points if sums else None, one.status) for one in item.choices
        ))
        for item in found.items
    )


def _asked(row: Mapping[str, object]) -> Asked:
    picks = tuple(Pick(one["key"], one["label"]) for one in cast(list[dict[str, str]], row.get("choices", [])))
    return Asked(
        str(row["key"]), str(row["label"]), picks, str(row.get("unit", "")), cast(float, row.get("least", 0)),
        cast(float, row.get("most", 0)), row.get("whole") is True,
    )
