"""Computed tomography of the lumbosacral junction, with a transitional vertebra where one is asked for."""

from dataclasses import dataclass

import numpy as np

from imaging.phantoms.anatomy import Array, Spine
from imaging.phantoms.dicom import CT, Examination, Plane, SeriesHead, grey, head, place, window, written
from imaging.phantoms.paint import Canvas
from imaging.phantoms.pelvis import joined_process
from imaging.phantoms.texture import grain, shifted, softened, white
from imaging.phantoms.tissue import paint

FIELD_MM = 200.0


@dataclass(frozen=True, slots=True)
class Transition:
    """A broad transverse process of the last lumbar vertebra, in Castellvi's classes."""

    castellvi: str = "IIa"
    """IIa or IIIa: one side; b: both. II meets the sacrum with a joint, III is fused."""
    left: bool = True


def lumbosacral_ct(
    examination: Examination, spine: Spine, transition: Transition | None, *, slices: int = 72, size: int = 256,
    gap_mm: float = 1.5,
) -> list[bytes]:
    """Thin axial slices from the sacrum upwards."""
    series = SeriesHead(examination, 1, "CT", CT, "AX 1.5 bone")
    bottom = spine.vertebra("S1").z - 30.0
    return [
        _slice(series, spine, transition, number, bottom + number * gap_mm, size, gap_mm) for number in range(slices)
    ]


def _slice(
    series: SeriesHead, spine: Spine, transition: Transition | None, number: int, z: float, size: int, gap_mm: float
) -> bytes:
    seed = series.examination.seed
    step = FIELD_MM / size
    steps = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(step)
    y = (steps + 18.0)[:, None]
    canvas = Canvas(steps[None, :], y, np.full((1, 1), z, np.float32), (size, size), step)
    paint(canvas, spine, seed=seed)
    if transition is not None:
        fused = transition.castellvi.startswith("III")
        sides = (True, False) if transition.castellvi.endswith("b") else (transition.left,)
        for left in sides:
            joined_process(canvas, spine.vertebra("L5"), left=left, fused=fused)
    image = _hounsfield(canvas, seed, number)
    made = head(series, number + 1, ["ORIGINAL", "PRIMARY", "AXIAL"])
    first = (float(steps[0]), float(y[0, 0]), z)
    place(made, series, Plane(first, (1, 0, 0, 0, 1, 0), (step, step), gap_mm, z))
    made.KVP, made.XRayTubeCurrent, made.ConvolutionKernel = "120", 210, "BONE"
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "-1024", "1", "HU"
    window(made, (400.0, 1800.0, "bone"), (50.0, 400.0, "soft tissue"))
    grey(made, np.clip(image + 1024.0, 0, 4095).astype(np.uint16), 12, "MONOCHROME2")
    return written(made)


def _hounsfield(canvas: Canvas, seed: int, number: int) -> Array:
    base, fine, streaks = canvas.values[2], canvas.values[3], canvas.values[4]
    shape = (base.shape[0], base.shape[1])
    trabeculae = shifted(grain(seed, 1.5), number // 3, shape) * fine * 900.0
    fibres = shifted(grain(seed + 2, 4.0), number // 3, shape) * streaks * 60.0
    noise = 11.0 * shifted(white(seed + 3), number, shape)
    return np.asarray(softened(base + trabeculae * (base > 60) + fibres) + noise, np.float32)
