import pytest

from agenda.ordering.conflicts import smallest_giving
from agenda.ordering.greedy import first_fit
from agenda.ordering.hours import common, faults, free, room
from agenda.ordering.solve import arrange
from agenda.ordering.values import Arrangement, Candidate, Limits, Pin, Place, Problem, Sitting, Window, Wish
from agenda.ordering.worth import order_cost, worth

LIMITS = Limits(seconds=20)
HOUR = Sitting("monday", 60)


def problem(
    *candidates: Candidate, sittings: tuple[Sitting, ...] = (HOUR,), scarce: frozenset[str] = frozenset()
) -> Problem:
    return Problem(candidates, sittings, scarce)


def asking(key: str, minutes: int = 20, *disciplines: str, must: bool = False, **more: object) -> Candidate:
    return Candidate(key, minutes, frozenset(disciplines), must=must, **more)  # type: ignore[arg-type]


def order(found: Arrangement) -> list[str]:
    return [key for key, _ in sorted(found.places.items(), key=lambda one: (one[1].sitting, one[1].begins))]


def test_breaks_are_not_free() -> None:
    sitting = Sitting("monday", 60, (Window(20, 30), Window(55, 70)))
    assert free(sitting) == (Window(0, 20), Window(30, 55))


def test_hours_are_shared_where_all_are_there() -> None:
    assert common([(Window(0, 30), Window(40, 60)), (Window(20, 50),)]) == (Window(20, 30), Window(40, 50))


def test_a_case_has_room_where_everybody_it_needs_is_there_long_enough() -> None:
    sitting = Sitting("monday", 60, (), {"psychology": (Window(0, 30),)}, {"jo": (Window(15, 60),)})
    assert room(asking("a", 15, "psychology", referrer="jo"), sitting) == (Window(15, 30),)
    assert room(asking("a", 16, "psychology", referrer="jo"), sitting) == ()


def test_windows_that_touch_are_one() -> None:
    sitting = Sitting("monday", 60, (), {"psychology": (Window(0, 30), Window(30, 60))})
    assert room(asking("a", 40, "psychology"), sitting) == (Window(0, 60),)


def test_what_cannot_be_held_is_named() -> None:
    sitting = Sitting("monday", 60, (Window(20, 30),))
    there = problem(asking("a"), asking("b"), sittings=(sitting,))
    assert faults(there, {"a": Place(0, 0), "b": Place(0, 30)}) == []
    assert faults(there, {"a": Place(0, 0), "b": Place(0, 15)}) == [
        "b stands where somebody it needs is not there", "a and b overlap",
    ]


def test_the_urgent_case_is_heard_first() -> None:
    found = arrange(problem(asking("plain"), asking("urgent", urgency=3), asking("soon", urgency=1)), LIMITS)
    assert order(found) == ["urgent", "soon", "plain"]
    assert found.selection_proven
    assert found.order_proven


def test_the_complex_case_comes_before_the_plain_one() -> None:
    assert order(arrange(problem(asking("plain"), asking("complex", complexity=2)), LIMITS)) == ["complex", "plain"]


def test_the_longest_wait_decides_when_not_all_fit() -> None:
    found = arrange(problem(asking("new", 40), asking("old", 40, waiting_days=90)), LIMITS)
    assert order(found) == ["old"]
    assert found.left_out == ("new",)


def test_a_case_that_must_be_heard_stands_above_any_number_that_may() -> None:
    may = [asking(f"may {n}", 20, urgency=3) for n in range(3)]
    assert order(arrange(problem(*may, asking("must", 60, must=True)), LIMITS)) == ["must"]


def test_cases_of_a_scarce_discipline_stand_together() -> None:
    cases = [asking("a", 10, "psychology", complexity=1), asking("b", 10), asking("c", 10, "psychology"),
             asking("d", 10)]
    found = order(arrange(problem(*cases, scarce=frozenset({"psychology"})), LIMITS))
    assert abs(found.index("a") - found.index("c")) == 1


def test_greedy_is_beaten_where_first_fit_takes_another_s_only_hour() -> None:
    early = Sitting("monday", 40, (), {"psychology": (Window(0, 20),)})
    there = problem(asking("anytime", urgency=1), asking("early", 20, "psychology"), sittings=(early,))
    assert set(first_fit(there)) == {"anytime"}
    assert order(arrange(there, LIMITS)) == ["early", "anytime"]


def test_a_pinned_case_keeps_its_minute() -> None:
    found = arrange(problem(asking("held", 10, pin=Pin("monday", 25)), asking("urgent", 20, urgency=3)), LIMITS)
    assert found.places["held"] == Place(0, 25)
    assert found.places["urgent"] == Place(0, 0)


def test_the_soonest_sitting_takes_the_urgent_case() -> None:
    both = (Sitting("monday", 20), Sitting("tuesday", 20))
    there = problem(asking("old", waiting_days=60), asking("urgent", urgency=2), sittings=both)
    assert arrange(there, LIMITS).places == {"urgent": Place(0, 0), "old": Place(1, 0)}


def test_the_first_answer_comes_at_once_and_later_ones_are_better() -> None:
    early = Sitting("monday", 40, (), {"psychology": (Window(0, 20),)})
    there = problem(asking("anytime", urgency=1), asking("early", 20, "psychology"), sittings=(early,))
    told: list[Arrangement] = []
    last = arrange(there, LIMITS, told.append)
    assert told[0].method == "greedy"
    worths = [worth(there, one.places) for one in told]
    assert worths == sorted(set(worths))
    assert last.places == told[-1].places


def test_without_time_the_greedy_answer_stands() -> None:
    there = problem(asking("a"), asking("b", urgency=2))
    found = arrange(there, Limits(seconds=0))
    assert found.places == first_fit(there)
    assert found.method == "greedy"
    assert not found.selection_proven
    assert not found.order_proven


def test_the_cost_of_an_order_is_counted_by_the_minute() -> None:
    there = problem(asking("a", 10, "psychology", urgency=2, complexity=1), asking("b", 10, "psychology"),
                    scarce=frozenset({"psychology"}))
    assert order_cost(there, {"a": Place(0, 10), "b": Place(0, 40)}, 0) == (3 * 2 + 1) * 10 + 2 * 40


def test_a_referrer_who_cannot_join_is_the_one_wish_that_gives() -> None:
    sitting = Sitting("monday", 60, (), {"psychology": (Window(0, 30),)}, {"jo": (Window(30, 60),)})
    found = arrange(problem(asking("a", 20, "psychology", referrer="jo", must=True), sittings=(sitting,)), LIMITS)
    assert found.missed == ("a",)
    assert not found.feasible
    assert found.giving == (Wish("referrer", "a", "jo"),)


def test_a_break_gives_before_a_case_is_left_out() -> None:
    sitting = Sitting("monday", 60, (Window(25, 35),))
    cases = [asking("a", 30, must=True), asking("b", 30, must=True)]
    assert smallest_giving(problem(*cases, sittings=(sitting,)), LIMITS) == (
        Wish("break", None, "monday", Window(25, 35)),
    )


def test_more_than_the_sitting_holds_leaves_the_fewest_out() -> None:
    cases = [asking("long", 50, must=True), asking("a", 20, must=True), asking("b", 20, must=True)]
    assert smallest_giving(problem(*cases), LIMITS) == (Wish("must", "long"),)


def test_two_pins_on_one_minute_cannot_both_stay() -> None:
    cases = [asking("a", 20, pin=Pin("monday", 0)), asking("b", 20, pin=Pin("monday", 10))]
    found = arrange(problem(*cases), LIMITS)
    assert len(found.missed) == 1
    assert [(wish.kind, wish.subject) for wish in found.giving] == [("pin", "monday")]


def test_what_can_all_be_heard_asks_nobody_to_give() -> None:
    assert smallest_giving(problem(asking("a", 60, must=True)), LIMITS) == ()


@pytest.mark.parametrize("make", [
    lambda: Window(5, 5), lambda: Sitting("a", 0), lambda: Sitting("a", 60, (Window(0, 10), Window(5, 15))),
    lambda: Candidate("a", 0), lambda: Candidate("a", 5, urgency=4),
    lambda: problem(asking("a"), asking("a")), lambda: problem(asking("a", pin=Pin("sunday", 0))),
])
def test_nonsense_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"window|sitting|breaks|case|urgency|key"):
        make()  # type: ignore[operator]


def test_two_alike_that_fit_nowhere_are_both_left_out() -> None:
    found = arrange(problem(asking("a", 90), asking("b", 90), asking("c", 60)), LIMITS)
    assert found.left_out == ("a", "b")
    assert found.selection_proven
