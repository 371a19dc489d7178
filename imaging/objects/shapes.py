"""Marks as graphics and graphics as marks: which points of which graphic type (PS3.3 C.18.6.1.2, C.10.5.1.2). Pure.

SCOORD and the PIXEL units of a presentation state count alike from the corner of the top left pixel, and so does
Cornerstone3D today: no half pixel is added or taken anywhere.
"""

import math
from collections.abc import Sequence

from imaging.objects.values import Point

MOST_POINTS = 512
"""Of one mark; longer outlines are thinned to this."""
_SAME = 1e-3
"""Points nearer than this, in pixels, are the same: coordinates are 32-bit floats."""
_SPOTS = frozenset({"point", "text", "level", "probe"})


def graphic(kind: str, points: Sequence[Point]) -> tuple[str, list[Point]]:
    """The graphic type and points of a mark; what `mark` turns back into the same shape."""
    if kind in _SPOTS:
        return "POINT", [points[0]]
    if kind == "spinopelvic":
        return "MULTIPOINT", list(points)
    if kind == "angle":  # with its vertex twice, as two lines: what other viewers read as an angle
        return "POLYLINE", [points[0], points[1], points[1], points[2]]
    if kind == "arrow":  # others put the tip first, the room puts it last
        return "POLYLINE", [points[1], points[0]]
    if kind == "ellipse":
        return "ELLIPSE", _axes(points)
    if kind == "rectangle":
        corners = corners_of(points)
        return "POLYLINE", [*corners, corners[0]]
    if kind == "freehand":
        return "POLYLINE", [*points, points[0]]
    return "POLYLINE", list(points)


def corners_of(points: Sequence[Point]) -> list[Point]:
    """The four corners in order of a rectangle given by two opposite ones or by all."""
    if len(points) != 2:
        return list(points)
    (left, top), (right, bottom) = points
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _axes(points: Sequence[Point]) -> list[Point]:
    """The ends of the longer axis, then of the shorter, of an ellipse given by its axes or by its upright box."""
    if len(points) == 2:
        (left, top), (right, bottom) = points
        middle, centre = (left + right) / 2, (top + bottom) / 2
        points = [(left, centre), (right, centre), (middle, top), (middle, bottom)]
    first, second = list(points[:2]), list(points[2:4])
    return first + second if math.dist(*first) >= math.dist(*second) else second + first


def mark(hint: str, graphic_type: str, points: Sequence[Point]) -> tuple[str, tuple[Point, ...]] | None:
    """The kind and points of a mark drawn as this graphic; None where no mark has such a shape.

    hint: the kind its maker says it is; empty, or one that the points do not fit, leaves it to the shape.
    """
    if not points or not all(math.isfinite(number) for point in points for number in point):
        return None
    if graphic_type == "POINT" or (graphic_type == "MULTIPOINT" and len(points) == 1):
        return (hint if hint in _SPOTS else "point"), (points[0],)
    if graphic_type == "MULTIPOINT":
        return ("spinopelvic", tuple(points)) if hint == "spinopelvic" and len(points) in (4, 6, 7) else None
    if graphic_type == "ELLIPSE":
        return ("ellipse", tuple(points)) if len(points) == 4 else None
    if graphic_type == "CIRCLE":
        return ("ellipse", _circle(points)) if len(points) == 2 else None
    if graphic_type in ("POLYLINE", "INTERPOLATED"):
        return _line(hint, points)
    return None


def _circle(points: Sequence[Point]) -> tuple[Point, ...]:
    (column, row), radius = points[0], math.dist(*points[:2])
    return (column - radius, row), (column + radius, row), (column, row - radius), (column, row + radius)


def _line(hint: str, points: Sequence[Point]) -> tuple[str, tuple[Point, ...]] | None:
    if hint == "angle" and len(points) == 4 and _same(points[1], points[2]):
        return "angle", (points[0], points[1], points[3])
    if hint == "arrow" and len(points) == 2:
        return "arrow", (points[1], points[0])
    if (hint, len(points)) in {("angle", 3), ("cobb", 4), ("length", 2)}:
        return hint, tuple(points)
    if hint == "angle" and len(points) == 4:  # two lines that do not meet
        return "cobb", tuple(points)
    closed = len(points) > 3 and _same(points[0], points[-1])
    ring = points[:-1] if closed else points
    if hint == "rectangle" and len(ring) == 4:
        return "rectangle", tuple(ring)
    if closed or (hint == "freehand" and len(points) > 2):
        return "freehand", _thinned(ring)
    if len(points) == 2:
        return ("path" if hint == "path" else "length"), tuple(points)
    return ("path", _thinned(points)) if len(points) > 2 else None


def _thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    step = math.ceil(len(points) / MOST_POINTS)
    return tuple(points[::step])


def _same(a: Point, b: Point) -> bool:
    return math.dist(a, b) < _SAME
