"""A presentation state (PS3.3 A.33), for the browser to apply to its images. For workers.

Shown: graphic annotations and texts, softcopy window, displayed area, spatial transformation, inversion, shutters.
"""

import math
from itertools import pairwise
from typing import Any, Literal, get_args

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.display.values import Graphic, Placed, Presentation

_MOST = 2000
_MOST_POINTS = 10_000
_SIDES = 64
_Kind = Literal["point", "polyline", "interpolated", "circle", "ellipse", "text"]
_Images = list[tuple[str, list[int]]]


def presentation(found: Dataset) -> Presentation:
    """The state; what cannot be read of it is left out."""
    references = [image for series in _items(found, "ReferencedSeriesSequence") for image in _images(series)]
    parts = [*_annotations(found), *_windows(found), *_areas(found)]
    return Presentation(
        label=_text(found, "ContentLabel"), description=_text(found, "ContentDescription"),
        creator=_text(found, "ContentCreatorName").replace("^", " ").strip(), references=references[:5000],
        parts=parts[:5000], rotation=_whole(found, "ImageRotation") % 360,
        flipped=_text(found, "ImageHorizontalFlip") == "Y",
        inverted=_text(found, "PresentationLUTShape") == "INVERSE", shutter=_shutter(found),
    )


def _images(holder: Dataset) -> _Images:
    said: _Images = []
    for one in _items(holder, "ReferencedImageSequence"):
        uid = _text(one, "ReferencedSOPInstanceUID")
        if uid and len(uid) <= 64 and all(letter in "0123456789." for letter in uid):
            frames = [int(frame) for frame in _numbers(one, "ReferencedFrameNumber")]
            said.append((uid, frames))
    return said


def _annotations(found: Dataset) -> list[Placed]:
    said = []
    for one in _items(found, "GraphicAnnotationSequence"):
        graphics = [_graphic(each) for each in _items(one, "GraphicObjectSequence")]
        graphics += [_words(each) for each in _items(one, "TextObjectSequence")]
        said.append(Placed(images=_images(one), graphics=[each for each in graphics if each is not None]))
    return said


def _graphic(one: Dataset) -> Graphic | None:
    kind = _text(one, "GraphicType").lower()
    points = _pairs(one, "GraphicData")
    if kind not in get_args(_Kind) or not points:
        return None
    return Graphic(
        kind=kind, points=points, text="", filled=_text(one, "GraphicFilled") == "Y",  # type: ignore[arg-type]
        display=_text(one, "GraphicAnnotationUnits") == "DISPLAY",
    )


def _words(one: Dataset) -> Graphic | None:
    anchor, box = _pairs(one, "AnchorPoint"), _pairs(one, "BoundingBoxTopLeftHandCorner")
    units = "AnchorPointAnnotationUnits" if anchor else "BoundingBoxAnnotationUnits"
    text = _text(one, "UnformattedTextValue")
    points = anchor or box
    if not text or not points:
        return None
    return Graphic(
        kind="text", points=points[:1], text=text, filled=False, display=_text(one, units) == "DISPLAY"
    )


def _windows(found: Dataset) -> list[Placed]:
    said = []
    for one in _items(found, "SoftcopyVOILUTSequence"):
        centres, widths = _numbers(one, "WindowCenter"), _numbers(one, "WindowWidth")
        if centres and widths and widths[0] >= 1:
            said.append(Placed(images=_images(one), window=(centres[0], widths[0])))
    return said


def _areas(found: Dataset) -> list[Placed]:
    """Displayed areas: pixels are counted from 1 at the corner, so that 1\\1 is the whole first pixel."""
    said = []
    for one in _items(found, "DisplayedAreaSelectionSequence"):
        first, last = (_numbers(one, f"DisplayedArea{corner}HandCorner") for corner in ("TopLeft", "BottomRight"))
        if len(first) == 2 and len(last) == 2:
            left, right = sorted((first[0], last[0]))
            top, bottom = sorted((first[1], last[1]))
            said.append(Placed(images=_images(one), area=(left - 1, top - 1, right, bottom)))
    return said


def _shutter(found: Dataset) -> list[tuple[float, float]]:
    """The outline of what stays visible (PS3.3 C.7.6.11); of several shutters the first that is whole."""
    shapes = _text(found, "ShutterShape").split("\\")
    if "RECTANGULAR" in shapes:
        sides = [_numbers(found, f"Shutter{side}Edge") for side in
                 ("LeftVertical", "UpperHorizontal", "RightVertical", "LowerHorizontal")]
        if all(sides):
            left, top, right, bottom = (side[0] for side in sides)
            return [(left, top), (right, top), (right, bottom), (left, bottom)]
    if "CIRCULAR" in shapes:
        centre, radius = _numbers(found, "CenterOfCircularShutter"), _numbers(found, "RadiusOfCircularShutter")
        if len(centre) == 2 and radius:
            angles = (2 * math.pi * step / _SIDES for step in range(_SIDES))
            return [(centre[1] + radius[0] * math.cos(one), centre[0] + radius[0] * math.sin(one)) for one in angles]
    corners = _numbers(found, "VerticesOfThePolygonalShutter")
    if "POLYGONAL" in shapes and len(corners) >= 6:
        return [(column, row) for row, column in list(pairwise(corners))[::2]]
    return []


def _pairs(found: Dataset, keyword: str) -> list[tuple[float, float]]:
    numbers = _numbers(found, keyword)[: 2 * _MOST_POINTS]
    return list(zip(numbers[::2], numbers[1::2], strict=False))


def _numbers(found: Dataset, keyword: str) -> list[float]:
    try:
        value = found.get(keyword)
        many = [] if value is None else [value] if isinstance(value, int | float | str) else list(value)
        numbers = [float(one) for one in many]
    except (TypeError, ValueError):
        return []
    return numbers if all(math.isfinite(one) and abs(one) < 1e7 for one in numbers) else []


def _whole(found: Dataset, keyword: str) -> int:
    numbers = _numbers(found, keyword)
    return int(numbers[0]) if numbers else 0


def _items(found: Dataset, keyword: str) -> list[Any]:
    try:
        return list(found.get(keyword) or ())[:_MOST]
    except Exception:  # a sequence that cannot be parsed is left out
        return []


def _text(found: Dataset, keyword: str) -> str:
    try:
        value = found.get(keyword)
        many = list(value) if isinstance(value, MultiValue | list) else [value]
        return "\\".join("" if one is None else str(one) for one in many).strip()[:400]
    except Exception:  # a value that cannot be decoded is left empty
        return ""
