"""Lookup tables of a header: Modality LUT, VOI LUT, palette and ICC profile (PS3.3 C.11.1, C.11.2, C.7.9, C.11.15)."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imaging.pixels.errors import NoPicture
from imaging.pixels.overlays import Overlay, overlays
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
    """What of a header shapes its pixels."""

    modality: ModalityTable | None
    voi: Lut | None
    palette: Palette | None
    overlays: tuple[Overlay, ...] = ()
    icc: bytes | None = None


def tables(header: bytes, frame: int = 0) -> Tables:
    """Read the tables for a frame (from 0) out of a file, or its part before the pixels; raises NoPicture."""
    from pydicom import dcmread  # half of a worker's start, and few images have tables

    try:
        dataset = dcmread(io.BytesIO(header), stop_before_pixels=True)
        icc = dataset.get("ICCProfile")
        return Tables(
            _modality(dataset), _voi(dataset, frame), _palette(dataset), overlays(dataset, frame),
            bytes(icc) if isinstance(icc, bytes) and icc else None,
        )
    except NoPicture:
        raise
    except Exception as error:  # every error of a lenient parser on hostile bytes means the same
        raise NoPicture("The lookup table of this image cannot be read.") from error


def _functional(dataset: "Dataset", group: str, frame: int) -> "Dataset":
    """The item of a functional group for a frame: its own, else the shared one, else the data set (C.7.6.16)."""
    every, shared = dataset.get("PerFrameFunctionalGroupsSequence"), dataset.get("SharedFunctionalGroupsSequence")
    for holder in (every[frame] if every and frame < len(every) else None, shared[0] if shared else None):
        nested = holder.get(group) if holder is not None else None
        if nested:
            return nested[0]  # type: ignore[no-any-return]  # pydicom's sequences are untyped
    return dataset


def _modality(dataset: "Dataset") -> ModalityTable | None:
    sequence = dataset.get("ModalityLUTSequence")
    if not sequence:
        return None
    signed = dataset.get("PixelRepresentation") == 1
    first, values, bits = _entries(dataset, sequence[0].LUTDescriptor, sequence[0]["LUTData"].value, signed=signed)
    return ModalityTable(first, values, bits)


def _voi(dataset: "Dataset", frame: int) -> Lut | None:
    sequence = _functional(dataset, "FrameVOILUTSequence", frame).get("VOILUTSequence") or dataset.get("VOILUTSequence")
    if not sequence:
        return None
    # Its input is what the modality transformation gives: unsigned after a table, signed below zero (C.11.2.1.1).
    below = dataset.get("PixelRepresentation") == 1 or float(dataset.get("RescaleIntercept") or 0) < 0
    signed = below and not dataset.get("ModalityLUTSequence")
    first, values, bits = _entries(dataset, sequence[0].LUTDescriptor, sequence[0]["LUTData"].value, signed=signed)
    return Lut(first, tuple(int(value) for value in values), bits)


def _entries(dataset: "Dataset", descriptor: Any, data: Any, *, signed: bool) -> tuple[int, NDArray[np.uint16], int]:
    """First input, entries and bits; an entry count of 0 means 65,536 (C.11.1.1.1)."""
    count, first, bits = int(descriptor[0]) % _MOST or _MOST, int(descriptor[1]), int(descriptor[2])
    first = (first + (1 << 15)) % _MOST - (1 << 15) if signed else first % _MOST
    values = _words(dataset, data, count)[:count]
    if values.size == 0 or not 1 <= bits <= 16:
        raise NoPicture("The lookup table of this image is empty.")
    return first, values, bits


def _words(dataset: "Dataset", data: Any, count: int) -> NDArray[np.uint16]:
    """Table data as numbers: two bytes an entry in the file's byte order, or one where they are too few for that."""
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data)).astype(np.int64).astype(np.uint16)
    little = dataset.original_encoding[1] is not False
    if len(data) >= 2 * count:
        return np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little else ">u2").astype(np.uint16)
    # Bytes are packed into words, so in a big-endian file each pair stands the other way round (PS3.5 8.1.1).
    packed = np.frombuffer(data, np.uint8)
    return (packed if little or packed.size % 2 else packed.reshape(-1, 2)[:, ::-1].reshape(-1)).astype(np.uint16)


def _palette(dataset: "Dataset") -> Palette | None:
    if dataset.get("PhotometricInterpretation") != "PALETTE COLOR":
        return None
    signed = dataset.get("PixelRepresentation") == 1
    planes = []
    first = 0
    for name in ("Red", "Green", "Blue"):
        descriptor = dataset.get(f"{name}PaletteColorLookupTableDescriptor")
        if descriptor is None:
            raise NoPicture("The palette of this image is missing.")
        first, values, bits = _entries(dataset, descriptor, _plane(dataset, name, descriptor), signed=signed)
        planes.append(values)
        # 16-bit entries are brought to 8 by their range; some writers say 16 and mean 8 (C.7.6.3.1.5).
    size = min(len(plane) for plane in planes)
    colours = np.stack([plane[:size] for plane in planes], axis=-1)
    deep = bits > 8 and int(colours.max()) > 255
    return Palette(first, (colours >> 8 if deep else colours).astype(np.uint8))


def _plane(dataset: "Dataset", name: str, descriptor: Any) -> Any:
    """The table of one colour, unfolded where it comes in segments."""
    segments = dataset.get(f"Segmented{name}PaletteColorLookupTableData")
    if segments is not None:
        words = int(descriptor[2]) > 8
        numbers = _words(dataset, segments, len(segments) // 2 if words else len(segments))
        return unfolded([int(one) for one in numbers], words=words)
    data = dataset.get(f"{name}PaletteColorLookupTableData")
    if data is None:
        raise NoPicture("The palette of this image is missing.")
    return data


def unfolded(numbers: Sequence[int], *, words: bool) -> list[int]:
    """The entries of a segmented palette (PS3.3 C.7.9.2): discrete runs, straight lines, and both said once more.

    words: entries have 16 bits, else 8. Raises NoPicture where a segment leads nowhere.
    """
    entries: list[int] = []
    at = 0
    while at + 1 < len(numbers) and len(entries) <= _MOST:
        if numbers[at] == 2:  # indirect: so many segments from a byte offset on, none of them indirect itself
            low, high = (numbers[at + 2], numbers[at + 3]) if words else _offset_of_bytes(numbers, at)
            again = (low | high << 16) // (2 if words else 1)
            for _ in range(numbers[at + 1]):
                again = _segment(numbers, again, entries)
            at += 4 if words else 6
        else:
            at = _segment(numbers, at, entries)
    return entries[:_MOST]


def _offset_of_bytes(numbers: Sequence[int], at: int) -> tuple[int, int]:
    parts = numbers[at + 2 : at + 6]
    if len(parts) < 4:
        raise NoPicture("The segmented palette of this image is damaged.")
    return parts[0] | parts[1] << 8, parts[2] | parts[3] << 8


def _segment(numbers: Sequence[int], at: int, entries: list[int]) -> int:
    """Unfold a discrete or linear segment; gives where the next one begins."""
    if at + 2 >= len(numbers) or len(entries) > _MOST or numbers[at] not in (0, 1) or (numbers[at] and not entries):
        raise NoPicture("The segmented palette of this image is damaged.")
    kind, length = numbers[at], numbers[at + 1]
    if kind == 0:
        entries += numbers[at + 2 : at + 2 + length]
        return at + 2 + length
    start, end = entries[-1], numbers[at + 2]
    entries += [round(start + (end - start) * step / length) for step in range(1, length + 1)]
    return at + 3
