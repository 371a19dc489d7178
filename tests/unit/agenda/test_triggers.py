import pytest
from sqlmodel import Session

from agenda.errors import NotNow
from agenda.levels import vertebrae
from agenda.plans import keep_plan, parse_plan
from agenda.surgeries import add_surgery
from agenda.triage import put_in_lane
from agenda.triggers import case_facts, fired, mandatory, triggers
from tests.unit.agenda.desk import AT, a_submitted_case


def keys(levels: str, *features: str) -> list[str]:
    plan = parse_plan(dict.fromkeys(vertebrae("x", levels), ("fusion-posterior",)), features)
    return [one.trigger.key for one in fired(case_facts(plan, ()), triggers())]


@pytest.mark.parametrize(("levels", "features", "expected"), [
    ("T5-L1", (), ["eight-levels", "first-lumbar-fusion"]), ("T5-T12", (), []), ("T4-T12", (), ["eight-levels"]),
    ("C3-C7", ("osteoporosis",), ["osteoporosis-four-levels"]), ("C4-C7", ("osteoporosis",), []),
    ("", ("three-column-osteotomy",), ["three-column-osteotomy"]), ("", ("anterior-revision",), ["anterior-revision"]),
    ("", ("severe-myelopathy",), ["severe-myelopathy"]), ("", ("scoliosis-over-75",), ["scoliosis-over-75"]),
    ("", ("kyphosis-over-75",), ["kyphosis-over-75"]), ("L4-L5", (), ["first-lumbar-fusion"]),
])
def test_each_rule_holds_where_its_source_says(levels: str, features: tuple[str, ...], expected: list[str]) -> None:
    assert keys(levels, *features) == expected


def test_a_second_lumbar_fusion_is_not_the_first(session: Session) -> None:
    made = a_submitted_case(session)
    plan = parse_plan({"L3": ("fusion-posterior",), "L4": ("fusion-posterior",)}, ())
    keep_plan(session, made.id, "proposed", plan, "surgeon", AT)
    assert [one.trigger.key for one in mandatory(session, made.id)] == ["first-lumbar-fusion"]
    add_surgery(session, made, {"kind": "fusion", "levels": "C5-C6"}, AT)
    assert mandatory(session, made.id)
    add_surgery(session, made, {"kind": "fusion", "levels": "L4/5"}, AT)
    assert not mandatory(session, made.id)


def test_a_mandatory_review_cannot_be_put_aside(session: Session) -> None:
    made = a_submitted_case(session)
    plan = parse_plan({"L3": ("fusion-posterior",), "L4": ("fusion-posterior",)}, ())
    keep_plan(session, made.id, "proposed", plan, "surgeon", AT)
    for lane in ("standard-of-care", "redirect"):
        with pytest.raises(NotNow, match="First lumbar fusion") as refused:
            put_in_lane(session, made.id, lane, "routine", "coordinator", AT)
        assert refused.value.code == "mandatory-review"
    assert put_in_lane(session, made.id, "full-discussion", "", "coordinator", AT).state == "triaged"


def test_every_rule_names_its_source() -> None:
    assert all(one.source and one.status in ("verified", "unverified") for one in triggers())
