"""Where the frames of a segmentation lie on the images of a case."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from imaging import studies
from imaging.display.values import Segmentation, SegmentFrame
from imaging.errors import NotFound
from imaging.geometry import Plane, dot, plane_of
from imaging.studies import Frame

_OFF_MM = 1.0
"""A frame this far from an image does not lie on it."""
_PARALLEL = 0.999


@dataclass(frozen=True, slots=True)
class Laid:
    """One frame of a segmentation on one image."""

    frame: int
    segment: int
    sop_instance_uid: str
    of_frame: int
    matrix: tuple[float, float, float, float, float, float]
    """Pixel coordinates of the segmentation to those of the image, both from the corner: x' = a·x + c·y + e."""


def laid(session: Session, said: Segmentation, case_studies: Iterable[str]) -> list[Laid]:
    """Every frame on every image of these studies that it belongs to, by reference or else by its place."""
    images = _images(session, case_studies)
    by_name = {(one.sop_instance_uid, one.number): one for one in images}
    in_space = [one for one in images if said.frame_of_reference_uid
                and one.frame_of_reference_uid == said.frame_of_reference_uid]
    found = []
    for frame in said.frames:
        named = by_name.get((frame.sop_instance_uid, frame.of_frame))
        for image in [named] if named is not None else in_space:
            matrix = _matrix(said, frame, image)
            if matrix is not None:
                found.append(Laid(frame.frame, frame.segment, image.sop_instance_uid, image.number, matrix))
    return found


def _images(session: Session, case_studies: Iterable[str]) -> list[Frame]:
    found: list[Frame] = []
    for uid in case_studies:
        try:
            series = studies.series_of(session, uid)
        except NotFound:
            continue
        for one in series:
            found += studies.stack(session, one.series_instance_uid)
    return found


def _matrix(
    said: Segmentation, frame: SegmentFrame, image: Frame
) -> tuple[float, float, float, float, float, float] | None:
    own, other = _own_plane(frame), _plane(image)
    if own is None or other is None:
        same = (said.rows, said.columns) == (image.rows, image.columns)
        return (1.0, 0.0, 0.0, 1.0, 0.0, 0.0) if same and frame.sop_instance_uid == image.sop_instance_uid else None
    if abs(dot(own.normal, other.normal)) < _PARALLEL:
        return None
    corners = [other.to_image(own.to_patient(corner)) for corner in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))]
    if max(abs(off) for _, off in corners) > _OFF_MM:
        return None
    (e, f), (right, across), (down, below) = (point for point, _ in corners)
    return right - e, across - f, down - e, below - f, e, f


def _own_plane(frame: SegmentFrame) -> Plane | None:
    if frame.position is None or frame.orientation is None or frame.spacing is None:
        return None
    return plane_of(frame.position, frame.orientation, frame.spacing)


def _plane(image: Frame) -> Plane | None:
    if image.position is None or image.orientation is None:
        return None
    if image.row_spacing_mm is None or image.column_spacing_mm is None:
        return None
    return plane_of(image.position, image.orientation, (image.row_spacing_mm, image.column_spacing_mm))
