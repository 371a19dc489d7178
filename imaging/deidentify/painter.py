"""The tasks of a worker for held images: a picture to look at, the regions in the header, and the image blacked out.

Runs in `imaging.sandbox` alone.
"""

import io
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels.utils import pixel_array
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from imaging.deidentify.blackout import Samples, black_of, blacken, rle
from imaging.deidentify.engine import method
from imaging.deidentify.regions import Rectangle
from imaging.deidentify.table import PIXELS_CLEANED
from imaging.pixels.frames import LOSSY, Layout, stored
from imaging.pixels.tables import tables

_DERIVED = "Writing in the picture blacked out by hand"
_NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)


def facts(path: str) -> tuple[dict[str, Any], bytes]:
    """The regions of an ultrasound as ``[left, top, width, height]`` (PS3.3 C.8.5.5.1), none for other images."""
    found = _opened(path, pixels=False)
    regions = []
    for one in found.get("SequenceOfUltrasoundRegions", None) or []:
        try:
            left, top = int(one.RegionLocationMinX0), int(one.RegionLocationMinY0)
            right, bottom = int(one.RegionLocationMaxX1), int(one.RegionLocationMaxY1)
        except (AttributeError, TypeError, ValueError):
            continue
        if right > left >= 0 and bottom > top >= 0:
            regions.append([left, top, right - left + 1, bottom - top + 1])
    return {"regions": regions[:100]}, b""


def released(path: str) -> tuple[dict[str, Any], bytes]:
    """The file with the word of a person that nothing is burned in."""
    found = _opened(path)
    return {}, _written(found, pixels_changed=False)


def blacked_out(
    path: str, layout: dict[str, Any], spans: list[list[list[int]]], rectangles: list[list[int]], inverted: bool
) -> tuple[dict[str, Any], bytes]:
    """The file with the rectangles black in every frame.

    spans: for each frame the (start, length) pieces of its bytes in the file; empty where pydicom must find them.
    rectangles: ``[left, top, width, height]``.
    """
    shape = Layout(**layout)
    boxes = [Rectangle(*one) for one in rectangles]
    data = Path(path).read_bytes()
    found = _opened(path)
    frames = [_frame(shape, data, spans, index, found) for index in range(shape.frames)]
    darkest = _darkest(data) if shape.photometric == "PALETTE COLOR" else None
    lowest, highest = min(int(one.min()) for one in frames), max(int(one.max()) for one in frames)
    photometric = _photometric(shape)
    black = black_of(
        Layout(**(layout | {"photometric": photometric})), inverted=inverted, lowest=lowest, highest=highest,
        darkest=darkest,
    )
    frames = [one.copy() for one in frames]
    for one in frames:
        blacken(one, boxes, black)
    _put(found, shape, frames, photometric)
    return {}, _written(found, pixels_changed=True)


def _opened(path: str, *, pixels: bool = True) -> Dataset:
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    return pydicom.dcmread(path, stop_before_pixels=not pixels)


def _frame(shape: Layout, data: bytes, spans: list[list[list[int]]], index: int, found: Dataset) -> Samples:
    """Stored values of one frame, as they are in the file."""
    if not spans:
        raw = pixel_array(found, index=index, raw=True)
        return np.asarray(raw.astype(raw.dtype.newbyteorder("="), copy=False))
    return stored(shape, b"".join(data[start : start + length] for start, length in spans[index]))


def _photometric(shape: Layout) -> str:
    """What the decoded values are: decoders of JPEG and JPEG 2000 give RGB, and subsampled colour is unfolded."""
    if shape.samples == 1:
        return shape.photometric
    native = shape.transfer_syntax in (*_NATIVE, RLELossless, DeflatedExplicitVRLittleEndian)
    if native or shape.transfer_syntax in _KEPT_COLOUR:
        return "YBR_FULL" if shape.photometric == "YBR_FULL_422" else shape.photometric
    if shape.photometric in ("YBR_FULL", "YBR_FULL_422") and shape.transfer_syntax not in _TO_RGB:
        return "YBR_FULL"
    return "RGB"


_TO_RGB = frozenset(f"1.2.840.10008.1.2.4.{code}" for code in (50, 51, 53, 55, 110, 111, 112))
_KEPT_COLOUR = frozenset(f"1.2.840.10008.1.2.4.{code}" for code in (57, 70, 80, 81))


def _darkest(data: bytes) -> tuple[int, int] | None:
    palette = tables(data).palette
    if palette is None:
        return None
    brightness = palette.colours.max(axis=1)
    entry = int(brightness.argmin())
    return palette.first + entry, int(brightness[entry])


def _put(found: Dataset, shape: Layout, frames: list[Samples], photometric: str) -> None:
    """The new pixels and what describes them; Lossy Image Compression is kept, for it is history."""
    syntax = found.file_meta.TransferSyntaxUID
    if shape.transfer_syntax in LOSSY and found.get("LossyImageCompression") != "01":
        found.LossyImageCompression = "01"
    found.PhotometricInterpretation = photometric
    for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if name in found:
            del found[name]
    if syntax.is_compressed and not syntax.is_deflated:
        _compressed(found, frames)
        return
    whole = np.stack(frames)
    if shape.samples > 1 and found.get("PlanarConfiguration") == 1:
        whole = np.moveaxis(whole, -1, 1)
    if syntax.is_deflated:
        found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    order: Literal["<", ">"] = "<" if found.file_meta.TransferSyntaxUID.is_little_endian else ">"
    if shape.bits_allocated == 1:
        octets = np.packbits(whole.astype(bool).reshape(-1), bitorder="little").tobytes()
    else:
        octets = np.ascontiguousarray(whole.astype(whole.dtype.newbyteorder(order))).tobytes()
    vr = "OB" if shape.bits_allocated <= 8 and not found.file_meta.TransferSyntaxUID.is_implicit_VR else "OW"
    found["PixelData"] = pydicom.DataElement(0x7FE00010, vr, octets + b"\0" * (len(octets) % 2))


def _compressed(found: Dataset, frames: list[Samples]) -> None:
    if frames[0].dtype.itemsize * 8 != found.BitsAllocated:  # a decoder gave 8 bits where 16 are allocated, or back
        found.BitsAllocated = frames[0].dtype.itemsize * 8
    if frames[0].ndim == 3:
        found.PlanarConfiguration = 1
    found.file_meta.TransferSyntaxUID = RLELossless
    coded = [rle(one) for one in frames]
    if sum(len(one) for one in coded) < 2**32 - 2**20:
        found["PixelData"] = pydicom.DataElement(0x7FE00010, "OB", encapsulate(coded))
    else:
        octets, offsets, lengths = encapsulate_extended(coded)
        found["PixelData"] = pydicom.DataElement(0x7FE00010, "OB", octets)
        found.ExtendedOffsetTable, found.ExtendedOffsetTableLengths = offsets, lengths
    found["PixelData"].is_undefined_length = True


def _written(found: Dataset, *, pixels_changed: bool) -> bytes:
    """Marked as looked at by a person: BurnedInAnnotation NO, Clean Pixel Data, and derived where pixels changed.

    The identity stays: it was given by this de-identification, and nothing has been shown under it yet.
    """
    found.BurnedInAnnotation = "NO"
    methods = list(found.get("DeidentificationMethodCodeSequence", None) or [])
    if all(one.CodeValue != PIXELS_CLEANED[0] for one in methods):
        found.DeidentificationMethodCodeSequence = Sequence([*methods, method(*PIXELS_CLEANED)])
    if pixels_changed:
        kind = [str(one) for one in found.get("ImageType", None) or ["ORIGINAL", "PRIMARY"]]
        found.ImageType = ["DERIVED", *kind[1:]]
        found.DerivationDescription = _DERIVED
        for name in ("SmallestImagePixelValue", "LargestImagePixelValue"):
            if name in found:
                del found[name]
    out = io.BytesIO()
    found.save_as(out, enforce_file_format=True)
    return out.getvalue()
