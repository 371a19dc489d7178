"""A colour Doppler picture of a leg artery: an RGB ultrasound image with a calibrated region."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.phantoms.anatomy import Array
from imaging.phantoms.dicom import US, Examination, SeriesHead, colour, head, written
from imaging.phantoms.texture import grain, shifted

ROWS, COLUMNS = 480, 640
CM_PER_PIXEL = 0.0095
"""Physical delta of the calibrated region, both ways."""


@dataclass(frozen=True, slots=True)
class Vessel:
    """A vessel that crosses the picture: depth and radius in pixels."""

    depth: float
    radius: float
    towards: bool
    """Flow towards the probe is red."""


def leg_doppler(examination: Examination) -> list[bytes]:
    """One picture with an artery and a vein, both open: the legs ache for another reason than their arteries."""
    vessels = (Vessel(205.0, 30.0, towards=True), Vessel(275.0, 34.0, towards=False))
    pixels = _picture(vessels, examination.seed)
    series = SeriesHead(examination, 1, "US", US, "Femoral artery left, colour Doppler", "LEG")
    made = head(series, 1, ["ORIGINAL", "PRIMARY", "VASCULAR"])
    made.Laterality = "L"
    made.LossyImageCompression = "00"
    made.UltrasoundColorDataPresent = 1
    made.SequenceOfUltrasoundRegions = Sequence([_region()])
    colour(made, pixels)
    return [written(made)]


def _picture(vessels: tuple[Vessel, ...], seed: int) -> NDArray[np.uint8]:
    rows = np.arange(ROWS, dtype=np.float32)[:, None]
    columns = np.arange(COLUMNS, dtype=np.float32)[None, :]
    shape = (ROWS, COLUMNS)
    speckle = np.hypot(shifted(grain(seed, 2.2, 0.5), 1, shape), shifted(grain(seed + 1, 2.2, 0.5), 2, shape))
    layers = 0.42 + 0.13 * np.sin(rows / 13.0 + 0.012 * columns) * np.exp(-rows / 160.0)
    layers = layers + 0.10 * shifted(grain(seed + 2, 26.0, 0.3), 4, shape)
    echo = layers * (0.45 + 0.45 * speckle) * np.exp(-((rows - 200.0) / 330.0) ** 2)
    tint = np.zeros((*shape, 3), np.float32)
    for vessel in vessels:
        echo, flow = _vessel(echo, vessel, rows, columns, speckle)
        box = (np.abs(columns - 320.0 + 0.18 * (rows - 240.0)) < 150.0) & (rows > 140.0) & (rows < 345.0)
        flow = flow * box
        first, last = (0, 2) if vessel.towards else (2, 0)
        tint[..., first] += flow * 1.0
        tint[..., 1] += flow * flow * 0.62
        tint[..., last] += flow * 0.06
        echo = echo * (1.0 - 0.85 * (flow > 0.12))
    field = (rows > 34.0) & (np.abs(columns - 320.0) < 236.0) & (rows < 446.0)
    grey = np.clip(echo, 0.0, 1.0) * field
    picture = np.clip(grey[..., None] + tint * field[..., None], 0.0, 1.0) * 255.0
    _frame(picture)
    return np.asarray(picture, np.uint8)


def _vessel(echo: Array, vessel: Vessel, rows: Array, columns: Array, speckle: Array) -> tuple[Array, Array]:
    middle = vessel.depth + 0.07 * (columns - 320.0) + 5.0 * np.sin(columns / 95.0)
    off = np.abs(rows - middle) / vessel.radius
    inside = np.clip((1.0 - off) * 8.0, 0.0, 1.0)
    wall = np.exp(-(((off - 1.05) / 0.07) ** 2)) * 0.55
    profile = np.clip(1.0 - off**2, 0.0, 1.0) ** 0.6
    flow = profile * np.clip(0.78 + 0.12 * np.sin(columns / 60.0) + 0.06 * speckle, 0.0, 1.0)
    dark = (echo * (1.0 - 0.92 * inside) + wall).astype(np.float32)
    return dark, (flow * (off < 0.93)).astype(np.float32)


def _frame(picture: Array) -> None:
    """The colour box, the depth scale and the velocity bar that a scanner draws."""
    for row in range(140, 346):
        for edge in (-150, 150):
            picture[row, int(320 - 0.18 * (row - 240)) + edge] = (225, 225, 225)
    for row in (140, 345):
        start = int(320 - 0.18 * (row - 240)) - 150
        picture[row, start:start + 301] = (225, 225, 225)
    for row in range(34, 447, 53):
        picture[row, 566:576] = (200, 200, 200)
    ramp = np.linspace(1.0, -1.0, 140, dtype=np.float32)
    picture[60:200, 600:616, 0] = (np.clip(ramp, 0, 1) * 255)[:, None]
    picture[60:200, 600:616, 2] = (np.clip(-ramp, 0, 1) * 255)[:, None]
    picture[60:200, 600:616, 1] = (ramp**4 * 170)[:, None]


def _region() -> Dataset:
    region = Dataset()
    region.RegionSpatialFormat = 1  # two-dimensional
    region.RegionDataType = 2  # colour flow
    region.RegionFlags = 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 84, 34
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 556, 446
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3  # centimetres
    region.PhysicalDeltaX = region.PhysicalDeltaY = CM_PER_PIXEL
    return region
