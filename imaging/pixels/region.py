"""What the pixels under a mark are worth. A pixel counts when its centre lies inside; padding does not count.

The browser has the same rule for the value it shows while a mark is drawn; `tests/data/geometry/regions.json` holds
vectors for both. Pure.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Point
from imaging.measure import Sampled
from imaging.pixels.window import Stored

Mask = NDArray[np.bool_]


def sampled(
    stored: Stored, kind: str, points: Sequence[Point], *, slope: float, intercept: float,
    unit: Literal["HU", "stored"], padding: tuple[int, int] | None,
) -> Sampled | None:
    """The values under a mark; None when it covers no pixel or is of a kind without values.

    stored: one frame, (rows, columns). Slope and intercept are used for HU alone; other values are as they are stored.
    """
    where = covered(kind, points, stored.shape[0], stored.shape[1])
    if where is None:
        return None
    top, left, mask = where
    part: NDArray[Any] = stored[top : top + mask.shape[0], left : left + mask.shape[1]][mask]
    if padding is not None:
        part = part[(part < padding[0]) | (part > padding[1])]
    if part.size == 0:
        return None
    values = part.astype(np.float64)
    if unit == "HU":
        values = values * slope + intercept
    return Sampled(
        mean=float(values.mean()), sd=float(values.std()), lowest=float(values.min()), highest=float(values.max()),
        pixels=int(values.size), unit=unit,
    )


def covered(kind: str, points: Sequence[Point], rows: int, columns: int) -> tuple[int, int, Mask] | None:
    """The first row and column of a box, and which pixels of it have their centre inside; None: nothing."""
    if kind == "probe" and len(points) == 1:
        column, row = (math.floor(value) for value in points[0])
        return min(rows - 1, max(0, row)), min(columns - 1, max(0, column)), np.ones((1, 1), bool)
    if kind == "ellipse" and len(points) in (2, 4):
        return _ellipse(_axes(points), rows, columns)
    if kind == "rectangle" and len(points) in (2, 4):
        return _outline(_corners(points), rows, columns)
    if kind == "freehand" and len(points) >= 3:
        return _outline(points, rows, columns)
    return None


def _box(low: Point, high: Point, rows: int, columns: int) -> tuple[int, int, int, int] | None:
    left, right = max(0, math.floor(low[0])), min(columns, math.ceil(high[0]))
    top, bottom = max(0, math.floor(low[1])), min(rows, math.ceil(high[1]))
    return (top, bottom, left, right) if top < bottom and left < right else None


def _ellipse(axes: Sequence[Point], rows: int, columns: int) -> tuple[int, int, Mask] | None:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = axes
    major, minor = ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2)
    area = major[0] * minor[1] - major[1] * minor[0]
    middle = ((ax + bx) / 2, (ay + by) / 2)
    reach = math.hypot(major[0], minor[0]), math.hypot(major[1], minor[1])
    box = _box((middle[0] - reach[0], middle[1] - reach[1]), (middle[0] + reach[0], middle[1] + reach[1]),
               rows, columns)
    if area == 0 or box is None:
        return None
    top, bottom, left, right = box
    across = np.arange(left, right) + 0.5 - middle[0]
    down = (np.arange(top, bottom) + 0.5 - middle[1])[:, None]
    along_major = (across * minor[1] - down * minor[0]) / area
    along_minor = (major[0] * down - major[1] * across) / area
    return top, left, along_major * along_major + along_minor * along_minor <= 1


def _outline(points: Sequence[Point], rows: int, columns: int) -> tuple[int, int, Mask] | None:
    """Inside by the even-odd rule, row by row."""
    low = min(x for x, _ in points), min(y for _, y in points)
    high = max(x for x, _ in points), max(y for _, y in points)
    box = _box(low, high, rows, columns)
    if box is None:
        return None
    top, bottom, left, right = box
    start = np.array(points, dtype=np.float64)
    end = np.roll(start, -1, axis=0)
    centres = np.arange(left, right) + 0.5
    mask = np.zeros((bottom - top, right - left), bool)
    for row in range(top, bottom):
        y = row + 0.5
        a, b = (side[(start[:, 1] > y) != (end[:, 1] > y)] for side in (start, end))
        crossings = np.sort((b[:, 0] - a[:, 0]) * (y - a[:, 1]) / (b[:, 1] - a[:, 1]) + a[:, 0])
        beyond = crossings.size - np.searchsorted(crossings, centres, side="right")
        mask[row - top] = beyond % 2 == 1
    return top, left, mask


def _axes(points: Sequence[Point]) -> Sequence[Point]:
    if len(points) != 2:
        return points
    (x0, y0), (x1, y1) = points
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return (x0, y), (x1, y), (x, y0), (x, y1)


def _corners(points: Sequence[Point]) -> Sequence[Point]:
    if len(points) != 2:
        return points
    (x0, y0), (x1, y1) = points
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)
