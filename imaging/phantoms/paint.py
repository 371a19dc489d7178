"""Painting with soft edges: a canvas whose pixels know where they lie in the patient.

A shape is given by a signed distance in millimetres, negative inside; an edge is as wide as one pixel, which is what
the partial-volume effect does to a real image.
"""

from dataclasses import dataclass

import numpy as np

from imaging.phantoms.anatomy import Array

_WANDER_MM = 1.2
"""Coordinates wander by up to this much; see `_unsteady`."""


@dataclass(frozen=True, slots=True)
class Tissue:
    """Signals of a tissue: relative T1 and T2 weighted brightness, Hounsfield units, and how grainy it is."""

    t1: float
    t2: float
    hounsfield: float
    grain: float = 0.03
    streak: float = 0.0

    @property
    def channels(self) -> tuple[float, float, float, float, float]:
        """The values in the order of a canvas's channels."""
        return self.t1, self.t2, self.hounsfield, self.grain, self.streak


AIR = Tissue(0.0, 0.0, -1000.0, 0.0)
FAT = Tissue(0.92, 0.74, -105.0, 0.04, 0.05)
MUSCLE = Tissue(0.34, 0.17, 56.0, 0.05, 0.24)
VISCERA = Tissue(0.42, 0.34, 35.0, 0.08, 0.35)
CORTEX = Tissue(0.06, 0.04, 780.0, 0.02)
MARROW = Tissue(0.60, 0.46, 170.0, 0.12)
FATTY_MARROW = Tissue(0.84, 0.62, 110.0, 0.10)
CSF = Tissue(0.16, 1.0, 8.0, 0.01)
CORD = Tissue(0.44, 0.42, 38.0, 0.02)
ROOT = Tissue(0.40, 0.36, 40.0, 0.02)
ANNULUS = Tissue(0.24, 0.11, 95.0, 0.04)
LIGAMENT = Tissue(0.10, 0.07, 75.0, 0.03)
INTERSPINOUS = Tissue(0.62, 0.44, -10.0, 0.10, 0.30)
VESSEL = Tissue(0.06, 0.05, 46.0, 0.02)
HERNIATED = Tissue(0.30, 0.24, 92.0, 0.04)
FLUID = Tissue(0.20, 0.80, 10.0, 0.02)


def mixed(first: Tissue, second: Tissue, share: float) -> Tissue:
    """A tissue between two, `share` of the second."""
    pairs = zip(first.channels, second.channels, strict=True)
    return Tissue(*(a + (b - a) * share for a, b in pairs))


@dataclass(slots=True)
class Patch:
    """The part of a canvas near a shape, with its coordinates."""

    x: Array
    y: Array
    z: Array
    values: Array
    edge: float

    def lay(self, distance: Array, tissue: Tissue, strength: float = 1.0) -> None:
        """Cover everything inside the shape with a tissue."""
        inside = distance < 0.5 * self.edge
        rows = np.flatnonzero(inside.any(axis=1))
        if rows.size == 0:
            return
        columns = np.flatnonzero(inside.any(axis=0))
        part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        cover = np.clip(0.5 - distance[part] / np.float32(self.edge), 0.0, 1.0) * np.float32(strength)
        for channel, value in enumerate(tissue.channels):
            plane = self.values[(channel, *part)]
            plane += cover * (np.float32(value) - plane)


class Canvas:
    """An image plane in the patient: coordinate arrays that broadcast to (rows, columns) and five channels."""

    def __init__(self, x: Array, y: Array, z: Array, shape: tuple[int, int], edge: float) -> None:
        self._steady = (x, y, z)
        self.x, self.y, self.z = _unsteady(x, y, z)
        self.values: Array = np.empty((5, *shape), np.float32)
        self.values[:] = np.array(AIR.channels, np.float32)[:, None, None]
        self.edge = edge

    def whole(self) -> Patch:
        """All of it."""
        return Patch(self.x, self.y, self.z, self.values, self.edge)

    def near(
        self, y: tuple[float, float], z: tuple[float, float], x: tuple[float, float] | None = None,
    ) -> Patch | None:
        """The rectangle of pixels that can lie in this box of the patient; None if there is none."""
        rows, columns = slice(None), slice(None)
        for coordinate, limits in zip(self._steady, (x, y, z), strict=True):
            if limits is None:
                continue
            inside = np.asarray((coordinate > limits[0] - _WANDER_MM) & (coordinate < limits[1] + _WANDER_MM))
            if not inside.any():
                return None
            if coordinate.shape[0] > 1:
                rows = _narrower(rows, inside.any(axis=1))
            if coordinate.shape[1] > 1:
                columns = _narrower(columns, inside.any(axis=0))
        values = self.values[:, rows, columns]
        if values.size == 0:
            return None
        cut = [_cut(each, rows, columns) for each in (self.x, self.y, self.z)]
        return Patch(cut[0], cut[1], cut[2], values, self.edge)


def ellipsoid(*terms: tuple[Array, float]) -> Array:
    """Signed distance, near the surface, to an ellipsoid given as (offset from its centre, half axis) pairs."""
    total = sum(((offset / half) ** 2 for offset, half in terms), start=np.float32(0.0))
    scale = min(half for _, half in terms)
    return ((np.sqrt(total) - 1.0) * np.float32(scale)).astype(np.float32)


def box(*terms: tuple[Array, float]) -> Array:
    """Signed distance to a box given as (offset from its centre, half side) pairs."""
    found: Array = np.abs(terms[0][0]) - terms[0][1]
    for offset, half in terms[1:]:
        found = np.maximum(found, np.abs(offset) - half)
    return found


def cut(*distances: Array) -> Array:
    """What is inside all of these shapes."""
    found = distances[0]
    for each in distances[1:]:
        found = np.maximum(found, each)
    return found


def rounded(*distances: Array, radius: float = 3.0) -> Array:
    """What is inside all of these shapes, with its corners worn off as bone's are."""
    found = distances[0]
    for each in distances[1:]:
        near = np.maximum(radius - np.abs(found - each), 0.0)
        found = np.maximum(found, each) + near * near * np.float32(0.25 / radius)
    return found


def meets(coordinate: Array, low: float, high: float) -> bool:
    """Whether any pixel has its coordinate between these: a shape that none can touch need not be drawn."""
    return bool(coordinate.min() < high and coordinate.max() > low)


def _unsteady(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """The coordinates, wandering by up to a millimetre: no edge in a body is straight."""
    wave = np.sin
    return (
        (x + 0.7 * wave(y / 7.3 + z / 11.0) + 0.35 * wave(z / 3.9 - y / 5.1)).astype(np.float32),
        (y + 0.7 * wave(z / 6.1 + x / 8.7) + 0.35 * wave(z / 3.3 + x / 4.3)).astype(np.float32),
        (z + 0.6 * wave(y / 6.7 - x / 9.1) + 0.30 * wave(y / 3.7 + x / 4.9)).astype(np.float32),
    )


def _narrower(old: slice, flags: object) -> slice:
    places = np.flatnonzero(np.asarray(flags))
    low, high = int(places[0]), int(places[-1]) + 1
    return slice(max(old.start or 0, low), high if old.stop is None else min(old.stop, high))


def _cut(coordinate: Array, rows: slice, columns: slice) -> Array:
    return coordinate[rows if coordinate.shape[0] > 1 else slice(None),
                      columns if coordinate.shape[1] > 1 else slice(None)]
