from datetime import date, timedelta

import pytest

from agenda.clinical import spine
from agenda.errors import Invalid
from agenda.readiness import Fact, Required, WaivedBy, check, policy_from

TODAY = date(2026, 11, 20)
EXAM = Required("examination", "Examination", "Examine again.", "examination", max_age_days=90)
GOAL = Required("goal", "Goal", "Ask for it.", "goal", waived_by=frozenset({"chair"}))
IMAGING = Required("imaging", "Imaging", "Send it.", "images", max_age_days=180, questions=frozenset({"level"}))


def state(item: Required, fact: Fact | None, waiver: WaivedBy | None = None) -> tuple[str, str]:
    facts = {} if fact is None else {item.key: fact}
    waivers = {} if waiver is None else {item.key: waiver}
    only = check((item,), facts, waivers, frozenset({"level"}), TODAY).items[0]
    return only.state, only.reason


def test_what_is_there_is_current() -> None:
    assert state(GOAL, Fact("In the patient's words")) == ("current", "In the patient's words")


def test_what_is_not_there_is_missing() -> None:
    assert state(GOAL, None) == ("missing", "Goal is missing.")


@pytest.mark.parametrize(("age", "expected"), [(0, "current"), (90, "current"), (91, "stale")])
def test_age_counts_to_the_day(age: int, expected: str) -> None:
    assert state(EXAM, Fact("3 findings", TODAY - timedelta(days=age)))[0] == expected


def test_a_stale_item_says_its_age_and_its_limit() -> None:
    assert state(EXAM, Fact("3 findings", TODAY - timedelta(days=120)))[1] == (
        "3 findings; 120 days old, the limit is 90."
    )


def test_an_undated_fact_with_a_limit_is_stale() -> None:
    assert state(EXAM, Fact("3 findings")) == ("stale", "3 findings; its date is not known, the limit is 90 days.")


def test_a_waiver_names_who_and_why_and_counts_only_where_needed() -> None:
    waiver = WaivedBy("Dr Chair", "patient cannot travel")
    assert state(GOAL, None, waiver) == ("waived", "Waived by Dr Chair: patient cannot travel")
    assert state(GOAL, Fact("there"), waiver)[0] == "current"


def test_an_item_for_other_questions_does_not_apply() -> None:
    policy = (GOAL, IMAGING)
    assert [one.item.key for one in check(policy, {}, {}, frozenset({"pain-plan"}), TODAY).items] == ["goal"]
    assert [one.item.key for one in check(policy, {}, {}, frozenset({"level"}), TODAY).items] == ["goal", "imaging"]


def test_ready_means_nothing_is_open() -> None:
    half = check((GOAL, EXAM), {"goal": Fact("there")}, {}, frozenset(), TODAY)
    assert (half.ready, half.percent, [one.item.key for one in half.open]) == (False, 50, ["examination"])
    assert check((), {}, {}, frozenset(), TODAY).percent == 100


@pytest.mark.parametrize(("data", "sentence"), [
    ({"items": "all"}, "A policy is a list of items."),
    ({"items": [3]}, "Item 1 is not a table."),
    ({"items": [{"key": "goal"}]}, "Item 1 needs 'label', a text."),
    ({"items": [{"key": "a", "label": "A", "ask": "?", "field": "a", "max_age_days": 0}]},
     "Item 1: max_age_days is a whole number of days, at least 1."),
    ({"items": [{"key": "a", "label": "A", "ask": "?", "field": "a", "waived_by": "chair"}]},
     "Item 1: waived_by is a list of texts."),
    ({"items": [{"key": "a", "label": "A", "ask": "?", "field": "a"}] * 2}, "The item 'a' stands twice in the policy."),
])
def test_a_policy_that_cannot_be_used_says_which_item(data: dict[str, object], sentence: str) -> None:
    with pytest.raises(Invalid, match=r".") as refused:
        policy_from(data)
    assert refused.value.reason == sentence


def test_spine_policy_asks_and_names_a_place_in_the_form() -> None:
    assert {item.key for item in spine().policy} >= {"question", "imaging", "tried", "examination", "red-flags"}
    assert all(item.ask.startswith("Please") for item in spine().policy)
