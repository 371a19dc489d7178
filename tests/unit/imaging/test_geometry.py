"""Image ↔ patient coordinates, half a pixel and all, and which spacing is trusted."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.geometry import Plane, SpacingFacts, along_normal, is_orientation, plane_of, trusted_spacing

VECTORS = json.loads((Path(__file__).parents[2] / "data/geometry/measure.json").read_text())["plane"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_shared_vectors(vector: dict[str, Any]) -> None:
    plane = plane_of(vector["position"], vector["orientation"], tuple(vector["spacing"]))
    assert plane is not None
    assert plane.to_patient(tuple(vector["point"])) == pytest.approx(vector["patient"])
    point, distance = plane.to_image(tuple(vector["patient"]))
    assert point == pytest.approx(vector["point"])
    assert distance == pytest.approx(0, abs=1e-9)


def turned(yaw: float, pitch: float) -> list[float]:
    row = (math.cos(yaw), math.sin(yaw), 0.0)
    column = (-math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), math.sin(pitch))
    return [*row, *column]


@given(
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.floats(0.1, 3),
    st.floats(0.1, 3),
    st.tuples(st.floats(-999, 999), st.floats(-999, 999)),
    st.floats(-50, 50),
)
def test_there_and_back(
    yaw: float, pitch: float, row_mm: float, column_mm: float, point: tuple[float, float], off: float
) -> None:
    plane = plane_of([10, -20, 30], turned(yaw, pitch), (row_mm, column_mm))
    assert isinstance(plane, Plane)
    at = plane.to_patient(point)
    lifted = tuple(a + off * n for a, n in zip(at, plane.normal, strict=True))
    back, distance = plane.to_image((lifted[0], lifted[1], lifted[2]))
    assert back == pytest.approx(point, abs=1e-6)
    assert distance == pytest.approx(off, abs=1e-6)


@pytest.mark.parametrize(
    "cosines",
    [[1, 0, 0, 1, 0, 0], [2, 0, 0, 0, 1, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0], [math.nan, 0, 0, 0, 1, 0]],
)
def test_cosines_that_are_no_plane_are_not_used(cosines: list[float]) -> None:
    assert not is_orientation(cosines)
    assert plane_of([0, 0, 0], cosines, (1, 1)) is None


def test_a_position_that_is_no_number_makes_no_plane() -> None:
    assert plane_of([0, math.nan, 0], [1, 0, 0, 0, 1, 0], (1, 1)) is None


def test_slices_of_a_tilted_stack_sort_along_their_normal() -> None:
    orientation = turned(0.0, 0.3)
    plane = plane_of([0, 0, 0], orientation, (1, 1))
    assert plane is not None
    places = [tuple(5 * step * n for n in plane.normal) for step in (2, 0, 1)]
    assert [round(along_normal(place, orientation)) for place in places] == [10, 0, 5]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (SpacingFacts("MR", pixel=(0.5, 0.6)), (0.5, 0.6, "pixel")),
        (SpacingFacts("CT", pixel=(0.5, 0.5), calibration="FIDUCIAL"), (0.5, 0.5, "calibrated")),
        (SpacingFacts("CT", pixel=(0.0, 0.5)), None),
        (SpacingFacts("CT", pixel=(math.nan, 0.5)), None),
        (SpacingFacts("SC"), None),
        (SpacingFacts("DX", imager=(0.2, 0.2), magnification=1.25), (0.16, 0.16, "imager")),
        (SpacingFacts("DX", imager=(0.2, 0.2), magnification=0.0), (0.2, 0.2, "imager")),
        (SpacingFacts("DX", pixel=(0.2, 0.2), imager=(0.2, 0.2)), (0.2, 0.2, "imager")),
        (SpacingFacts("DX", pixel=(0.16, 0.16), imager=(0.2, 0.2)), (0.16, 0.16, "calibrated")),
        (SpacingFacts("CR", pixel=(0.2, 0.2), calibration="GEOMETRY", imager=(0.2, 0.2)), (0.2, 0.2, "calibrated")),
        (SpacingFacts("CR", pixel=(0.0, 0.0)), None),
        (SpacingFacts("MG", imager=(0.07, 0.07)), (0.07, 0.07, "imager")),
        (SpacingFacts("US", region=(0.03, 0.03)), (0.03, 0.03, "region")),
    ],
)
def test_spacing_is_trusted_only_with_a_source(facts: SpacingFacts, expected: tuple[float, float, str] | None) -> None:
    got = trusted_spacing(facts)
    assert (got and (round(got.row_mm, 9), round(got.column_mm, 9), got.source)) == expected
