"""A structured report as a readable, flat list of its content tree (PS3.3 C.17.3). For workers.

The tree may be anything: depth, number of items and length of texts are bounded, and an item that cannot be read costs
itself alone.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.display.units import readable
from imaging.display.values import Item, Report

DEEPEST = 40
MOST_ITEMS = 5000
_LONGEST, _NAME = 4000, 400


def report(found: Dataset) -> Report:
    """The report as it is read from top to bottom."""
    items: list[Item] = []
    cut = False
    for item in _walk(found, 0):
        if len(items) >= MOST_ITEMS:
            cut = True
            break
        items.append(item)
    deeper = any(item.depth >= DEEPEST for item in items)
    title = _meaning(found, "ConceptNameCodeSequence") or "Report"
    return Report(title=title, said=_said(found), items=items, cut=cut or deeper)


def _said(found: Dataset) -> list[tuple[str, str]]:
    maker = " ".join(filter(None, (_text(found, "Manufacturer"), _text(found, "ManufacturerModelName"))))
    rows = [
        ("Written on", _day(_text(found, "ContentDate"))),
        ("State", _text(found, "CompletionFlag").capitalize()),
        ("Verified", _text(found, "VerificationFlag").capitalize()),
        ("Made with", maker),
    ]
    return [(label, value[:_NAME]) for label, value in rows if value]


def _walk(found: Dataset, depth: int) -> Iterator[Item]:
    for one in _sequence(found, "ContentSequence"):
        item = _item(one, depth)
        if item is not None:
            yield item
        if depth < DEEPEST:
            yield from _walk(one, depth + (item is not None))


def _item(one: Dataset, depth: int) -> Item | None:
    kind = _text(one, "ValueType")
    name = _meaning(one, "ConceptNameCodeSequence")
    match kind:
        case "CONTAINER":
            return Item(depth, name, "", "", "heading") if name else None
        case "NUM":
            value, unit = _number(one)
            return Item(depth, name, value, unit, "measurement")
        case "IMAGE" | "COMPOSITE" | "WAVEFORM":
            return _image(one, name or "Image", depth)
        case "SCOORD" | "SCOORD3D" | "TCOORD":
            shape = _text(one, "GraphicType").lower().replace("_", " ")
            return Item(depth, name or "Region", shape, "", "region")
        case "UIDREF":  # for programs; it says nothing to a reader
            return None
        case _:
            value = _value(one, kind)
            return Item(depth, name, value, "", "text") if value or name else None


def _value(one: Dataset, kind: str) -> str:
    if kind == "CODE":
        return _meaning(one, "ConceptCodeSequence")
    keyword = {
        "TEXT": "TextValue", "PNAME": "PersonName", "DATE": "Date", "TIME": "Time", "DATETIME": "DateTime",
    }.get(kind)
    text = _text(one, keyword, _LONGEST) if keyword else ""
    read = {"PNAME": lambda name: name.replace("^", " ").strip(), "DATE": _day, "TIME": _time}.get(kind)
    return read(text) if read else text


def _day(text: str) -> str:
    """A date (DA) as the product writes dates, ``26 Nov 2026``; anything else as it is."""
    try:
        found = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return text
    return f"{found.day} {found:%b %Y}"


def _time(text: str) -> str:
    """A time (TM) without its fraction, ``14:32:05``; anything else as it is."""
    whole = text.partition(".")[0]
    parts = [whole[at : at + 2] for at in range(0, len(whole), 2)]
    return ":".join(parts) if whole.isdigit() and len(whole) in (4, 6) else text


def _number(one: Dataset) -> tuple[str, str]:
    for measured in _sequence(one, "MeasuredValueSequence"):
        unit = next(iter(_sequence(measured, "MeasurementUnitsCodeSequence")), None)
        said = "" if unit is None else readable(_text(unit, "CodeValue"), _text(unit, "CodeMeaning"))
        return _text(measured, "NumericValue"), said[:_NAME]
    return _meaning(one, "NumericValueQualifierCodeSequence") or "no value", ""


def _image(one: Dataset, name: str, depth: int) -> Item:
    for reference in _sequence(one, "ReferencedSOPSequence"):
        uid = _text(reference, "ReferencedSOPInstanceUID", 64)
        frames = _text(reference, "ReferencedFrameNumber").split("\\")[0]
        clean = uid if all(letter in "0123456789." for letter in uid) else ""
        return Item(depth, name, "", "", "image", clean, int(frames) if frames.isdigit() else 1)
    return Item(depth, name, "refers to nothing", "", "text")


def _meaning(found: Dataset, keyword: str) -> str:
    return next((_text(code, "CodeMeaning") for code in _sequence(found, keyword)), "")


def _sequence(found: Dataset, keyword: str) -> list[Any]:
    try:
        return list(found.get(keyword) or ())
    except Exception:  # a sequence that cannot be parsed is one item less, not a report less
        return []


def _text(found: Dataset, keyword: str, longest: int = _NAME) -> str:
    try:
        value = found.get(keyword)
        many = list(value) if isinstance(value, MultiValue | list) else [value]
        return "\\".join("" if one is None else str(one) for one in many).replace("\x00", "").strip()[:longest]
    except Exception:  # a value that cannot be decoded is left empty
        return ""
