"""Table E.1-1 of PS3.15 with its options: what is to be done with an attribute."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

EDITION = "PS3.15 2026c"
"""Of the actions in ``profile.csv``; its columns of options are of edition 2024b, where they were not read anew."""
PRIVATE_EDITION = "PS3.15 2026d"
"""Of ``private.csv``."""

Action = Literal["keep", "clean", "remove", "empty", "replace", "map"]
"""keep (K), clean (C), remove (X), empty (Z), replace by a dummy (D), map a UID (U); PS3.15 E.1.1."""

_BASIC: dict[str, Action] = {
    "X": "remove", "Z": "empty", "D": "replace", "U": "map",
    # Where the table leaves a choice by the type of the attribute, what is right for the strictest type is right for
    # all: an empty or dummy value may stand where none is required.
    "X/Z": "empty", "X/D": "replace", "Z/D": "replace", "X/Z/D": "replace", "X/Z/U*": "clean",
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of PS3.15 E.3 in force; UIDs and institutions are never retained."""

    dates: bool = True
    """Retain longitudinal temporal information with modified dates (E.3.6): one shift for all dates of a patient."""
    characteristics: bool = True
    """Retain patient characteristics (E.3.7): sex, age, size, weight and their like."""
    device: bool = False
    """Retain device identity (E.3.8)."""
    descriptors: bool = True
    """Clean descriptors (E.3.5): short descriptions stay without the patient's own words; long texts go."""
    structured: bool = True
    """Clean structured content (E.3.4): measurements and codes of reports stay, free text goes."""
    graphics: bool = True
    """Clean graphics (E.3.3): presentation states keep their graphics; overlays and curves go all the same."""
    private: bool = False
    """Retain safe private (E.3.10): the attributes of ``private.csv``, which are numbers of Table E.3.10-1."""

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """De-identification methods of CID 7050 in force, as code value and meaning (PS3.16)."""
        chosen = [("113100", "Basic Application Confidentiality Profile")]
        chosen += [(code, meaning) for code, meaning, on in (
            ("113103", "Clean Graphics Option", self.graphics),
            ("113104", "Clean Structured Content Option", self.structured),
            ("113105", "Clean Descriptors Option", self.descriptors),
            ("113107", "Retain Longitudinal Temporal Information Modified Dates Option", self.dates),
            ("113108", "Retain Patient Characteristics Option", self.characteristics),
            ("113109", "Retain Device Identity Option", self.device),
            ("113111", "Retain Safe Private Option", self.private),
        ) if on]
        return tuple(chosen)


PIXELS_CLEANED = ("113101", "Clean Pixel Data Option")
"""Added when a person has looked at the pixels, whether or not something was blacked out."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    basic: Action
    options: tuple[tuple[str, Action], ...]
    """Name of an option, and what it does instead; in order of precedence."""

    def action(self, options: Options) -> Action:
        """What holds under these options: keeping wins over cleaning."""
        found = [what for name, what in self.options if getattr(options, name)]
        return "keep" if "keep" in found else found[0] if found else self.basic


@cache
def rules() -> dict[int, Rule]:
    """The table by tag ``0xGGGGEEEE``; repeating groups (50xx, 60xx) are not in it, they are always removed."""
    found: dict[int, Rule] = {}
    text = files(__package__).joinpath("profile.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        if "x" in row["tag"]:
            continue
        options: list[tuple[str, Action]] = [
            (name, "keep" if row[name] == "K" else "clean")
            for name in ("device", "characteristics", "dates", "descriptors", "structured", "graphics") if row[name]
        ]
        found[int(row["tag"], 16)] = Rule(_BASIC[row["basic"]], tuple(options))
    return found


@cache
def safe_private() -> frozenset[tuple[str, int, int, str]]:
    """Private creator, group, last byte of the element, and VR, of attributes that are safe to keep."""
    text = files(__package__).joinpath("private.csv").read_text("utf-8")
    return frozenset(
        (row["creator"], int(row["group"], 16), int(row["element"], 16), row["vr"])
        for row in csv.DictReader(text.splitlines())
    )
