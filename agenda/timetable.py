"""The running order of a sitting: a sequence of items laid on the clock around its breaks. Pure.

Minutes are counted from the start of the sitting. A break with `at_min` stays at that minute whatever is inserted
before it; an item that would run into it begins after it. Hence: inserting or moving shifts only what is later, breaks
stay, and nothing overlaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing in the running order."""

    key: str
    minutes: int
    at_min: int | None = None
    """For a break: the minute at which it stays. None: follows what is before it."""

    def __post_init__(self) -> None:
        if self.minutes < 1:
            raise ValueError("a slot takes at least one minute")
        if self.at_min is not None and self.at_min < 0:
            raise ValueError("a break cannot begin before the sitting")


@dataclass(frozen=True, slots=True)
class Placed:
    """A slot with its place on the clock, [begins, ends) in minutes from the start."""

    slot: Slot
    begins: int
    ends: int


def laid_out(order: Sequence[Slot]) -> tuple[Placed, ...]:
    """Every slot with its time, by time. Items keep their order; pinned slots keep their minute.

    Two pinned slots that would overlap: the later one of the sequence gives way to just after the earlier.
    """
    pinned: list[Placed] = []
    for slot in order:
        if slot.at_min is not None:
            pinned.append(_first_fit(slot, slot.at_min, pinned))
    placed = list(pinned)
    cursor = 0
    for slot in order:
        if slot.at_min is None:
            fitted = _first_fit(slot, cursor, pinned)
            placed.append(fitted)
            cursor = fitted.ends
    return tuple(sorted(placed, key=lambda one: one.begins))


def _first_fit(slot: Slot, earliest: int, taken: Sequence[Placed]) -> Placed:
    begins = earliest
    for other in sorted(taken, key=lambda one: one.begins):
        if begins < other.ends and other.begins < begins + slot.minutes:
            begins = other.ends
    return Placed(slot, begins, begins + slot.minutes)


def inserted(order: Sequence[Slot], slot: Slot, index: int | None = None) -> tuple[Slot, ...]:
    """The order with a new slot before the one at `index`; None or beyond: last.

    `index` counts the slots that follow one another; pinned ones have their own minute and are not counted. Raises
    ValueError if the key stands there already.
    """
    if any(one.key == slot.key for one in order):
        raise ValueError("this stands in the running order already")
    flowing = [place for place, one in enumerate(order) if one.at_min is None]
    at = len(order) if index is None or index >= len(flowing) else flowing[max(0, index)]
    return (*order[:at], slot, *order[at:])


def removed(order: Sequence[Slot], key: str) -> tuple[Slot, ...]:
    """The order without a slot; the rest keeps its sequence."""
    return tuple(slot for slot in order if slot.key != key)


def moved(order: Sequence[Slot], key: str, index: int) -> tuple[Slot, ...]:
    """The order with one slot at another `index`, counted as in `inserted`; all others keep their sequence.

    Raises KeyError for an unknown key.
    """
    slot = next((one for one in order if one.key == key), None)
    if slot is None:
        raise KeyError(key)
    return inserted(removed(order, key), slot, index)


def ends_at(order: Sequence[Slot]) -> int:
    """The minute at which the last slot ends; 0 for an empty order."""
    return max((placed.ends for placed in laid_out(order)), default=0)


def occupied(order: Sequence[Slot]) -> int:
    """Minutes asked for, breaks included."""
    return sum(slot.minutes for slot in order)
