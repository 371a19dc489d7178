"""The client's generated words are those of today's room."""

import re
from dataclasses import fields

from conference.room.events import OpinionGiven
from conference.wire.schema import TARGET, typescript


def test_the_generated_file_is_fresh() -> None:
    assert TARGET.read_text("utf-8") == typescript(), "run python -m conference.wire.schema"


def test_every_command_and_event_is_there() -> None:
    text = typescript()
    for word in (
        "'call-case'",
        "'draw'",
        "'opinion-sealed'",
        "'sealed'",
        "'recommendation-read-back'",
        "TOO_SLOW: 4000",
    ):
        assert word in text
    assert "readonly type: 'sign'" not in text
    assert "readonly points: readonly Point[];" in text


def test_a_table_with_somebody_elses_case_is_shown_as_null() -> None:
    called = typescript().partition("export interface CaseCalledEvent {")[2].partition("}")[0]
    assert "readonly case: string | null;" in called


def test_a_sealed_opinion_says_all_but_the_opinion() -> None:
    block = typescript().partition("export interface OpinionSealedEvent {")[2].partition("}")[0]
    named = set(re.findall(r"readonly (\w+):", block)) - {"type"}
    assert named == {field.name for field in fields(OpinionGiven)} - {"opinion"}
