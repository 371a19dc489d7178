import pytest

from agenda.timetable import Slot, ends_at, inserted, laid_out, moved, occupied, removed

A, B, C = Slot("a", 10), Slot("b", 12), Slot("c", 8)
PAUSE = Slot("pause", 5, at_min=15)


def times(*order: Slot) -> dict[str, int]:
    return {one.slot.key: one.begins for one in laid_out(order)}


def test_items_follow_each_other_from_the_start() -> None:
    assert times(A, B, C) == {"a": 0, "b": 10, "c": 22}


def test_a_break_stays_and_what_would_run_into_it_begins_after() -> None:
    assert times(A, B, PAUSE, C) == {"a": 0, "pause": 15, "b": 20, "c": 32}


def test_inserting_shifts_only_what_is_later() -> None:
    assert times(*inserted((A, B, PAUSE), C, 1)) == {"a": 0, "pause": 15, "c": 20, "b": 28}


def test_an_index_counts_cases_and_not_breaks() -> None:
    assert [slot.key for slot in inserted((PAUSE, A, B), C, 0)] == ["pause", "c", "a", "b"]
    assert [slot.key for slot in moved((A, PAUSE, B, C), "c", 1)] == ["a", "pause", "c", "b"]
    assert [slot.key for slot in moved((A, PAUSE, B, C), "a", 2)] == ["pause", "b", "c", "a"]


def test_an_index_beyond_either_end_is_the_end() -> None:
    assert [slot.key for slot in inserted((A, B), C, 99)] == ["a", "b", "c"]
    assert [slot.key for slot in moved((A, B, C), "c", -4)] == ["c", "a", "b"]


def test_removing_keeps_the_rest_in_order() -> None:
    assert removed((A, B, C), "b") == (A, C)


def test_two_breaks_that_would_overlap_give_way_in_their_order() -> None:
    assert times(PAUSE, Slot("tea", 10, at_min=17)) == {"pause": 15, "tea": 20}


def test_the_end_and_the_minutes_asked_for() -> None:
    assert (ends_at((A, PAUSE)), occupied((A, PAUSE)), ends_at(())) == (20, 15, 0)


def test_a_slot_stands_once_and_takes_time() -> None:
    with pytest.raises(ValueError, match="already"):
        inserted((A,), A)
    with pytest.raises(KeyError):
        moved((A,), "b", 0)
    with pytest.raises(ValueError, match="minute"):
        Slot("x", 0)
    with pytest.raises(ValueError, match="before"):
        Slot("x", 5, at_min=-1)
