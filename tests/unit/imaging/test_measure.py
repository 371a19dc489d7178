"""Measurements: the shared vectors, and laws that hold for any points and any spacing."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imaging.geometry import PixelSpacing
from imaging.measure import COBB_ERROR_DEG, Sampled, Unmeasurable, measured

VECTORS = json.loads((Path(__file__).parents[2] / "data/geometry/measure.json").read_text())
coordinates = st.tuples(st.floats(-4_000, 4_000), st.floats(-4_000, 4_000))
spacings = st.builds(PixelSpacing, st.floats(0.05, 5), st.floats(0.05, 5), st.just("pixel"))


@pytest.mark.parametrize("vector", VECTORS["measured"], ids=lambda vector: vector["name"])
def test_the_shared_vectors(vector: dict[str, Any]) -> None:
    spacing = PixelSpacing(*vector["spacing"], "pixel") if vector["spacing"] else None
    got = measured(vector["kind"], [tuple(point) for point in vector["points"]], spacing)
    expected = vector["expected"]
    if expected is None:
        assert got is None
        return
    assert got is not None
    assert got.value == pytest.approx(expected["value"], abs=1e-6 if vector["kind"] == "spinopelvic" else 1e-9)
    assert (got.unit, got.error, got.method) == (expected["unit"], expected["error"], expected["method"])
    parts = expected.get("parts", [])
    assert [(part.name, part.unit) for part in got.parts] == [(name, unit) for name, _, unit in parts]
    assert [part.value for part in got.parts] == pytest.approx([value for _, value, _ in parts], abs=1e-6)


@pytest.mark.parametrize("vector", VECTORS["unmeasurable"], ids=lambda vector: vector["name"])
def test_what_cannot_be_measured_says_why(vector: dict[str, Any]) -> None:
    with pytest.raises(Unmeasurable):
        measured(vector["kind"], [tuple(point) for point in vector["points"]], None)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_coordinate_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(Unmeasurable, match="finite"):
        measured("length", [(bad, 0.0), (1.0, 1.0)], None)


def tilted(centre: tuple[float, float], degrees: float, length: float) -> list[tuple[float, float]]:
    x, y = math.cos(math.radians(degrees)) * length / 2, math.sin(math.radians(degrees)) * length / 2
    return [(centre[0] - x, centre[1] - y), (centre[0] + x, centre[1] + y)]


@given(st.floats(-75, 75), st.floats(-75, 75), st.floats(0, 360), st.booleans(), st.booleans(), st.floats(5, 300))
def test_cobb_depends_neither_on_drawing_order_nor_on_rotation(
    upper: float, lower: float, turn: float, flip_first: bool, flip_second: bool, length: float
) -> None:
    """A spine along the rotated vertical axis with end plates tilted by `upper` and `lower`."""
    down = math.radians(turn + 90)
    first = tilted((0.0, 0.0), turn + upper, length)
    second = tilted((200 * math.cos(down), 200 * math.sin(down)), turn + lower, length)
    points = (first[::-1] if flip_first else first) + (second[::-1] if flip_second else second)
    got = measured("cobb", points, PixelSpacing(0.7, 0.7, "pixel"))
    assert got is not None
    assert got.value == pytest.approx(abs(upper - lower), abs=1e-6)
    assert got.error == COBB_ERROR_DEG


@given(st.floats(-70, 70), st.floats(-70, 70), spacings)
def test_unequal_spacing_does_not_bend_a_cobb_angle(upper: float, lower: float, spacing: PixelSpacing) -> None:
    in_mm = tilted((0, 0), upper, 60) + tilted((0, 150), lower, 60)
    in_pixels = [(x / spacing.column_mm, y / spacing.row_mm) for x, y in in_mm]
    got = measured("cobb", in_pixels, spacing)
    assert got is not None
    assert got.value == pytest.approx(abs(upper - lower), abs=1e-6)


@given(coordinates, coordinates, coordinates)
def test_the_angles_of_a_triangle_add_up(a: Any, b: Any, c: Any) -> None:
    assume(min(math.dist(a, b), math.dist(b, c), math.dist(a, c)) > 1e-3)
    total = 0.0
    for points in ((a, b, c), (b, c, a), (c, a, b)):
        got = measured("angle", points, None)
        assert got is not None
        total += got.value
    assert total == pytest.approx(180)


@given(coordinates, coordinates, spacings)
def test_an_upright_ellipse_is_the_same_by_box_and_by_axes(a: Any, b: Any, spacing: PixelSpacing) -> None:
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    axes = [(a[0], middle[1]), (b[0], middle[1]), (middle[0], a[1]), (middle[0], b[1])]
    box, four = measured("ellipse", [a, b], spacing), measured("ellipse", axes, spacing)
    assert box is not None
    assert four is not None
    assert box.value == pytest.approx(four.value, rel=1e-9, abs=1e-9)


@st.composite
def pelves(draw: st.DrawFn) -> tuple[float, float, float, float, list[tuple[float, float]]]:
    """Tilt, slope, lordosis, axis and the points they come from, of a patient who looks to either side."""
    tilt, slope = draw(st.floats(-15, 50)), draw(st.floats(0, 70))
    lordosis, axis, front = draw(st.floats(-20, 90)), draw(st.floats(-100, 200)), draw(st.sampled_from([-1, 1]))
    assume(5 < tilt + slope < 100)

    def toward(degrees: float, length: float) -> tuple[float, float]:
        return math.cos(math.radians(degrees)) * length, math.sin(math.radians(degrees)) * length

    ahead, down = toward(slope, 17)
    hip = math.sin(math.radians(tilt)) * 100, math.cos(math.radians(tilt)) * 100
    over, under = toward(slope - lordosis, 16)
    assume(over > 0.1)
    points = [
        (hip[0] - 5, hip[1]), (hip[0] + 5, hip[1]), (-ahead, -down), (ahead, down),
        (10 - over, -150 - under), (10 + over, -150 + under), (axis - ahead, -400),
    ]
    swapped = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    for pair, swap in enumerate(swapped):
        if swap:
            points[2 * pair : 2 * pair + 2] = points[2 * pair : 2 * pair + 2][::-1]
    return tilt, slope, lordosis, axis, [(x * front, y) for x, y in points]


@given(pelves(), st.floats(-300, 300), spacings)
def test_incidence_is_tilt_and_slope_whichever_way_the_patient_looks(
    pelvis: tuple[float, float, float, float, list[tuple[float, float]]], shift: float, spacing: PixelSpacing
) -> None:
    tilt, slope, lordosis, axis, points = pelvis
    pixels = [((x + shift) / spacing.column_mm, (y - shift) / spacing.row_mm) for x, y in points]
    got = measured("spinopelvic", pixels, spacing)
    assert got is not None
    said = {part.name: part.value for part in got.parts}
    assert got.value == pytest.approx(said["pt"] + said["ss"], abs=1e-9)
    assert got.value == pytest.approx(tilt + slope, abs=1e-5)
    expected = {"pt": tilt, "ss": slope, "ll": lordosis, "sva": axis}
    assert said == pytest.approx(expected, abs=1e-5)


def test_an_area_says_what_its_pixels_are_worth_and_a_probe_is_nothing_else() -> None:
    sampled = Sampled(40.0, 5.0, 30.0, 52.0, 12, "HU")
    area = measured("rectangle", [(0.0, 0.0), (4.0, 3.0)], None, sampled)
    assert area is not None
    assert [(part.name, part.value, part.unit) for part in area.parts] == [
        ("mean", 40.0, "HU"), ("sd", 5.0, "HU"), ("min", 30.0, "HU"), ("max", 52.0, "HU"), ("pixels", 12, "count"),
    ]
    probe = measured("probe", [(1.5, 1.5)], None, sampled)
    assert probe is not None
    assert (probe.value, probe.unit, probe.parts) == (40.0, "HU", ())
    length = measured("length", [(0.0, 0.0), (4.0, 3.0)], None, sampled)
    assert length is not None
    assert length.parts == ()
