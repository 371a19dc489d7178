"""Priority first fit: what must be heard, then what is worth most, each at the first minute that is free."""

from collections.abc import Sequence

from agenda.ordering.hours import room
from agenda.ordering.values import Candidate, Place, Problem, Window
from agenda.ordering.worth import value


def first_fit(problem: Problem) -> dict[str, Place]:
    """An order at once, without a search. The fallback, and the baseline the solver is held against."""
    taken: list[list[Window]] = [[] for _ in problem.sittings]
    places: dict[str, Place] = {}
    for candidate in sorted(problem.candidates, key=_rank):
        found = _first(problem, candidate, taken)
        if found is not None:
            places[candidate.key] = found
            taken[found.sitting].append(Window(found.begins, found.begins + candidate.minutes))
    return places


def _rank(candidate: Candidate) -> tuple[bool, bool, int, str]:
    return candidate.pin is None, not candidate.must, -value(candidate, 0), candidate.key


def _first(problem: Problem, candidate: Candidate, taken: Sequence[Sequence[Window]]) -> Place | None:
    for index, sitting in enumerate(problem.sittings):
        for window in room(candidate, sitting):
            begins = earliest(window, candidate.minutes, taken[index])
            if begins is not None:
                return Place(index, begins)
    return None


def earliest(window: Window, minutes: int, taken: Sequence[Window]) -> int | None:
    """The first minute of the window at which `minutes` are free; None when there is none."""
    begins = window.begins
    for other in sorted(taken):
        if begins < other.ends and other.begins < begins + minutes:
            begins = other.ends
    return begins if begins + minutes <= window.ends else None
