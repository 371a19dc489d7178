"""Laws of the arranger over made-up boards.

Planted faults these laws are known to catch: the no-overlap of a sitting left out; a referrer's hours forgotten; a
worse answer kept because it came later; a wish of the smallest set left out.
"""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agenda.ordering.conflicts import given_up, smallest_giving
from agenda.ordering.greedy import first_fit
from agenda.ordering.hours import faults
from agenda.ordering.solve import arrange
from agenda.ordering.values import Arrangement, Limits, Place, Problem
from agenda.ordering.worth import worth
from tests.benchmarks.arrange import board

LIMITS = Limits(seconds=20, work=0.3)
boards = st.builds(
    board, st.integers(1, 14), st.integers(0, 100_000), sittings=st.integers(1, 2), minutes=st.sampled_from([60, 90]),
    load=st.sampled_from([0.7, 1.15, 1.6]),
)


def wrong_minutes(problem: Problem, found: Arrangement) -> list[str]:
    """Minute by minute: is everybody there, is it no break and within the sitting."""
    wrong = []
    for key, place in found.places.items():
        one, sitting = problem.candidate(key), problem.sittings[place.sitting]
        people = [name for name in (one.presenter, one.referrer) if name is not None]
        hours = [sitting.disciplines[name] for name in one.disciplines if name in sitting.disciplines]
        hours += [sitting.people[name] for name in people if name in sitting.people]
        for minute in range(place.begins, place.begins + one.minutes):
            there = all(any(span.begins <= minute < span.ends for span in windows) for windows in hours)
            pause = any(span.begins <= minute < span.ends for span in sitting.breaks)
            if not there or pause or minute >= sitting.minutes:
                wrong.append(f"{key} at {minute}")
    return wrong


@given(st.builds(board, st.integers(1, 4), st.integers(0, 100_000), minutes=st.just(60), load=st.just(1.3)))
@settings(max_examples=25, deadline=None)
def test_what_is_called_proven_is_the_best_of_every_order_there_is(problem: Problem) -> None:
    found = arrange(problem, Limits(seconds=20))
    assert found.selection_proven
    assert found.order_proven
    ours = worth(problem, found.places)
    every = [(worth(problem, places), places) for places in every_order(problem, {})]
    assert ours[:2] == max(one for one, _ in every)[:2]
    assert ours[2] == max(one for one, places in every if set(places) == set(found.places))[2]


def every_order(problem: Problem, places: dict[str, Place]) -> Iterator[dict[str, Place]]:
    """Every choice of cases at every fifth minute of the one sitting."""
    index = next((n for n, one in enumerate(problem.candidates) if one.key not in places), None)
    if index is None:
        yield {key: place for key, place in places.items() if place.begins >= 0}
        return
    one = problem.candidates[index]
    yield from every_order(problem, places | {one.key: Place(0, -1)})
    for begins in range(0, problem.sittings[0].minutes, 5):
        now = {key: place for key, place in places.items() if place.begins >= 0} | {one.key: Place(0, begins)}
        if not faults(problem, now):
            yield from every_order(problem, places | {one.key: Place(0, begins)})


@given(boards)
@settings(max_examples=150, deadline=None)
def test_an_order_can_be_held_and_is_never_worse_than_greedy(problem: Problem) -> None:
    told: list[Arrangement] = []
    found = arrange(problem, LIMITS, told.append)
    assert faults(problem, found.places) == []
    assert worth(problem, found.places) >= worth(problem, first_fit(problem))
    assert wrong_minutes(problem, found) == []
    assert all(faults(problem, one.places) == [] for one in told)
    worths = [worth(problem, one.places) for one in told]
    assert worths == sorted(set(worths))
    assert sorted([*found.places, *found.left_out]) == sorted(one.key for one in problem.candidates)
    assert found.feasible == all(one.key in found.places for one in problem.candidates if one.bound)


@given(boards)
@settings(max_examples=15, deadline=None)
def test_the_same_board_gives_the_same_order(problem: Problem) -> None:
    assert arrange(problem, LIMITS) == arrange(problem, LIMITS)


@given(boards)
@settings(max_examples=40, deadline=None)
def test_when_the_named_wishes_give_every_case_is_heard(problem: Problem) -> None:
    all_must = replace(problem, candidates=tuple(replace(one, must=True) for one in problem.candidates))
    giving = smallest_giving(all_must, Limits(seconds=20, work=3))
    found = arrange(given_up(all_must, giving), Limits(seconds=20, work=3))
    assert found.missed == ()
