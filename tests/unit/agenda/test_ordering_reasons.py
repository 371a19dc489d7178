from agenda.ordering.reasons import Reason, Words, giving, sentence, why_here, why_not
from agenda.ordering.solve import arrange
from agenda.ordering.values import Candidate, Limits, Pin, Place, Problem, Sitting, Window, Wish

LIMITS = Limits(seconds=20)
HALF = Sitting("monday", 60, (), {"psychology": (Window(0, 30),)}, {"jo": (Window(30, 60),)})
WORDS = Words({"psychology": "Psychology", "jo": "Jo Whitfield", "a": "C-1", "b": "C-2", "c": "C-3"},
              lambda minute: f"08:{minute:02}" if minute < 60 else "09:00")


def told(problem: Problem, key: str, places: dict[str, Place]) -> list[str]:
    return [sentence(reason, WORDS) for reason in why_here(problem, places, key)]


def test_the_hours_that_bind_are_named_and_those_that_do_not_are_not() -> None:
    a = Candidate("a", 20, frozenset({"psychology", "physiatry"}), presenter="kim", urgency=1)
    problem = Problem((a,), (HALF,))
    assert told(problem, "a", {"a": Place(0, 0)}) == [
        "Only 08:00 to 08:30 suits Psychology.", "Urgent: heard as early as the others' hours allow.",
    ]


def test_a_pinned_case_says_who_placed_it() -> None:
    problem = Problem((Candidate("a", 20, urgency=3, pin=Pin("monday", 10)),), (HALF,))
    assert told(problem, "a", {"a": Place(0, 10)}) == ["You placed it here."]


def test_neighbours_that_share_a_scarce_discipline_are_named() -> None:
    cases = tuple(Candidate(key, 10, frozenset({"psychology"}) if key != "b" else frozenset()) for key in "abc")
    problem = Problem(cases, (HALF,), frozenset({"psychology"}))
    places = {"a": Place(0, 0), "c": Place(0, 10), "b": Place(0, 20)}
    assert "Beside C-3, which also needs Psychology." in told(problem, "a", places)
    assert told(problem, "b", places) == []


def test_waiting_and_complexity_are_told() -> None:
    problem = Problem((Candidate("a", 20, waiting_days=1, complexity=2),), (HALF,))
    assert told(problem, "a", {"a": Place(0, 0)}) == ["Complex: heard while minds are fresh.", "Has waited 1 day."]


def test_hours_that_never_meet_are_named_and_no_others() -> None:
    a = Candidate("a", 20, frozenset({"psychology", "physiatry"}), presenter="kim", referrer="jo")
    reason = why_not(Problem((a,), (HALF,)), {}, "a")
    assert reason == Reason("no-hour", (("discipline", "psychology"), ("referrer", "jo")))
    assert sentence(reason, WORDS) == "There is no hour long enough when Psychology and Jo Whitfield are all there."


def test_a_case_longer_than_the_sitting_is_told_so() -> None:
    reason = why_not(Problem((Candidate("a", 90),), (HALF,)), {}, "a")
    assert sentence(reason, WORDS) == "It is longer than any sitting has between its breaks."


def test_what_stands_in_its_only_hours_is_named() -> None:
    first = Candidate("a", 30, frozenset({"psychology"}), urgency=2)
    second = Candidate("b", 20, frozenset({"psychology"}))
    problem = Problem((first, second, Candidate("c", 20)), (HALF,))
    found = arrange(problem, LIMITS)
    assert found.left_out == ("b",)
    assert why_not(problem, found.places, "b") == Reason("outweighed", cases=("a",))


def test_two_small_cases_together_outweigh_a_larger_one() -> None:
    sitting = Sitting("monday", 40)
    problem = Problem((Candidate("a", 40, waiting_days=10), Candidate("b", 20), Candidate("c", 20)), (sitting,))
    assert arrange(problem, LIMITS).left_out == ("a",)
    places = {"b": Place(0, 0), "c": Place(0, 20)}
    assert sentence(why_not(problem, places, "a"), WORDS) == (
        "The hours it could have are taken by C-2 and C-3; together they are worth more."
    )


def test_a_wish_to_give_is_a_proposal() -> None:
    assert giving(Wish("referrer", "a", "jo"), WORDS) == "Hear C-1 without Jo Whitfield, who referred it."
    assert giving(Wish("break", None, "monday", Window(20, 30)), WORDS) == "Move or drop the break at 08:20."
    assert giving(Wish("must", "b"), WORDS) == "Hear C-2 in another sitting."
