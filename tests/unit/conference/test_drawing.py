"""Marks on key images: inside the picture, in the room's words and colours, readable by everybody, never markup."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest

from conference.outcome.drawing import Look, alternative, drawing, on_dark, segments, value_lines

PICTURE = {"rows": 400, "columns": 200, "aspect": 0.5, "caption": "MR, Sagittal T2", "note": "Look here"}
LOOKS = {"neuroradiology": Look("Neuroradiology", "#0072b2", "diamond")}


def a_mark(kind: str = "length", points: Any = ((20.0, 40.0), (60.0, 40.0)), **changes: Any) -> dict[str, Any]:
    measured = {"value": 12.34, "unit": "mm", "error": 0.6, "method": "length/1", "spacing": "pixel", "parts": []}
    return {
        "mark": "m1", "kind": kind, "sop_instance_uid": "1.2", "frame": 1, "points": points, "text": "Canal",
        "author": "p1", "author_name": "Dr Ingrid Solheim", "discipline": "neuroradiology", "role": "member",
        "revision": 1, "measured": measured,
    } | changes


def numbers(svg: str, pattern: str) -> list[float]:
    return [float(one) for found in re.findall(pattern, svg) for one in found]


def test_a_mark_lies_where_its_points_are_in_pixels_that_are_not_square() -> None:
    svg = drawing(PICTURE, [a_mark()], LOOKS, "/picture")
    root = ET.fromstring(svg)
    assert root.get("viewBox") == "0 0 800 800.0"
    assert 'd="M80.0,80.0L240.0,80.0"' in svg


def test_words_say_value_error_text_and_author_and_stay_inside() -> None:
    marks = [a_mark(points=((x, y), (x + 10, y))) for x, y in ((1.0, 1.0), (188.0, 2.0), (185.0, 398.0), (20.0, 200.0))]
    svg = drawing(PICTURE, marks, LOOKS, "/picture")
    for said in ("12.3 mm ± 0.6 mm", "Canal", "Dr Ingrid Solheim"):
        assert said in svg
    for x, y in re.findall(r'<tspan x="([\d.-]+)" y="([\d.-]+)"', svg):
        assert 0 <= float(x) <= 800
        assert 0 < float(y) <= 800


def test_words_of_two_marks_in_one_place_do_not_cover_each_other() -> None:
    svg = drawing(PICTURE, [a_mark(), a_mark()], LOOKS, "/picture")
    lines = sorted({float(y) for y in re.findall(r'<tspan x="[\d.-]+" y="([\d.-]+)"', svg)})
    assert len(lines) == 6
    assert all(later - before > 15 for before, later in pairwise(lines))


def test_what_somebody_typed_is_never_markup() -> None:
    svg = drawing(PICTURE, [a_mark(text='<script>alert(1)</script>"&')], LOOKS, '/p?a=1&b="2"')
    ET.fromstring(svg)
    assert "<script>" not in svg


def test_the_alternative_names_kind_author_discipline_and_value() -> None:
    said = alternative(PICTURE, [a_mark()], LOOKS)
    assert said == (
        "MR, Sagittal T2. Look here. Length by Dr Ingrid Solheim (Neuroradiology): 12.3 mm ± 0.6 mm, Canal."
    )


@pytest.mark.parametrize(("kind", "count", "pieces"), [
    ("length", 2, 1), ("angle", 3, 2), ("cobb", 4, 2), ("arrow", 2, 3), ("ellipse", 4, 48), ("rectangle", 2, 4),
    ("freehand", 5, 5), ("path", 5, 4), ("point", 1, 1), ("spinopelvic", 4, 3), ("spinopelvic", 6, 4),
    ("spinopelvic", 7, 4),
])
def test_every_kind_of_mark_is_drawn(kind: str, count: int, pieces: int) -> None:
    points = [(10.0 * at, 5.0 * at * at) for at in range(1, count + 1)]
    assert len(segments(kind, points)) == pieces
    ET.fromstring(drawing(PICTURE, [a_mark(kind, points)], LOOKS, "/p"))


def test_values_are_written_as_in_the_room() -> None:
    parts = [{"name": "mean", "value": 40.25, "unit": "HU"}, {"name": "sd", "value": 3.0, "unit": "HU"}]
    area = {"value": 250.0, "unit": "mm2", "error": None, "method": "", "spacing": "imager", "parts": parts}
    assert value_lines(a_mark(measured=area)) == ["2.50 cm²", "mean 40.2, SD 3 HU", "mm at the detector"]
    angle = {"value": 41.26, "unit": "deg", "error": 4.9, "method": "", "spacing": None, "parts": []}
    assert value_lines(a_mark("cobb", measured=angle)) == ["Cobb 41.3° ± 5°"]


def test_colours_stand_out_on_dark_images() -> None:
    assert on_dark("#0072b2") != "#0072b2"
    assert on_dark("#ffd60a") == "#ffd60a"
