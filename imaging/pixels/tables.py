"""Lookup tables of a header: Modality LUT, VOI LUT and palette (PS3.3 C.11.1, C.11.2, C.7.9)."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imaging.pixels.errors import NoPicture
from imaging.pixels.window import Lut

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MOST = 1 << 16


@dataclass(frozen=True, slots=True)
class ModalityTable:
    """Stored values → modality values."""

    first: int
    values: NDArray[np.uint16]
    bits: int

    def applied(self, stored: NDArray[Any]) -> NDArray[np.uint16]:
        """Values outside the table take its first or last entry."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.values) - 1)
        looked_up: NDArray[np.uint16] = self.values[index]
        return looked_up


@dataclass(frozen=True, slots=True)
class Palette:
    """Stored values → RGB of 8 bits."""

    first: int
    colours: NDArray[np.uint8]
    """(entries, 3)"""

    def coloured(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """Values outside the palette take its first or last colour."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.colours) - 1)
        looked_up: NDArray[np.uint8] = self.colours[index]
        return looked_up


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables a header has."""

    modality: ModalityTable | None
    voi: Lut | None
    palette: Palette | None


def tables(header: bytes) -> Tables:
    """Read the tables out of a file, or out of its part before the pixels; raises NoPicture."""
    from pydicom import dcmread  # half of a worker's start, and few images have tables

    try:
        dataset = dcmread(io.BytesIO(header), stop_before_pixels=True)
        return Tables(_modality(dataset), _voi(dataset), _palette(dataset))
    except NoPicture:
        raise
    except Exception as error:  # every error of a lenient parser on hostile bytes means the same
        raise NoPicture("The lookup table of this image cannot be read.") from error


def _functional(dataset: "Dataset", group: str) -> "Dataset":
    shared = dataset.get("SharedFunctionalGroupsSequence")
    nested = shared[0].get(group) if shared else None
    return nested[0] if nested else dataset


def _modality(dataset: "Dataset") -> ModalityTable | None:
    sequence = dataset.get("ModalityLUTSequence")
    if not sequence:
        return None
    first, values, bits = _entries(dataset, sequence[0].LUTDescriptor, sequence[0]["LUTData"].value)
    return ModalityTable(first, values, bits)


def _voi(dataset: "Dataset") -> Lut | None:
    sequence = _functional(dataset, "FrameVOILUTSequence").get("VOILUTSequence") or dataset.get("VOILUTSequence")
    if not sequence:
        return None
    first, values, bits = _entries(dataset, sequence[0].LUTDescriptor, sequence[0]["LUTData"].value)
    return Lut(first, tuple(int(value) for value in values), bits)


def _entries(dataset: "Dataset", descriptor: Any, data: Any) -> tuple[int, NDArray[np.uint16], int]:
    """First input, entries and bits; an entry count of 0 means 65,536 (C.11.1.1.1)."""
    count, first, bits = int(descriptor[0]) or _MOST, int(descriptor[1]), int(descriptor[2])
    if dataset.get("PixelRepresentation") == 1 and first >= 1 << 15:
        first -= 1 << 16
    if isinstance(data, bytes):
        wide = len(data) >= 2 * count
        values = np.frombuffer(data, "<u2" if wide else np.uint8)[:count].astype(np.uint16)
    else:
        values = np.atleast_1d(np.asarray(data)).astype(np.int64).astype(np.uint16)[:count]
    if values.size == 0 or not 1 <= bits <= 16:
        raise NoPicture("The lookup table of this image is empty.")
    return first, values, bits


def _palette(dataset: "Dataset") -> Palette | None:
    if dataset.get("PhotometricInterpretation") != "PALETTE COLOR":
        return None
    planes = []
    first = 0
    for name in ("Red", "Green", "Blue"):
        descriptor = dataset.get(f"{name}PaletteColorLookupTableDescriptor")
        data = dataset.get(f"{name}PaletteColorLookupTableData")
        if descriptor is None or data is None:
            raise NoPicture("The palette of this image is missing or segmented, which is not supported.")
        first, values, bits = _entries(dataset, descriptor, data)
        planes.append(values)
        # 16-bit entries are brought to 8 by their range; some writers say 16 and mean 8 (C.7.6.3.1.5).
    size = min(len(plane) for plane in planes)
    colours = np.stack([plane[:size] for plane in planes], axis=-1)
    deep = bits > 8 and int(colours.max()) > 255
    return Palette(first, (colours >> 8 if deep else colours).astype(np.uint8))
