import pytest
from sqlmodel import Session

from agenda.errors import Invalid, ItemNotFound
from agenda.surgeries import add_surgery, edit_surgery, remove_surgery, surgeries
from tests.unit.agenda.desk import AT, a_submitted_case


def test_an_operation_is_written_changed_and_taken_away(session: Session) -> None:
    made = a_submitted_case(session)
    row = add_surgery(session, made, {"kind": "fusion", "levels": "l4/5", "done_on": "2019", "implant": "cage"}, AT)
    assert (row.levels, str(row.done_on), row.implant) == ("L4–L5", "2019-01-01", "cage")
    edit_surgery(session, made, row.id, {"kind": "fusion", "levels": "L4-S1", "done_on": "2019-06"}, AT)
    assert [(one.levels, str(one.done_on)) for one in surgeries(session, made.id)] == [("L4–S1", "2019-06-01")]
    remove_surgery(session, made, row.id)
    assert surgeries(session, made.id) == []
    with pytest.raises(ItemNotFound):
        remove_surgery(session, made, row.id)


@pytest.mark.parametrize(("fields", "field"), [
    ({}, "kind"), ({"kind": "fusion", "levels": "L9"}, "levels"), ({"kind": "fusion", "done_on": "soon"}, "done_on"),
    ({"kind": "fusion", "done_on": "2999"}, "done_on"), ({"kind": "fusion", "approach": "above"}, "approach"),
    ({"kind": "fusion", "implant": "x" * 301}, "implant"), ({"kind": "fusion", "infection": "perhaps"}, "infection"),
])
def test_a_bad_field_is_named_and_nothing_is_kept(session: Session, fields: dict[str, str], field: str) -> None:
    made = a_submitted_case(session)
    with pytest.raises(Invalid) as refused:
        add_surgery(session, made, fields, AT)
    assert refused.value.field == field
    assert surgeries(session, made.id) == []
