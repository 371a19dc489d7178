"""The header of an ordinary file read straight from its walk, in our own process; what is not ordinary is left alone.

Ordinary is a single frame in little endian whose wanted values are ASCII text and numbers in the value representation
the standard gives them (PS3.6), outside sequences. The walk has proved where each value lies and that it lies inside
the file; here at most `_LONGEST` bytes of each of a fixed list of elements are looked at, and nothing is followed,
unfolded or nested. `facts` gives exactly what `imaging.header.read` gives for the same file, or None: then a
disposable worker reads it with pydicom.
"""

import re
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import ValidationError

from imaging.facts import Header, Own
from imaging.header import facts_of, own_facts_of
from imaging.walk import BIG_ENDIAN, DEFLATED, DOUBLE_PIXELS, FLOAT_PIXELS, IMPLICIT, PIXEL_DATA, Walk

_LONGEST = 4096
"""Bytes of one value that are looked at; a longer one is for the worker."""
_WANTED: dict[int, tuple[str, str]] = {
    0x00080016: ("SOPClassUID", "UI"), 0x00080018: ("SOPInstanceUID", "UI"), 0x00080020: ("StudyDate", "DA"),
    0x00080030: ("StudyTime", "TM"), 0x00080050: ("AccessionNumber", "SH"), 0x00080060: ("Modality", "CS"),
    0x00080080: ("InstitutionName", "LO"), 0x00081030: ("StudyDescription", "LO"),
    0x0008103E: ("SeriesDescription", "LO"), 0x00082144: ("RecommendedDisplayFrameRate", "IS"),
    0x00100010: ("PatientName", "PN"), 0x00100020: ("PatientID", "LO"), 0x00100030: ("PatientBirthDate", "DA"),
    0x00100040: ("PatientSex", "CS"), 0x00180015: ("BodyPartExamined", "CS"), 0x00180040: ("CineRate", "IS"),
    0x00181030: ("ProtocolName", "LO"), 0x00181063: ("FrameTime", "DS"), 0x00181065: ("FrameTimeVector", "DS"),
    0x00181114: ("EstimatedRadiographicMagnificationFactor", "DS"), 0x00181164: ("ImagerPixelSpacing", "DS"),
    0x00182010: ("NominalScannedPixelSpacing", "DS"), 0x0020000D: ("StudyInstanceUID", "UI"),
    0x0020000E: ("SeriesInstanceUID", "UI"), 0x00200011: ("SeriesNumber", "IS"), 0x00200013: ("InstanceNumber", "IS"),
    0x00200032: ("ImagePositionPatient", "DS"), 0x00200037: ("ImageOrientationPatient", "DS"),
    0x00200052: ("FrameOfReferenceUID", "UI"), 0x00200060: ("Laterality", "CS"), 0x00200062: ("ImageLaterality", "CS"),
    0x00280004: ("PhotometricInterpretation", "CS"), 0x00280006: ("PlanarConfiguration", "US"),
    0x00280030: ("PixelSpacing", "DS"), 0x00280034: ("PixelAspectRatio", "IS"), 0x00280100: ("BitsAllocated", "US"),
    0x00280101: ("BitsStored", "US"), 0x00280102: ("HighBit", "US"), 0x00280103: ("PixelRepresentation", "US"),
    0x00280120: ("PixelPaddingValue", "US or SS"), 0x00280121: ("PixelPaddingRangeLimit", "US or SS"),
    0x00280301: ("BurnedInAnnotation", "CS"), 0x00280A02: ("PixelSpacingCalibrationType", "CS"),
    0x00281050: ("WindowCenter", "DS"), 0x00281051: ("WindowWidth", "DS"), 0x00281052: ("RescaleIntercept", "DS"),
    0x00281053: ("RescaleSlope", "DS"), 0x00281054: ("RescaleType", "LO"),
    0x00281055: ("WindowCenterWidthExplanation", "LO"), 0x00281056: ("VOILUTFunction", "CS"),
    0x00282110: ("LossyImageCompression", "CS"),
    0x20500020: ("PresentationLUTShape", "CS"), 0x30040002: ("DoseUnits", "CS"), 0x3004000E: ("DoseGridScaling", "DS"),
}
"""Every element `imaging.header` asks for outside sequences, with its keyword and value representation."""
_SEQUENCES = (0x00186011, 0x00283000, 0x00283010, 0x52009229, 0x52009230)
"""Regions of an ultrasound, LUTs of modality and VOI, functional groups: for the worker where they are."""
_ICC = 0x00282000
_MARKS = (_ICC, *(group << 16 | 0x0010 for group in range(0x6000, 0x6020, 2)))
"""Elements of which only the presence counts: a colour profile, overlays."""
_PIXELS = (PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS)
_OWN = frozenset({0x00080018, 0x00200013, 0x00200032})
"""What `imaging.header.own_facts_of` is told by: the instance's identity, number and position."""
_REMEMBERED, _REMEMBERED_BYTES = 256, 8192
"""Series, and bytes of the values of one, whose common facts are remembered."""
_CHARACTER_SET = 0x00080005
_ASCII_WITHIN = frozenset({
    "", "ISO_IR 6", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 126", "ISO_IR 127", "ISO_IR 138",
    "ISO_IR 144", "ISO_IR 148", "ISO_IR 192", "GB18030", "GBK",
})
"""Character sets in which a byte of ASCII is that character and nothing else (PS3.3 C.12.1.1.2)."""
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_INTEGER = re.compile(r"[+-]?\d{1,9}")


class _Odd(Exception):
    """Not an ordinary file."""


class _Places(NamedTuple):
    """Where a file has what facts come from; the same in every file that lies alike."""

    alike: tuple[tuple[int, int], ...]
    """Start and end of values; what each is stands at the same place in `kinds`."""
    kinds: tuple[tuple[int, str], ...]
    """Tag, and the value representation as the file says it, empty in implicit VR."""
    own: tuple[tuple[int, int], ...]
    own_kinds: tuple[tuple[int, str], ...]
    """Of `_OWN`."""
    marks: tuple[int, ...]
    bytes: int
    """Of the values in `alike`."""


class _Alike(NamedTuple):
    """What the files of a series have in common."""

    facts: dict[str, Any]
    header: Header | None
    """The same, validated, with an identity of nobody; None: it is not what a header may say."""


@dataclass(frozen=True, slots=True)
class _Element:
    value: Any


class _Values(dict[str, Any]):
    """`imaging.header.Found` over values that were read already."""

    def __init__(
        self, kinds: Iterable[tuple[int, str]], values: Iterable[bytes], *, implicit: bool, marks: Collection[int] = ()
    ) -> None:
        super().__init__()
        self._marks = marks
        for (tag, said), raw in zip(kinds, values, strict=True):
            keyword, vr = _WANTED[tag]
            self[keyword] = _value(raw, said, vr, implicit=implicit)
        if _ICC in marks:
            self["ICCProfile"] = None

    def __getitem__(self, keyword: str, /) -> Any:
        return _Element(super().__getitem__(keyword))

    def __contains__(self, name: object, /) -> bool:
        if isinstance(name, tuple):
            return name[0] << 16 | name[1] in self._marks
        return super().__contains__(name)


def facts(walk: Walk, frames: int) -> dict[str, Any] | None:
    """The facts of a walked file, as a worker would give them; None when it is not an ordinary one.

    frames: how many its structure proved; 0 for an object without pixels.
    """
    read = _read(walk, frames)
    return read[0].facts | read[1] if read else None


def header(walk: Walk, frames: int) -> Header | None:
    """`facts` validated, those of a series once; None also where they are not what a header may say."""
    read = _read(walk, frames)
    if read is None or read[0].header is None:
        return None
    try:
        return read[0].header.model_copy(update=dict(Own.model_validate(read[1])))
    except ValidationError:
        return None


def _read(walk: Walk, frames: int) -> tuple[_Alike, dict[str, Any]] | None:
    """What the series has in common, and the facts of the file's own; None when it is not an ordinary file."""
    if frames > 1 or walk.transfer_syntax in (DEFLATED, BIG_ENDIAN) or walk.text(_CHARACTER_SET) not in _ASCII_WITHIN:
        return None
    implicit, data = walk.transfer_syntax == IMPLICIT, walk.data
    try:
        places: _Places = walk.kept.get("plain") or walk.kept.setdefault("plain", _places(walk))
        work_out = _alike if places.bytes <= _REMEMBERED_BYTES else _alike.__wrapped__
        values = tuple([data[start:end] for start, end in places.alike])
        alike = work_out(frames, places.kinds, values, places.marks, implicit)
        own = _Values(places.own_kinds, [data[start:end] for start, end in places.own], implicit=implicit)
        return alike, own_facts_of(own)
    except _Odd:
        return None


@lru_cache(_REMEMBERED)
def _alike(
    frames: int, kinds: tuple[tuple[int, str], ...], values: tuple[bytes, ...], marks: tuple[int, ...], implicit: bool
) -> _Alike:
    """Worked out once: of a series that arrives it is asked for each file."""
    found = facts_of(_Values(kinds, values, implicit=implicit, marks=marks), frames)
    try:
        return _Alike(found, Header.model_validate(found | {"sop_instance_uid": "0"}))
    except ValidationError:
        return _Alike(found, None)


def _places(walk: Walk) -> _Places:
    """Raises _Odd where the elements alone say that a file is not an ordinary one."""
    elements = walk.elements
    if any(tag in elements for tag in _SEQUENCES):
        raise _Odd
    pixels = min((elements[tag].start for tag in _PIXELS if tag in elements), default=len(walk.data))
    found = [elements[tag] for tag in _WANTED if tag in elements and elements[tag].length]
    if any(one.length > _LONGEST or one.start > pixels for one in found):
        raise _Odd
    alike = [one for one in found if one.tag not in _OWN]
    own = [one for one in found if one.tag in _OWN]
    return _Places(
        tuple((one.start, one.start + one.length) for one in alike), tuple((one.tag, one.vr) for one in alike),
        tuple((one.start, one.start + one.length) for one in own), tuple((one.tag, one.vr) for one in own),
        tuple(tag for tag in _MARKS if tag in elements), sum(one.length for one in alike),
    )


def _value(raw: bytes, said: str, vr: str, *, implicit: bool) -> Any:
    """A value; `said` is its representation as the file has it, `vr` as the standard has it. Raises _Odd."""
    if implicit and vr == "US or SS":  # its sign depends on another element
        raise _Odd
    if not implicit and said not in (vr, *vr.split(" or ")):
        raise _Odd
    if vr.startswith("US"):
        return _numbers(raw, "h" if said == "SS" else "H")
    text = raw.rstrip(b"\0 ")
    if not text.isascii() or not (plain := text.decode("ascii")).isprintable():
        raise _Odd
    if vr in ("DS", "IS"):
        return _written(plain, vr)
    many = "\\" in plain
    if (many and (vr == "UI" or "\\ " in plain or " \\" in plain)) or (vr == "PN" and (many or "=" in plain)):
        raise _Odd
    return plain.split("\\") if many else plain


def _numbers(raw: bytes, form: str) -> int | list[int]:
    if len(raw) % 2:
        raise _Odd
    found = list(struct.unpack(f"<{len(raw) // 2}{form}", raw))
    return found if len(found) > 1 else found[0]


def _written(said: str, vr: str) -> float | list[float] | None:
    """Numbers written in decimal; an integer is the same number as a float."""
    form = _DECIMAL if vr == "DS" else _INTEGER
    parts = [part.strip(" ") for part in said.split("\\")]
    if parts == [""]:
        return None
    if not all(form.fullmatch(part) for part in parts):
        raise _Odd
    return [float(part) for part in parts] if len(parts) > 1 else float(parts[0])
