"""A standing film from the front with a curve whose Cobb angle is stated.

Seen as if facing the patient: the patient's left is at the right edge of the film.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import cos, sin

import numpy as np

from imaging.phantoms.anatomy import Array
from imaging.phantoms.dicom import Examination
from imaging.phantoms.radiograph import Film, computed, exposed, radiograph_file

SPACING_MM = 0.25
LEVELS = (*(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6)))
_HALF_HEIGHTS = np.linspace(7.4, 12.8, 17)
_HALF_WIDTHS = np.interp(np.arange(17), [0, 5, 11, 16], [14.0, 13.0, 18.5, 25.0])
_GAPS = np.interp(np.arange(17), [0, 8, 16], [3.0, 4.2, 9.5])


@dataclass(frozen=True, slots=True)
class Curve:
    """The main curve: between the most tilted vertebrae above and below."""

    cobb_deg: float
    upper: str = "T11"
    lower: str = "L4"
    convex_left: bool = True


@dataclass(frozen=True, slots=True)
class Placed:
    """A vertebra on the film: centre in millimetres from the film's centre, turn clockwise in radians, sizes."""

    name: str
    x: float
    y: float
    turn: float
    half_width: float
    half_height: float

    def endplate(self, *, top: bool) -> tuple[tuple[float, float], tuple[float, float]]:
        """Left and right end of an endplate on the film, in millimetres from its centre."""
        v = -self.half_height if top else self.half_height
        left, right = (
            (self.x + u * cos(self.turn) - v * sin(self.turn), self.y + u * sin(self.turn) + v * cos(self.turn))
            for u in (-self.half_width, self.half_width)
        )
        return left, right


def placed(curve: Curve) -> tuple[Placed, ...]:
    """Every vertebra from T1 to L5, such that the end vertebrae of the curve differ by exactly its Cobb angle."""
    upper, lower = LEVELS.index(curve.upper), LEVELS.index(curve.lower)
    half = curve.cobb_deg / 2
    # The tilt falls from +half at the upper end vertebra to −half at the lower; compensating curves lead it home.
    knots = [(-2.0, 0.0), (max(upper - 7.0, 0.0), -0.42 * half), (float(upper), half), (float(lower), -half),
             (17.5, 0.0)]
    places = np.arange(17.0)
    tilts = np.zeros(17)
    for (at0, value0), (at1, value1) in pairwise(knots):
        inside = (places >= at0) & (places <= at1)
        share = (places[inside] - at0) / (at1 - at0)
        tilts[inside] = value0 + (value1 - value0) * (1 - np.cos(np.pi * share)) / 2
    turns = np.radians(tilts) * (-1.0 if curve.convex_left else 1.0)
    x, y = 0.0, 164.0
    found = []
    for number in reversed(range(17)):
        turn = float(turns[number])
        below = float(turns[number + 1]) if number < 16 else 0.0
        step = float(_GAPS[number]), float(_HALF_HEIGHTS[number])
        middle = (turn + below) / 2
        x, y = x + step[0] * sin(middle), y - step[0] * cos(middle)
        x, y = x + step[1] * sin(turn), y - step[1] * cos(turn)
        found.append(Placed(LEVELS[number], x, y, turn, float(_HALF_WIDTHS[number]), step[1]))
        x, y = x + step[1] * sin(turn), y - step[1] * cos(turn)
    shift = float(np.mean([found[0].x, found[-1].x]))
    return tuple(Placed(p.name, p.x - shift, p.y, p.turn, p.half_width, p.half_height) for p in reversed(found))


def standing_film(
    examination: Examination, curve: Curve, *, rows: int = 2000, columns: int = 1000, instance: int = 1
) -> bytes:
    """One standing film from the front, MONOCHROME1, with imager pixel spacing."""
    spacing = SPACING_MM * 2000 / rows
    film = Film.blank(rows, columns, spacing)
    vertebrae = placed(curve)
    _soft(film, vertebrae, examination.seed)
    _pelvis(film, vertebrae[-1])
    for body in vertebrae:
        _rib(film, body)
    apex = (LEVELS.index(curve.upper) + LEVELS.index(curve.lower)) / 2
    for number, body in enumerate(vertebrae):
        twist = 0.30 * curve.cobb_deg / 40 * np.exp(-(((number - apex) / 4.0) ** 2))
        _body(film, body, float(twist) * (-1 if curve.convex_left else 1))
    _marker(film)
    image = exposed(film, examination.seed)
    series = computed(examination, 1, "Whole spine AP standing")
    return radiograph_file(series, instance, image, spacing, inverted=True, view="AP", position="")


def truth(curve: Curve) -> Mapping[str, str | float]:
    """What a reader should find."""
    return {"cobb_deg": curve.cobb_deg, "upper": curve.upper, "lower": curve.lower,
            "convex": "left" if curve.convex_left else "right"}


def _body(film: Film, body: Placed, twist: float) -> None:
    a, b = body.half_width, body.half_height
    film.block((body.x, body.y), (a, b), body.turn, 36.0)
    shift = twist * 16.0
    for sign in (-1.0, 1.0):
        film.oval(_at(body, sign * 0.66 * a - shift * 0.7, -0.12 * b), (0.17 * a + 1.2, 0.36 * b + 1), body.turn, 17.0)
        film.oval(_at(body, sign * (a + 9.0) - shift * 0.6, -0.05 * b), (11.0, 0.26 * b + 0.8), body.turn - sign * 0.1,
                  9.0)
        film.oval(_at(body, sign * 0.55 * a - shift, 0.95 * b), (3.6, 0.6 * b), body.turn + sign * 0.2, 11.0)
    film.oval(_at(body, -shift * 1.4, 0.75 * b), (2.8, 0.55 * b), body.turn, 26.0)
    film.oval(_at(body, -shift, 0.15 * b), (0.5 * a, 0.30 * b), body.turn, 7.0, rim=0.8)


def _at(body: Placed, u: float, v: float) -> tuple[float, float]:
    return (body.x + u * cos(body.turn) - v * sin(body.turn), body.y + u * sin(body.turn) + v * cos(body.turn))


def _rib(film: Film, body: Placed) -> None:
    if body.name[0] != "T":
        return
    number = int(body.name[1:])
    long = min(1.0, 0.45 + 0.09 * number) * (0.34 if number == 12 else 0.6 if number == 11 else 1.0)
    for sign in (-1.0, 1.0):
        points = []
        for step in range(15):
            share = step / 14 * long
            out = body.half_width + 4.0 + 92.0 * np.sin(share * np.pi / 2)
            fall = -6.0 * np.sin(share * np.pi) + 52.0 * share**2.2
            points.append(_at(body, sign * out, fall))
        film.band(points, 3.9, 0.17)
        if number <= 10:
            edge = points[-1]
            front = [(edge[0] - sign * 6.0 * k, edge[1] + 4.5 * k + 0.2 * k * k) for k in range(8)]
            film.band(front, 4.2, 0.07)


def _soft(film: Film, vertebrae: tuple[Placed, ...], seed: int) -> None:
    x, y = film.across, film.down
    waist = 112.0 + 16.0 * np.cos((y + 60.0) / 62.0)
    chord = np.sqrt(np.clip(1.0 - (x / waist) ** 2, 0.0, 1.0))
    film.density += 1.55 * chord * (0.9 + 0.0009 * y)
    line_y = np.array([body.y for body in vertebrae])
    line_x = np.array([body.x for body in vertebrae])
    middle = np.interp(film.down[:, 0], line_y, line_x).astype(np.float32)[:, None]
    dome = -45.0 + 0.0045 * (np.abs(x - middle) - 50.0) ** 2 + 7.0 * (x < 0)
    air = np.clip((dome - y) / 3.0, 0.0, 1.0) * np.clip((np.abs(x - middle) - 26.0 - 12.0 * (x > 0)) / 6.0, 0.0, 1.0)
    film.density -= 0.95 * air * chord * np.clip((y + 262.0) / 30.0, 0.0, 1.0)
    heart = np.hypot((x - 34.0) / 44.0, (y + 88.0) / 50.0)
    film.density += 0.42 * np.clip((1.0 - heart) * 7.0, 0.0, 1.0) * chord
    psoas = np.abs(x - middle) - 26.0 - 0.32 * (y - 20.0)
    film.density += 0.10 * np.clip(-psoas / 4.0, 0.0, 1.0) * np.clip((y - 15.0) / 12.0, 0, 1)
    random = np.random.default_rng(seed + 21)
    for _number in range(16):
        centre = (float(random.uniform(-85, 85)), float(random.uniform(25, 165)))
        half = (random.uniform(6, 16), random.uniform(5, 12))
        gas = np.hypot((x - centre[0]) / half[0], (y - centre[1]) / half[1])
        film.density -= 0.20 * np.clip(1.0 - gas**3, 0.0, 1.0)


def _pelvis(film: Film, last: Placed) -> None:
    base = (last.x * 0.4, last.y + 34.0)
    x, y = film.across - np.float32(base[0]), film.down - np.float32(base[1])
    sacrum = np.maximum(np.abs(x) - np.clip(50.0 - 0.42 * (y + 20.0), 6.0, 60.0), np.abs(y - 22.0) - 40.0)
    film.density += 0.42 * np.clip(-sacrum / 3.0, 0, 1) + 0.30 * np.exp(-((sacrum / 1.0) ** 2))
    for sign in (-1.0, 1.0):
        for row in range(3):
            film.density -= 0.20 * np.clip(1.0 - np.hypot((x - sign * (19.0 - 2 * row)) / 5.0,
                                                          (y - 6.0 - 19.0 * row) / 4.2) ** 4, 0, 1)
        wing = np.maximum(np.hypot((x - sign * 84.0) / 50.0, (y - 22.0) / 62.0) - 1.0,
                          (np.clip(50.0 - 0.42 * (y + 20.0), 6.0, 60.0) - sign * x) / 60.0) * 50.0
        film.density += 0.36 * np.clip(-wing / 4.0, 0, 1) + 0.34 * np.exp(-((wing / 1.3) ** 2))


def _marker(film: Film) -> None:
    """The lead letter L at the patient's left."""
    x, y = film.across - 96.0, film.down + 215.0
    upright: Array = np.maximum(np.abs(x + 4.0) - 1.6, np.abs(y) - 9.0)
    foot: Array = np.maximum(np.abs(x) - 5.6, np.abs(y - 7.4) - 1.6)
    film.density += 2.4 * np.clip(-np.minimum(upright, foot) / 0.4 + 0.5, 0, 1)


def cobb_lines(curve: Curve, rows: int = 2000, columns: int = 1000) -> tuple[tuple[float, float], ...]:
    """The four points, in SCOORD (column, row), of the two endplates that make the Cobb angle."""
    spacing = SPACING_MM * 2000 / rows
    by_name = {body.name: body for body in placed(curve)}
    ends = (*by_name[curve.upper].endplate(top=True), *by_name[curve.lower].endplate(top=False))
    return tuple((x / spacing + columns / 2, y / spacing + rows / 2) for x, y in ends)
