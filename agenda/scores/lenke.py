"""Lenke's classification of adolescent idiopathic scoliosis, from what is measured; by the data of numbers.toml."""

from dataclasses import dataclass
from typing import Literal, cast

from agenda.errors import Invalid
from agenda.scores.engine import Status
from agenda.scores.numbers import table
from agenda.sources import cited

LumbarModifier = Literal["A", "B", "C"]
_TYPES = {(False, False): 1, (True, False): 2, (False, True): 3, (True, True): 4}
"""Main thoracic curve is the major one: (proximal thoracic, lumbar) structural → type."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One of the three curves; degrees."""

    standing: float
    bending: float
    """What is left of it on side bending."""


@dataclass(frozen=True, slots=True)
class Scoliosis:
    """What Lenke's type is read from; degrees, kyphosis positive."""

    proximal: Curve
    thoracic: Curve
    lumbar: Curve
    """Thoracolumbar or lumbar."""
    kyphosis_t2_t5: float
    kyphosis_t5_t12: float
    kyphosis_t10_l2: float
    modifier: LumbarModifier
    """By the central sacral vertical line: between the pedicles, touching the apical body, or clear of it."""


@dataclass(frozen=True, slots=True)
class Lenke:
    """The type, with its two modifiers."""

    type: int
    lumbar: LumbarModifier
    sagittal: Literal["−", "N", "+"]
    source: str
    status: Status

    def __str__(self) -> str:
        return f"{self.type}{self.lumbar}{self.sagittal}"


def lenke(found: Scoliosis) -> Lenke:
    """The type; raises Invalid naming the field where there is none for these curves.

    The larger of the thoracic and the lumbar curve is the major one (the thoracic when they are alike), and structural.
    """
    rules = table("lenke")
    stiff, bent = cast(float, rules["residual"]), cast(float, rules["kyphosis"])
    proximal = found.proximal.bending >= stiff or found.kyphosis_t2_t5 >= bent
    if found.thoracic.standing >= found.lumbar.standing:
        kind = _TYPES[proximal, found.lumbar.bending >= stiff or found.kyphosis_t10_l2 >= bent]
    else:
        thoracic = found.thoracic.bending >= stiff or found.kyphosis_t10_l2 >= bent
        if proximal and not thoracic:
            raise Invalid("proximal", "A structural proximal curve without a thoracic one has no type.")
        kind = 4 if proximal else 6 if thoracic else 5
    if kind in (5, 6) and found.modifier != "C":
        raise Invalid("modifier", "Types 5 and 6 take the lumbar modifier C alone.")
    low, high = cast(list[float], rules["sagittal"])
    sagittal: Literal["−", "N", "+"] = (
        "−" if found.kyphosis_t5_t12 < low else "+" if found.kyphosis_t5_t12 > high else "N"
    )
    status: Status = "unverified" if kind == 6 else "verified"
    return Lenke(kind, found.modifier, sagittal, cited(str(rules["source"])), status)
