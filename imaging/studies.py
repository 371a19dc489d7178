"""Studies, series and instances: the index of what the vault holds, with the facts a picture needs.

Whose study it is, the agenda knows; here are only DICOM identities. Rows are written by `imaging.intake` alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import numpy as np
from sqlalchemy import Index
from sqlmodel import JSON, Field, Session, SQLModel, col, func, select

from imaging.columns import instant
from imaging.errors import FrameNotFound, InstanceNotFound, SeriesNotFound, StudyNotFound

HELD = "Held back until somebody has looked for writing in the picture."
"""In place of a picture: it was de-identified, and its pixels may still name the patient."""
SpacingSource = Literal["calibrated", "pixel", "imager", "region", "none"]


class Study(SQLModel, table=True):
    """One examination, as its files describe it."""

    __table_args__ = (Index("ix_study_newest", "study_date", "study_instance_uid"),)
    study_instance_uid: str = Field(primary_key=True)
    patient_name: str = ""
    """As in the header, decoded: ``Family^Given^Middle^Prefix^Suffix``."""
    patient_id: str = Field(default="", index=True)
    patient_born_on: str = ""
    """``YYYY-MM-DD``; empty when absent or unreadable."""
    patient_sex: str = ""
    """F, M or O (PS3.3 C.7.1.1); empty when absent."""
    description: str = ""
    study_date: str = ""
    """``YYYY-MM-DD``; empty when absent or unreadable."""
    study_time: str = ""
    """``HH:MM:SS``, local to the scanner."""
    accession_number: str = ""
    institution: str = ""
    received_at: datetime = instant()


class Series(SQLModel, table=True):
    """One run of a modality within a study."""

    series_instance_uid: str = Field(primary_key=True)
    study_instance_uid: str = Field(foreign_key="study.study_instance_uid", index=True)
    number: int | None = None
    modality: str = ""
    description: str = ""
    body_part: str = ""
    laterality: str = ""
    protocol: str = ""
    frame_of_reference_uid: str | None = None


class Instance(SQLModel, table=True):
    """One file of the vault and what is needed to find and draw its frames."""

    __table_args__ = (Index("ix_instance_counted", "series_instance_uid", "held"),)
    sop_instance_uid: str = Field(primary_key=True)
    series_instance_uid: str = Field(foreign_key="series.series_instance_uid")
    sop_class_uid: str
    transfer_syntax_uid: str
    number: int | None = None
    digest: str = Field(index=True)
    """SHA-256 in the vault."""
    size: int
    received_at: datetime = instant()
    picture: str = "yes"
    """``yes``, or the sentence why there is nothing to draw."""
    held: bool = Field(default=False, index=True)
    """De-identified, and not shown or given out until somebody has looked for writing in its pixels."""
    before_blackout: str | None = None
    """SHA-256 of what arrived before a person blacked something out; those bytes are gone."""
    rows: int = 0
    columns: int = 0
    frames: int = 0
    """How many; frames are numbered from 1 (PS3.3 10.3)."""
    samples: int = 1
    photometric: str = ""
    planar: int = 0
    bits_allocated: int = 0
    bits_stored: int = 0
    high_bit: int = 0
    signed: bool = False
    row_spacing_mm: float | None = None
    """Distance between the centres of adjacent rows (vertical)."""
    column_spacing_mm: float | None = None
    spacing_source: str = "none"
    """calibrated, pixel, imager, region or none; with none there are no millimetres."""
    magnification: float | None = None
    """Estimated Radiographic Magnification Factor by which imager spacing was divided."""
    aspect: float | None = None
    """Without millimetres: how much taller than wide a pixel is; None: square."""
    overlays: bool = False
    """Overlay planes (groups 60xx) lie over the image."""
    icc: bool = False
    """Colours are those of an ICC profile and are brought to sRGB."""
    lossy: bool = False
    """Lossy Image Compression (0028,2110) says 01: the pixels had loss once, however they are stored now."""
    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""
    """Of stored × slope + intercept; ``HU`` for CT."""
    windows: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """``{"name", "centre", "width"}`` in the header's order."""
    voi_function: str = "LINEAR"
    """LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.3)."""
    modality_lut: bool = False
    """A Modality LUT Sequence takes the place of slope and intercept."""
    voi_lut: bool = False
    inverted: bool = False
    """MONOCHROME1 or Presentation LUT Shape INVERSE: invert last."""
    padding: int | None = None
    """Pixel Padding Value: outside the image, never part of an automatic window."""
    padding_limit: int | None = None
    position: list[float] | None = Field(default=None, sa_type=JSON)
    """Image Position (Patient), LPS mm, centre of the top-left pixel."""
    orientation: list[float] | None = Field(default=None, sa_type=JSON)
    """Image Orientation (Patient): direction of a row, then of a column."""
    frame_of_reference_uid: str | None = None
    frame_time_ms: float | None = None
    burned_in: bool = False
    """The file says, or its kind suggests, that text may be part of the pixels."""
    deflated: bool = False
    """The data set is deflated; offsets count in the inflated data set."""
    big_endian: bool = False
    encapsulated: bool = False
    pixel_offset: int = 0
    """Byte of the first pixel; for encapsulated data, of the first item."""
    pixel_length: int = 0
    frame_spans: list[list[int]] = Field(default_factory=list, sa_type=JSON)
    """Encapsulated only: for each frame offset, length, offset, length … of its fragments in the file."""
    frame_facts: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """Multi-frame only: what a frame says otherwise than the instance, by the names of the fields of `Frame`."""


class Refusal(SQLModel, table=True):
    """A file that was not taken, and why; its name is shown only to people who may add images to the case."""

    id: str = Field(primary_key=True)
    delivery: str = Field(index=True)
    """The upload, association or import it came with."""
    at: datetime = instant()
    file_name: str
    size: int = 0
    code: str
    reason: str
    sop_instance_uid: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame with the facts that hold for it; coordinates in mm, spacing of pixel centres in mm."""

    sop_instance_uid: str
    number: int
    """From 1."""
    rows: int
    columns: int
    row_spacing_mm: float | None
    column_spacing_mm: float | None
    spacing_source: SpacingSource
    position: tuple[float, float, float] | None
    orientation: tuple[float, float, float, float, float, float] | None
    frame_of_reference_uid: str | None
    slope: float
    intercept: float
    windows: tuple[tuple[str, float, float], ...]
    """Name, centre, width; in the header's order."""


def study(session: Session, study_instance_uid: str) -> Study:
    """One study; raises StudyNotFound."""
    found = session.get(Study, study_instance_uid)
    if found is None:
        raise StudyNotFound(study_instance_uid)
    return found


def series(session: Session, series_instance_uid: str) -> Series:
    """One series; raises SeriesNotFound."""
    found = session.get(Series, series_instance_uid)
    if found is None:
        raise SeriesNotFound(series_instance_uid)
    return found


def instance(session: Session, sop_instance_uid: str) -> Instance:
    """One instance; raises InstanceNotFound."""
    found = session.get(Instance, sop_instance_uid)
    if found is None:
        raise InstanceNotFound(sop_instance_uid)
    return found


def series_of(session: Session, study_instance_uid: str) -> list[Series]:
    """The series of a study by number, then UID."""
    rows = session.exec(select(Series).where(Series.study_instance_uid == study_instance_uid))
    return sorted(rows, key=lambda row: (row.number is None, row.number or 0, row.series_instance_uid))


def instances(session: Session, series_instance_uid: str) -> list[Instance]:
    """The instances of a series by instance number, then UID; those held back are for `imaging.deidentify` alone."""
    rows = session.exec(select(Instance).where(
        Instance.series_instance_uid == series_instance_uid, col(Instance.held).is_(False)
    ))
    return sorted(rows, key=lambda row: (row.number is None, row.number or 0, row.sop_instance_uid))


def study_of_instance(session: Session, sop_instance_uid: str) -> str:
    """The Study Instance UID an instance belongs to; raises InstanceNotFound."""
    return series(session, instance(session, sop_instance_uid).series_instance_uid).study_instance_uid


def frame(found: Instance, number: int) -> Frame:
    """The facts of frame `number` (from 1) of an instance; raises FrameNotFound."""
    if not 1 <= number <= found.frames:
        raise FrameNotFound(f"{found.sop_instance_uid}/{number}")
    own = found.frame_facts[number - 1] if number <= len(found.frame_facts) else {}
    windows = own.get("windows", found.windows)
    position, orientation = own.get("position", found.position), own.get("orientation", found.orientation)
    return Frame(
        sop_instance_uid=found.sop_instance_uid,
        number=number,
        rows=found.rows,
        columns=found.columns,
        row_spacing_mm=own.get("row_spacing_mm", found.row_spacing_mm),
        column_spacing_mm=own.get("column_spacing_mm", found.column_spacing_mm),
        spacing_source=cast(SpacingSource, own.get("spacing_source", found.spacing_source)),
        position=tuple(position) if position else None,
        orientation=tuple(orientation) if orientation else None,
        frame_of_reference_uid=found.frame_of_reference_uid,
        slope=own.get("slope", found.slope),
        intercept=own.get("intercept", found.intercept),
        windows=tuple((str(one["name"]), float(one["centre"]), float(one["width"])) for one in windows),
    )


def frame_facts(session: Session, sop_instance_uid: str, number: int) -> Frame:
    """`frame` by identity; raises InstanceNotFound, FrameNotFound."""
    return frame(instance(session, sop_instance_uid), number)


def stack(session: Session, series_instance_uid: str) -> list[Frame]:
    """Every drawable frame of a series in the order a reader scrolls (`in_order`)."""
    return in_order(instances(session, series_instance_uid))


def in_order(rows: Iterable[Instance]) -> list[Frame]:
    """The drawable frames of a series, its instances by number: along the slice normal, else as numbered.

    Position decides when all frames share one orientation and no two share a place (PS3.3 C.7.6.2.1.1).
    """
    frames = [
        frame(row, number)
        for row in rows
        if row.picture == "yes"
        for number in range(1, row.frames + 1)
    ]
    depths = _depths(frames)
    if depths is None:
        return frames
    return [frames[index] for index in np.argsort(np.array(depths), kind="stable")]


def count_of(session: Session, series_instance_uid: str) -> tuple[int, int]:
    """How many instances and how many drawable frames a series has to show; held ones do not count."""
    query = select(func.count(), func.coalesce(func.sum(Instance.frames), 0)).where(
        col(Instance.series_instance_uid) == series_instance_uid, col(Instance.held).is_(False)
    )
    total = session.exec(query).one()[0]
    drawable = session.exec(query.where(col(Instance.picture) == "yes")).one()[1]
    return int(total), int(drawable)


def refusals(session: Session, delivery: str) -> list[Refusal]:
    """What was refused of the deliveries whose name begins so, newest first; a file sent again counts once."""
    rows = session.exec(
        select(Refusal).where(col(Refusal.delivery).startswith(delivery, autoescape=True))
        .order_by(col(Refusal.at).desc(), col(Refusal.file_name))
    )
    return list({(row.file_name, row.code): row for row in reversed(list(rows))}.values())[::-1]


def _depths(frames: list[Frame]) -> list[float] | None:
    if len(frames) < 2 or any(one.position is None or one.orientation is None for one in frames):
        return None
    directions = np.array([one.orientation for one in frames], dtype=float)
    if np.abs(directions - directions[0]).max() > 1e-3:
        return None
    normal = np.cross(directions[0][:3], directions[0][3:])
    depths = np.array([one.position for one in frames], dtype=float) @ normal
    ordered = np.sort(depths)
    if np.diff(ordered).min() < 1e-3:
        return None
    return [float(depth) for depth in depths]
