"""A segmentation (PS3.3 A.51): its segments, where its frames lie, and a frame as a coloured mask. For workers."""

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame

from imaging.display.values import Segment, Segmentation, SegmentFrame
from imaging.pixels.errors import NoPicture
from imaging.pixels.frames import Layout, decoded

_MOST_FRAMES = 20_000
_MOST_PIXELS = 64_000_000
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99")
PALETTE = ("#ffd60a", "#4cc9f0", "#ff7ab8", "#7ee787", "#ffa657", "#b692ff", "#ff8f8f", "#63e6be")
"""For segments without a colour of their own; the marks' palette, told apart on grey by the colour-blind too."""


class NoSegmentation(ValueError):
    """This segmentation cannot be shown; the text says why."""


def segmentation(found: Dataset) -> Segmentation:
    """What it holds; raises NoSegmentation."""
    rows, columns = _size(found)
    shared = next(iter(found.get("SharedFunctionalGroupsSequence") or ()), Dataset())
    own = list(found.get("PerFrameFunctionalGroupsSequence") or ())[:_MOST_FRAMES]
    segments = [_segment(one) for one in list(found.get("SegmentSequence") or ())[:1000]]
    if not own or not segments:
        raise NoSegmentation("This segmentation says nothing of its frames or segments.")
    return Segmentation(
        label=_text(found, "ContentLabel") or _text(found, "SeriesDescription"),
        rows=rows, columns=columns, frame_of_reference_uid=_uid(found, "FrameOfReferenceUID"),
        segments=segments, frames=[_frame(number, group, shared) for number, group in enumerate(own, 1)],
    )


def mask(found: Dataset, number: int) -> bytes:
    """Frame `number` (from 1) as a PNG, transparent where nothing is segmented; raises NoSegmentation."""
    said = segmentation(found)
    if not 1 <= number <= len(said.frames):
        raise NoSegmentation("This segmentation has no such frame.")
    values = _values(found, number - 1, said.rows, said.columns)
    picture = np.zeros((said.rows, said.columns, 4), np.uint8)
    colours = {one.number: one.colour for one in said.segments}
    if str(found.get("SegmentationType", "")) == "LABELMAP":
        for segment, colour in colours.items():
            if segment > 0:
                picture[values == segment] = (*_rgb(colour), 255)
    else:
        fraction = str(found.get("SegmentationType", "")) == "FRACTIONAL"
        highest = int(found.get("MaximumFractionalValue", 255) or 255) if fraction else 1
        picture[..., :3] = _rgb(colours.get(said.frames[number - 1].segment, PALETTE[0]))
        picture[..., 3] = np.clip(values.astype(np.float64) / highest, 0.0, 1.0) * 255
    into = io.BytesIO()
    Image.fromarray(picture, "RGBA").save(into, "PNG", compress_level=4)
    return into.getvalue()


def _size(found: Dataset) -> tuple[int, int]:
    rows, columns = (int(found.get(keyword, 0) or 0) for keyword in ("Rows", "Columns"))
    if not 0 < rows * columns <= _MOST_PIXELS:
        raise NoSegmentation("This segmentation has no size, or too large a one.")
    return rows, columns


def _values(found: Dataset, index: int, rows: int, columns: int) -> NDArray[Any]:
    syntax, bits = str(found.file_meta.TransferSyntaxUID), int(found.get("BitsAllocated", 1) or 1)
    # A palette is a hint for the eye; what is wanted are the labels themselves.
    layout = Layout(syntax, rows, columns, 1, "MONOCHROME2", 0, bits, bits, bits - 1, signed=False)
    data, start = bytes(found.get("PixelData", b"")), index * rows * columns * bits
    try:
        if syntax in _NATIVE:
            frame = data[start // 8 : (start + rows * columns * bits + 7) // 8]
            return decoded(layout, frame, start % 8).samples
        count = len(found.PerFrameFunctionalGroupsSequence)
        return decoded(layout, get_frame(data, index, number_of_frames=count)).samples
    except (NoPicture, ValueError) as why:
        raise NoSegmentation("The pixels of this segmentation are cut short or damaged.") from why


def _segment(one: Dataset) -> Segment:
    number = int(one.get("SegmentNumber", 0) or 0)
    how = " ".join(filter(None, (_text(one, "SegmentAlgorithmType").capitalize(), _text(one, "SegmentAlgorithmName"))))
    return Segment(
        number=number, label=_text(one, "SegmentLabel") or f"Segment {number}", made_by=how,
        colour=_colour(one.get("RecommendedDisplayCIELabValue")) or PALETTE[(number - 1) % len(PALETTE)],
    )


def _frame(number: int, group: Dataset, shared: Dataset) -> SegmentFrame:
    def first(keyword: str) -> Dataset:
        return next(iter(group.get(keyword) or shared.get(keyword) or ()), Dataset())

    source = next(iter(first("DerivationImageSequence").get("SourceImageSequence") or ()), Dataset())
    of_frame = source.get("ReferencedFrameNumber") or 1
    position = _numbers(first("PlanePositionSequence").get("ImagePositionPatient"), 3)
    orientation = _numbers(first("PlaneOrientationSequence").get("ImageOrientationPatient"), 6)
    spacing = _numbers(first("PixelMeasuresSequence").get("PixelSpacing"), 2)
    return SegmentFrame(
        frame=number, segment=int(first("SegmentIdentificationSequence").get("ReferencedSegmentNumber", 0) or 0),
        sop_instance_uid=_uid(source, "ReferencedSOPInstanceUID"),
        of_frame=int(of_frame if isinstance(of_frame, int) else of_frame[0]),
        position=position, orientation=orientation, spacing=spacing,  # type: ignore[arg-type] # lengths are checked
    )


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(one) for one in value)
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(math.isfinite(one) for one in numbers) else None


def _uid(found: Dataset, keyword: str) -> str:
    text = str(found.get(keyword, "") or "")
    return text if len(text) <= 64 and all(letter in "0123456789." for letter in text) else ""


def _text(found: Dataset, keyword: str) -> str:
    return str(found.get(keyword, "") or "").strip()[:400]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _colour(scaled: Any) -> str:
    """A CIELab value as DICOM scales it (PS3.3 C.10.7.1.1) in sRGB; empty where there is none."""
    numbers = _numbers(scaled, 3)
    if numbers is None:
        return ""
    lightness, a, b = numbers[0] * 100 / 65535, numbers[1] * 255 / 65535 - 128, numbers[2] * 255 / 65535 - 128
    y = (lightness + 16) / 116
    white = (0.95047, 1.0, 1.08883)
    xyz = [
        one * (level**3 if level > 6 / 29 else (level - 16 / 116) * 3 * (6 / 29) ** 2)
        for one, level in zip(white, (y + a / 500, y, y - b / 200), strict=True)
    ]
    matrix = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))
    linear = [sum(factor * value for factor, value in zip(row, xyz, strict=True)) for row in matrix]
    levels = [12.92 * one if one <= 0.0031308 else 1.055 * one ** (1 / 2.4) - 0.055 for one in linear]
    return "#" + "".join(f"{round(min(1.0, max(0.0, level)) * 255):02x}" for level in levels)
