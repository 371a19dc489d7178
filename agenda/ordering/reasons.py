"""Why a case stands where it stands, and why another has no place: the constraints that bind, by name. Pure."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from agenda.ordering.hours import Need, needs, room
from agenda.ordering.values import Candidate, Place, Places, Problem, Sitting, Window, Wish
from agenda.ordering.worth import value

ReasonKind = Literal[
    "pinned", "hours", "urgent", "complex", "waited", "beside", "no-hour", "too-long", "outweighed", "hour-taken"
]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; which fields are filled depends on its kind."""

    kind: ReasonKind
    who: tuple[Need, ...] = ()
    """hours, no-hour: whose hours; together they leave no other."""
    windows: tuple[Window, ...] = ()
    """hours: where it can stand at all."""
    cases: tuple[str, ...] = ()
    """beside: its neighbours; outweighed, hour-taken: what stands in the time it asks for."""
    count: int = 0
    """waited: days; urgent, complex: the step."""


def why_here(problem: Problem, places: Places, key: str) -> tuple[Reason, ...]:
    """What put a case at its place, the strongest first. Raises KeyError when it has none."""
    candidate, place = problem.candidate(key), places[key]
    sitting = problem.sittings[place.sitting]
    if candidate.pin is not None:
        return (Reason("pinned"),)
    found = []
    binding = tuple(need for need in needs(candidate) if _binds(candidate, sitting, need))
    if binding:
        found.append(Reason("hours", binding, room(candidate, sitting)))
    if candidate.urgency:
        found.append(Reason("urgent", count=candidate.urgency))
    if candidate.complexity >= 2:
        found.append(Reason("complex", count=candidate.complexity))
    beside = _beside(problem, places, key)
    if beside is not None:
        found.append(beside)
    if candidate.waiting_days:
        found.append(Reason("waited", count=candidate.waiting_days))
    return tuple(found)


def _binds(candidate: Candidate, sitting: Sitting, need: Need) -> bool:
    """True when the case could stand at more minutes without this need."""
    others = [other for other in needs(candidate) if other != need]
    return room(candidate, sitting, others) != room(candidate, sitting)


def _beside(problem: Problem, places: Places, key: str) -> Reason | None:
    """The neighbours that need the same scarce discipline."""
    here = sorted((p.begins, other) for other, p in places.items() if p.sitting == places[key].sitting)
    row = [other for _, other in here]
    at = row.index(key)
    scarce = problem.candidate(key).disciplines & problem.scarce
    neighbours = [other for other in (*row[max(0, at - 1):at], *row[at + 1:at + 2])
                  if problem.candidate(other).disciplines & scarce]
    if not neighbours:
        return None
    shared = scarce & frozenset().union(*(problem.candidate(other).disciplines for other in neighbours))
    return Reason("beside", tuple(("discipline", name) for name in sorted(shared)), cases=tuple(neighbours))


def why_not(problem: Problem, places: Places, key: str) -> Reason:
    """What keeps a case out: it never fits, its only hours are taken, or others weigh more."""
    candidate = problem.candidate(key)
    if all(not room(candidate, sitting) for sitting in problem.sittings):
        return _never(problem, candidate)
    holding = tuple(
        other for index in range(len(problem.sittings)) for other in _in_the_way(problem, places, candidate, index)
    )
    weighty = all(value(problem.candidate(other), 0) >= value(candidate, 0) for other in holding)
    return Reason("outweighed" if weighty else "hour-taken", cases=holding)


def _never(problem: Problem, candidate: Candidate) -> Reason:
    """The fewest needs whose hours alone leave it no room in any sitting; none of them: it is too long."""
    asked = needs(candidate)
    for size in range(len(asked) + 1):
        for some in itertools.combinations(asked, size):
            if all(not room(candidate, sitting, some) for sitting in problem.sittings):
                return Reason("no-hour" if some else "too-long", some)
    raise AssertionError("a case without room has a reason")


def _in_the_way(problem: Problem, places: Places, candidate: Candidate, index: int) -> list[str]:
    """Cases that stand in the windows it could use, by time."""
    windows = room(candidate, problem.sittings[index])
    return [
        other for other, place in sorted(places.items(), key=lambda one: one[1].begins)
        if place.sitting == index and any(_touches(problem.candidate(other), place, one) for one in windows)
    ]


def _touches(candidate: Candidate, place: Place, window: Window) -> bool:
    return place.begins < window.ends and window.begins < place.begins + candidate.minutes


@dataclass(frozen=True, slots=True)
class Words:
    """How keys and minutes are shown: names of disciplines, people and cases, and the clock of the sitting."""

    names: Mapping[str, str]
    clock: Callable[[int], str]

    def name(self, key: str) -> str:
        """The name, or the key where there is none."""
        return self.names.get(key, key)

    def listed(self, keys: tuple[str, ...]) -> str:
        """'A', 'A and B', 'A, B and C'."""
        shown = [self.name(key) for key in keys]
        return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "nobody"


def sentence(reason: Reason, words: Words) -> str:
    """One reason for a person."""
    who = words.listed(tuple(name for _, name in reason.who))
    cases = words.listed(reason.cases)
    times = " or ".join(f"{words.clock(one.begins)} to {words.clock(one.ends)}" for one in reason.windows)
    return {
        "pinned": "You placed it here.",
        "hours": f"Only {times} suits {who}.",
        "urgent": "Urgent: heard as early as the others' hours allow.",
        "complex": "Complex: heard while minds are fresh.",
        "waited": f"Has waited {reason.count} {'day' if reason.count == 1 else 'days'}.",
        "beside": f"Beside {cases}, which also {'needs' if len(reason.cases) == 1 else 'need'} {who}.",
        "no-hour": f"There is no hour long enough when {who} {'is' if len(reason.who) == 1 else 'are all'} there.",
        "too-long": "It is longer than any sitting has between its breaks.",
        "outweighed": f"The time is full: {cases} come first by urgency and waiting.",
        "hour-taken": f"The hours it could have are taken by {cases}; together they are worth more.",
    }[reason.kind]


def giving(wish: Wish, words: Words) -> str:
    """One wish that would have to give, as a proposal."""
    case, subject = words.name(wish.candidate or ""), words.name(wish.subject or "")
    pause = "" if wish.window is None else words.clock(wish.window.begins)
    return {
        "must": f"Hear {case} in another sitting.",
        "discipline": f"Hear {case} without {subject}.",
        "presenter": f"Let somebody other than {subject} present {case}.",
        "referrer": f"Hear {case} without {subject}, who referred it.",
        "pin": f"Let {case} move from the minute it was placed at.",
        "break": f"Move or drop the break at {pause}.",
    }[wish.kind]
