"""Where a pixel lies: image coordinates ↔ patient coordinates, spacing worth trusting, and the order of a stack.

Two conventions meet here, half a pixel apart:

- **Image coordinates** are (column, row) as DICOM SCOORD counts them (PS3.3 C.18.6.1.1): the origin is the *corner* of
  the top left pixel, so that the centre of the pixel in column index 0 and row index 0 is (0.5, 0.5).
- **Image Position (Patient)** is the *centre* of that same pixel (PS3.3 C.7.6.2.1.1), in millimetres, LPS
  (x to the patient's left, y to the back, z to the head).

So an image point is shifted by −0.5 before it is multiplied with spacing and cosines. Everything here is pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
"""(column, row), SCOORD, corner origin."""
Vector = tuple[float, float, float]
"""Patient coordinates or directions, LPS."""
SpacingSource = Literal["calibrated", "pixel", "imager", "region"]

HALF_PIXEL = 0.5
"""From the corner of a pixel, where SCOORD counts from, to its centre, where Image Position (Patient) is."""
_SMALLEST_MM = 1e-4
_LARGEST_MM = 100.0
"""Spacing outside these is a wrong header, not an image: no detector is finer than 0.1 µm or coarser than 10 cm."""
_UNIT = 1e-2
"""How far direction cosines may be from unit length and right angles before the plane is not used."""
_PROJECTION = frozenset({"CR", "DX", "MG", "RF", "XA", "RG", "IO", "PX", "XC"})
"""Modalities whose pixel spacing is measured at the detector unless it says it was calibrated (PS3.3 10.7.1.3)."""


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Distance between pixel centres in millimetres, and where it was read."""

    row_mm: float
    """Between rows: multiply a vertical distance with this (the first value of Pixel Spacing, PS3.3 10.7.1.3)."""
    column_mm: float
    """Between columns: multiply a horizontal distance with this."""
    source: SpacingSource


@dataclass(frozen=True, slots=True)
class SpacingFacts:
    """What a header says of spacing; every field as found, None when absent. Values are (row, column) in mm."""

    modality: str
    pixel: tuple[float, float] | None = None
    """Pixel Spacing (0028,0030)."""
    calibration: str | None = None
    """Pixel Spacing Calibration Type (0028,0A02): GEOMETRY or FIDUCIAL."""
    imager: tuple[float, float] | None = None
    """Imager Pixel Spacing (0018,1164) or Nominal Scanned Pixel Spacing (0018,2010)."""
    magnification: float | None = None
    """Estimated Radiographic Magnification Factor (0018,1114)."""
    region: tuple[float, float] | None = None
    """From the Sequence of Ultrasound Regions (0018,6011), when all its 2-D regions agree."""


def trusted_spacing(facts: SpacingFacts) -> PixelSpacing | None:
    """The spacing millimetres may be computed with, and its source; None: then there are no millimetres.

    A projection's Pixel Spacing counts as calibrated only when it says so or differs from the detector's; equal to the
    detector's it is the detector's (PS3.3 10.7.1.3). The detector's own is divided by the magnification if known.
    """
    if facts.modality in _PROJECTION:
        return _projection_spacing(facts)
    if facts.pixel is not None and _sane(facts.pixel):
        return PixelSpacing(*facts.pixel, "calibrated" if facts.calibration else "pixel")
    if facts.region is not None and _sane(facts.region):
        return PixelSpacing(*facts.region, "region")
    if facts.imager is not None and _sane(facts.imager):
        return PixelSpacing(*facts.imager, "imager")
    return None


def _projection_spacing(facts: SpacingFacts) -> PixelSpacing | None:
    pixel = facts.pixel if facts.pixel is not None and _sane(facts.pixel) else None
    imager = facts.imager if facts.imager is not None and _sane(facts.imager) else None
    if pixel is not None and facts.calibration:
        return PixelSpacing(*pixel, "calibrated")
    if pixel is not None and imager is not None and not _close(pixel, imager):
        return PixelSpacing(*pixel, "calibrated")
    at_detector = imager or pixel
    if at_detector is None:
        return None
    factor = facts.magnification if facts.magnification is not None and 1.0 <= facts.magnification <= 10.0 else 1.0
    return PixelSpacing(at_detector[0] / factor, at_detector[1] / factor, "imager")


def _sane(pair: tuple[float, float]) -> bool:
    return all(math.isfinite(value) and _SMALLEST_MM <= value <= _LARGEST_MM for value in pair)


def _close(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return all(math.isclose(x, y, rel_tol=1e-4) for x, y in zip(a, b, strict=True))


@dataclass(frozen=True, slots=True)
class Plane:
    """One image in the patient: position, direction cosines and spacing (PS3.3 C.7.6.2)."""

    position: Vector
    """Centre of the top left pixel, mm."""
    along_row: Vector
    """Direction of increasing column, unit length."""
    along_column: Vector
    """Direction of increasing row, unit length."""
    row_mm: float
    column_mm: float

    @property
    def normal(self) -> Vector:
        """Unit vector across the plane, `along_row` × `along_column`."""
        return cross(self.along_row, self.along_column)

    def to_patient(self, point: Point) -> Vector:
        """The patient coordinates, mm, of an image point."""
        across = (point[0] - HALF_PIXEL) * self.column_mm
        down = (point[1] - HALF_PIXEL) * self.row_mm
        x, y, z = (
            p + across * r + down * c for p, r, c in zip(self.position, self.along_row, self.along_column, strict=True)
        )
        return (x, y, z)

    def to_image(self, at: Vector) -> tuple[Point, float]:
        """The image point nearest to a place in the patient, and how far the place is from the plane in mm (signed)."""
        offset = difference(at, self.position)
        column = dot(offset, self.along_row) / self.column_mm + HALF_PIXEL
        row = dot(offset, self.along_column) / self.row_mm + HALF_PIXEL
        return (column, row), dot(offset, self.normal)


def plane_of(position: Sequence[float], orientation: Sequence[float], spacing: tuple[float, float]) -> Plane | None:
    """The plane of Image Position (Patient), Image Orientation (Patient) and (row, column) spacing.

    None when the six cosines are not two unit vectors at a right angle: such a plane would put marks in wrong places.
    """
    if len(position) != 3 or not is_orientation(orientation) or not _sane(spacing):
        return None
    if not all(math.isfinite(value) for value in position):
        return None
    a, b, c, d, e, f = orientation
    return Plane((position[0], position[1], position[2]), (a, b, c), (d, e, f), spacing[0], spacing[1])


def is_orientation(cosines: Sequence[float]) -> bool:
    """Are these six numbers two unit vectors at a right angle?"""
    if len(cosines) != 6 or not all(math.isfinite(value) for value in cosines):
        return False
    row, column = (cosines[0], cosines[1], cosines[2]), (cosines[3], cosines[4], cosines[5])
    unit = abs(dot(row, row) - 1.0) < _UNIT and abs(dot(column, column) - 1.0) < _UNIT
    return unit and abs(dot(row, column)) < _UNIT


def along_normal(position: Sequence[float], orientation: Sequence[float]) -> float:
    """How far, in mm, an image lies along its own normal: the key that sorts a stack from its first slice to its last.

    Position alone is not enough: a tilted gantry moves all three coordinates, and an oblique stack none alone.
    """
    a, b, c, d, e, f = orientation
    return dot((position[0], position[1], position[2]), cross((a, b, c), (d, e, f)))


def along_normal_step(position: Sequence[float], orientation: Sequence[float], mm: float) -> list[float]:
    """A place so many mm further along the normal of an image."""
    a, b, c, d, e, f = orientation
    normal = cross((a, b, c), (d, e, f))
    return [at + mm * step for at, step in zip(position, normal, strict=True)]


def dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Vector product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def difference(a: Vector, b: Vector) -> Vector:
    """`a` − `b`."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])
