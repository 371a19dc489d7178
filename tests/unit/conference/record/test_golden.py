"""Golden logs: what was once written is read for ever, says what it said, and its chain still holds."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from conference.record.log import GENESIS, record_digest
from conference.record.upcast import SCHEMA, event_of
from conference.room.events import Event
from conference.room.evolve import replay
from conference.room.plain import kebab
from conference.room.recorded import Recorded
from conference.room.visibility import Sight, project

GOLDEN = sorted((Path(__file__).parents[3] / "data" / "room" / "golden").glob("*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_log_replays_to_what_it_said(path: Path) -> None:
    found = json.loads(path.read_text("utf-8"))
    rows = found["rows"]
    records = [Recorded(row["seq"], row["at"], row["actor"], event_of(row["schema"], row["payload"])) for row in rows]
    assert departures(found["projection"], project(replay(records), Sight(None, None))) == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_log_keeps_its_chain(path: Path) -> None:
    previous = GENESIS
    for row in json.loads(path.read_text("utf-8"))["rows"]:
        assert row["previous"] == previous
        assert record_digest(row) == row["digest"]
        previous = row["digest"]


def test_every_version_of_the_schema_left_a_golden_log() -> None:
    left = {row["schema"] for path in GOLDEN for row in json.loads(path.read_text("utf-8"))["rows"]}
    assert left == set(range(1, SCHEMA + 1))


def test_every_kind_of_event_stands_in_a_golden_log() -> None:
    left = {row["kind"] for path in GOLDEN for row in json.loads(path.read_text("utf-8"))["rows"]}
    assert left == {kebab(kind.__name__) for kind in get_args(Event)}


def test_a_departure_from_what_a_log_said_is_found() -> None:
    assert departures({"a": 1}, {"a": 1, "b": 2}) == []
    assert departures({"a": {"b": [1]}}, {"a": {"b": [2]}}) == ["/a/b/0: 1 became 2"]
    assert departures({"a": 1}, {}) == ["/a is gone"]
    assert departures([1], [1, 2]) == [": 1 entries became 2"]


def departures(said: Any, says: Any, at: str = "") -> list[str]:
    """Where what is said now contradicts what was said; what is said in addition contradicts nothing."""
    if isinstance(said, dict) and isinstance(says, dict):
        gone = [f"{at}/{key} is gone" for key in said if key not in says]
        return gone + [one for key in said if key in says for one in departures(said[key], says[key], f"{at}/{key}")]
    if isinstance(said, list) and isinstance(says, list):
        if len(said) != len(says):
            return [f"{at}: {len(said)} entries became {len(says)}"]
        pairs = enumerate(zip(said, says, strict=True))
        return [one for place, (old, new) in pairs for one in departures(old, new, f"{at}/{place}")]
    return [] if said == says else [f"{at}: {said} became {says}"]
