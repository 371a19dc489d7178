"""Scores of measured or counted numbers: opioid doses, mJOA, STarT Back, Meyerding, SRS-Schwab, GAP."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from agenda.errors import Invalid
from agenda.scores.engine import Status
from agenda.sources import cited

_MJOA_PARTS = {"upper-motor": 5, "lower-motor": 7, "upper-sensory": 3, "sphincter": 3}


@dataclass(frozen=True, slots=True)
class Graded:
    """A figure with what its scale says of it."""

    value: float
    mark: str
    source: str
    status: Status


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Oral morphine equivalents a day, in milligrams, by one version of the table. Not for converting drugs."""

    mg_per_day: float
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class Schwab:
    """SRS-Schwab class of an adult deformity: curve type and three sagittal modifiers."""

    curve: Literal["T", "L", "D", "N"]
    pi_ll: str
    sva: str
    tilt: str


@dataclass(frozen=True, slots=True)
class Spinopelvic:
    """What GAP is computed from; degrees, the distribution in per cent."""

    incidence: float
    slope: float
    lordosis: float
    """L1 to S1."""
    low_lordosis: float
    """L4 to S1."""
    global_tilt: float
    age: int


@cache
def _data() -> Mapping[str, object]:
    return tomllib.loads(files("agenda").joinpath("scores", "numbers.toml").read_text(encoding="utf-8"))


def table(name: str) -> Mapping[str, object]:
    """One table of numbers.toml; raises KeyError."""
    return cast(Mapping[str, object], _data()[name])


def lordosis_target(incidence: float, age: float) -> Graded:
    """Lumbar lordosis to be expected of a pelvic incidence (degrees) at an age (years); a reference, not an aim."""
    found = table("lordosis-target")
    constant, of_incidence, of_age = (cast(float, found[name]) for name in ("constant", "incidence", "age"))
    value = round(constant + of_incidence * incidence + of_age * age, 1)
    return Graded(value, f"{value:g}°", cited(str(found["source"])), "verified")


def opioid_mme(doses: Mapping[str, float]) -> Equivalent:
    """Daily doses by drug → morphine equivalents; raises Invalid naming an unknown drug or a negative dose."""
    found = table("mme")
    factors = cast(dict[str, float], found["factors"])
    for drug, dose in doses.items():
        if drug not in factors:
            raise Invalid(drug, f"There is no factor for {drug!r} in the table {found['version']}.")
        if not 0 <= dose < float("inf"):
            raise Invalid(drug, "A dose is not negative.")
    sum_mg = sum(dose * factors[drug] for drug, dose in doses.items())
    return Equivalent(round(sum_mg, 1), str(found["version"]), cited(str(found["source"])))


def graded(scale: str, value: float) -> Graded:
    """What a scale of numbers.toml says of a value; raises KeyError for an unknown scale."""
    found = cast(dict[str, dict[str, object]], _data()["scale"])[scale]
    mark, status = str(found["beyond"]), found.get("beyond_status", found["status"])
    for step in cast(list[dict[str, object]], found["steps"]):
        below, up_to = step.get("below"), step.get("up_to")
        if (below is not None and value < cast(float, below)) or (up_to is not None and value <= cast(float, up_to)):
            mark, status = str(step["mark"]), found["status"]
            break
    return Graded(value, mark, cited(str(found["source"])), "verified" if status == "verified" else "unverified")


def mjoa(parts: Mapping[str, int]) -> Graded:
    """0 to 18 from upper-motor 0–5, lower-motor 0–7, upper-sensory 0–3 and sphincter 0–3; raises Invalid."""
    for key, most in _MJOA_PARTS.items():
        if not 0 <= parts.get(key, -1) <= most:
            raise Invalid(key, f"mJOA needs {key.replace('-', ' ')}, 0 to {most}.")
    return graded("mjoa", sum(parts[key] for key in _MJOA_PARTS))


def start_back(total: int, psychosocial: int) -> Literal["low", "medium", "high"]:
    """Risk group of the nine-item STarT Back tool; `psychosocial`: items 5 to 9 alone. Source S89. Raises Invalid."""
    if not 0 <= psychosocial <= 5 or not psychosocial <= total <= psychosocial + 4:
        raise Invalid("total", "The subscale is 0 to 5, and the total is that and up to 4 more.")
    if total <= 3:
        return "low"
    return "high" if psychosocial >= 4 else "medium"


def meyerding(slip_percent: float) -> Graded | None:
    """The grade of a slip in per cent of the lower body's depth; None without one. Raises Invalid below 0."""
    if slip_percent < 0:
        raise Invalid("slip", "A slip is not negative; name its direction instead.")
    return graded("meyerding", slip_percent) if slip_percent else None


def srs_schwab(
    *, thoracic: float, lumbar: float, incidence_less_lordosis: float, sva_cm: float, tilt: float
) -> Schwab:
    """The class from the Cobb angles of both curves (cut at 30°) and the sagittal figures. Source S98."""
    curve: Literal["T", "L", "D", "N"] = "N"
    if thoracic > 30:
        curve = "D" if lumbar > 30 else "T"
    elif lumbar > 30:
        curve = "L"
    return Schwab(
        curve, graded("schwab-pi-ll", incidence_less_lordosis).mark, graded("schwab-sva", sva_cm).mark,
        graded("schwab-pt", tilt).mark,
    )


def gap(spine: Spinopelvic) -> Graded:
    """Global Alignment and Proportion, 0 to 13; unverified, and common in people without complaints.

    Raises Invalid when there is no lordosis to distribute.
    """
    if spine.lordosis <= 0:
        raise Invalid("lordosis", "Without lordosis from L1 to S1 its distribution has no value.")
    figures = {
        "gap-version": spine.slope - (0.59 * spine.incidence + 9),
        "gap-lordosis": spine.lordosis - (0.62 * spine.incidence + 29),
        "gap-distribution": 100 * spine.low_lordosis / spine.lordosis,
        "gap-spinopelvic": spine.global_tilt - (0.48 * spine.incidence - 15),
    }
    points = sum(int(graded(scale, value).mark) for scale, value in figures.items())
    return graded("gap", points + (spine.age >= 60))
