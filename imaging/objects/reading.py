"""Marks out of measurement reports (TID 1500) and presentation states of any maker. For workers.

The walk is our own and bounded: a report of somebody else is taken for what it clearly says, and everything that is no
mark here is named with its reason instead of guessed at. Read besides the standard's own form: the dialect of dcmjs,
Cornerstone3D and OHIF (one NUM with its coordinates in each group, the tool's name as tracking identifier, words as a
finding of the scheme CORNERSTONEJS).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pydicom.dataset import Dataset

from imaging.objects.codes import SYNONYMS, UNITS, level_named
from imaging.objects.dialect import OWN, TOOLS
from imaging.objects.shapes import mark
from imaging.objects.values import Found, Point, Reading, Value

MOST_MARKS = 1000
_MOST_ITEMS = 50_000
_DEEPEST = 16
_TEXT = 500
_REPORTS = frozenset({
    "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.34",
})
"""Basic Text, Enhanced, Comprehensive and Comprehensive 3D SR."""
_PRESENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.11.1", "1.2.840.10008.5.1.4.1.1.11.2"})
"""Grayscale and Color Softcopy Presentation State."""
READABLE = _REPORTS | _PRESENTATIONS
"""SOP classes that marks are read from."""
_KINDS = {tool: kind for kind, tool in TOOLS.items()} | {
    "CircleROI": "ellipse", "FreehandRoi": "freehand", "EllipticalRoi": "ellipse", "RectangleRoi": "rectangle",
    "CircleRoi": "ellipse", "Bidirectional": "length",
}
_FREE_TEXT = ("CORNERSTONEFREETEXT",)


class NotReadable(ValueError):
    """This object holds no marks of a kind we read; the text says why."""


@dataclass(slots=True)
class _Bag:
    marks: list[Found] = field(default_factory=list)
    skipped: dict[str, None] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        if len(self.skipped) < 20:
            self.skipped[reason] = None


def read_object(found: Dataset) -> Reading:
    """The marks of one object, of at most `MOST_MARKS`; raises NotReadable."""
    kind = str(found.get("SOPClassUID", ""))
    bag = _Bag()
    author = ""
    if kind in _REPORTS:
        author = _report(found, bag)
    elif kind in _PRESENTATIONS:
        _presentation(found, bag)
        author = str(found.get("ContentCreatorName", "") or "")
    else:
        raise NotReadable("This is neither a measurement report nor a presentation state.")
    if len(bag.marks) >= MOST_MARKS:
        bag.skip(f"Only the first {MOST_MARKS} marks were read.")
    maker = [str(found.get(keyword, "") or "") for keyword in ("Manufacturer", "ManufacturerModelName")]
    return Reading(tuple(bag.marks[:MOST_MARKS]), tuple(bag.skipped), _known(author), _known(" ".join(
        dict.fromkeys(filter(None, maker)))))


def _report(found: Dataset, bag: _Bag) -> str:
    """Every measurement group of a report; gives who observed."""
    templates = {str(one.get("TemplateIdentifier", "")) for one in found.get("ContentTemplateSequence") or ()}
    if "ContentSequence" not in found:
        raise NotReadable("This report has no content.")
    if templates and "1500" not in templates:
        raise NotReadable(f"This report is of template {', '.join(sorted(templates))}; TID 1500 is read.")
    groups = 0
    author = ""
    for item in islice(_walk(found, 0), _MOST_ITEMS):
        if _is(item, "DCM", "121008") and not author:
            author = str(item.get("PersonName", "") or "")
        if item.get("ValueType") == "CONTAINER" and _is(item, "DCM", "125007"):
            groups += 1
            _group(item, bag)
    if not groups:
        bag.skip("The report has no measurement groups.")
    return author


def _walk(found: Dataset, depth: int) -> Iterator[Dataset]:
    for item in found.get("ContentSequence") or ():
        yield item
        if depth < _DEEPEST and not _is(item, "DCM", "125007"):
            yield from _walk(item, depth + 1)


def _group(group: Dataset, bag: _Bag) -> None:
    items = list(group.get("ContentSequence") or ())
    numbers = [item for item in items if item.get("ValueType") == "NUM"]
    values = tuple(filter(None, map(_value, numbers)))
    hint = _hint(items, values)
    uid = next((str(item.get("UID", "")) for item in items if _is(item, "DCM", "112040")), "")
    places = [item for item in items if item.get("ValueType") == "SCOORD"]
    if not places:  # measured lines carry the same coordinates under each number
        places = [place for number in numbers for place in number.get("ContentSequence") or ()
                  if place.get("ValueType") == "SCOORD"]
    if not places:
        _no_place(items, numbers, bag)
        return
    seen: set[tuple[object, ...]] = set()
    for place in places:
        shape = (str(place.get("GraphicType", "")), *_numbers(place.get("GraphicData")))
        if shape in seen:
            continue
        seen.add(shape)
        one = _found(place, hint, uid if len(seen) == 1 else "", values, _words(items), bag)
        if one is not None:
            bag.marks.append(one)


def _no_place(items: Sequence[Dataset], numbers: Sequence[Dataset], bag: _Bag) -> None:
    inner = [one for number in numbers for one in number.get("ContentSequence") or ()]
    if any(one.get("ValueType") == "SCOORD3D" for one in (*items, *inner)):
        bag.skip("A measurement lies in patient coordinates, on no image of its own; it is not read.")
    else:
        bag.skip("A measurement has no coordinates.")


def _found(
    place: Dataset, hint: str, uid: str, values: tuple[Value, ...], words: str, bag: _Bag
) -> Found | None:
    sources = [ref for item in place.get("ContentSequence") or () if item.get("ValueType") == "IMAGE"
               for ref in item.get("ReferencedSOPSequence") or ()]
    if len(sources) != 1:
        bag.skip("A measurement does not say on which one image it lies.")
        return None
    frames = _numbers(sources[0].get("ReferencedFrameNumber", 1))
    if len(frames) != 1:
        bag.skip("A measurement does not say on which one frame it lies.")
        return None
    if place.get("PixelOriginInterpretation", "FRAME") == "VOLUME":
        bag.skip("A measurement lies on a whole slide; it is not read.")
        return None
    made = mark(hint, str(place.get("GraphicType", "")), _points(place.get("GraphicData")))
    if made is None:
        bag.skip(f"A graphic of type {str(place.get('GraphicType', ''))[:16]} fits no mark.")
        return None
    return Found(made[0], str(sources[0].get("ReferencedSOPInstanceUID", "")), int(frames[0]), made[1], words, uid,
                 values)


def _hint(items: Sequence[Dataset], values: Sequence[Value]) -> str:
    """The kind the maker says it is: by its tool, else by what is measured."""
    for item in items:
        if _is(item, "DCM", "112039"):
            tool, _, kind = str(item.get("TextValue", "")).partition(":")
            if tool == OWN:
                return kind
            if kind.split(":")[0] in _KINDS:
                return _KINDS[kind.split(":")[0]]
    names = {value.name for value in values}
    return next((name for name in ("cobb", "angle", "length") if name in names), "")


def _words(items: Sequence[Dataset]) -> str:
    """What is written beside it: a comment, free text, else the level it was found at."""
    for item in items:
        if _is(item, "DCM", "121106") and item.get("TextValue"):
            return _plain(str(item.TextValue))
    coded = [code for item in items for code in item.get("ConceptCodeSequence") or ()]
    for code in coded:
        if code.get("CodeValue") in _FREE_TEXT:
            return _plain(str(code.get("CodeMeaning", "")))
    levels = (level_named(str(code.get("CodingSchemeDesignator")), str(code.get("CodeValue"))) for code in coded)
    return next(filter(None, levels), "")


def _value(number: Dataset) -> Value | None:
    name = next((SYNONYMS.get((str(code.get("CodingSchemeDesignator")), str(code.get("CodeValue"))))
                 for code in number.get("ConceptNameCodeSequence") or ()), None)
    for measured in number.get("MeasuredValueSequence") or ():
        units = [str(code.get("CodeValue")) for code in measured.get("MeasurementUnitsCodeSequence") or ()]
        unit = next((key for key, code in UNITS.items() if code.value in units), None)
        value = _numbers(measured.get("NumericValue"))
        if name is not None and unit is not None and len(value) == 1:
            return Value(name, value[0], unit)
    return None


def _presentation(found: Dataset, bag: _Bag) -> None:
    """Every graphic of a presentation state, with the text that is anchored at it."""
    for layer in islice(found.get("GraphicAnnotationSequence") or (), _MOST_ITEMS):
        images = list(layer.get("ReferencedImageSequence") or ())
        if len(images) != 1:
            bag.skip("Annotations that lie on several images, or on all, are not read.")
            continue
        frames = _numbers(images[0].get("ReferencedFrameNumber", 1))
        if len(frames) != 1:
            bag.skip("Annotations that lie on several frames are not read.")
            continue
        place = (str(images[0].get("ReferencedSOPInstanceUID", "")), int(frames[0]))
        _layer(layer, place, bag)


def _layer(layer: Dataset, place: tuple[str, int], bag: _Bag) -> None:
    texts = list(layer.get("TextObjectSequence") or ())
    used: set[int] = set()
    for drawn in islice(layer.get("GraphicObjectSequence") or (), MOST_MARKS):
        if drawn.get("GraphicAnnotationUnits") != "PIXEL":
            bag.skip("Annotations that stick to the screen instead of the image are not read.")
            continue
        uid = str(drawn.get("TrackingUID", ""))
        _, _, named = str(drawn.get("TrackingID", "")).partition(":")
        hint = _KINDS.get(named, named)
        made = mark(hint, str(drawn.get("GraphicType", "")), _points(drawn.get("GraphicData")))
        if made is None:
            bag.skip(f"A graphic of type {str(drawn.get('GraphicType', ''))[:16]} fits no mark.")
            continue
        words = ""
        for number, text in enumerate(texts):
            if number not in used and uid and str(text.get("TrackingUID", "")) == uid:
                used.add(number)
                words = _plain(str(text.get("UnformattedTextValue", "")))
        bag.marks.append(Found(made[0], *place, made[1], words, uid))
    for number, text in enumerate(texts):
        if number not in used:
            _text(text, place, bag)


def _text(text: Dataset, place: tuple[str, int], bag: _Bag) -> None:
    for corner, units in (("AnchorPoint", "AnchorPointAnnotationUnits"),
                          ("BoundingBoxTopLeftHandCorner", "BoundingBoxAnnotationUnits")):
        points = _points(text.get(corner))
        words = _plain(str(text.get("UnformattedTextValue", "") or ""))
        if len(points) == 1 and text.get(units) == "PIXEL" and words:
            bag.marks.append(Found("text", *place, (points[0],), words, str(text.get("TrackingUID", ""))))
            return
    bag.skip("Text that sticks to the screen instead of the image is not read.")


def _points(data: object) -> list[Point]:
    numbers = _numbers(data)
    return list(zip(numbers[::2], numbers[1::2], strict=False)) if len(numbers) % 2 == 0 else []


def _numbers(data: object) -> list[float]:
    if data is None or isinstance(data, bytes):
        return []
    several = list(data) if isinstance(data, Sequence) and not isinstance(data, str) else [data]
    try:
        return [float(str(one)) for one in several]
    except ValueError:
        return []


def _is(item: Dataset, scheme: str, value: str) -> bool:
    return any(code.get("CodingSchemeDesignator") == scheme and code.get("CodeValue") == value
               for code in item.get("ConceptNameCodeSequence") or ())


def _known(name: str) -> str:
    """A name of people or software; empty where its writer says that it knows none."""
    plain = _plain(name)[:128]
    return "" if set(plain.casefold().split()) <= {"unknown", "unspecified", "anonymous"} else plain


def _plain(text: str) -> str:
    """One line of readable characters, of at most so many."""
    return " ".join("".join(char if char.isprintable() else " " for char in text.replace("^", " ")).split())[:_TEXT]
