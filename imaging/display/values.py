"""What the workers say of an object, validated: a worker is not trusted more than the file it read."""

from typing import Annotated, Literal

import msgspec

Short = Annotated[str, msgspec.Meta(max_length=400)]
Long = Annotated[str, msgspec.Meta(max_length=4000)]
Uid = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9.]*$")]
Colour = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")]
Points = Annotated[list[tuple[float, float]], msgspec.Meta(max_length=20_000)]


class Item(msgspec.Struct, frozen=True):
    """One item of a content tree (PS3.3 C.17.3), flattened: `depth` says whose child it is."""

    depth: Annotated[int, msgspec.Meta(ge=0, le=64)]
    name: Short
    value: Long
    unit: Short
    kind: Literal["heading", "text", "measurement", "image", "region"]
    sop_instance_uid: Uid = ""
    """kind image: the image it speaks of."""
    frame: int = 1


class Report(msgspec.Struct, frozen=True):
    """A structured report, ready to be read."""

    title: Short
    said: list[tuple[Short, Short]]
    """Completion, verification, maker, content date: label and value."""
    items: Annotated[list[Item], msgspec.Meta(max_length=6000)]
    cut: bool
    """There was more than is shown."""


class Segment(msgspec.Struct, frozen=True):
    """One segment (PS3.3 C.8.20.2)."""

    number: int
    label: Short
    colour: Colour
    made_by: Short
    """AUTOMATIC, SEMIAUTOMATIC or MANUAL, and the algorithm."""


class SegmentFrame(msgspec.Struct, frozen=True):
    """One frame of a segmentation and where it lies."""

    frame: int
    segment: int
    """0: several, in a label map."""
    sop_instance_uid: Uid
    """The image it was made on; empty: only its place is known."""
    of_frame: int
    position: tuple[float, float, float] | None
    orientation: tuple[float, float, float, float, float, float] | None
    spacing: tuple[float, float] | None


class Segmentation(msgspec.Struct, frozen=True):
    """What a segmentation holds, without its pixels."""

    label: Short
    rows: int
    columns: int
    frame_of_reference_uid: Uid
    segments: Annotated[list[Segment], msgspec.Meta(max_length=1000)]
    frames: Annotated[list[SegmentFrame], msgspec.Meta(max_length=20_000)]


class Graphic(msgspec.Struct, frozen=True):
    """One drawing or text of a presentation state; points as in SCOORD, or fractions of the displayed area."""

    kind: Literal["point", "polyline", "interpolated", "circle", "ellipse", "text"]
    points: Points
    text: Short
    filled: bool
    display: bool
    """Points are fractions of the displayed area (units DISPLAY)."""


class Placed(msgspec.Struct, frozen=True):
    """Something of a presentation state for some images; no frames: all of an image."""

    images: Annotated[list[tuple[Uid, list[int]]], msgspec.Meta(max_length=5000)]
    """Empty: every image the state refers to."""
    graphics: list[Graphic] = []
    window: tuple[float, float] | None = None
    """Centre and width."""
    area: tuple[float, float, float, float] | None = None
    """Left, top, right, bottom of the displayed area in image coordinates."""


class Presentation(msgspec.Struct, frozen=True):
    """A presentation state, for the browser to apply (PS3.3 A.33)."""

    label: Short
    description: Short
    creator: Short
    references: Annotated[list[tuple[Uid, list[int]]], msgspec.Meta(max_length=5000)]
    parts: Annotated[list[Placed], msgspec.Meta(max_length=5000)]
    rotation: int
    flipped: bool
    inverted: bool
    shutter: Points
    """Outline of what stays visible, image coordinates; empty: no shutter."""


class Document(msgspec.Struct, frozen=True):
    """An encapsulated document."""

    title: Short
    pages: int
