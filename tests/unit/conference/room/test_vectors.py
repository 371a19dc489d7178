"""The transcripts that the browser's tests fold are those of today's room."""

import json

import pytest

from conference.room.canonical import digest
from tests import replica
from tests.room_vectors import FOLDER, files


def test_the_stored_transcripts_are_fresh() -> None:
    stored = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert stored == files(), "run python -m tests.room_vectors"


@pytest.mark.parametrize("name", sorted(files()))
def test_R61_a_transcript_folds_to_its_projection(name: str) -> None:
    found = json.loads((FOLDER / name).read_text("utf-8"))
    folded = replica.fold(replica.empty(), found["events"])
    assert folded == found["projection"]
    assert digest(folded) == found["digest"]
