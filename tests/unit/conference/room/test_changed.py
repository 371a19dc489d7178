"""`changed` gives what `dataclasses.replace` gives, for every value that the room's events change."""

from dataclasses import fields, replace

import pytest

from conference.room import state, values
from conference.room.canonical import canonical_tagged, canonical_text
from conference.room.changed import changed
from conference.room.plain import plain, tagged
from conference.room.recorded import Recorded
from tests.rooms import brief, draw

KINDS = [
    kind for module in (state, values) for kind in vars(module).values()
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__") and len(fields(kind)) > 1
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_field_can_be_changed_and_the_others_stay(kind: type) -> None:
    before = kind(*(field.name for field in fields(kind)))
    for field in fields(kind):
        after = changed(before, **{field.name: "other"})
        assert after == replace(before, **{field.name: "other"})  # type: ignore[type-var]
        assert type(after) is kind
    assert before == kind(*(field.name for field in fields(kind)))


def test_what_is_no_field_is_not_changed() -> None:
    with pytest.raises(KeyError, match="sequence"):
        changed(state.EMPTY, sequence=1)


@pytest.mark.parametrize("value", [brief(), draw("m1"), state.EMPTY, Recorded(1, "at", None, draw("m2"))])  # type: ignore[arg-type]
def test_canonical_json_of_a_value_is_that_of_its_plain_form(value: object) -> None:
    assert canonical_text(value) == canonical_text(plain(value))
    assert canonical_tagged(value) == canonical_text(tagged(value))


def test_what_has_no_json_has_no_canonical_form() -> None:
    with pytest.raises(TypeError, match="bytes has no JSON"):
        canonical_text({"a": [b""]})
