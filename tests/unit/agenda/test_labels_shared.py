"""Labels that the server and the browser both place: tests/data/levels/labels.json, also read by levels.test.ts."""

import json
from pathlib import Path
from typing import Any

import pytest

from agenda.levels import VERTEBRAE
from agenda.numbering import Anchor, Numbering, labels

SHARED = json.loads((Path(__file__).parents[2] / "data" / "levels" / "labels.json").read_text("utf-8"))


def test_both_know_the_same_vertebrae() -> None:
    assert SHARED["vertebrae"] == list(VERTEBRAE)


@pytest.mark.parametrize("counted", SHARED["counts"], ids=lambda one: one["about"])
def test_labels_lie_where_the_shared_table_says(counted: Any) -> None:
    marks = tuple(Anchor(one["vertebra"], "1.2", 1, (0.0, 0.0), tuple(one["at"])) for one in counted["marks"])
    found = labels(Numbering("t1", counted["ribs"], counted["lumbar"], "", "1.2", marks))
    assert [(one.vertebra, one.marked) for one in found] == [
        (one["vertebra"], one["marked"]) for one in counted["labels"]
    ]
    for one, wanted in zip(found, counted["labels"], strict=True):
        assert one.at == pytest.approx(wanted["at"])
