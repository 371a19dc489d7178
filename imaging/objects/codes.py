"""Coded concepts: names of measurements, units and levels of the spine, as DICOM (PS3.16) and SNOMED CT code them.

Where no public code is known there is a private one of the scheme 99CONSILIUM. Pure tables.
"""

import re
from dataclasses import dataclass

PRIVATE = "99CONSILIUM"


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its scheme and meaning (PS3.3 8.8)."""

    value: str
    scheme: str
    meaning: str


NAMES: dict[str, Coded] = {
    "length": Coded("410668003", "SCT", "Length"),
    "angle": Coded("1483009", "SCT", "Angle"),
    "cobb": Coded("285285000", "SCT", "Cobb angle"),
    "area": Coded("42798000", "SCT", "Area"),
    "perimeter": Coded("131191004", "SCT", "Perimeter"),
    "mean": Coded("373098007", "SCT", "Mean"),
    "sd": Coded("386136009", "SCT", "Standard deviation"),
    "min": Coded("255605001", "SCT", "Minimum"),
    "max": Coded("56851009", "SCT", "Maximum"),
    "pixels": Coded("pixels", PRIVATE, "Number of pixels"),
    "pixel-value": Coded("pixel-value", PRIVATE, "Pixel value"),
    "pi": Coded("pelvic-incidence", PRIVATE, "Pelvic incidence"),
    "pt": Coded("pelvic-tilt", PRIVATE, "Pelvic tilt"),
    "ss": Coded("sacral-slope", PRIVATE, "Sacral slope"),
    "ll": Coded("lumbar-lordosis", PRIVATE, "Lumbar lordosis"),
    "sva": Coded("sagittal-vertical-axis", PRIVATE, "Sagittal vertical axis"),
}
"""Name of a value → its concept."""

UNITS: dict[str, Coded] = {
    "mm": Coded("mm", "UCUM", "millimeter"),
    "deg": Coded("deg", "UCUM", "degree"),
    "mm2": Coded("mm2", "UCUM", "square millimeter"),
    "px": Coded("{pixels}", "UCUM", "pixels"),
    "px2": Coded("{pixels2}", "UCUM", "square pixels"),
    "HU": Coded("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "stored": Coded("1", "UCUM", "no units"),
    "count": Coded("{count}", "UCUM", "count"),
}

MAIN: dict[str, str] = {
    "length": "length", "path": "length", "angle": "angle", "cobb": "cobb", "ellipse": "area", "rectangle": "area",
    "freehand": "area", "probe": "pixel-value", "spinopelvic": "pi",
}
"""Kind of mark → name of the value it is drawn for; the other kinds have none."""

SYNONYMS: dict[tuple[str, str], str] = {
    **{(code.scheme, code.value): name for name, code in NAMES.items()},
    ("SRT", "G-D7FE"): "length", ("DCM", "121206"): "length", ("DCM", "121211"): "length",
    ("SCT", "81827009"): "length", ("SCT", "103339001"): "length", ("SCT", "103340004"): "length",
    ("SRT", "G-A185"): "length", ("SRT", "G-A186"): "length", ("SRT", "M-02550"): "length",
    ("SRT", "G-A166"): "area", ("SRT", "G-D785"): "area", ("SRT", "R-00317"): "mean", ("SRT", "R-10047"): "sd",
    ("SRT", "G-A437"): "max", ("SRT", "R-404FB"): "min",
}
"""Codes of measurements others write, the retired SNOMED RT ones among them → our name."""

_VERTEBRAE = {
    "C1": "14806007", "C2": "39976000", "C3": "113205007", "C4": "5329002", "C5": "36978003", "C6": "36054005",
    "C7": "87391001", "T1": "64864005", "T2": "53733008", "T3": "1626008", "T4": "73071006", "T5": "56401006",
    "T6": "45296009", "T7": "62487009", "T8": "11068009", "T9": "82687006", "T10": "7610001", "T11": "12989004",
    "T12": "23215003", "L1": "66794005", "L2": "14293000", "L3": "36470004", "L4": "11994002", "L5": "49668003",
}
"""CID 7602: vertebrae."""
_DISCS = {
    "C2/C3": "243902007", "C3/C4": "243903002", "C4/C5": "243904008", "C5/C6": "243905009", "C6/C7": "243906005",
    "C7/T1": "243925008", "T1/T2": "243908006", "T2/T3": "243909003", "T3/T4": "243910008", "T4/T5": "243911007",
    "T5/T6": "243912000", "T6/T7": "243913005", "T7/T8": "243914004", "T8/T9": "243915003", "T9/T10": "243916002",
    "T10/T11": "243917006", "T11/T12": "243918001", "T12/L1": "243926009", "L1/L2": "243920003",
    "L2/L3": "243921004", "L3/L4": "243922006", "L4/L5": "243923001", "L5/S1": "243927000",
}
"""CID 1000: levels of intervertebral discs."""
_LEVEL = re.compile(r"\b([CTL])(\d{1,2})(?:\s*[/\u2013-]\s*([CTLS]?)(\d{1,2}))?\b", re.IGNORECASE)


_WEIGHTINGS = frozenset({"T1", "T2"})


def level_of(text: str, *, named: bool = False) -> Coded | None:
    """The coded vertebra or disc level that a mark's words name first: ``L4``, ``L4/5``, ``L5-S1``; None: none.

    named: the words are there to name a level; else T1 and T2 are taken for what they mostly are on MR, weightings.
    """
    for region, number, other, below in _LEVEL.findall(text):
        upper = f"{region.upper()}{int(number)}"
        if not below:
            code = _VERTEBRAE.get(upper)
            if code is not None and (named or upper not in _WEIGHTINGS):
                return Coded(code, "SCT", f"{upper} vertebra")
            continue
        disc = f"{upper}/{(other or region).upper()}{int(below)}"
        if disc in _DISCS:
            return Coded(_DISCS[disc], "SCT", f"Level of {disc} intervertebral disc")
    return None


_SITES = {code: name for name, code in (_VERTEBRAE | _DISCS).items()}


def level_named(scheme: str, value: str) -> str:
    """The level a finding site's code names: ``L4`` or ``L4/L5``; empty for any other site."""
    return _SITES.get(value, "") if scheme == "SCT" else ""
