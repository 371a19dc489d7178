"""The facts of one file's header, whoever reads its values: pydicom here, or `imaging.plain` for an ordinary file.

`read` and `read_all` run inside a worker of `imaging.sandbox`, never in the server. Whatever cannot be read is left
empty: a bad optional value costs itself, not the file. The shape of the answer is `imaging.facts.Header`.
"""

import math
import re
import warnings
from collections.abc import Callable, Iterable, MutableSequence
from datetime import date
from typing import Any, Protocol, TypeVar

import pydicom

from imaging.geometry import SpacingFacts, along_normal_step, trusted_spacing

T = TypeVar("T")
_TEXT_LIMIT = 400
_BURNED = frozenset({"US", "SC", "XC", "ES", "OT", "GM", "SM"})


class Found(Protocol):
    """Values by keyword, as pydicom's data sets give them; several values of one element are a MutableSequence."""

    def get(self, keyword: str, /) -> Any:
        """The value; None when absent."""

    def __getitem__(self, keyword: str, /) -> Any:
        """The element, with its `value`."""

    def __contains__(self, name: str | tuple[int, int], /) -> bool:
        """Whether a keyword, or a group and element, is there."""


def read(path: str, frames: int) -> tuple[dict[str, Any], bytes]:
    """The facts of the header of the file at `path`, and no payload.

    frames: how many the structure proved; per-frame facts are read for that many. ``{"damaged": true}`` alone when
    there is no reading it.
    """
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    try:
        found = pydicom.dcmread(path, stop_before_pixels=True, defer_size="1 MB")
    except (ValueError, LookupError):  # such as a NUL within Specific Character Set (0008,0005)
        return {"damaged": True}, b""
    return facts_of(found, frames), b""


def facts_of(found: Found, frames: int) -> dict[str, Any]:
    """What `imaging.facts.Header` holds, of a header that was read."""
    facts = _identity(found) | _values(found) | _geometry(found) | own_facts_of(found)
    facts["frame_facts"] = _functional_groups(found, facts, frames) if frames > 1 or _groups(found) else []
    if frames > 1 and not facts["frame_facts"]:
        facts["frame_facts"] = _dose_planes(found, facts, frames)
    return facts


def own_facts_of(found: Found) -> dict[str, Any]:
    """Those of the facts in which the images of one series differ as a rule; no other depends on their values."""
    return {
        "sop_instance_uid": _uid(found, "SOPInstanceUID"),
        "instance_number": _whole(found, "InstanceNumber"),
        "position": _numbers(found, "ImagePositionPatient", 3),
    }


def read_all(files: list[tuple[str, int]]) -> tuple[dict[str, Any], bytes]:
    """The facts of `read` for each of some files, given as path and frames, in their order."""
    return {"headers": [read(path, frames)[0] for path, frames in files]}, b""


def _safe(read_one: Callable[[], T], otherwise: T) -> T:
    try:
        return read_one()
    except Exception:  # whatever is wrong with one value, the file is read without it
        return otherwise


def _text(found: Found, keyword: str) -> str:
    def one() -> str:
        value = found.get(keyword)
        if value is None:
            return ""
        many = value if isinstance(value, MutableSequence) else [value]
        text = "\\".join(str(part) for part in many)
        return re.sub(r"[\x00-\x1f\x7f]", " ", text).strip()[:_TEXT_LIMIT]

    return _safe(one, "")


def _number(found: Found, keyword: str) -> float | None:
    def one() -> float | None:
        value = found.get(keyword)
        if value is None or value == "":
            return None
        number = float(value[0] if isinstance(value, MutableSequence) else value)
        return number if math.isfinite(number) and abs(number) <= 1e12 else None

    return _safe(one, None)


def _whole(found: Found, keyword: str) -> int | None:
    number = _number(found, keyword)
    return int(number) if number is not None and abs(number) < 2**53 else None


def _numbers(found: Found, keyword: str, count: int) -> list[float] | None:
    def one() -> list[float] | None:
        value = [float(part) for part in found[keyword].value]
        good = len(value) == count and all(math.isfinite(part) and abs(part) <= 1e6 for part in value)
        return value if good else None

    return _safe(one, None)


def _day(found: Found, keyword: str) -> str:
    text = _text(found, keyword).replace(".", "").replace("-", "")[:8]
    return _safe(lambda: date(int(text[:4]), int(text[4:6]), int(text[6:8])).isoformat(), "")


def _clock(found: Found, keyword: str) -> str:
    text = re.sub(r"\D", "", _text(found, keyword).split(".")[0])
    return f"{text[:2]}:{text[2:4]}:{text[4:6] or '00'}" if len(text) >= 4 else ""


def _uid(found: Found, keyword: str) -> str:
    text = _text(found, keyword)
    return text if re.fullmatch(r"[0-9.]{0,64}", text) else ""


def _identity(found: Found) -> dict[str, Any]:
    kind = _uid(found, "SOPClassUID")
    return {
        "sop_class_uid": kind,
        "sop_class_name": _safe(lambda: pydicom.uid.UID(kind).name, kind)[:_TEXT_LIMIT],
        "study_instance_uid": _uid(found, "StudyInstanceUID"),
        "series_instance_uid": _uid(found, "SeriesInstanceUID"),
        "patient_name": _text(found, "PatientName"),
        "patient_id": _text(found, "PatientID"),
        "patient_born_on": _day(found, "PatientBirthDate"),
        "patient_sex": _text(found, "PatientSex").upper()[:1],
        "study_description": _text(found, "StudyDescription"),
        "study_date": _day(found, "StudyDate"),
        "study_time": _clock(found, "StudyTime"),
        "accession_number": _text(found, "AccessionNumber"),
        "institution": _text(found, "InstitutionName"),
        "modality": _text(found, "Modality")[:16],
        "series_number": _whole(found, "SeriesNumber"),
        "series_description": _text(found, "SeriesDescription"),
        "body_part": _text(found, "BodyPartExamined"),
        "laterality": _text(found, "ImageLaterality") or _text(found, "Laterality"),
        "protocol": _text(found, "ProtocolName"),
        "frame_of_reference_uid": _uid(found, "FrameOfReferenceUID"),
    }


def _values(found: Found) -> dict[str, Any]:
    stored = _whole(found, "BitsStored") or _whole(found, "BitsAllocated") or 0
    modality = _text(found, "Modality")
    function = _text(found, "VOILUTFunction")
    return {
        "planar": _whole(found, "PlanarConfiguration") or 0,
        "bits_stored": stored if 0 <= stored <= 64 else 0,
        "high_bit": min(max(_whole(found, "HighBit") or max(stored - 1, 0), 0), 64),
        "signed": _whole(found, "PixelRepresentation") == 1,
        "slope": _number(found, "RescaleSlope") or _dose(found) or 1.0,
        "intercept": _number(found, "RescaleIntercept") or 0.0,
        "units": _text(found, "RescaleType") or _units(found, modality),
        "windows": _windows(found),
        "voi_function": function if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else "LINEAR",
        "modality_lut": bool(_sequence(found, "ModalityLUTSequence")),
        "voi_lut": bool(_sequence(found, "VOILUTSequence")),
        "inverted": _text(found, "PhotometricInterpretation") == "MONOCHROME1"
        or _text(found, "PresentationLUTShape") == "INVERSE",
        "padding": _padding(found, "PixelPaddingValue"),
        "padding_limit": _padding(found, "PixelPaddingRangeLimit"),
        "frame_time_ms": _frame_time(found),
        "overlays": any((group, 0x0010) in found for group in range(0x6000, 0x6020, 2)),
        "icc": "ICCProfile" in found,
        "lossy": _text(found, "LossyImageCompression") == "01",
        "burned_in": _text(found, "BurnedInAnnotation") != "NO"
        and (_text(found, "BurnedInAnnotation") == "YES" or modality in _BURNED),
    }


def _dose(found: Found) -> float | None:
    """What a stored value of an RT dose is multiplied with (PS3.3 C.8.8.3.3); None for any other image."""
    return _positive(_number(found, "DoseGridScaling"), 1e12)


def _units(found: Found, modality: str) -> str:
    if _dose(found) is not None:
        return "Gy" if _text(found, "DoseUnits") == "GY" else ""
    return "HU" if modality == "CT" else ""


def _padding(found: Found, keyword: str) -> int | None:
    """A padding value with the sign of the pixels: writers often give −2000 as the unsigned 63536."""
    value, bits = _whole(found, keyword), _whole(found, "BitsAllocated") or 16
    if value is None or bits > 32:
        return value
    if _whole(found, "PixelRepresentation") == 1 and value >= 1 << (bits - 1):
        return value - (1 << bits)
    return value + (1 << bits) if value < 0 and _whole(found, "PixelRepresentation") != 1 else value


def _frame_time(found: Found) -> float | None:
    """Milliseconds from a frame to the next (PS3.3 C.7.6.5), whichever of the four ways says it."""
    every = _many(found, "FrameTimeVector")[1:]
    rates = [_positive(_number(found, key), 1e4) for key in ("RecommendedDisplayFrameRate", "CineRate")]
    times = [
        _number(found, "FrameTime"), sum(every) / len(every) if every else None,
        *(1000 / rate for rate in rates if rate),
    ]
    return next((good for good in (_positive(one, 1e7) for one in times) if good), None)


def _geometry(found: Found) -> dict[str, Any]:
    rows, columns, source, magnification = _spacing(found)
    return {
        "row_spacing_mm": rows,
        "column_spacing_mm": columns,
        "spacing_source": source,
        "magnification": magnification,
        "aspect": _aspect(found) if rows is None else None,
        "orientation": _numbers(found, "ImageOrientationPatient", 6),
    }


def _positive(number: float | None, limit: float) -> float | None:
    return number if number is not None and 0 < number <= limit else None


def _pair(found: Found, keyword: str) -> tuple[float, float] | None:
    pair = _numbers(found, keyword, 2)
    return (pair[0], pair[1]) if pair and all(0 < part <= 10_000 for part in pair) else None


def _spacing(found: Found) -> tuple[float | None, float | None, str, float | None]:
    """Millimetres between pixel centres and whom to believe (PS3.3 10.7.1.3)."""
    magnification = _positive(_number(found, "EstimatedRadiographicMagnificationFactor"), 100)
    trusted = trusted_spacing(SpacingFacts(
        modality=_text(found, "Modality"), pixel=_pair(found, "PixelSpacing"),
        calibration=_text(found, "PixelSpacingCalibrationType") or None,
        imager=_pair(found, "ImagerPixelSpacing") or _pair(found, "NominalScannedPixelSpacing"),
        magnification=magnification, region=_region(found),
    ))
    if trusted is None:
        return None, None, "none", None
    return trusted.row_mm, trusted.column_mm, trusted.source, magnification if trusted.source == "imager" else None


def _aspect(found: Found) -> float | None:
    """How much taller than wide a pixel is, where that is all that is said of its size (PS3.3 C.7.6.3.1.7)."""
    pair = _pair(found, "PixelAspectRatio")
    return pair[0] / pair[1] if pair and 0.01 <= pair[0] / pair[1] <= 100 else None


def _region(found: Found) -> tuple[float, float] | None:
    """The spacing of an ultrasound with exactly one tissue region in centimetres (PS3.3 C.8.5.5)."""
    regions = [
        one for one in _sequence(found, "SequenceOfUltrasoundRegions")
        if _whole(one, "RegionSpatialFormat") == 1 and _whole(one, "PhysicalUnitsXDirection") == 3
        and _whole(one, "PhysicalUnitsYDirection") == 3
    ]
    if len(regions) != 1:
        return None
    down, across = (_number(regions[0], key) for key in ("PhysicalDeltaY", "PhysicalDeltaX"))
    if not down or not across:
        return None
    return abs(down) * 10, abs(across) * 10


def _windows(found: Found) -> list[dict[str, Any]]:
    centres, widths = _many(found, "WindowCenter"), _many(found, "WindowWidth")
    said = _text(found, "WindowCenterWidthExplanation").split("\\")
    names = [name or f"Window {number}" for number, name in enumerate(said + [""] * (len(centres) - len(said)), 1)]
    return [
        {"name": name, "centre": centre, "width": width}
        for name, centre, width in zip(names, centres, widths, strict=False)
        if width > 0
    ][:32]


def _many(found: Found, keyword: str) -> list[float]:
    def one() -> list[float]:
        value = found.get(keyword)
        if value is None or value == "":
            return []
        parts = value if isinstance(value, MutableSequence) else [value]
        numbers = [float(part) for part in parts]
        return numbers if all(math.isfinite(part) and abs(part) <= 1e12 for part in numbers) else []

    return _safe(one, [])


def _sequence(found: Found, keyword: str) -> list[Found]:
    return _safe(lambda: list(found.get(keyword) or []), [])


def _groups(found: Found) -> bool:
    return "SharedFunctionalGroupsSequence" in found or "PerFrameFunctionalGroupsSequence" in found


def _functional_groups(found: Found, facts: dict[str, Any], frames: int) -> list[dict[str, Any]]:
    """Enhanced multi-frame: shared facts go into the instance's own, the rest is said frame by frame."""
    for shared in _sequence(found, "SharedFunctionalGroupsSequence")[:1]:
        facts.update(_group(shared))
    first = [*_sequence(found, "SharedFunctionalGroupsSequence"), *_sequence(found, "PerFrameFunctionalGroupsSequence")]
    for one in first[:2]:
        function = _first(one, "FrameVOILUTSequence", lambda item: _text(item, "VOILUTFunction"))
        facts["voi_function"] = function if function in ("LINEAR_EXACT", "SIGMOID") else facts["voi_function"]
        facts["voi_lut"] |= bool(_first(one, "FrameVOILUTSequence", lambda item: _sequence(item, "VOILUTSequence")))
    own = [_group(one) for one in _sequence(found, "PerFrameFunctionalGroupsSequence")[:frames]]
    return own if any(own) else []


def _dose_planes(found: Found, facts: dict[str, Any], frames: int) -> list[dict[str, Any]]:
    """Where the frames of a dose lie: offsets along the normal from the first (PS3.3 C.8.8.3.2)."""
    offsets = _many(found, "GridFrameOffsetVector")
    position, orientation = facts["position"], facts["orientation"]
    if len(offsets) != frames or not position or not orientation:
        return []
    return [{"position": along_normal_step(position, orientation, offset - offsets[0])} for offset in offsets]


def _group(one: Found) -> dict[str, Any]:
    """The facts one functional group item states (PS3.3 C.7.6.16.2)."""
    said: dict[str, Any] = {
        "position": _first(one, "PlanePositionSequence", lambda item: _numbers(item, "ImagePositionPatient", 3)),
        "orientation": _first(
            one, "PlaneOrientationSequence", lambda item: _numbers(item, "ImageOrientationPatient", 6)
        ),
        "slope": _first(one, "PixelValueTransformationSequence", lambda item: _number(item, "RescaleSlope")),
        "intercept": _first(one, "PixelValueTransformationSequence", lambda item: _number(item, "RescaleIntercept")),
        "windows": _first(one, "FrameVOILUTSequence", _windows),
    }
    spacing = _first(one, "PixelMeasuresSequence", lambda item: _pair(item, "PixelSpacing"))
    if spacing:
        said |= {"row_spacing_mm": spacing[0], "column_spacing_mm": spacing[1], "spacing_source": "pixel"}
    return {key: value for key, value in said.items() if value not in (None, [])}


def _first(one: Found, keyword: str, read_one: Callable[[Found], T]) -> T | None:
    items: Iterable[Found] = _sequence(one, keyword)[:1]
    return next((read_one(item) for item in items), None)
