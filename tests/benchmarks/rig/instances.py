"""Instances for both servers, made anew and the same each time: real headers, anatomy-like pixels, no patient."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

ROOT = "1.2.826.0.1.3680043.8.498.77."


@dataclass(frozen=True, slots=True)
class Kind:
    """One series: a template of real elements, how large its images are and how many."""

    template: str
    modality: str
    rows: int
    columns: int
    count: int


MIXED = (
    Kind("CT_small.dcm", "CT", 512, 512, 110), Kind("MR_small.dcm", "MR", 256, 256, 322),
    Kind("MR_small.dcm", "CR", 1500, 1200, 4),
)
"""436 instances of three modalities, 114 MB."""
STACK = Kind("MR_small.dcm", "MR", 384, 274, 200)
"""A long MR series: 42 MB as raw samples."""


def study(kinds: tuple[Kind, ...], number: int = 1, share: float = 1.0) -> list[bytes]:
    """The files of one study, its series in the order of `kinds`; `share`: of the instances of each."""
    return [one for index, kind in enumerate(kinds) for one in series(kind, number, index, share)]


def series(kind: Kind, number: int = 1, index: int = 0, share: float = 1.0) -> Iterator[bytes]:
    """The files of one series of study `number`."""
    base = _anatomy(kind, number * 10 + index)
    dataset = dcmread(str(get_testdata_file(kind.template, download=False)))
    for place in range(max(1, round(kind.count * share))):
        yield _file(dataset, kind, number, index, place, base)


def uids(number: int, index: int, place: int) -> tuple[str, str, str]:
    """Study, series and instance."""
    made = f"{ROOT}{number}"
    return made, f"{made}.{index}", f"{made}.{index}.{place}"


def _file(dataset: Dataset, kind: Kind, number: int, index: int, place: int, base: NDArray[np.float32]) -> bytes:
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = uids(number, index, place)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientName, dataset.PatientID = f"Bench^{number:05}", f"BENCH{number:05}"
    dataset.StudyDate = f"20{24 + number % 3}{1 + number % 12:02}{1 + number % 28:02}"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = kind.modality, index + 1, place + 1
    dataset.Rows, dataset.Columns = kind.rows, kind.columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation, dataset.RescaleIntercept, dataset.RescaleSlope = 0, 0, 1
    dataset.WindowCenter, dataset.WindowWidth = 900, 1800
    dataset.ImageOrientationPatient, dataset.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.6, 0.6]
    dataset.ImagePositionPatient = [0, 0, 1.2 * place]
    for keyword in ("PixelPaddingValue", "SmallestImagePixelValue", "LargestImagePixelValue", "DataSetTrailingPadding"):
        if keyword in dataset:
            del dataset[keyword]
    dataset.PixelData = _slice(base, place).tobytes()
    out = io.BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def _anatomy(kind: Kind, seed: int) -> NDArray[np.float32]:
    """A body with organs and grain: compresses about as real slices do."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : kind.rows * 1j, -1 : 1 : kind.columns * 1j].astype(np.float32)
    picture = np.where(x**2 / 0.8 + y**2 / 0.9 < 1, 500.0, 0.0).astype(np.float32)
    for _ in range(40):
        cx, cy, size = chance.uniform(-0.7, 0.7), chance.uniform(-0.7, 0.7), chance.uniform(0.03, 0.25)
        level = chance.uniform(-300, 900)
        picture += level * np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / size**2) ** 3)
    inside = picture > 0
    return np.where(inside, picture + chance.normal(0, 5, picture.shape), 0).astype(np.float32)


def _slice(base: NDArray[np.float32], place: int) -> NDArray[np.uint16]:
    moved = np.roll(base, (place % 23 - 11, place % 17 - 8), (0, 1)) * (0.9 + 0.001 * (place % 200))
    return np.clip(moved, 0, 4095).astype("<u2")
