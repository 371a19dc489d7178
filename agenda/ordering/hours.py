"""When a case can begin: everybody's hours as sets of minutes."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from agenda.ordering.values import NAMES, Candidate, Place, Places, Problem, Sitting, Window

Need = tuple[NAMES, str]
"""Who has to be there, and as what."""


def needs(candidate: Candidate) -> tuple[Need, ...]:
    """Everybody a case asks for, in a fixed sequence."""
    found: list[Need] = [("discipline", name) for name in sorted(candidate.disciplines)]
    if candidate.presenter is not None:
        found.append(("presenter", candidate.presenter))
    if candidate.referrer is not None and candidate.referrer != candidate.presenter:
        found.append(("referrer", candidate.referrer))
    return tuple(found)


def present(sitting: Sitting, need: Need) -> tuple[Window, ...]:
    """When that discipline or person is there, within the sitting."""
    kind, name = need
    listed = (sitting.disciplines if kind == "discipline" else sitting.people).get(name)
    if listed is None:
        return (Window(0, sitting.minutes),)
    cut = ((one.begins, min(one.ends, sitting.minutes)) for one in listed)
    return joined(Window(begins, ends) for begins, ends in cut if begins < ends)


def free(sitting: Sitting) -> tuple[Window, ...]:
    """The sitting without its breaks."""
    cursor, found = 0, []
    for pause in sorted(sitting.breaks):
        if cursor < min(pause.begins, sitting.minutes):
            found.append(Window(cursor, min(pause.begins, sitting.minutes)))
        cursor = max(cursor, pause.ends)
    if cursor < sitting.minutes:
        found.append(Window(cursor, sitting.minutes))
    return tuple(found)


def common(sets: Iterable[tuple[Window, ...]]) -> tuple[Window, ...]:
    """The minutes that all sets share."""
    result: tuple[Window, ...] | None = None
    for other in sets:
        result = other if result is None else _both(result, other)
    return result or ()


def room(candidate: Candidate, sitting: Sitting, wanted: Sequence[Need] | None = None) -> tuple[Window, ...]:
    """Windows, long enough for the case, in which it could stand alone in the sitting; `wanted`: only these needs."""
    asked = needs(candidate) if wanted is None else wanted
    shared = common([free(sitting), *(present(sitting, need) for need in asked)])
    fitting = tuple(one for one in shared if one.ends - one.begins >= candidate.minutes)
    pin = candidate.pin
    if pin is None:
        return fitting
    fixed = Window(pin.begins, pin.begins + candidate.minutes)
    held = any(one.begins <= fixed.begins and fixed.ends <= one.ends for one in fitting)
    return (fixed,) if held and pin.sitting == sitting.key else ()


def faults(problem: Problem, places: Places) -> list[str]:
    """What is wrong with an order, in words; empty when it can be held. Independent of how the order was found."""
    found = [
        f"{one.key} stands where somebody it needs is not there"
        for one in problem.candidates
        if one.key in places and not _stands(one, problem.sittings[places[one.key].sitting], places[one.key])
    ]
    by_time = sorted((place.sitting, place.begins, key) for key, place in places.items())
    for (sitting, begins, key), (next_sitting, next_begins, other) in itertools.pairwise(by_time):
        if sitting == next_sitting and begins + problem.candidate(key).minutes > next_begins:
            found.append(f"{key} and {other} overlap")
    return found


def _stands(candidate: Candidate, sitting: Sitting, place: Place) -> bool:
    return any(
        one.begins <= place.begins and place.begins + candidate.minutes <= one.ends for one in room(candidate, sitting)
    )


def _both(some: Sequence[Window], others: Sequence[Window]) -> tuple[Window, ...]:
    return tuple(sorted(_meetings(some, others)))


def _meetings(some: Sequence[Window], others: Sequence[Window]) -> Iterator[Window]:
    for one in some:
        for other in others:
            begins, ends = max(one.begins, other.begins), min(one.ends, other.ends)
            if begins < ends:
                yield Window(begins, ends)


def joined(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same minutes by time, windows that touch or overlap made one."""
    found: list[Window] = []
    for one in sorted(windows):
        if found and one.begins <= found[-1].ends:
            found[-1] = Window(found[-1].begins, max(found[-1].ends, one.ends))
        else:
            found.append(one)
    return tuple(found)
