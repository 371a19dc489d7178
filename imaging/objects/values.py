"""The values that go into DICOM objects and come back out of them. Frozen, standard library only."""

from dataclasses import dataclass, field
from typing import Literal

Point = tuple[float, float]
"""(column, row), SCOORD: origin at the top left corner of the top left pixel (PS3.3 C.18.6.1.1)."""

ObjectKind = Literal["report", "presentation", "keys", "letter"]


@dataclass(frozen=True, slots=True)
class Value:
    """One number of a mark: ``length``, ``cobb``, ``area``, ``mean``, … as `imaging.objects.codes` names them."""

    name: str
    value: float
    unit: str
    """mm, deg, mm2, px, px2, HU, stored or count."""
    error: float | None = None
    """95 % half-width in `unit`; None: not known."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark on one frame of one image, as it goes out."""

    identity: str
    """A UUID; its tracking UID follows from it."""
    kind: str
    """As the room calls it: length, angle, cobb, arrow, text, ellipse, rectangle, freehand, path, point, …"""
    sop_instance_uid: str
    frame: int
    """From 1 (PS3.3 10.3)."""
    points: tuple[Point, ...]
    text: str = ""
    values: tuple[Value, ...] = ()
    method: str = ""
    """Name and version of the arithmetic: ``cobb-atan2/1``."""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """How a series was shown: centre and width in output units (PS3.3 C.11.2.1.2)."""

    series_instance_uid: str
    centre: float
    width: float


@dataclass(frozen=True, slots=True)
class Order:
    """Everything one study's objects are made of; plain data, so that it can be handed to a worker."""

    study_instance_uid: str
    sources: dict[str, str]
    """SOP Instance UID → path of the file, for every image that is referred to; at least one."""
    annotations: tuple[Annotation, ...]
    key_images: tuple[str, ...]
    """SOP Instance UIDs in the order they matter."""
    title: str
    """Of the letter and the key images: the board and its conference; no patient."""
    institution: str
    seed: str
    """What the objects are about, e.g. the case: with their content it makes their UIDs."""
    at: str
    """RFC 3339 instant, in the board's time, when the content came to be; the same content has the same instant."""
    version: str
    """Of the software."""
    windows: tuple[Window, ...] = ()
    letter: str = ""
    """The letter's PDF in base64; empty: none goes into this study."""
    kinds: tuple[ObjectKind, ...] = ("report", "presentation", "keys", "letter")


@dataclass(frozen=True, slots=True)
class Made:
    """One finished DICOM file."""

    kind: ObjectKind
    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    name: str
    """A file name that says what it is."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A mark read from an object of somebody else, or our own."""

    kind: str
    sop_instance_uid: str
    frame: int
    points: tuple[Point, ...]
    text: str = ""
    tracking_uid: str = ""
    values: tuple[Value, ...] = ()
    """What the object states; shown as the other's word. The room measures anew."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an object holds."""

    marks: tuple[Found, ...]
    skipped: tuple[str, ...]
    """A sentence for each thing in it that is no mark here."""
    author: str
    """Who observed, as the object says; empty: it does not."""
    software: str
    """Manufacturer and model, as the object says."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a worker says of an object: why it is not read, or what it holds."""

    refused: str = ""
    reading: Reading | None = None
