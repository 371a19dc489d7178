"""The client's generated words are those of today's room."""

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
    assert "readonly points: readonly (readonly [number, number])[];" in text
