"""The DICOM JSON model (PS3.18 annex F) of what our index knows. Pure.

Whole data sets are written by `imaging.dicomweb.dataset`, in a worker.
"""

from typing import Any

Element = dict[str, Any]
Model = dict[str, Element]
"""Attributes by their tag, eight hexadecimal digits in upper case."""

_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NUMBERS = frozenset({"US", "UL", "IS", "DS", "FD", "FL", "SS", "SL"})


def element(vr: str, *values: object) -> Element:
    """One attribute; values that are None or empty are left out, and with none left there is the VR alone."""
    said = [_value(vr, one) for one in values if one not in (None, "")]
    return {"vr": vr, "Value": said} if said else {"vr": vr}


def sequence(items: list[Model]) -> Element:
    """A sequence attribute; an empty one has no value."""
    return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}


def person_name(text: str) -> dict[str, str]:
    """A PN value by its component groups (PS3.18 F.2.2, PS3.5 6.2.1)."""
    groups = zip(_NAME_GROUPS, text.split("="), strict=False)
    return {group: part for group, part in groups if part}


def da(text: str) -> str:
    """``YYYY-MM-DD`` of the index as a DA value."""
    return text.replace("-", "")


def tm(text: str) -> str:
    """``HH:MM:SS`` of the index as a TM value."""
    return text.replace(":", "")


def _value(vr: str, value: object) -> object:
    if vr == "PN":
        return person_name(str(value))
    return value if vr in _NUMBERS else str(value)
