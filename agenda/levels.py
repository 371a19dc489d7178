"""Vertebrae and levels: their names, their order, and how a range of them is written. Pure.

Names count as the field counts: C1 to C7, T1 to T12 (T13 where there is one), L1 to L5 (L6 where there is one), S1 and
S2. A *motion segment* is two neighbours, written ``L4-L5``; ``L4/5`` and ``L4-5`` are read as the same.
"""

import re
from collections.abc import Iterable

from agenda.errors import Invalid

VERTEBRAE: tuple[str, ...] = (
    *(f"C{number}" for number in range(1, 8)), *(f"T{number}" for number in range(1, 14)),
    *(f"L{number}" for number in range(1, 7)), "S1", "S2",
)
"""From the head down; T13 and L6 exist in some people only."""
RARE = frozenset({"T13", "L6"})
_PLACE = {name: place for place, name in enumerate(VERTEBRAE)}
_RANGE = re.compile(r"^([CTLS])(\d{1,2})(?:\s*(?:-|–|to|/)\s*([CTLS])?(\d{1,2}))?$", re.IGNORECASE)


def vertebrae(field: str, text: str) -> tuple[str, ...]:
    """The vertebrae of ``L3-S1, T12``, from the head down; raises Invalid naming the field and the part it cannot read.

    A range takes in everything between its ends; T13 and L6 only where they are named.
    """
    named: set[str] = set()
    for part in re.split(r"[,;]|\band\b", text):
        written = part.strip()
        if written:
            named |= set(_one(field, written))
    return in_order(named)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Vertebrae from the head down."""
    return tuple(sorted(names, key=_PLACE.__getitem__))


def neighbours(upper: str, lower: str) -> bool:
    """Whether two vertebrae share a disc; a T13 or L6 that is not there counts for nothing."""
    between = VERTEBRAE[_PLACE[upper] + 1 : _PLACE[lower]]
    return _PLACE[upper] < _PLACE[lower] and all(name in RARE for name in between)


def runs(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Vertebrae grouped into runs of neighbours."""
    grouped: list[list[str]] = []
    for name in in_order(set(names)):
        if grouped and neighbours(grouped[-1][-1], name):
            grouped[-1].append(name)
        else:
            grouped.append([name])
    return tuple(tuple(run) for run in grouped)


def segments(names: Iterable[str]) -> int:
    """Motion segments inside the runs of these vertebrae: L3 to S1 are three."""
    return sum(len(run) - 1 for run in runs(names))


def spoken(names: Iterable[str]) -> str:
    """Vertebrae as a surgeon writes them: ``L3–S1, T12``; empty for none."""
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs(names))


def lumbar(names: Iterable[str]) -> bool:
    """Whether a lumbar vertebra is among them."""
    return any(name.startswith("L") for name in names)


def _one(field: str, written: str) -> tuple[str, ...]:
    found = _RANGE.match(written)
    if found is None:
        raise Invalid(field, f"{written!r} is not a level; write it like L4-L5, C5-C7 or T12.")
    region, number, region_to, number_to = found.groups()
    first = _known(field, region + number, written)
    if number_to is None:
        return (first,)
    last = _known(field, (region_to or region) + number_to, written)
    if _PLACE[last] <= _PLACE[first]:
        raise Invalid(field, f"{written!r} runs upwards; write the upper vertebra first.")
    between = VERTEBRAE[_PLACE[first] : _PLACE[last] + 1]
    return tuple(name for name in between if name not in RARE or name in (first, last))


def _known(field: str, name: str, written: str) -> str:
    if name.upper() not in _PLACE:
        raise Invalid(field, f"There is no vertebra {name.upper()} in {written!r}.")
    return name.upper()
