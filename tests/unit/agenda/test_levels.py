import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.errors import Invalid
from agenda.levels import RARE, VERTEBRAE, in_order, lumbar, runs, segments, spoken, vertebrae

names = st.sets(st.sampled_from(VERTEBRAE), min_size=1)


@pytest.mark.parametrize(("written", "meant"), [
    ("L4-L5", ("L4", "L5")), ("l4/5", ("L4", "L5")), ("L3–S1", ("L3", "L4", "L5", "S1")), ("T12", ("T12",)),
    ("T12 to L1; C5", ("C5", "T12", "L1")), ("T11-L1", ("T11", "T12", "L1")), ("L5-L6", ("L5", "L6")), ("", ()),
])
def test_levels_are_read_as_surgeons_write_them(written: str, meant: tuple[str, ...]) -> None:
    assert vertebrae("levels", written) == meant


@pytest.mark.parametrize("written", ["L9", "X4", "L5-L4", "T14-L1", "four", "L4-", "C1-C99"])
def test_what_is_no_level_is_named(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        vertebrae("levels", written)
    assert refused.value.field == "levels"
    assert written.upper()[:2] in refused.value.reason.upper()


def test_a_missing_thirteenth_rib_leaves_no_gap() -> None:
    assert runs(["T12", "L1", "L4"]) == (("T12", "L1"), ("L4",))
    assert segments(["L3", "L4", "L5", "S1"]) == 3
    assert segments(["L2", "L4"]) == 0


@given(names)
def test_what_is_spoken_is_read_back(some: set[str]) -> None:
    assert set(vertebrae("levels", spoken(some))) - RARE == some - RARE
    assert lumbar(some) == any(name in some for name in ("L1", "L2", "L3", "L4", "L5", "L6"))


@given(names)
def test_runs_hold_every_vertebra_once_and_in_order(some: set[str]) -> None:
    flat = [name for run in runs(some) for name in run]
    assert flat == list(in_order(some))
