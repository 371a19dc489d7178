"""Adds up a clinician's choices by the data beside it: SINS, TLICS, SLIC, TL AOSIS. Describes; decides nothing."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from agenda.errors import Invalid
from agenda.sources import cited

Status = Literal["verified", "unverified"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer with its points."""

    key: str
    label: str
    points: int
    status: Status
    not_with: Mapping[str, str]
    """Item → a choice of it that this one contradicts."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to judge."""

    key: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class TotalBand:
    """Totals from `low` to `high`, both included."""

    low: int
    high: int
    label: str


@dataclass(frozen=True, slots=True)
class ClinicianScore:
    """One score with its source."""

    key: str
    name: str
    most: int
    source: str
    status: Status
    items: tuple[Item, ...]
    bands: tuple[TotalBand, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """The sum, what it suggests, and whether every point of it is verified."""

    points: int
    label: str
    status: Status


@cache
def scores() -> Mapping[str, ClinicianScore]:
    """Every clinician score by key, read once."""
    text = files("agenda").joinpath("scores", "scores.toml").read_text(encoding="utf-8")
    rows = cast(list[dict[str, object]], tomllib.loads(text)["score"])
    return {one.key: one for one in map(_score, rows)}


def total(score: ClinicianScore, chosen: Mapping[str, str]) -> Total:
    """The total of one choice per item; raises Invalid naming the item that is missing, unknown or contradicted."""
    unknown = next((key for key in chosen if key not in {item.key for item in score.items}), None)
    if unknown is not None:
        raise Invalid(unknown, f"{score.name} has no item {unknown!r}.")
    choices = [_chosen(score, item, chosen) for item in score.items]
    points = sum(choice.points for choice in choices)
    verified = score.status == "verified" and all(choice.status == "verified" for choice in choices)
    label = next(band.label for band in score.bands if band.low <= points <= band.high)
    return Total(points, label, "verified" if verified else "unverified")


def _chosen(score: ClinicianScore, item: Item, chosen: Mapping[str, str]) -> Choice:
    key = chosen.get(item.key)
    if key is None:
        raise Invalid(item.key, f"{score.name} needs {item.label.lower()}.")
    found = next((choice for choice in item.choices if choice.key == key), None)
    if found is None:
        raise Invalid(item.key, f"{item.label} is one of {', '.join(choice.key for choice in item.choices)}.")
    for other, contradicted in found.not_with.items():
        if chosen.get(other) == contradicted:
            raise Invalid(item.key, f"{item.label}: {found.label.lower()} contradicts {other} {contradicted}.")
    return found


def _score(row: Mapping[str, object]) -> ClinicianScore:
    status = _status(row["status"])
    bands = cast(list[dict[str, object]], row["bands"])
    return ClinicianScore(
        key=str(row["key"]), name=str(row["name"]), most=cast(int, row["most"]), source=cited(str(row["source"])),
        status=status, items=tuple(_item(one, status) for one in cast(list[dict[str, object]], row["item"])),
        bands=tuple(TotalBand(cast(int, one["from"]), cast(int, one["to"]), str(one["label"])) for one in bands),
    )


def _item(row: Mapping[str, object], status: Status) -> Item:
    choices = tuple(
        Choice(
            key=str(one["key"]), label=str(one["label"]), points=cast(int, one["points"]),
            status=_status(one.get("status", status)), not_with=cast(dict[str, str], one.get("not_with", {})),
        )
        for one in cast(list[dict[str, object]], row["choices"])
    )
    return Item(str(row["key"]), str(row["label"]), choices)


def _status(value: object) -> Status:
    if value not in ("verified", "unverified"):
        raise ValueError(f"{value!r} is neither verified nor unverified")
    return "verified" if value == "verified" else "unverified"
