"""What the pixels under a mark are worth: the vectors shared with the browser, and laws."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.pixels.region import covered, sampled

VECTORS = json.loads((Path(__file__).parents[2] / "data/geometry/regions.json").read_text())
ROWS, COLUMNS = VECTORS["rows"], VECTORS["columns"]
GRID = ((7 * np.arange(COLUMNS)[None, :] + 13 * np.arange(ROWS)[:, None]) % 97 - 20).astype(np.int16)


@pytest.mark.parametrize("vector", VECTORS["regions"], ids=lambda vector: vector["name"])
def test_the_shared_vectors(vector: dict[str, Any]) -> None:
    points = [tuple(point) for point in vector["points"]]
    padding = tuple(vector["padding"]) if vector["padding"] else None
    got = sampled(
        GRID, vector["kind"], points, slope=vector["slope"], intercept=vector["intercept"], unit=vector["unit"],
        padding=padding,
    )
    expected = vector["expected"]
    if expected is None:
        assert got is None
        return
    assert got is not None
    assert (got.pixels, got.unit, got.lowest, got.highest) == (
        expected["pixels"], expected["unit"], expected["lowest"], expected["highest"],
    )
    assert (got.mean, got.sd) == pytest.approx((expected["mean"], expected["sd"]), abs=1e-9)


inside = st.tuples(st.floats(-5, COLUMNS + 5), st.floats(-5, ROWS + 5))


@settings(max_examples=40)
@given(st.sampled_from(["ellipse", "rectangle", "freehand"]), st.lists(inside, min_size=2, max_size=12))
def test_any_points_cover_a_part_of_the_image_or_nothing(kind: str, points: list[tuple[float, float]]) -> None:
    found = covered(kind, points, ROWS, COLUMNS)
    if found is None:
        return
    top, left, mask = found
    assert top >= 0
    assert left >= 0
    assert top + mask.shape[0] <= ROWS
    assert left + mask.shape[1] <= COLUMNS


@settings(max_examples=40)
@given(st.lists(inside, min_size=3, max_size=12), st.integers(0, 11))
def test_an_outline_covers_the_same_wherever_it_begins(points: list[tuple[float, float]], turn: int) -> None:
    again = points[turn % len(points) :] + points[: turn % len(points)]
    one, other = covered("freehand", points, ROWS, COLUMNS), covered("freehand", again, ROWS, COLUMNS)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert np.array_equal(one[2], other[2])
