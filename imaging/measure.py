"""What a drawn mark measures: length, angle, area, values and the spinopelvic set, with unit, method and error.

Points are image points (column, row), SCOORD. They are multiplied with the spacing first, so that pixels that are not
square do not bend angles; without a trusted spacing pixels count as square and lengths and areas stay in pixels.
Angles come from `atan2`, never from `acos`, which loses half its digits near 0° and 180°. Pure.

`tests/data/geometry/measure.json` holds vectors that this module and the browser's arithmetic both satisfy.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Protocol

from imaging.geometry import Point
from imaging.spinopelvic import COUNTS, Unclear, spinopelvic

Unit = Literal["mm", "deg", "px", "mm2", "px2", "HU", "stored", "count"]
"""HU: Hounsfield units, of rescaled CT alone. stored: the values of the file as they are. count: of pixels."""

COBB_ERROR_DEG = 4.9
"""95 % half-width within one observer, end vertebrae chosen anew (CLINICAL.md N12: 2.8–3.8° with fixed ones)."""


class Unmeasurable(ValueError):
    """These points measure nothing; the text says why."""


class Spaced(Protocol):
    """Anything that knows the distance between pixel centres in mm."""

    @property
    def row_mm(self) -> float:
        """Between rows."""

    @property
    def column_mm(self) -> float:
        """Between columns."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """The pixel values within a region: those whose centre it holds, without padding."""

    mean: float
    sd: float
    """Of the pixels themselves (divided by their number), not of an estimate."""
    lowest: float
    highest: float
    pixels: int
    unit: Literal["HU", "stored"]


@dataclass(frozen=True, slots=True)
class Part:
    """One of several values of a mark: mean, sd, min, max, pixels; perimeter; pt, ss, ll, sva."""

    name: str
    value: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value with all that is needed to judge it."""

    value: float
    unit: Unit
    error: float | None
    """95 % half-width in `unit`, from the literature; None: not known."""
    method: str
    """Stable name with version; the version rises when the arithmetic changes."""
    parts: tuple[Part, ...] = ()


SAMPLED_KINDS = frozenset({"ellipse", "rectangle", "freehand", "probe"})
"""Kinds that say something of the pixels they cover."""


def measured(
    kind: str, points: Sequence[Point], spacing: Spaced | None, sampled: Sampled | None = None
) -> Measurement | None:
    """What a mark of this kind measures; None for kinds that measure nothing (arrow, text, point, level).

    sampled: the pixels it covers, for `SAMPLED_KINDS`; without them a probe measures nothing and an area has no mean.

    Raises `Unmeasurable` when the number of points is wrong, a coordinate is not a finite number or an angle has a side
    without length.
    """
    method = _METHODS.get(kind)
    if method is None:
        return None
    if not all(math.isfinite(column) and math.isfinite(row) for column, row in points):
        raise Unmeasurable("A point is not a finite number.")
    value = method(points, spacing)
    if sampled is None or kind not in SAMPLED_KINDS:
        return None if kind == "probe" else value
    return _with(value, sampled) if kind != "probe" else replace(value, value=sampled.mean, unit=sampled.unit)


def _with(value: Measurement, sampled: Sampled) -> Measurement:
    numbers = (("mean", sampled.mean), ("sd", sampled.sd), ("min", sampled.lowest), ("max", sampled.highest))
    said = tuple(Part(name, number, sampled.unit) for name, number in numbers)
    return replace(value, parts=(*value.parts, *said, Part("pixels", sampled.pixels, "count")))


def _length(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    _expect(points, "A length", 2)
    (x, y) = _side(points[0], points[1], spacing)
    return Measurement(math.hypot(x, y), "mm" if spacing else "px", None, "length-euclid/1")


def _angle(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    """The angle at the middle one of three points, 0° to 180°."""
    _expect(points, "An angle", 3)
    first, second = _side(points[1], points[0], spacing), _side(points[1], points[2], spacing)
    return Measurement(_between(first, second), "deg", None, "angle-atan2/1")


def _cobb(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    """The angle between two end-plate lines (points 1–2 and 3–4), 0° to 180°.

    A line has no direction, so each is turned to the same side of the axis from the middle of the first to the middle
    of the second: the order in which its ends were drawn does not matter, nor does rotating the image, and curves
    beyond 90° keep their value. Where there is no such axis the smaller angle is given.
    """
    _expect(points, "A Cobb angle", 4)
    upper, lower = _side(points[0], points[1], spacing), _side(points[2], points[3], spacing)
    axis = _side(_middle(points[0], points[1]), _middle(points[2], points[3]), spacing)
    sides = _cross(axis, upper), _cross(axis, lower)
    if sides[0] == 0.0 or sides[1] == 0.0:
        angle = _between(upper, lower)
        value = min(angle, 180.0 - angle)
    else:
        value = _between(_turned(upper, sides[0]), _turned(lower, sides[1]))
    return Measurement(value, "deg", COBB_ERROR_DEG, "cobb-atan2/1")


def _ellipse(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    """Area from the ends of both axes (PS3.3 C.18.6.1.2 ELLIPSE), or from two opposite corners of an upright box.

    π/4 of the vector product of the axes: exact for a turned ellipse on pixels that are not square, where scaled axes
    are no longer at a right angle.
    """
    if len(points) == 2:
        width, height = _side(points[0], points[1], spacing)
        return _area(math.pi / 4 * abs(width * height), spacing, "ellipse-area/1")
    _expect(points, "An ellipse", 4)
    major, minor = _side(points[0], points[1], spacing), _side(points[2], points[3], spacing)
    return _area(math.pi / 4 * abs(_cross(major, minor)), spacing, "ellipse-area/1")


def _rectangle(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    """Area from two opposite corners of an upright rectangle, or from four corners in order (shoelace)."""
    if len(points) == 2:
        width, height = _side(points[0], points[1], spacing)
        return _area(abs(width * height), spacing, "rectangle-area/1")
    _expect(points, "A rectangle", 4)
    first, second = _side(points[0], points[2], spacing), _side(points[1], points[3], spacing)
    return _area(abs(_cross(first, second)) / 2, spacing, "rectangle-area/1")


def _freehand(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    """Area inside a closed outline by the shoelace formula; where it crosses itself, opposite turns cancel."""
    if len(points) < 3:
        raise Unmeasurable(f"An outline takes at least 3 points, not {len(points)}.")
    sides = [_side(points[0], point, spacing) for point in points]
    double = sum(_cross(one, another) for one, another in pairwise(sides))
    around = _along([*points, points[0]], spacing)
    area = _area(abs(double) / 2, spacing, "freehand-area/1")
    return replace(area, parts=(Part("perimeter", around, "mm" if spacing else "px"),))


def _path(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    """The length of an open line."""
    if len(points) < 2:
        raise Unmeasurable(f"A line takes at least 2 points, not {len(points)}.")
    return Measurement(_along(points, spacing), "mm" if spacing else "px", None, "path-length/1")


def _probe(points: Sequence[Point], _spacing: Spaced | None) -> Measurement:
    _expect(points, "A probe", 1)
    return Measurement(0.0, "stored", None, "probe-value/1")


def _spinopelvic(points: Sequence[Point], spacing: Spaced | None) -> Measurement:
    """Pelvic incidence, and in its parts what else the points give."""
    if len(points) not in COUNTS:
        raise Unmeasurable(f"A spinopelvic set takes 4, 6 or 7 points, not {len(points)}.")
    try:
        found = spinopelvic([_side((0.0, 0.0), point, spacing) for point in points])
    except Unclear as why:
        raise Unmeasurable(str(why)) from why
    parts = [Part("pt", found.tilt, "deg"), Part("ss", found.slope, "deg")]
    if found.lordosis is not None:
        parts.append(Part("ll", found.lordosis, "deg"))
    if found.axis is not None:
        parts.append(Part("sva", found.axis, "mm" if spacing else "px"))
    return Measurement(found.incidence, "deg", None, "spinopelvic-atan2/1", tuple(parts))


_METHODS: Mapping[str, Callable[[Sequence[Point], Spaced | None], Measurement]] = {
    "length": _length,
    "angle": _angle,
    "cobb": _cobb,
    "ellipse": _ellipse,
    "rectangle": _rectangle,
    "freehand": _freehand,
    "path": _path,
    "probe": _probe,
    "spinopelvic": _spinopelvic,
}


def _along(points: Sequence[Point], spacing: Spaced | None) -> float:
    return sum(math.hypot(*_side(one, another, spacing)) for one, another in pairwise(points))


def _expect(points: Sequence[Point], what: str, count: int) -> None:
    if len(points) != count:
        raise Unmeasurable(f"{what} takes {count} points, not {len(points)}.")


def _side(start: Point, end: Point, spacing: Spaced | None) -> Point:
    column_mm, row_mm = (spacing.column_mm, spacing.row_mm) if spacing else (1.0, 1.0)
    return ((end[0] - start[0]) * column_mm, (end[1] - start[1]) * row_mm)


def _middle(a: Point, b: Point) -> Point:
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)


def _cross(a: Point, b: Point) -> float:
    return a[0] * b[1] - a[1] * b[0]


def _turned(side: Point, sign: float) -> Point:
    return side if sign > 0 else (-side[0], -side[1])


def _between(a: Point, b: Point) -> float:
    if math.hypot(*a) == 0.0 or math.hypot(*b) == 0.0:
        raise Unmeasurable("A side of the angle has no length: two of its points are the same.")
    return math.degrees(math.atan2(abs(_cross(a, b)), a[0] * b[0] + a[1] * b[1]))


def _area(value: float, spacing: Spaced | None, method: str) -> Measurement:
    return Measurement(value, "mm2" if spacing else "px2", None, method)
