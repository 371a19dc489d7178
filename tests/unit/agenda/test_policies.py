from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.policies import (
    as_row,
    current_version,
    items_in_force,
    record_evidence,
    restore_policy,
    save_policy,
    versions,
)
from agenda.readiness import policy_from
from agenda.triage import readiness_of
from tests.unit.agenda.desk import AT, MR, a_triaged_case

COTININE = {"label": "Cotinine test", "max_age_days": "30", "waived_by": ["chair"], "external_rule": True}


def test_each_version_is_kept_and_the_newest_is_in_force(session: Session) -> None:
    rows = [as_row(one) for one in items_in_force(session, "spine")]
    save_policy(session, "spine", [*rows, COTININE], "Elective fusion", "chair", AT, shown=0)
    save_policy(session, "spine", rows[:3], "Too much", "chair", AT, shown=1)
    assert [(one.version, len(one.items)) for one in versions(session, "spine")] == [(2, 3), (1, len(rows) + 1)]
    restore_policy(session, "spine", 1, "chair", AT, shown=2)
    assert items_in_force(session, "spine")[-1].label == "Cotinine test"
    restore_policy(session, "spine", 0, "chair", AT, shown=3)
    assert [as_row(one) for one in items_in_force(session, "spine")] == rows
    assert current_version(session, "spine") == 4
    with pytest.raises(ItemNotFound):
        restore_policy(session, "spine", 17, "chair", AT, shown=4)


def test_of_two_who_edit_at_once_the_second_is_told(session: Session) -> None:
    rows = [as_row(one) for one in items_in_force(session, "spine")]
    save_policy(session, "spine", rows, "", "chair", AT, shown=0)
    with pytest.raises(NotNow) as refused:
        save_policy(session, "spine", rows[1:], "", "coordinator", AT, shown=0)
    assert refused.value.code == "policy-changed"


@pytest.mark.parametrize(("row", "field"), [
    ({"label": " "}, "item.0.label"), ({"label": "X", "max_age_days": "soon"}, "item.0.max_age_days"),
    ({"label": "X", "max_age_days": "0"}, "item.0.max_age_days"),
    ({"label": "X", "waived_by": ["cat"]}, "item.0.waived_by"),
    ({"label": "X", "questions": ["weather"]}, "item.0.questions"),
])
def test_a_bad_item_is_named(session: Session, row: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        save_policy(session, "spine", [row], "", "chair", AT, shown=0)
    assert refused.value.field == field
    assert current_version(session, "spine") == 0


def test_two_items_of_one_name_are_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="twice"):
        save_policy(session, "spine", [{"label": "DEXA"}, {"label": "dexa"}], "", "chair", AT, shown=0)


def test_every_policy_survives_being_written_and_read(session: Session) -> None:
    policy = items_in_force(session, "spine")
    assert policy_from({"item": [as_row(one) for one in policy]}) == policy


def test_what_the_form_has_no_field_for_is_met_by_evidence(session: Session) -> None:
    made = a_triaged_case(session)
    save_policy(session, "spine", [COTININE], "", "chair", AT, shown=0)
    assert [one.state for one in readiness_of(session, made, [MR], AT.date()).items] == ["missing"]
    record_evidence(session, made.id, "cotinine-test", "4 ng/mL, seen on paper", "2026-01-01", "coordinator", AT)
    day = AT.date().isoformat()
    record_evidence(session, made.id, "cotinine-test", "3 ng/mL, seen on paper", day, "coordinator", AT)
    assert [one.state for one in readiness_of(session, made, [MR], AT.date()).items] == ["current"]
    later = AT.date() + timedelta(days=31)
    assert [one.state for one in readiness_of(session, made, [MR], later).items] == ["stale"]


@pytest.mark.parametrize(("item", "detail", "day", "field"), [
    ("goal", "seen", "2026-01-01", "item"), ("cotinine-test", "", "2026-01-01", "detail"),
    ("cotinine-test", "seen", "yesterday", "as_of"), ("cotinine-test", "seen", "2999-01-01", "as_of"),
])
def test_bad_evidence_is_named(session: Session, item: str, detail: str, day: str, field: str) -> None:
    made = a_triaged_case(session)
    save_policy(session, "spine", [COTININE], "", "chair", AT, shown=0)
    with pytest.raises(Invalid) as refused:
        record_evidence(session, made.id, item, detail, day, "coordinator", AT)
    assert refused.value.field == field
