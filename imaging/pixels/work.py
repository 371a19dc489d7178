"""The tasks of a picture worker: bytes of a vault file in, pictures out. Runs in the sandbox alone.

Arguments and facts are JSON; pictures travel as one payload, cut by the sizes in the facts.
"""

import functools
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from imaging.pixels import region
from imaging.pixels.codestream import lossless, raw, sample_of
from imaging.pixels.errors import NoPicture
from imaging.pixels.frames import Decoded, Layout, decoded, decoded_whole
from imaging.pixels.render import Format, encoded, shown, transparency
from imaging.pixels.soundness import Flaw
from imaging.pixels.window import Lut, Rendering, Window, auto_window

_NICENESS = 10
_SAMPLES = 40_000
"""Values a slice contributes to the automatic window of its series."""


@functools.cache
def _polite() -> None:
    """Pictures never take time from the room: the worker stays at low priority for its life."""
    os.nice(_NICENESS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of one frame are."""

    path: str
    index: int
    """Frame, from 0."""
    spans: Sequence[Sequence[int]]
    """(start, length) pieces that make the frame, in order."""
    bit: int = 0
    """Where the frame begins in its first byte: single-bit images only."""
    header: int = 0
    """Bytes from the start of the file up to its pixels."""
    whole: bool = False
    """Offsets do not count in the file (deflated) or samples are big-endian: the file is read as a whole."""


def ready() -> tuple[dict[str, Any], bytes]:
    """Nothing but the start of a worker, so that the first picture does not wait for it."""
    _polite()
    return {}, b""


def pictures(
    frames: list[dict[str, Any]], how: dict[str, Any], size: int, quality: int, form: Format, lossless_too: bool
) -> tuple[dict[str, Any], bytes]:
    """For each frame its preview and, if asked, its lossless form; a frame that cannot be drawn says why."""
    _polite()
    facts, payload, rendering = [], bytearray(), rendering_of(how)
    for frame in frames:
        try:
            said, parts = _pictures(frame, rendering, size, quality, form, lossless_too)
        except NoPicture as reason:
            said, parts = {"reason": str(reason)}, b""
        facts.append(said)
        payload += parts
    return {"frames": facts}, bytes(payload)


def _pictures(
    frame: dict[str, Any], how: Rendering, size: int, quality: int, form: Format, lossless_too: bool
) -> tuple[dict[str, Any], bytes]:
    picture = _decoded(frame)
    how = _own(how, frame, picture)
    if not lossless_too:  # a picture by itself, so with overlays and square pixels
        alone = encoded(shown(picture, how, overlays=True), form, size, quality, frame["shape"])
        return {"preview": len(alone)}, alone
    preview = encoded(shown(picture, how), form, size, quality)
    stream = lossless(picture.samples)
    rest = raw(picture.samples) if stream is None else stream
    said = {"preview": len(preview), "lossless": len(rest), "raw": stream is None, "flaw": _flaw(picture)}
    return said, preview + rest


def _flaw(picture: Decoded) -> Flaw | None:
    """The gravest flaw of a frame alone; None: none that can be told."""
    if picture.soundness.damaged:
        return "damaged"
    if picture.reduced:
        return "reduced"
    return "lossy" if picture.soundness.lossy else None


def overlay(frame: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The overlay planes of a frame as a transparent PNG of its size; why there are none."""
    _polite()
    try:
        plane = _decoded(frame).overlay
    except NoPicture as reason:
        return {"reason": str(reason)}, b""
    if plane is None:
        return {"reason": "This image has no overlay that can be drawn."}, b""
    return {}, transparency(plane)


def window(frames: list[dict[str, Any]], how: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What the samples of a series tell about the whole: automatic window, VOI table, sample type.

    Frames that cannot be drawn are left out; with none left the answer has no window.
    """
    _polite()
    rendering, values, voi, sample = rendering_of(how), [], None, None
    for frame in frames:
        try:
            picture = _decoded(frame)
        except NoPicture:
            continue
        sample = sample_of(picture.samples.dtype.kind, picture.samples.dtype.itemsize)
        if picture.tables is not None and picture.tables.voi is not None:
            voi = picture.tables.voi
        if picture.colour:
            continue
        own = _own(rendering, frame, picture)
        step = max(1, int((picture.samples.size / _SAMPLES) ** 0.5))
        part = picture.samples[::step, ::step].reshape(-1)
        if own.padding is not None:
            part = part[(part < own.padding[0]) | (part > own.padding[1])]
        values.append(part.astype(np.float64) * own.slope + own.intercept)
    found = auto_window(np.concatenate(values), Rendering()) if values else None
    facts = {
        "window": None if found is None else {"centre": found.centre, "width": found.width},
        "voi_lut": None if voi is None else asdict(voi),
        "sample": sample,
    }
    return facts, b""


def sampled(
    frame: dict[str, Any], kind: str, points: list[list[float]], unit: Literal["HU", "stored"]
) -> tuple[dict[str, Any], bytes]:
    """What the pixels of one frame under a mark are worth, as `imaging.measure.Sampled`; None where nothing is.

    Of a damaged frame it is None too.
    """
    try:
        picture = _decoded(frame)
    except NoPicture:
        return {"sampled": None}, b""
    if picture.colour or picture.soundness.damaged:  # a guess is worth nothing as a number
        return {"sampled": None}, b""
    own = rendering_of(frame["own"])
    found = region.sampled(
        picture.samples, kind, [(column, row) for column, row in points], slope=own.slope, intercept=own.intercept,
        unit=unit, padding=own.padding,
    )
    return {"sampled": None if found is None else asdict(found)}, b""


def rendering_of(how: dict[str, Any]) -> Rendering:
    """A `Rendering` out of its JSON form."""
    lut = how.get("voi_lut")
    return Rendering(
        slope=how["slope"],
        intercept=how["intercept"],
        window=_window_of(how.get("window")),
        voi_lut=Lut(lut["first"], tuple(lut["values"]), lut["bits"]) if lut else None,
        inverted=how["inverted"],
        padding=tuple(how["padding"]) if how["padding"] else None,
    )


def _window_of(found: dict[str, Any] | None) -> Window | None:
    return Window(**found) if found else None


def _own(how: Rendering, frame: dict[str, Any], picture: Decoded) -> Rendering:
    """The rendering of the series with what is the frame's own; a Modality LUT has already rescaled."""
    own, found = frame["own"], picture.tables
    window = _window_of(own["window"])
    if window is None and how.voi_lut is None:
        window = how.window
    lut = found.voi if window is None and found is not None and found.voi is not None else how.voi_lut
    if found is not None and found.modality is not None:
        return Rendering(1.0, 0.0, window, lut, own["inverted"])
    padding = tuple(own["padding"]) if own["padding"] else None
    return Rendering(own["slope"], own["intercept"], window, lut, own["inverted"], padding)


def _decoded(frame: dict[str, Any]) -> Decoded:
    layout, place = Layout(**frame["layout"]), Place(**frame["place"])
    if place.whole:
        return decoded_whole(Path(place.path).read_bytes(), layout, place.index)
    with open(place.path, "rb") as file:
        header = file.read(place.header) if layout.needs_tables else b""
        parts = []
        for start, length in place.spans:
            file.seek(start)
            parts.append(file.read(length))
    return decoded(layout, b"".join(parts), place.bit, header, place.index)
