"""What is to be arranged and what comes of it. Minutes are counted from the start of each sitting."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NAMES = Literal["discipline", "presenter", "referrer"]
WishKind = Literal["must", "discipline", "presenter", "referrer", "pin", "break"]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Minutes [begins, ends)."""

    begins: int
    ends: int

    def __post_init__(self) -> None:
        if not 0 <= self.begins < self.ends:
            raise ValueError("a window begins at 0 or later and ends after it begins")


@dataclass(frozen=True, slots=True)
class Sitting:
    """One sitting with what is free in it. Who is not listed is there throughout; an empty tuple: not at all."""

    key: str
    minutes: int
    breaks: tuple[Window, ...] = ()
    disciplines: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    people: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.minutes < 1:
            raise ValueError("a sitting takes at least one minute")
        ordered = sorted(self.breaks)
        if any(one.ends > other.begins for one, other in itertools.pairwise(ordered)):
            raise ValueError("breaks of a sitting do not overlap")


@dataclass(frozen=True, slots=True)
class Pin:
    """A place the coordinator chose by hand; it is kept."""

    sitting: str
    begins: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that asks for time."""

    key: str
    minutes: int
    disciplines: frozenset[str] = frozenset()
    """All must be there from its first minute to its last."""
    presenter: str | None = None
    referrer: str | None = None
    """None: the referrer need not be there."""
    urgency: int = 0
    """0 routine to 3 within days."""
    waiting_days: int = 0
    complexity: int = 0
    """0 plain to 3: the higher, the sooner it wants the board's fresh minds."""
    must: bool = False
    """To be heard in one of these sittings whatever else waits."""
    pin: Pin | None = None

    def __post_init__(self) -> None:
        if self.minutes < 1:
            raise ValueError("a case takes at least one minute")
        if not (0 <= self.urgency <= 3 and 0 <= self.complexity <= 3) or self.waiting_days < 0:
            raise ValueError("urgency and complexity are 0 to 3, waiting days not negative")

    @property
    def bound(self) -> bool:
        """True when leaving it out is not for the arranger to decide."""
        return self.must or self.pin is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """Candidates and the sittings, soonest first, they may be heard in."""

    candidates: tuple[Candidate, ...]
    sittings: tuple[Sitting, ...]
    scarce: frozenset[str] = frozenset()
    """Disciplines whose time is short: their cases stand together, so that they can come and go."""

    def __post_init__(self) -> None:
        for keys in ([c.key for c in self.candidates], [s.key for s in self.sittings]):
            if len(set(keys)) < len(keys):
                raise ValueError("a key stands twice")
        sittings = {sitting.key for sitting in self.sittings}
        if any(c.pin is not None and c.pin.sitting not in sittings for c in self.candidates):
            raise ValueError("a case is pinned to a sitting that is not among these")

    def candidate(self, key: str) -> Candidate:
        """The candidate with this key; raises KeyError."""
        for one in self.candidates:
            if one.key == key:
                return one
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case is heard: index of the sitting, minute at which it begins."""

    sitting: int
    begins: int


Places = Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that was asked for and may have to give; `subject` is the discipline, the person or the sitting."""

    kind: WishKind
    candidate: str | None
    subject: str | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to look. Work is counted deterministically; seconds are the end of all patience."""

    seconds: float = 10.0
    work: float = 40.0
    """CP-SAT's deterministic time of each stage: the same problem gives the same answer on every machine."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Arrangement:
    """An order for the sittings, and how good it is known to be."""

    places: Places
    left_out: tuple[str, ...]
    method: Literal["greedy", "solver"]
    selection_proven: bool = False
    """No other choice of cases is worth more."""
    order_proven: bool = False
    """No other order of these cases in their sittings costs less."""
    missed: tuple[str, ...] = ()
    """Of those left out, the cases that had to be heard."""
    giving: tuple[Wish, ...] = ()
    """When a case is missed: the smallest set of wishes that would have to give for all of them to be heard."""

    @property
    def feasible(self) -> bool:
        """True when every case that must be heard is."""
        return not self.missed


def missed(problem: Problem, places: Places) -> tuple[str, ...]:
    """Cases that must be heard, or stand pinned, and have no place."""
    return tuple(one.key for one in problem.candidates if one.bound and one.key not in places)
