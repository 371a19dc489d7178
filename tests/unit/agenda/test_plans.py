from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from agenda.errors import Invalid, NotNow
from agenda.levels import VERTEBRAE
from agenda.plans import (
    INTERVENTIONS,
    Intervention,
    SurgicalPlan,
    difference,
    keep_plan,
    parse_plan,
    plan_of,
    revision_of,
)
from tests.unit.agenda.desk import AT, a_submitted_case

BACK: tuple[Intervention, ...] = ("decompression-posterior", "fusion-posterior", "instrumentation-posterior")
FUSION = {"L4": BACK, "L5": BACK}
grids = st.dictionaries(
    st.sampled_from(VERTEBRAE), st.frozensets(st.sampled_from([one for one in INTERVENTIONS if "fusion" not in one])),
)


def test_the_index_counts_six_interventions_a_vertebra() -> None:
    assert parse_plan(FUSION, ()).invasiveness == 6
    assert parse_plan({"L4": get_args(Intervention), "L5": get_args(Intervention)}, ()).invasiveness == 12
    assert parse_plan({}, ()).invasiveness == 0


def test_levels_are_counted_as_segments_between_fused_vertebrae() -> None:
    plan = parse_plan(dict.fromkeys(("L3", "L4", "L5", "S1"), ("fusion-posterior",)), ())
    assert plan.fused_levels == 3
    assert plan.in_words() == "Fusion L3–S1"


@pytest.mark.parametrize(("grid", "features", "field"), [
    ({"L9": BACK}, (), "plan"), ({"L4": ("laser",)}, (), "plan"), ({"L4": BACK}, (), "plan"),
    (FUSION, ("robot",), "features"),
])
def test_a_plan_that_cannot_be_is_refused(
    grid: dict[str, tuple[str, ...]], features: tuple[str, ...], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_plan(grid, features)
    assert refused.value.field == field


@given(grids, grids)
def test_a_difference_leads_from_one_plan_to_the_other(
    first: dict[str, frozenset[Intervention]], second: dict[str, frozenset[Intervention]]
) -> None:
    before, after = parse_plan(first, ()), parse_plan(second, ())
    change = difference(before, after)
    rebuilt = {
        name: (before.interventions.get(name, frozenset()) - change.dropped.get(name, frozenset()))
        | change.added.get(name, frozenset())
        for name in {*before.interventions, *after.interventions}
    }
    assert {name: done for name, done in rebuilt.items() if done} == dict(after.interventions)
    assert change.invasiveness == after.invasiveness - before.invasiveness
    assert bool(change) == (before.interventions != after.interventions)


def test_a_plan_is_kept_once_and_a_stale_change_is_refused(session: Session) -> None:
    made = a_submitted_case(session)
    assert keep_plan(session, made.id, "proposed", SurgicalPlan(), "surgeon", AT) == 0
    plan = parse_plan(FUSION, ("osteoporosis",))
    assert keep_plan(session, made.id, "proposed", plan, "surgeon", AT, shown=0) == 1
    assert keep_plan(session, made.id, "proposed", plan, "surgeon", AT, shown=0) == 1, "the same again is no change"
    assert plan_of(session, made.id, "proposed") == plan
    with pytest.raises(NotNow) as refused:
        keep_plan(session, made.id, "proposed", SurgicalPlan(), "surgeon", AT, shown=0)
    assert refused.value.code == "plan-changed"
    assert revision_of(session, made.id, "proposed") == 1
    assert not plan_of(session, made.id, "board")
