"""arrange: select and order 12, 30 and 60 cases, against greedy and against the proven optimum.

Boards are made up: disciplines that come late or leave early, referrers who can join one part of one sitting, a break,
some cases that must be heard, about 15 % more minutes asked for than there are. The same seed makes the same board.

Quality is printed as the value greedy selects / ours: lower is better for us, 1 means no gain. A proven selection is
the optimum itself, so the ratio to the proven optimum is the share that was proven. Time to proof is held against the
bars of 1, 5 and 15 seconds.
"""

import itertools
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import log

from agenda.ordering.greedy import first_fit
from agenda.ordering.hours import faults
from agenda.ordering.solve import arrange
from agenda.ordering.values import Candidate, Limits, Problem, Sitting, Window
from agenda.ordering.worth import Worth, worth
from tests.benchmarks.figures import Figure

SIZES = {12: (1, 90, 1.0), 30: (2, 120, 5.0), 60: (4, 120, 15.0)}
"""Cases → sittings, minutes of each, seconds within which the selection is to be proven."""
ALWAYS = ("radiology", "surgery")
GUESTS = ("pathology", "psychology", "anaesthesia", "pain-medicine")
SCARCE = frozenset({"psychology", "anaesthesia"})


def board(cases: int, seed: int, *, sittings: int = 1, minutes: int = 90, load: float = 1.15) -> Problem:
    """A made-up board; everything on a grid of five minutes."""
    chance = random.Random(seed)
    made = tuple(_sitting(chance, index, minutes) for index in range(sittings))
    scale = load * sittings * minutes / (cases * 2.6 * 5)
    return Problem(tuple(_case(chance, index, scale, made) for index in range(cases)), made, SCARCE)


def _sitting(chance: random.Random, index: int, minutes: int) -> Sitting:
    grid = minutes // 5
    hours = {}
    for name in GUESTS:
        begins, ends = chance.choice([0, 0, grid // 4]), chance.choice([grid, grid, grid * 3 // 4, grid // 2])
        hours[name] = (Window(begins * 5, ends * 5),)
    pause = 5 * (grid // 2)
    people = {f"referrer {n}": (Window(0, 5 * (grid // 2)) if n % 2 else Window(5 * (grid // 2), minutes),)
              for n in range(4)}
    return Sitting(f"sitting {index}", minutes, (Window(pause, pause + 5),), hours, people)


def _case(chance: random.Random, index: int, scale: float, sittings: tuple[Sitting, ...]) -> Candidate:
    guests = chance.sample(GUESTS, chance.choice([0, 1, 1, 2]))
    urgency = chance.choice([0, 0, 0, 1, 1, 2, 3])
    referrer = f"referrer {chance.randrange(4)}" if chance.random() < 0.3 else None
    return Candidate(
        key=f"case {index:02}", minutes=5 * max(1, round(chance.choice([1, 2, 2, 3, 3, 4]) * scale)),
        disciplines=frozenset(ALWAYS) | frozenset(guests), presenter=f"presenter {index % 5}", referrer=referrer,
        urgency=urgency, waiting_days=chance.randrange(40), complexity=chance.randrange(4),
        must=urgency == 3 and referrer is None,
    )


def run(*, short: bool) -> Iterator[Figure]:
    """Per size: the value of the selection, the time to its proof, what is left to the bound; then the exponents."""
    seeds = range(2) if short else range(5)
    medians: dict[int, float] = {}
    for cases, (sittings, minutes, bar) in SIZES.items():
        rounds = [_round(board(cases, seed, sittings=sittings, minutes=minutes)) for seed in seeds]
        medians[cases] = statistics.median(one.proof for one in rounds)
        yield from _figures(cases, rounds, bar)
    for small, large in itertools.pairwise(sorted(medians)):
        exponent = log(medians[large] / medians[small]) / log(large / small)
        yield Figure(f"arrange exponent of time, {small} to {large}", exponent, 1.0, "power of cases", None)


    boards = 50 if short else 1000
    worse = sum(_is_worse(board(12, seed)) for seed in range(boards))
    yield Figure(f"arrange: worse than greedy of {boards} boards", worse, boards, "boards", 0.0)


def _is_worse(problem: Problem) -> bool:
    found = arrange(problem, Limits(seconds=5, work=0.05))
    return bool(faults(problem, found.places)) or worth(problem, found.places) < worth(problem, first_fit(problem))


@dataclass(frozen=True, slots=True)
class _Round:
    greedy: Worth
    ours: Worth
    proof: float
    whole: float
    selection_proven: bool
    order_proven: bool


def _round(problem: Problem) -> _Round:
    """One board: seconds until the selection was proven (or given up), and until the whole ended."""
    marks: list[float] = []
    began = time.perf_counter()
    found = arrange(problem, Limits(seconds=25), selected=lambda: marks.append(time.perf_counter() - began))
    whole = time.perf_counter() - began
    assert not faults(problem, found.places)
    return _Round(worth(problem, first_fit(problem)), worth(problem, found.places), marks[0], whole,
                  found.selection_proven, found.order_proven)


def _figures(cases: int, rounds: list[_Round], bar: float) -> Iterator[Figure]:
    count = len(rounds)
    greedy, ours = (statistics.mean(worths) for worths in zip(*((r.greedy[1], r.ours[1]) for r in rounds), strict=True))
    worse = sum(one.ours < one.greedy for one in rounds)
    yield Figure(f"arrange {cases}: value, greedy / ours", greedy, ours, "points", 1.0, f"worse than greedy: {worse}")
    proven = [one.selection_proven for one in rounds]
    slowest = max(one.proof for one in rounds)
    yield Figure(f"arrange {cases}: slowest proof of selection / bar", slowest, bar, "s", 1.0,
                 f"proven {sum(proven)} of {count}")
    yield Figure(f"arrange {cases}: selection not proven", count - sum(proven), count, "boards", 0.0)
    ordered = sum(one.order_proven for one in rounds)
    whole = statistics.median(one.whole for one in rounds)
    yield Figure(f"arrange {cases}: whole / limit", whole, 25.0, "s", None, f"order proven {ordered} of {count}")
