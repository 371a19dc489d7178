"""JSON in and out: strict, and the same both ways."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.errors import ProtocolError
from conference.room import commands as c
from conference.room.canonical import canonical
from conference.room.events import Event
from conference.room.plain import tagged
from conference.wire import codec
from tests.room_vectors import whole_sitting, words_change
from tests.rooms import HIP, draw, opinion, view, words

COMMANDS = [
    c.OpenConference(), c.CallCase(HIP), draw(), c.Reshape("m1", 1, ((1.5, 2.0),), "x"), c.GiveOpinion(HIP, opinion()),
    c.DraftRecommendation(HIP, 0, words()), c.Show(HIP, view()), c.PassFloor(None), c.Attest(HIP, 1, "dissent", "No"),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: type(one).__name__)
def test_a_command_travels_unchanged(command: c.Command) -> None:
    assert codec.commands.read(codec.encode(tagged(command))) == command


def test_every_event_travels_unchanged() -> None:
    log = whole_sitting().log + words_change().log
    for one in log:
        assert codec.events.read(codec.encode(codec.encode_event(one.event))) == one.event
    assert {type(one.event) for one in log} == set(get_args(Event))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null",
        '{"type":"call-case"}', '{"type":"call-case","case":1}', '{"type":"call-case","case":null}',
        '{"type":"call-case","case":"x","extra":1}', '{"type":"CallCase","case":"x"}', '{"case":"x"}',
        '{"type":"attest","case":"x","revision":1.5,"closing":"concur","reason":""}',
        '{"type":"attest","case":"x","revision":true,"closing":"concur","reason":""}',
        '{"type":"attest","case":"x","revision":1,"closing":"maybe","reason":""}',
        '{"type":"reshape","mark":"m","revision":1,"points":[[NaN,1]],"text":""}',
        '{"type":"reshape","mark":"m","revision":1,"points":[[1e999,1]],"text":""}',
        '{"type":"reshape","mark":"m","revision":1,"points":[[1,2,3]],"text":""}',
        '{"type":"call-case","case":"\\ud800"}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_anything_else_is_refused_whole(text: str) -> None:
    with pytest.raises(ProtocolError):
        codec.commands.read(text)


@pytest.mark.parametrize("kind", c.HOST_ONLY)
def test_what_only_a_host_gives_is_not_read_from_a_wire(kind: type) -> None:
    assert kind not in codec.FROM_WIRE
    with pytest.raises(ProtocolError):
        codec.commands.read(json.dumps({"type": "leave", "person": "bo"}))


@given(st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20,
))  # fmt: skip
def test_canonical_json_is_that_of_rfc_8785(value: object) -> None:
    rfc8785 = pytest.importorskip("rfc8785")
    try:
        expected = rfc8785.dumps(value)
    except (UnicodeError, rfc8785.CanonicalizationError):
        with pytest.raises(UnicodeError):
            canonical(value)  # type: ignore[arg-type]
        return
    assert canonical(value) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [
    0.0, -0.0, 1e-4, 9.999e-5, -1e-6, 1e-7, 5e-324, 20.5, -3.0, 9007199254740993.0, 1e15, 1e16, 123456789012345680.0,
    1e21, 1.7976931348623157e308, {f"m{number:03}": number for number in range(40, 0, -1)},
    {"\U0001f600": 1, "\ufb33": 2, "a": 3}, {"b": {"b": 1, "a": 2}, "a": [{"b": 1, "a": 2}]},
])  # fmt: skip
def test_numbers_and_names_at_the_edges_are_those_of_rfc_8785(value: object) -> None:
    rfc8785 = pytest.importorskip("rfc8785")
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53])
def test_what_a_double_cannot_hold_has_no_canonical_form(value: float) -> None:
    with pytest.raises(ValueError, match="canonical"):
        canonical(value)
