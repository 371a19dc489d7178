"""The spinopelvic set on a standing lateral radiograph: PI, PT, SS, LL and SVA from guided points.

Definitions as used by surgeons: pelvic incidence is the angle between the perpendicular to the sacral end plate at its
middle and the line from there to the axis of the hips (Legaye 1998); pelvic tilt is that line against the vertical,
sacral slope the end plate against the horizontal; lumbar lordosis is between the upper end plates of L1 and S1; the
sagittal vertical axis is how far the plumb line of C7 falls in front of the upper back corner of S1. The columns of the
image are taken as plumb: a film that was scanned askew gives a wrong PT, SS and SVA, but a right PI and LL. Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from imaging.geometry import Point

COUNTS = (4, 6, 7)
"""Both femoral heads and both corners of S1; then both corners of L1; then the middle of C7."""


class Unclear(ValueError):
    """These points give no pelvis; the text says why."""


@dataclass(frozen=True, slots=True)
class Spinopelvic:
    """Degrees, and millimetres (or pixels, where the points were in pixels)."""

    incidence: float
    tilt: float
    """Positive: the hip axis lies in front of the middle of the sacral end plate."""
    slope: float
    lordosis: float | None
    """Positive: lordosis. None: L1 was not given."""
    axis: float | None
    """Positive: C7 stands in front of S1. None: C7 was not given."""


def spinopelvic(points: Sequence[Point]) -> Spinopelvic:
    """The set from points in one length unit: x to the right, y downwards.

    Order: middle of either femoral head, the two upper corners of S1, the two of L1, the middle of C7. The order within
    a pair does not matter, nor which way the patient looks: the front is where pelvic incidence is positive. Raises
    Unclear.
    """
    hips, top = _middle(points[0], points[1]), _middle(points[2], points[3])
    plate, to_hips = _from(points[2], points[3]), _from(top, hips)
    if plate[0] == 0.0:
        raise Unclear("The end plate of S1 stands upright, so that front and back cannot be told.")
    front = math.copysign(1.0, _incidence(_forward(plate, 1.0), to_hips))
    sacral, ahead = _forward(plate, front), (to_hips[0] * front, to_hips[1])
    if math.hypot(*ahead) == 0.0:
        raise Unclear("The hip axis lies on the end plate of S1.")
    slope = math.degrees(math.atan2(sacral[1], sacral[0]))
    tilt = math.degrees(math.atan2(ahead[0], ahead[1]))
    lordosis = axis = None
    if len(points) > 4:
        lumbar = _forward(_from(points[4], points[5]), front)
        if math.hypot(*lumbar) == 0.0:
            raise Unclear("The two corners of L1 are the same point.")
        lordosis = math.degrees(math.atan2(_cross(lumbar, sacral), _dot(lumbar, sacral)))
    if len(points) > 6:
        back = min(points[2][0] * front, points[3][0] * front)
        axis = points[6][0] * front - back
    return Spinopelvic(_incidence(sacral, ahead), tilt, slope, lordosis, axis)


def _incidence(sacral: Point, to_hips: Point) -> float:
    """From the downward perpendicular of the end plate (given from back to front) to the hips, degrees."""
    normal = (-sacral[1], sacral[0])
    return math.degrees(math.atan2(_cross(to_hips, normal), _dot(normal, to_hips)))


def _forward(plate: Point, front: float) -> Point:
    """An end plate from back to front, x counted forwards."""
    x, y = plate[0] * front, plate[1]
    return (x, y) if x >= 0.0 else (-x, -y)


def _middle(a: Point, b: Point) -> Point:
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)


def _from(a: Point, b: Point) -> Point:
    return (b[0] - a[0], b[1] - a[1])


def _cross(a: Point, b: Point) -> float:
    return a[0] * b[1] - a[1] * b[0]


def _dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1]
