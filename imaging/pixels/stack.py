"""A series as it is scrolled and shown: its frames in order, where their bytes are, and one rendering for all.

One window for the whole series, so that brightness does not jump while scrolling: the middle frame's own. Projections,
and series whose images are not of one kind, are single pictures instead, each with its own window. Pure but for
`stack_of`, which reads rows.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import ceil, isfinite

from sqlmodel import Session

from imaging import studies
from imaging.pixels.codestream import Sample, sample_of
from imaging.pixels.frames import LOSSY, Layout
from imaging.pixels.window import Lut, Rendering, Window
from imaging.studies import Frame, Instance

_SINGLE = frozenset({"CR", "DX", "MG", "RG", "IO", "PX", "XC", "SC", "OT"})
"""Modalities whose series hold separate pictures rather than slices."""
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


@dataclass(frozen=True, slots=True)
class Slice:
    """One frame of a stack."""

    digest: str
    """Of the file in the vault."""
    layout: Layout
    frame: Frame
    spans: tuple[tuple[int, int], ...]
    bit: int
    header: int
    whole: bool
    rendering: Rendering
    """Its own, without regard to the others of the series."""
    aspect: float | None = None
    """How much taller than wide a pixel is; None: square, or known by the spacing."""
    lossy: bool = False
    """It was compressed with loss, now or before it was stored as it is (PS3.3 C.7.6.1.1.5)."""

    @property
    def shape(self) -> float:
        """How much taller than wide a pixel is shown."""
        rows, columns = self.frame.row_spacing_mm, self.frame.column_spacing_mm
        return rows / columns if rows and columns else self.aspect or 1.0


@dataclass(frozen=True, slots=True)
class Stack:
    """The drawable frames of a series, in reading order."""

    series_instance_uid: str
    study_instance_uid: str
    modality: str
    description: str
    slices: tuple[Slice, ...]
    rendering: Rendering
    """Without a window where the header has none; `Pictures.opened` finds one."""
    presets: tuple[Window, ...]
    without: tuple[str, ...]
    """Why the other instances of the series have no picture; sentences."""
    own_windows: bool = False
    """Each image is shown with its own window."""
    frame_time_ms: float | None = None
    """From a frame to the next, for cine."""
    instances: int = 0
    """How many images the series had when it was read, with those that cannot be drawn."""
    places: dict[tuple[str, int], int] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Image and frame → index; filled when first asked."""
    named: list[str] = field(default_factory=list, init=False, repr=False, compare=False)
    """Its name in the cache of pictures, once `imaging.pixels.cache.fingerprint` was asked."""

    @property
    def colour(self) -> bool:
        """Frames are RGB of 8 bits."""
        return bool(self.slices) and is_colour(self.slices[0].layout)

    @property
    def needs_looking(self) -> bool:
        """Pixels or tables must be read before the first picture: no window, or a lookup table."""
        if not self.slices or self.colour:
            return False
        return self.rendering.window is None or self.slices[0].layout.voi_lut

    def index_of(self, sop_instance_uid: str, frame: int) -> int | None:
        """Where a frame (from 1) of an image is in the stack."""
        if not self.places:
            self.places.update(
                ((one.frame.sop_instance_uid, one.frame.number), index) for index, one in enumerate(self.slices)
            )
        return self.places.get((sop_instance_uid, frame))


@dataclass(frozen=True, slots=True)
class Shown:
    """A stack that is ready to be drawn."""

    stack: Stack
    rendering: Rendering

    def rendering_of(self, index: int) -> Rendering:
        """How one frame is drawn: with its own rescale, inversion and padding, and the window of all or its own."""
        own = self.stack.slices[index].rendering
        together = not self.stack.own_windows and self.rendering.window is not None
        window = self.rendering.window if together or own.window is None else own.window
        return replace(own, window=window, voi_lut=self.rendering.voi_lut)


def is_colour(layout: Layout) -> bool:
    """Frames come out as RGB."""
    return layout.samples == 3 or layout.photometric == "PALETTE COLOR"


def stack_of(session: Session, series_instance_uid: str) -> Stack:
    """The stack of a series; raises SeriesNotFound."""
    series = studies.series(session, series_instance_uid)
    rows = {row.sop_instance_uid: row for row in studies.instances(session, series_instance_uid)}
    slices = tuple(_slice(rows[one.sop_instance_uid], one) for one in studies.in_order(rows.values()))
    middle = slices[len(slices) // 2] if slices else None
    row = rows[middle.frame.sop_instance_uid] if middle else None
    return Stack(
        series_instance_uid=series.series_instance_uid,
        study_instance_uid=series.study_instance_uid,
        modality=series.modality,
        description=series.description,
        slices=slices,
        rendering=middle.rendering if middle else Rendering(),
        presets=_presets(middle.frame, row) if middle and row else (),
        without=tuple(dict.fromkeys(one.picture for one in rows.values() if one.picture != "yes")),
        own_windows=series.modality in _SINGLE or len({_kind(one) for one in slices}) > 1,
        frame_time_ms=row.frame_time_ms if row else None,
        instances=len(rows),
    )


def _kind(one: Slice) -> tuple[object, ...]:
    """Frames that differ in this are not slices of one thing."""
    return one.layout.photometric, one.layout.rows, one.layout.columns, one.layout.signed, one.layout.bits_stored


def stacks_of_study(session: Session, study_instance_uid: str) -> list[Stack]:
    """The stacks of a study that have something to draw."""
    found = [stack_of(session, row.series_instance_uid) for row in studies.series_of(session, study_instance_uid)]
    return [one for one in found if one.slices]


def stack_of_held(session: Session, row: Instance) -> Stack:
    """The frames of one image that is held back, for the person who looks it through; nobody else is shown them."""
    series = studies.series(session, row.series_instance_uid)
    slices = tuple(_slice(row, studies.frame(row, number)) for number in range(1, row.frames + 1))
    return Stack(
        series_instance_uid=series.series_instance_uid, study_instance_uid=series.study_instance_uid,
        modality=series.modality, description=series.description, slices=slices,
        rendering=slices[0].rendering if slices else Rendering(),
        presets=_presets(slices[0].frame, row) if slices else (), without=(), own_windows=True,
        frame_time_ms=row.frame_time_ms,
    )


def _presets(frame: Frame, row: Instance) -> tuple[Window, ...]:
    function = row.voi_function if row.voi_function in _FUNCTIONS else "LINEAR"
    least = 1.0 if function == "LINEAR" else 0.0  # C.11.2.1.2.1, C.11.2.1.3.2
    return tuple(
        Window(centre, width, name, function)  # type: ignore[arg-type]  # one of _FUNCTIONS
        for name, centre, width in frame.windows
        if isfinite(centre) and isfinite(width) and width >= least and width > 0
    )


def _rendering(frame: Frame, row: Instance) -> Rendering:
    presets = _presets(frame, row)
    padding = None
    if row.padding is not None and not row.modality_lut:
        limit = row.padding if row.padding_limit is None else row.padding_limit
        padding = (min(row.padding, limit), max(row.padding, limit))
    slope, intercept = (1.0, 0.0) if row.modality_lut else (frame.slope, frame.intercept)
    return Rendering(slope, intercept, presets[0] if presets else None, None, row.inverted, padding)


def _slice(row: Instance, frame: Frame) -> Slice:
    layout = Layout(
        transfer_syntax=row.transfer_syntax_uid,
        rows=row.rows,
        columns=row.columns,
        samples=row.samples,
        photometric=row.photometric,
        planar=row.planar,
        bits_allocated=row.bits_allocated,
        bits_stored=row.bits_stored,
        high_bit=row.high_bit,
        signed=row.signed,
        modality_lut=row.modality_lut,
        voi_lut=row.voi_lut,
        floating=row.bits_allocated in (32, 64) and row.bits_stored == 0,
        frames=row.frames,
        overlays=row.overlays,
        icc=row.icc and (row.samples == 3 or row.photometric == "PALETTE COLOR"),
    )
    spans, bit = _spans(row, layout, frame.number - 1)
    whole = row.deflated or row.big_endian
    return Slice(
        row.digest, layout, frame, spans, bit, row.pixel_offset, whole, _rendering(frame, row), row.aspect,
        row.lossy or row.transfer_syntax_uid in LOSSY,
    )


def _spans(row: Instance, layout: Layout, index: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """Where the bytes of a frame (from 0) are, and the bit it begins at."""
    if row.encapsulated:
        flat = row.frame_spans[index] if index < len(row.frame_spans) else []
        return tuple((flat[at], flat[at + 1]) for at in range(0, len(flat) - 1, 2)), 0
    samples = 2 if layout.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422") else layout.samples
    bits = layout.rows * layout.columns * samples * layout.bits_allocated
    start, end = index * bits // 8, ceil((index + 1) * bits / 8)
    return ((row.pixel_offset + start, end - start),), index * bits % 8


def sample(stack: Stack) -> Sample:
    """The type of raw samples of this stack, as the browser must read them."""
    return _sample(stack.slices[0].layout)


def _sample(layout: Layout) -> Sample:
    if is_colour(layout) or layout.bits_allocated == 1:
        return "u8"
    if layout.modality_lut:
        return "u16"
    kind = "f" if layout.floating else "i" if layout.signed else "u"
    return sample_of(kind, layout.bits_allocated // 8)


def manifest(shown: Shown, handle: int) -> dict[str, object]:
    """The `series` message of the image stream; key order and meaning as in the protocol, version 1."""
    stack, how = shown.stack, shown.rendering
    first = stack.slices[0]
    shared = _pixels(first) | _tone(how, stack.presets)
    return {
        "type": "series",
        "series": stack.series_instance_uid,
        "handle": handle,
        "modality": stack.modality,
        "description": stack.description,
        **shared,
        "slope": how.slope,
        "intercept": how.intercept,
        "voi_lut": _lut(how.voi_lut) if how.window is None and how.voi_lut else None,
        "frame_time_ms": stack.frame_time_ms,
        "orientation": list(first.frame.orientation) if first.frame.orientation else None,
        "frame_of_reference": first.frame.frame_of_reference_uid,
        "frames": [_frame(shown, index, shared) for index in range(len(stack.slices))],
    }


def _pixels(one: Slice) -> dict[str, object]:
    """What the browser must know to read the pixels of a frame."""
    layout = one.layout
    eight, table = is_colour(layout), layout.modality_lut
    return {
        "photometric": "RGB" if eight else layout.photometric,
        "bits_stored": 8 if eight else 16 if table else layout.bits_stored or layout.bits_allocated,
        "signed": layout.signed and not eight and not table,
        "sample": _sample(layout),
        "colour": eight,
        "lossy": one.lossy,
    }


def _tone(how: Rendering, presets: tuple[Window, ...]) -> dict[str, object]:
    """What turns the values of a frame into grey."""
    return {
        "window": _window(how),
        "presets": [{"name": one.name, "centre": one.centre, "width": one.width} for one in presets],
        "padding": list(how.padding) if how.padding else None,
        "inverted": how.inverted,
    }


def _window(how: Rendering) -> Mapping[str, object] | None:
    if how.window is not None:
        return {"centre": how.window.centre, "width": how.window.width, "function": how.window.function}
    if how.voi_lut is not None:
        width = len(how.voi_lut.values)
        return {"centre": how.voi_lut.first + width / 2, "width": float(width), "function": "LINEAR"}
    return None


def _lut(lut: Lut) -> dict[str, object]:
    return asdict(lut)


def _frame(shown: Shown, index: int, shared: Mapping[str, object]) -> dict[str, object]:
    """The facts of one frame; of those the series has too only what differs."""
    one, how, own = shown.stack.slices[index], shown.rendering, shown.rendering_of(index)
    frame = one.frame
    said: dict[str, object] = {
        "sop_instance_uid": frame.sop_instance_uid,
        "frame": frame.number,
        "rows": frame.rows,
        "columns": frame.columns,
        "position": list(frame.position) if frame.position else None,
        "row_spacing_mm": frame.row_spacing_mm,
        "column_spacing_mm": frame.column_spacing_mm,
        "spacing_source": frame.spacing_source,
    }
    if frame.orientation != shown.stack.slices[0].frame.orientation:
        said["orientation"] = list(frame.orientation) if frame.orientation else None
    if not one.layout.modality_lut and (frame.slope, frame.intercept) != (how.slope, how.intercept):
        said |= {"slope": frame.slope, "intercept": frame.intercept}
    if one.aspect is not None and frame.row_spacing_mm is None:
        said["aspect"] = one.aspect
    if one.layout.overlays:
        said["overlay"] = True
    presets = (own.window, *shown.stack.presets) if shown.stack.own_windows and own.window else shown.stack.presets
    differing = _pixels(one) | _tone(own, tuple(dict.fromkeys(presets)))
    if own.window == how.window:
        differing.pop("presets")
    return said | {key: value for key, value in differing.items() if value != shared[key]}
