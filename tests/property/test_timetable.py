"""Laws of the running order under any sequence of inserts, moves and removals.

Planted faults these laws are known to catch: `_first_fit` testing only the first break; `moved` counting breaks;
`laid_out` letting the cursor fall back behind a break; `inserted` placing at `index + 1`.
"""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from agenda.timetable import Placed, Slot, inserted, laid_out, moved, removed

minutes = st.integers(1, 40)
slots = st.lists(
    st.tuples(minutes, st.one_of(st.none(), st.none(), st.integers(0, 120))), max_size=9,
).map(lambda rows: tuple(Slot(f"s{number}", length, at) for number, (length, at) in enumerate(rows)))


def overlaps(placed: tuple[Placed, ...]) -> bool:
    return any(one.ends > following.begins for one, following in itertools.pairwise(placed))


def flowing(order: tuple[Slot, ...]) -> list[str]:
    return [slot.key for slot in order if slot.at_min is None]


@given(slots)
def test_nothing_overlaps_and_nothing_is_lost(order: tuple[Slot, ...]) -> None:
    placed = laid_out(order)
    assert not overlaps(placed)
    assert sorted(one.slot.key for one in placed) == sorted(slot.key for slot in order)
    assert all(one.ends - one.begins == one.slot.minutes for one in placed)


@given(slots)
def test_cases_keep_their_sequence_on_the_clock(order: tuple[Slot, ...]) -> None:
    assert [one.slot.key for one in laid_out(order) if one.slot.at_min is None] == flowing(order)


@given(slots, minutes, st.integers(0, 12))
def test_inserting_moves_no_break_and_nothing_earlier(order: tuple[Slot, ...], length: int, index: int) -> None:
    before = {one.slot.key: one.begins for one in laid_out(order)}
    after = {one.slot.key: one.begins for one in laid_out(inserted(order, Slot("new", length), index))}
    place = min(index, len(flowing(order)))
    unmoved = {slot.key for slot in order if slot.at_min is not None} | set(flowing(order)[:place])
    assert all(after[key] == before[key] for key in unmoved)
    assert all(after[key] >= before[key] for key in before)


@given(slots, st.data())
def test_moving_changes_only_the_place_of_what_was_moved(order: tuple[Slot, ...], data: st.DataObject) -> None:
    keys = flowing(order)
    if not keys:
        assert moved((*order, Slot("x", 1)), "x", 0) != ()
        return
    key, index = data.draw(st.sampled_from(keys)), data.draw(st.integers(0, len(keys) - 1))
    after = flowing(moved(order, key, index))
    assert after.index(key) == index
    assert [one for one in after if one != key] == [one for one in keys if one != key]
    back = moved(moved(order, key, index), key, keys.index(key))
    assert flowing(back) == keys


@given(slots, minutes, st.integers(0, 12))
def test_removing_what_was_inserted_restores_every_time(order: tuple[Slot, ...], length: int, index: int) -> None:
    assert laid_out(removed(inserted(order, Slot("new", length), index), "new")) == laid_out(order)
