"""Golden logs: what was once written is read for ever, and its chain still holds."""

import json
from pathlib import Path

import pytest

from conference.record.log import GENESIS, record_digest
from conference.record.upcast import event_of
from conference.room.recorded import Recorded
from conference.room.state import replay
from conference.room.visibility import Sight, projection_digest

GOLDEN = sorted((Path(__file__).parents[3] / "data" / "room" / "golden").glob("*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_log_replays_to_the_same_room(path: Path) -> None:
    found = json.loads(path.read_text("utf-8"))
    rows = found["rows"]
    records = [Recorded(row["seq"], row["at"], row["actor"], event_of(row["schema"], row["payload"])) for row in rows]
    assert projection_digest(replay(records), Sight(None, None)) == found["digest"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_log_keeps_its_chain(path: Path) -> None:
    previous = GENESIS
    for row in json.loads(path.read_text("utf-8"))["rows"]:
        assert row["previous"] == previous
        assert record_digest(row) == row["digest"]
        previous = row["digest"]


def test_there_are_golden_logs() -> None:
    assert len(GOLDEN) >= 2
