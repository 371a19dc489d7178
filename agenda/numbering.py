"""How a patient's vertebrae are counted: where each one lies, and what a change of the count relabels. Pure.

A scheme says how the count was made, how many ribs and lumbar vertebrae there are, whether one is transitional
(Castellvi 1984), and where vertebrae were marked on images. Places between marks are interpolated; nothing is named
beyond the outermost marks. Coordinates are patient coordinates, LPS mm (PS3.3 C.7.6.2): z grows towards the head.

Why: with a transitional vertebra the level operated on changed in 15 % of patients once they were counted
(CLINICAL N4).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from typing import Literal, get_args

from agenda.errors import Invalid
from agenda.levels import VERTEBRAE, in_order

Method = Literal["c2", "t1", "iliolumbar", "assumed"]
METHODS: Mapping[Method, str] = {
    "c2": "Counted down from C2", "t1": "Counted down from T1 by the ribs",
    "iliolumbar": "The iliolumbar ligament marks L5", "assumed": "Assumed, not counted",
}
CASTELLVI: Mapping[str, str] = {
    "": "No transitional vertebra",
    "Ia": "Ia: broad transverse process, one side", "Ib": "Ib: broad transverse process, both sides",
    "IIa": "IIa: joint with the sacrum, one side", "IIb": "IIb: joint with the sacrum, both sides",
    "IIIa": "IIIa: fused with the sacrum, one side", "IIIb": "IIIb: fused with the sacrum, both sides",
    "IV": "IV: joint on one side, fused on the other",
}
RIB_BEARING = (11, 12, 13)
LUMBAR = (4, 5, 6)
APART_MM = 4.0
"""Marks of two neighbours lie further apart than this from head to tail."""

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One vertebra marked on one image, and where that is in the patient."""

    vertebra: str
    sop_instance_uid: str
    frame: int
    point: tuple[float, float]
    """(column, row), corner origin."""
    at: Place


@dataclass(frozen=True, slots=True)
class Numbering:
    """One way to count one spine."""

    method: Method
    ribs: int
    """Rib-bearing vertebrae."""
    lumbar: int
    castellvi: str
    frame_of_reference: str
    anchors: tuple[Anchor, ...]

    @property
    def vertebrae(self) -> tuple[str, ...]:
        """Every vertebra this patient has, from the head down to S2."""
        return present(self.ribs, self.lumbar)


@dataclass(frozen=True, slots=True)
class Label:
    """Where one vertebra lies."""

    vertebra: str
    at: Place
    marked: bool
    """Marked by a person; otherwise interpolated between two that are."""


def present(ribs: int, lumbar: int) -> tuple[str, ...]:
    """The vertebrae of a spine with so many ribs and lumbar vertebrae, from the head down."""
    absent = {f"T{number}" for number in range(ribs + 1, 14)} | {f"L{number}" for number in range(lumbar + 1, 7)}
    return tuple(name for name in VERTEBRAE if name not in absent)


def checked(numbering: Numbering) -> Numbering:
    """The same, its marks from head to tail; raises Invalid naming method, ribs, lumbar, castellvi or anchors."""
    _counts(numbering)
    anchors = _ordered(numbering)
    for upper, lower in pairwise(anchors):
        steps = numbering.vertebrae.index(lower.vertebra) - numbering.vertebrae.index(upper.vertebra)
        if upper.at[2] - lower.at[2] < APART_MM * steps:
            raise Invalid(
                "anchors", f"{upper.vertebra} must lie above {lower.vertebra}, with room for "
                f"{'a vertebra' if steps == 1 else f'{steps} vertebrae'}; look at these two marks again.",
            )
    return Numbering(
        numbering.method, numbering.ribs, numbering.lumbar, numbering.castellvi, numbering.frame_of_reference, anchors
    )


def _counts(numbering: Numbering) -> None:
    if numbering.method not in get_args(Method):
        raise Invalid("method", "Say how the vertebrae were counted.")
    if numbering.ribs not in RIB_BEARING:
        raise Invalid("ribs", "There are 11, 12 or 13 vertebrae with ribs.")
    if numbering.lumbar not in LUMBAR:
        raise Invalid("lumbar", "There are 4, 5 or 6 lumbar vertebrae.")
    if numbering.castellvi not in CASTELLVI:
        raise Invalid("castellvi", "There is no such transitional vertebra.")


def _ordered(numbering: Numbering) -> tuple[Anchor, ...]:
    names = [anchor.vertebra for anchor in numbering.anchors]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Invalid("anchors", f"{twice} is marked twice; take one of the marks away.")
    for name in names:
        if name not in VERTEBRAE:
            raise Invalid("anchors", f"There is no vertebra {name!r}.")
        if name not in numbering.vertebrae:
            raise Invalid(
                "anchors", f"{name} is marked, but with {numbering.ribs} rib-bearing and {numbering.lumbar} lumbar "
                "vertebrae there is none; correct the number or the mark.",
            )
    if len(names) < 2:
        raise Invalid("anchors", "Mark at least two vertebrae, the uppermost and the lowest that can be seen.")
    if not numbering.frame_of_reference:
        raise Invalid("anchors", "This series does not say where it lies in the patient; mark another one.")
    return tuple(sorted(numbering.anchors, key=lambda anchor: VERTEBRAE.index(anchor.vertebra)))


def labels(numbering: Numbering) -> tuple[Label, ...]:
    """Every vertebra between the outermost marks, from the head down."""
    order = numbering.vertebrae
    found: list[Label] = []
    for upper, lower in pairwise(numbering.anchors):
        first, last = order.index(upper.vertebra), order.index(lower.vertebra)
        found += [
            Label(order[place], _between(upper.at, lower.at, (place - first) / (last - first)), place == first)
            for place in range(first, last)
        ]
    final = numbering.anchors[-1:]
    return (*found, *(Label(anchor.vertebra, anchor.at, True) for anchor in final))


def _between(upper: Place, lower: Place, share: float) -> Place:
    x, y, z = (a + (b - a) * share for a, b in zip(upper, lower, strict=True))
    return (x, y, z)


def relabelled(before: Numbering, after: Numbering) -> frozenset[str]:
    """The vertebrae whose name means another bone now.

    A name moved when its new place is nearer to another name's old place than to its own. A name without a place both
    times follows the nearest that has one, and the counts. In another frame of reference no place can be compared:
    then every name must be looked at again.
    """
    every = in_order({*before.vertebrae, *after.vertebrae})
    if before.frame_of_reference != after.frame_of_reference:
        return frozenset(every)
    old, new = {one.vertebra: one.at for one in labels(before)}, {one.vertebra: one.at for one in labels(after)}
    moved = {name: _moved(name, old, new[name]) for name in in_order(set(old) & set(new))}
    by_count = _by_count(before, after)
    return frozenset(name for name in every if _changed(name, moved, by_count))


def _changed(name: str, moved: Mapping[str, bool], by_count: frozenset[str]) -> bool:
    if name in moved:
        return moved[name]
    nearest = min(moved, key=lambda other: abs(VERTEBRAE.index(other) - VERTEBRAE.index(name)), default=None)
    return name in by_count or nearest is None or moved[nearest]


def _moved(name: str, old: Mapping[str, Place], at: Place) -> bool:
    return min(old, key=lambda other: dist(old[other], at)) != name


def _by_count(before: Numbering, after: Numbering) -> frozenset[str]:
    """Names that stand for another bone, counted from the head: T12 is the nineteenth either way, L1 may not be."""
    old, new = before.vertebrae, after.vertebrae
    return frozenset(
        name for name in {*old, *new} if name not in old or name not in new or old.index(name) != new.index(name)
    )


_NAMED = re.compile(
    r"\b([CTLS])(\d{1,2})(?:\s?(?:[-–—/]|to)\s?([CTLS])?(\d{1,2}))?\b"
    r"(?!\s*(?:nerve|root|dermatome|myotome|radicul|palsy|sensory|weight|signal|sequence|image|MRI|MR\b))",
)


def named_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Vertebrae that free text names as levels; a range names all between its ends.

    Roots, dermatomes and weightings are no levels, and T1 and T2 alone are taken for weightings.
    """
    found: set[str] = set()
    for match in _NAMED.finditer(" \n ".join(texts)):
        region, number, region_to, number_to = match.groups()
        first, last = f"{region}{number}", f"{region_to or region}{number_to or number}"
        if first not in VERTEBRAE or last not in VERTEBRAE or (number_to is None and first in ("T1", "T2")):
            continue
        start, end = VERTEBRAE.index(first), VERTEBRAE.index(last)
        between = [name for name in VERTEBRAE[start : end + 1] if name not in ("T13", "L6") or name in (first, last)]
        found |= set(between) if start <= end else {first, last}
    return in_order(found)


def refusal(
    named: Sequence[str], accepted: Numbering | None, *, proposed: bool, contested: Collection[str] = ()
) -> str:
    """Why a plan that names these levels cannot be signed, as a sentence; empty where it can.

    accepted: the numbering in force. proposed: one waits to be accepted. contested: names that it would give to other
    bones.
    """
    if not named:
        return ""
    levels = ", ".join(named)
    if accepted is None:
        why = "the proposed numbering has not been accepted" if proposed else "nobody has numbered the vertebrae"
        return f"This names levels ({levels}), but {why}. A radiologist or the chair accepts a numbering first."
    if accepted.method == "assumed":
        return f"This names levels ({levels}), but the numbering is only assumed. Count and accept it first."
    missing = [name for name in named if name not in accepted.vertebrae]
    if missing:
        return f"This names {', '.join(missing)}, but the accepted numbering has no such vertebra. Correct this first."
    doubted = [name for name in named if name in contested]
    if doubted:
        return (
            f"This names {', '.join(doubted)}, but a later numbering waits that calls another bone so. "
            "A radiologist or the chair accepts it first, or a new count."
        )
    return ""
