"""Radiographs by projection: each bone adds the length of its shell and of its inside along the ray.

The image plane is given in millimetres at the detector; magnification is one, so a length measured with the imager
spacing is the length that was drawn. Every curve is drawn from stated angles, which the study keeps as its truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, sin

import numpy as np
from pydicom.dataset import Dataset

from imaging.phantoms.anatomy import BACK_WALL, Array, Spine, Vertebra
from imaging.phantoms.dicom import CR, DX, Examination, SeriesHead, coded, grey, head, stored, window, written
from imaging.phantoms.texture import grain, shifted, softened, white

_CORTICAL, _SPONGY, _SOFT = 0.080, 0.027, 0.0115
"""Attenuation per millimetre of path, chosen for a believable film at about 80 kV."""


@dataclass(slots=True)
class Film:
    """Accumulated attenuation over a detector: `across` and `down` are millimetres from its centre."""

    across: Array
    down: Array
    density: Array

    @classmethod
    def blank(cls, rows: int, columns: int, spacing: float) -> "Film":
        """An unexposed detector."""
        across = ((np.arange(columns, dtype=np.float32) - (columns - 1) / 2) * np.float32(spacing))[None, :]
        down = ((np.arange(rows, dtype=np.float32) - (rows - 1) / 2) * np.float32(spacing))[:, None]
        return cls(across, down, np.zeros((rows, columns), np.float32))

    def part(self, across: float, down: float, reach: float) -> "Film | None":
        """The square around a point that a small shape can touch."""
        columns = np.flatnonzero(np.abs(self.across[0] - across) < reach)
        rows = np.flatnonzero(np.abs(self.down[:, 0] - down) < reach)
        if not columns.size or not rows.size:
            return None
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        return Film(self.across[:, box[1]], self.down[box[0]], self.density[box])

    def oval(
        self, centre: tuple[float, float], half: tuple[float, float], turn: float, depth: float, *, rim: float = 1.2
    ) -> None:
        """An ellipsoid of bone `depth` millimetres long at its middle, turned by `turn` radians clockwise."""
        part = self.part(centre[0], centre[1], max(half) + 2.0)
        if part is None:
            return
        u, v = turned(part, centre, turn)
        u, v = u + 0.10 * half[0] * np.sin(v / 3.7 + centre[1]), v + 0.12 * half[1] * np.sin(u / 4.3 + centre[0])
        outer = np.sqrt(np.clip(1.0 - (u / half[0]) ** 2 - (v / half[1]) ** 2, 0.0, 1.0))
        inner = np.sqrt(np.clip(
            1.0 - (u / max(half[0] - rim, 0.1)) ** 2 - (v / max(half[1] - rim, 0.1)) ** 2, 0.0, 1.0))
        part.density += depth * (_CORTICAL * outer - (_CORTICAL - _SPONGY) * 0.96 * inner)

    def block(
        self, centre: tuple[float, float], half: tuple[float, float], turn: float, depth: float, *, back: float = 1.0,
    ) -> None:
        """A vertebral body: an elliptic cylinder with a waist, seen from the side of its curved wall."""
        part = self.part(centre[0], centre[1], 1.35 * max(half) + 2.0)
        if part is None:
            return
        u, v = turned(part, centre, turn)
        a, b = half
        waist = a * (1.0 - 0.08 * np.clip(1.0 - (v / b) ** 2, 0.0, 1.0))
        rim = b * (0.95 + 0.05 * np.clip((u / a) ** 2, 0.0, 1.0))
        length = _chord(u, waist, back)
        end = rim - np.abs(v)
        cover = np.clip(end / 0.35 + 0.5, 0.0, 1.0)
        inside = _chord(u, waist - 1.0, back) * np.clip((end - 0.9) / 0.4, 0.0, 1.0)
        part.density += depth * (_CORTICAL * length * cover - (_CORTICAL - _SPONGY) * 0.94 * inside)

    def band(self, points: Sequence[tuple[float, float]], width: float, strength: float) -> None:
        """A curved bone such as a rib: a tube along a line of points."""
        for (x0, y0), (x1, y1) in pairwise(points):
            middle = ((x0 + x1) / 2, (y0 + y1) / 2)
            length = float(np.hypot(x1 - x0, y1 - y0))
            part = self.part(middle[0], middle[1], length / 2 + width + 1)
            if part is None or length == 0:
                continue
            u, v = turned(part, middle, float(np.arctan2(y1 - y0, x1 - x0)))
            off = np.hypot(np.maximum(np.abs(u) - length / 2 + 0.02, 0.0), v)
            tube = np.sqrt(np.clip(1.0 - (off / width) ** 2, 0.0, 1.0))
            hollow = np.sqrt(np.clip(1.0 - (off / (width * 0.72)) ** 2, 0.0, 1.0))
            fresh = strength * (tube - 0.62 * hollow) * (np.abs(u) <= length / 2)
            part.density += fresh


def turned(part: Film, centre: tuple[float, float], turn: float) -> tuple[Array, Array]:
    """Coordinates of a shape's own frame: `u` along its width, `v` along its height, turned clockwise on the film."""
    x, y = part.across - np.float32(centre[0]), part.down - np.float32(centre[1])
    cosine, sine = np.float32(cos(turn)), np.float32(sin(turn))
    return x * cosine + y * sine, y * cosine - x * sine


def _chord(u: Array, half: Array, back: float) -> Array:
    inside = np.sqrt(np.clip(1.0 - (u / half) ** 2, 0.0, 1.0))
    return np.asarray(np.where(u > back * half, 0.0, inside), np.float32)


def lateral(film: Film, spine: Spine, origin: tuple[float, float]) -> None:
    """A spine from its left side: the patient faces the left edge of the film; `origin` is (y, z) of its centre."""
    for body in spine.vertebrae:
        _lateral_vertebra(film, body, origin)


def film_point(y: float, z: float, origin: tuple[float, float]) -> tuple[float, float]:
    """Where a point of the patient falls on a lateral film, in millimetres from its centre."""
    return y - origin[0], origin[1] - z


def _lateral_vertebra(film: Film, body: Vertebra, origin: tuple[float, float]) -> None:
    a, b = body.half_depth, body.half_height
    turn = -body.tilt
    film.block(film_point(body.y, body.z, origin), (a, b), turn, 2.0 * body.half_width * 0.55, back=BACK_WALL)
    if body.name in ("S3", "S4", "S5", "Co"):
        return
    sacral = body.name[0] == "S"
    if sacral:
        film.oval(film_point(*body.at(a + 11.0, 0.0), origin), (9.0, b * 1.05), turn, 12.0, rim=2.0)
        return
    wall = BACK_WALL * a
    film.oval(film_point(*body.at(wall + 6.0, 0.36 * b), origin), (10.0, 0.48 * b), turn, 17.0)
    film.oval(film_point(*body.at(wall + 15.0, 0.65 * b), origin), (5.2, 0.85 * b), turn - 0.25, 17.0)
    film.oval(film_point(*body.at(wall + 19.0, -1.05 * b), origin), (5.4, 0.95 * b), turn - 0.25, 16.0)
    film.oval(film_point(*body.at(wall + 17.0, -0.25 * b), origin), (5.0, 0.7 * b), turn - 0.3, 14.0)
    film.oval(film_point(*body.at(wall + 40.0, -0.95 * b), origin), (17.0, 0.55 * b), turn - 0.20, 9.0)


def soft_lateral(film: Film, seed: int) -> None:
    """The body around the spine: thicker over the pelvis, air in the lungs and in the bowel, ribs and iliac wings."""
    x, y = film.across, film.down
    back = 78.0 + 10.0 * np.cos(y / 70.0)
    front = -150.0 - 8.0 * np.sin(y / 60.0)
    middle, half = (back + front) / 2, (back - front) / 2
    chord = np.sqrt(np.clip(1.0 - ((x - middle) / half) ** 2, 0.0, 1.0))
    film.density += _SOFT * (250.0 + 0.35 * np.clip(y, -200, 200)) * chord * 0.75
    lungs = np.clip((-y - 96.0 - 0.35 * x + 8.0 * np.sin(x / 30.0)) / 10.0, 0.0, 1.0)
    film.density -= 0.85 * lungs * chord
    random = np.random.default_rng(seed + 5)
    for _number in range(9):
        centre = (float(random.uniform(-110, -45)), float(random.uniform(-50, 120)))
        gas = np.hypot((x - centre[0]) / random.uniform(7, 17), (y - centre[1]) / random.uniform(6, 13))
        film.density -= 0.30 * np.clip(1.0 - gas**4, 0.0, 1.0)
    for number in range(4):
        start = -150.0 + 26.0 * number
        arc = [(60.0 - 15.0 * step, start + 9.0 * step + 0.7 * step * step) for step in range(9)]
        film.band(arc, 3.6, 0.34)
        film.band([(px - 6.0, py + 5.0) for px, py in arc], 3.6, 0.30)
    crest = [(-55.0 + 9.0 * step, 62.0 - 17.0 * np.sin(np.pi * step / 12.0)) for step in range(13)]
    film.band(crest, 3.2, 0.28)
    wing = np.hypot((x - 5.0) / 64.0, (y - 104.0) / 58.0)
    film.density += 0.20 * np.clip((1.0 - wing + 0.02 * np.sin(x / 9.0)) * 3.0, 0.0, 1.0)


def exposed(film: Film, seed: int) -> Array:
    """Raw detector signal as a share of full scale after logarithm: more bone, more density; 0 to 1."""
    shape = film.density.shape
    texture = shifted(grain(seed + 11, 5.0), 3, shape) * 0.012 + shifted(grain(seed + 12, 2.2, 0.5), 5, shape) * 0.016
    quantum = shifted(white(seed + 13), 9, shape) * 0.007
    density = softened(softened(film.density * (1.0 + texture))) + quantum
    low, high = np.percentile(density[::8, ::8], (0.5, 99.8))
    return np.asarray(np.clip((density - low) / (high - low) * 0.9 + 0.05, 0.0, 1.0), np.float32)


def radiograph_file(
    series: SeriesHead, instance: int, image: Array, spacing: float, *, inverted: bool, view: str, position: str
) -> bytes:
    """One projection image; `inverted` stores it as MONOCHROME1, as many readers do."""
    made = head(series, instance, ["ORIGINAL", "PRIMARY", ""] if series.sop_class == DX else ["ORIGINAL", "PRIMARY"])
    made.ViewPosition = view
    made.PatientOrientation = ["P", "F"] if view == "LL" else ["L", "F"]
    made.ImagerPixelSpacing = [f"{spacing:g}", f"{spacing:g}"]
    made.KVP = "81"
    made.SeriesDescription = f"{series.description} {position}".strip()
    if series.sop_class == DX:
        _digital(made)
    else:
        made.PlateType, made.CassetteSize = "", ""
    full = 4095.0
    values = stored(1.0 - image if inverted else image, full, 12)
    grey(made, values, 12, "MONOCHROME1" if inverted else "MONOCHROME2")
    window(made, (2048.0, 3900.0, "normal"), (2400.0, 2400.0, "bone"))
    return written(made)


def _digital(made: Dataset) -> None:
    """What the DX image object asks for beyond computed radiography (PS3.3 A.26)."""
    made.PresentationIntentType = "FOR PRESENTATION"
    made.Laterality = ""
    made.ImageLaterality = "U"
    made.AnatomicRegionSequence = coded("122496007", "SCT", "Lumbar spine")
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", 1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    made.PresentationLUTShape = "IDENTITY"
    made.LossyImageCompression = "00"
    made.DetectorType = "SCINTILLATOR"
    made.ViewCodeSequence = coded("399173006", "SCT", "left lateral")
    made.PatientOrientationCodeSequence = coded("10904000", "SCT", "orthostatic")
    made.AcquisitionContextSequence = []


def computed(examination: Examination, number: int, description: str) -> SeriesHead:
    """A series of computed radiographs."""
    return SeriesHead(examination, number, "CR", CR, description, "SPINE")


def digital(examination: Examination, number: int, description: str) -> SeriesHead:
    """A series of digital radiographs."""
    return SeriesHead(examination, number, "DX", DX, description)
