"""Lumbar magnetic resonance: sagittal T2 and T1 and an axial T2 stack in one frame of reference."""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from imaging.phantoms.anatomy import Array, Spine
from imaging.phantoms.dicom import MR, Examination, Plane, SeriesHead, grey, head, place, stored, window, written
from imaging.phantoms.paint import Canvas
from imaging.phantoms.texture import grain, shifted, softened, white
from imaging.phantoms.tissue import paint

SAGITTAL_FIELD_MM = 288.0
AXIAL_FIELD_MM = 200.0
_FULL_SCALE = 1400.0
"""Stored value of the brightest tissue; real scanners use a few thousand of their twelve bits."""


@dataclass(frozen=True, slots=True)
class MRProtocol:
    """Size and number of images."""

    size: int = 384
    sagittal: int = 15
    sagittal_gap_mm: float = 4.0
    axial: int = 20
    axial_gap_mm: float = 4.0
    axial_tilt_deg: float = 14.0
    axial_centre: str = "L4-L5"


SMALL = MRProtocol(size=224, sagittal=7, sagittal_gap_mm=6.0, axial=6, axial_gap_mm=6.0)


def lumbar_mr(examination: Examination, spine: Spine, protocol: MRProtocol | None = None) -> list[bytes]:
    """Three series as DICOM files: sagittal T2 (1), sagittal T1 (2), axial T2 (3)."""
    protocol = protocol or MRProtocol()
    t2 = SeriesHead(examination, 1, "MR", MR, "SAG T2 TSE")
    t1 = SeriesHead(examination, 2, "MR", MR, "SAG T1 TSE")
    axial = SeriesHead(examination, 3, "MR", MR, "AX T2 TSE")
    files: list[bytes] = []
    for number in range(protocol.sagittal):
        plane, images = _sagittal(spine, examination.seed, protocol, number)
        files.append(_file(t2, number + 1, plane, images[1], echo=102.0, repetition=3600.0))
        files.append(_file(t1, number + 1, plane, images[0], echo=9.6, repetition=560.0))
    for number in range(protocol.axial):
        plane, image = _axial(spine, examination.seed, protocol, number)
        files.append(_file(axial, number + 1, plane, image, echo=105.0, repetition=4200.0))
    return files


def _sagittal(spine: Spine, seed: int, protocol: MRProtocol, number: int) -> tuple[Plane, tuple[Array, Array]]:
    size = protocol.size
    step = SAGITTAL_FIELD_MM / size
    x = (number - (protocol.sagittal - 1) / 2) * protocol.sagittal_gap_mm  # from the patient's right to the left
    first_y, first_z = -150.0 + step / 2, 122.0 - step / 2
    y = (first_y + step * np.arange(size, dtype=np.float32))[None, :]
    z = (first_z - step * np.arange(size, dtype=np.float32))[:, None]
    canvas = Canvas(np.full((1, 1), x, np.float32), y, z, (size, size), step)
    paint(canvas, spine, seed=seed)
    near = _saturated(y) * np.exp(-(np.clip(96.0 - y, 0, 400) / 185.0) ** 2) * (1.0 - ((z + 22.0) / 205.0) ** 2)
    images = tuple(
        _signal(canvas, channel, near.astype(np.float32), seed, number + 40 * channel, stretch=0.2)
        for channel in (0, 1)
    )
    plane = Plane((x, first_y, first_z), (0, 1, 0, 0, 0, -1), (step, step), protocol.sagittal_gap_mm, x)
    return plane, (images[0], images[1])


def _axial(spine: Spine, seed: int, protocol: MRProtocol, number: int) -> tuple[Plane, Array]:
    size = protocol.size
    step = AXIAL_FIELD_MM / size
    tilt = radians(protocol.axial_tilt_deg)
    down = (cos(tilt), sin(tilt))  # (y, z) of the direction of the columns: to the back, and up in a lordotic spine
    normal = (-sin(tilt), cos(tilt))
    centre = spine.disc(protocol.axial_centre)
    shift = (number - (protocol.axial - 1) / 2) * protocol.axial_gap_mm
    origin_y, origin_z = centre.y + 24.0 + normal[0] * shift, centre.z + normal[1] * shift
    steps = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(step)
    y, z = (origin_y + down[0] * steps)[:, None], (origin_z + down[1] * steps)[:, None]
    canvas = Canvas(steps[None, :], y.astype(np.float32), z.astype(np.float32), (size, size), step)
    paint(canvas, spine, seed=seed)
    near = (_saturated(y) * np.exp(-(np.clip(90.0 - y, 0, 400) / 150.0) ** 2)).astype(np.float32)
    image = _signal(canvas, 1, near, seed, number + 200, stretch=1.0)
    first = (float(steps[0]), float(y[0, 0]), float(z[0, 0]))
    plane = Plane(first, (1, 0, 0, 0, down[0], down[1]), (step, step), protocol.axial_gap_mm, shift)
    return plane, image


def _saturated(y: Array) -> Array:
    """The band that silences the breathing belly in front of the spine."""
    return np.asarray((0.40 + 0.60 / (1.0 + np.exp(-(y + 72.0) / 5.0))), np.float32)


def _signal(canvas: Canvas, channel: int, near: Array, seed: int, number: int, *, stretch: float) -> Array:
    """What the scanner records: tissue with its texture, seen by a surface coil, with Rician noise."""
    base, fine, streaks = canvas.values[channel], canvas.values[3], canvas.values[4]
    shape = base.shape
    grained = shifted(grain(seed, 1.6), number % 40, (shape[0], shape[1]))
    # Streaks follow the fibres: along the back in a sagittal image, blotches across them in an axial one.
    fibres = shifted(grain(seed + 1, 3.2, 0.2 if stretch == 1.0 else 4.0) if stretch != 1.0 else grain(seed + 2, 4.0),
                     number % 40, (shape[0], shape[1]))
    tissue = base * (1.0 + fine * grained + streaks * np.clip(fibres, -1.5, 3.0))
    signal = softened(tissue * near)
    real = signal + 0.012 * shifted(white(seed + 3), number, (shape[0], shape[1]))
    other = 0.012 * shifted(white(seed + 4), number, (shape[0], shape[1]))
    return np.asarray(np.hypot(real, other), np.float32)


def _file(
    series: SeriesHead, instance: int, plane: Plane, image: Array, *, echo: float, repetition: float
) -> bytes:
    made = head(series, instance, ["ORIGINAL", "PRIMARY", "M", "SE"])
    place(made, series, plane)
    made.ScanningSequence, made.SequenceVariant, made.ScanOptions, made.MRAcquisitionType = "SE", "SK", "", "2D"
    made.RepetitionTime, made.EchoTime, made.EchoTrainLength = f"{repetition:g}", f"{echo:g}", 15
    made.MagneticFieldStrength, made.FlipAngle, made.ImagedNucleus = "1.5", "150", "1H"
    made.NumberOfAverages = "2"
    window(made, (_FULL_SCALE * 0.42, _FULL_SCALE * 0.84, "spine"), (_FULL_SCALE * 0.3, _FULL_SCALE * 0.55, "bright"))
    grey(made, stored(image, _FULL_SCALE, 12), 12, "MONOCHROME2")
    return written(made)
