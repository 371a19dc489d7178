"""Marks as a Grayscale Softcopy Presentation State (PS3.3 A.33.1), one for each series. For workers."""

from collections.abc import Mapping, Sequence
from typing import Any

import highdicom.pr as pr
import numpy as np
from highdicom import ModalityLUTTransformation
from highdicom._standard_utils import is_multiframe_image
from pydicom.dataset import Dataset

from imaging.objects.dialect import tracking_name
from imaging.objects.shapes import graphic
from imaging.objects.uids import tracking_uid
from imaging.objects.values import Annotation, Value, Window

LAYER = "MARKS"
_UNITS = {"deg": "°", "mm2": " mm²", "px2": " px²", "stored": "", "count": ""}
_TEXT = 1024
"""Characters of Unformatted Text Value (VR ST, PS3.5 6.2)."""


def presentation(
    annotations: Sequence[Annotation], images: Mapping[str, Dataset], window: Window | None, heading: Mapping[str, Any]
) -> Dataset:
    """The annotations of one series' images of one size, of which there is at least one, with how it was shown."""
    first = next(iter(images.values()))
    layer = pr.GraphicLayer(LAYER, order=1, description="Marks of the conference")
    made: Dataset = pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[_prepared(one) for one in images.values()], content_label=LAYER,
        content_description="Marks of the conference",
        graphic_layers=[layer],
        graphic_annotations=[_on_frame(frame, some, images[uid], layer) for (uid, frame), some
                             in _by_frame(annotations).items()],
        modality_lut_transformation=_rescaling(first),
        voi_lut_transformations=[_voi(window)] if window is not None and window.width >= 1 else None,
        **heading,
    )
    sides = {str(one.get("Laterality", "")) for one in images.values()}
    made.Laterality = sides.pop() if len(sides) == 1 else ""  # type 2C: empty where the images do not say (C.7.3.1)
    return made


def _prepared(image: Dataset) -> Dataset:
    """The image as highdicom looks at it: every multi-frame one with functional groups, which older ones lack."""
    if not is_multiframe_image(image):
        return image
    made = Dataset()
    made.update(image)
    shared = Dataset()
    if "WindowCenter" in image:
        voi = Dataset()
        voi.WindowCenter, voi.WindowWidth = image.WindowCenter, image.WindowWidth
        shared.FrameVOILUTSequence = [voi]
    made.SharedFunctionalGroupsSequence, made.PerFrameFunctionalGroupsSequence = [shared], [Dataset()]
    return made


def _rescaling(image: Dataset) -> ModalityLUTTransformation | None:
    """Stored values to output units, as the image says (PS3.3 C.11.1)."""
    if "RescaleSlope" not in image or "RescaleIntercept" not in image:
        return None
    units = "HU" if image.get("Modality") == "CT" else "US"
    return ModalityLUTTransformation(
        rescale_intercept=image.RescaleIntercept, rescale_slope=image.RescaleSlope, rescale_type=units,
    )


def _by_frame(annotations: Sequence[Annotation]) -> dict[tuple[str, int], list[Annotation]]:
    found: dict[tuple[str, int], list[Annotation]] = {}
    for one in annotations:
        found.setdefault((one.sop_instance_uid, one.frame), []).append(one)
    return found


def _on_frame(
    frame: int, annotations: Sequence[Annotation], image: Dataset, layer: pr.GraphicLayer
) -> pr.GraphicAnnotation:
    several = is_multiframe_image(image) and int(image.get("NumberOfFrames") or 1) > 1
    objects = [_object(one) for one in annotations if one.kind != "spinopelvic"]
    objects += [_spot(one, point) for one in annotations if one.kind == "spinopelvic" for point in one.points]
    return pr.GraphicAnnotation(
        referenced_images=[image], graphic_layer=layer, referenced_frame_number=frame if several else None,
        graphic_objects=objects, text_objects=[_text(one) for one in annotations if words(one)] or None,
    )


def _object(one: Annotation) -> pr.GraphicObject:
    shape, points = graphic(one.kind, one.points)
    return pr.GraphicObject(
        shape, np.array(points, dtype=float), units="PIXEL", tracking_id=tracking_name(one.kind),
        tracking_uid=tracking_uid(one.identity),
    )


def _spot(one: Annotation, point: tuple[float, float]) -> pr.GraphicObject:
    return pr.GraphicObject(
        "POINT", np.array([point], dtype=float), units="PIXEL", tracking_id=tracking_name(one.kind),
        tracking_uid=tracking_uid(one.identity),
    )


def _text(one: Annotation) -> pr.TextObject:
    return pr.TextObject(
        words(one)[:_TEXT], units="PIXEL", anchor_point=one.points[-1], tracking_id=tracking_name(one.kind),
        tracking_uid=tracking_uid(one.identity),
    )


def words(one: Annotation) -> str:
    """What stands beside a mark: its own words, then its values."""
    numbers = ", ".join(f"{value.name} {_shown(value)}" if len(one.values) > 1 else _shown(value)
                        for value in one.values)
    return "\r\n".join(part for part in (one.text, numbers) if part)


def _shown(value: Value) -> str:
    return f"{value.value:.1f}{_UNITS.get(value.unit, f' {value.unit}')}"


def _voi(window: Window) -> pr.SoftcopyVOILUTTransformation:
    return pr.SoftcopyVOILUTTransformation(window_center=window.centre, window_width=window.width)
