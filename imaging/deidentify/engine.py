"""One data set without its identity: PS3.15 Annex E over every element, nested ones included, and a tally of it.

Runs in a worker of `imaging.sandbox`: the data set was parsed from bytes nobody vouches for. What cannot be read is
removed; what is in no dictionary is removed; what is kept has been looked at.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from imaging.deidentify.cleaning import REMOVED, Words, words_of
from imaging.deidentify.pseudonyms import Pseudonyms
from imaging.deidentify.table import EDITION, Action, Options, rules, safe_private

Tally = Counter[tuple[int, str]]
"""(tag, what was done) → how often; every private element counts under tag 0x00010000."""
PRIVATE = 0x00010000

_TEXT_VALUE, _ANNOTATION = 0x0040A160, 0x00700006
_BINARY = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "AT", "OF", "OD", "OL", "OV", "SV", "UV", "US or SS"})
_ONE_NUMBER = rb"[\s\0]*+(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)?[\s\0]*"
_NUMBER = re.compile(_ONE_NUMBER + rb"(?:\\" + _ONE_NUMBER + rb")*")
_LONG_TEXT = frozenset({"ST", "LT", "UT"})
_TEXT = frozenset({"LO", "SH", "UC", "AE"}) | _LONG_TEXT
_LENGTH = {"SH": 16, "LO": 64, "AE": 16, "CS": 16}
_TIME = re.compile(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?")
_OLDEST = 90
"""Ages above 89 are told as 90 (45 CFR 164.514(b)(2)(i)(C))."""
_ANNOTATION_LIMIT = 64
TERMS = frozenset({
    "HEAD", "NECK", "CHEST", "SPINE", "CSPINE", "TSPINE", "LSPINE", "HAND", "FOOT", "HEART", "BREAST", "BRAIN", "SKULL",
    "SHOULDER", "ELBOW", "WRIST", "KNEE", "ANKLE", "PELVIS", "ABDOMEN", "EXTREMITY", "LIVER", "WHOLEBODY", "LEFT",
    "RIGHT", "ORIGINAL", "PRIMARY", "DERIVED", "SECONDARY", "AXIAL", "LOCALIZER", "NORM", "NONE", "OTHER",
    "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR",
    "IDENTITY", "LINEAR", "PIXEL", "RECT", "TEXT", "CODE", "CONTAINER", "IMAGE",
    "FORWARD", "HEIGHT", "WEIGHT", "CENTER", "BILATERAL", "SUPINE", "PRONE", "STANDING", "MIXED", "UNMIXED", "VOLUME",
    "PNAME", "DATE", "TIME", "DATETIME", "UIDREF", "SCOORD", "SCOORD3D", "TCOORD", "COMPOSITE", "WAVEFORM", "CONTAINS",
    "HAS OBS CONTEXT", "HAS CONCEPT MOD", "HAS PROPERTIES", "HAS ACQ CONTEXT", "INFERRED FROM", "SELECTED FROM",
    "SEPARATE", "CONTINUOUS", "PARTIAL", "COMPLETE", "VERIFIED", "UNVERIFIED", "POINT", "POLYLINE", "MULTIPOINT",
    "CIRCLE", "ELLIPSE", "DISPLAY", "RECTANGLE", "CIRCULAR", "POLYGONAL", "INTERPOLATED",
})
"""Coded strings that are also words: a patient called *Chest* leaves the body part alone."""
_IDENTIFIERS = (
    "PatientID", "OtherPatientIDs", "AccessionNumber", "AdmissionID", "ServiceEpisodeID", "StudyID", "PatientAddress",
    "PatientTelephoneNumbers", "MedicalRecordLocator", "IssuerOfPatientID", "InstitutionName", "InstitutionAddress",
    "StationName", "ReferringPhysicianAddress", "ReferringPhysicianTelephoneNumbers", "InsurancePlanIdentification",
    "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID",
    "FillerOrderNumberImagingServiceRequest", "PlacerOrderNumberImagingServiceRequest", "PatientBirthTime",
    "CurrentPatientLocation", "ClinicalTrialSubjectID",
)
_DAYS = ("PatientBirthDate",)
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")


def words_in(found: Dataset, names: list[str], numbers: list[str], days: list[str]) -> Words:
    """The patient's words of a header and its nested parts, together with those the case knows."""
    names, numbers, days = list(names), list(numbers), list(days)
    wholes: list[str] = []
    for element in _everything(found):
        if element.VR == "PN":
            names += [str(one) for one in _values(element)]
        elif element.keyword in _IDENTIFIERS:
            numbers += [str(one) for one in _values(element)]
        elif element.keyword in _DAYS:
            days += [str(one) for one in _values(element)]
        elif element.keyword in _UIDS:
            wholes += [str(one) for one in _values(element)]
    return words_of(names, numbers, days, wholes)


def _everything(found: Dataset) -> Iterator[DataElement]:
    """Every element that names somebody, nested ones too; only what must be converted is."""
    for tag in list(found.keys()):
        raw = found.get_item(tag)
        vr = raw.VR or (dictionary_VR(tag) if dictionary_has_tag(tag) else "UN")
        if vr not in ("PN", "SQ", "UI", "DA", "TM") and keyword_for_tag(tag) not in _IDENTIFIERS:
            continue
        element = _read(raw, found, ["iso8859"])
        if element is None:
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _everything(item)
        else:
            yield element


def _values(element: DataElement) -> list[Any]:
    value = element.value
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MultiValue | list) else [value]


def _read(raw: RawDataElement | DataElement, found: Dataset, inherited: list[str]) -> DataElement | None:
    """An element with its value, the data set left as it is; None when it cannot be read."""
    if isinstance(raw, DataElement):
        return raw
    try:
        return convert_raw_data_element(raw, encoding=_encodings(found, inherited), ds=found)
    except Exception:  # every error of a lenient parser on hostile bytes means the same
        return None


def _encodings(found: Dataset, inherited: list[str]) -> list[str]:
    try:
        own = found.get("SpecificCharacterSet")
        return convert_encodings(own) if own else inherited
    except (ValueError, LookupError):  # a nested one that is none
        return inherited


class Cleaner:
    """Takes the identity out of data sets of one patient, and counts what it does."""

    def __init__(self, options: Options, pseudonyms: Pseudonyms, words: Words) -> None:
        self.tally: Tally = Counter()
        self._options = options
        self._pseudonyms = pseudonyms
        self._words = words
        self._doing: dict[Action, Callable[[Dataset, DataElement, list[str]], None]] = {
            "keep": self._look, "clean": self._clean, "empty": self._empty, "replace": self._replace, "map": self._map,
        }

    def clean(self, found: Dataset) -> None:
        """De-identify a whole data set in place and mark it as such (PS3.3 C.12.1.1.1, PS3.15 E.1.1)."""
        self._items(found, ["iso8859"])
        found.PatientName, found.PatientID = self._pseudonyms.name, self._pseudonyms.patient
        found.PatientIdentityRemoved = "YES"
        found.DeidentificationMethod = f"Consilium, {EDITION} Annex E"
        found.DeidentificationMethodCodeSequence = Sequence([method(*one) for one in self._options.codes])
        found.LongitudinalTemporalInformationModified = "MODIFIED" if self._options.dates else "REMOVED"

    def _items(self, found: Dataset, inherited: list[str], *, scrub: bool = False) -> None:
        encodings = _encodings(found, inherited)
        safe = self._safe(found, encodings)
        for tag in list(found.keys()):
            if tag in safe:
                continue
            raw = found.get_item(tag)
            if tag.is_private or not dictionary_has_tag(tag) or _repeating(tag):
                self._remove(found, tag)
            elif not self._harmless(tag, raw):
                self._element(found, tag, raw, encodings, scrub=scrub)

    def _harmless(self, tag: BaseTag, raw: RawDataElement | DataElement) -> bool:
        """Numbers that the table does not speak of, seen in their bytes."""
        if tag in rules() or not isinstance(raw, RawDataElement):
            return False
        vr = raw.VR or dictionary_VR(tag)
        if vr == "UN":
            vr = dictionary_VR(tag)
        return vr in _BINARY or (vr in ("DS", "IS") and bool(_NUMBER.fullmatch(raw.value or b"")))

    def _element(
        self, found: Dataset, tag: BaseTag, raw: RawDataElement | DataElement, encodings: list[str], *, scrub: bool
    ) -> None:
        rule = rules().get(tag)
        action: Action = rule.action(self._options) if rule else "keep"
        element = None if action == "remove" else _read(raw, found, encodings)
        if element is None or element.VR in ("UN", "UR"):
            self._remove(found, tag)
            return
        if action == "clean" and element.VR in _LONG_TEXT and rule is not None:
            action = rule.basic
        if tag == _TEXT_VALUE or (tag == _ANNOTATION and len(str(element.value)) > _ANNOTATION_LIMIT):
            action = "replace"
        elif tag == _ANNOTATION and self._options.graphics:
            action = "clean"
        if action == "remove":
            self._remove(found, tag)
        elif scrub and action in ("keep", "clean"):
            self._scrub(found, element, encodings)
        else:
            self._doing[action](found, element, encodings)

    def _safe(self, found: Dataset, encodings: list[str]) -> set[int]:
        """Private elements that may stay, with the elements that name their creators (PS3.5 7.8.1)."""
        kept: set[int] = set()
        for where in list(found.keys()) if self._options.private else ():
            if not where.is_private or where.is_private_creator or not where.element & 0xFF00:
                continue
            creator = Tag(where.group, where.element >> 8)
            maker = _read(found.get_item(creator), found, encodings) if creator in found else None
            element = _read(found.get_item(where), found, encodings)
            if maker is None or element is None:
                continue
            fits = (str(maker.value).strip(), where.group, where.element & 0xFF, element.VR) in safe_private()
            if fits and _all_numbers(element):
                kept |= {int(where), int(creator)}
        return kept

    def _note(self, tag: int, done: str) -> None:
        self.tally[PRIVATE if Tag(tag).is_private else int(tag), done] += 1

    def _remove(self, found: Dataset, tag: BaseTag) -> None:
        del found[tag]
        self._note(tag, "removed")

    def _set(self, found: Dataset, element: DataElement, value: Any, done: str) -> None:
        found[element.tag] = DataElement(element.tag, element.VR, value)
        self._note(element.tag, done)

    def _empty(self, found: Dataset, element: DataElement, _encodings: list[str]) -> None:
        if _values(element):
            self._set(found, element, Sequence() if element.VR == "SQ" else None, "emptied")

    def _map(self, found: Dataset, element: DataElement, _encodings: list[str]) -> None:
        if element.VR != "UI":
            self._remove(found, element.tag)
            return
        given = [str(one) for one in _values(element)]
        kept = [self._pseudonyms.uid(one) if re.fullmatch(r"[0-9.]{1,64}", one) else "" for one in given]
        if kept != given:
            self._set(found, element, kept[0] if len(kept) == 1 else kept, "new UID")

    def _replace(self, found: Dataset, element: DataElement, encodings: list[str]) -> None:
        if element.VR == "SQ":
            self._sequence(found, element, encodings, scrub=True)
        elif element.VR == "UI":
            self._map(found, element, encodings)
        elif element.VR in ("DA", "DT", "TM") and self._options.dates:
            self._look(found, element, encodings)
        elif _values(element):
            self._set(found, element, _dummy(element.VR), "replaced")

    def _scrub(self, found: Dataset, element: DataElement, encodings: list[str]) -> None:
        """Inside what must be replaced as a whole: the structure stays, no text does."""
        if element.VR in _TEXT or element.VR == "PN":
            self._replace(found, element, encodings)
        elif element.VR == "SQ":
            self._sequence(found, element, encodings, scrub=True)
        else:
            self._look(found, element, encodings)

    def _clean(self, found: Dataset, element: DataElement, encodings: list[str]) -> None:
        self._look(found, element, encodings)

    def _look(self, found: Dataset, element: DataElement, encodings: list[str]) -> None:
        """Keep an element, but no word of the patient in it, whatever it is for."""
        match element.VR:
            case "SQ":
                self._sequence(found, element, encodings, scrub=False)
            case "UI":
                self._map(found, element, encodings)
            case "PN":
                self._empty(found, element, encodings)
            case "DA" | "DT":
                moved = self._pseudonyms.shifted if self._options.dates else lambda _text: ""
                self._each(found, element, moved, "date moved")
            case "TM":
                self._each(found, element, lambda text: text if _TIME.fullmatch(text.strip()) else "", "emptied")
            case "AS":
                self._each(found, element, _age, "replaced")
            case "DS" | "IS":
                self._numbers(found, element)
            case "CS":
                self._coded(found, element)
            case "OB" | "OW" | "OB or OW":
                if isinstance(element.value, bytes) and self._words.occurs(element.value):
                    self._remove(found, element.tag)
            case vr if vr in _TEXT:
                self._each(found, element, self._words.cleaned, "cleaned")

    def _sequence(self, found: Dataset, element: DataElement, encodings: list[str], *, scrub: bool) -> None:
        for item in element.value:
            self._items(item, encodings, scrub=scrub)
        found[element.tag] = element

    def _each(self, found: Dataset, element: DataElement, change: Callable[[str], str], done: str) -> None:
        given = [str(one) for one in _values(element)]
        if element.VR in _LONG_TEXT:
            given = ["\\".join(given)] if given else []
        kept = [change(one)[: _LENGTH.get(element.VR)] for one in given]
        if kept != given:
            self._set(found, element, kept[0] if len(kept) == 1 else kept, done)

    def _numbers(self, found: Dataset, element: DataElement) -> None:
        if not _all_numbers(element):
            self._empty(found, element, [])

    def _coded(self, found: Dataset, element: DataElement) -> None:
        def change(text: str) -> str:
            return text if text.strip().upper() in TERMS else self._words.cleaned(text)

        self._each(found, element, change, "cleaned")


def method(code: str, meaning: str) -> Dataset:
    """An item of the De-identification Method Code Sequence (CID 7050)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", meaning
    return item


def _repeating(tag: BaseTag) -> bool:
    """Curves and overlays: whole groups, for a bitmap may hold writing and its geometry is nothing without it."""
    return 0x5000 <= tag.group <= 0x501F or 0x6000 <= tag.group <= 0x601F


def _all_numbers(element: DataElement) -> bool:
    if element.VR in _BINARY:
        return True
    return bool(_NUMBER.fullmatch("\\".join(str(one) for one in _values(element)).encode("utf-8", "replace")))


def _age(text: str) -> str:
    found = re.fullmatch(r"(\d{3})([DWMY])", text.strip())
    if found is None:
        return ""
    return f"{_OLDEST:03}Y" if found[2] == "Y" and int(found[1]) >= _OLDEST else text


def _dummy(vr: str) -> Any:
    dummies: dict[str, Any] = {
        "DA": "19000101", "DT": "19000101000000", "TM": "000000", "AS": "000Y", "DS": "0", "IS": "0",
    }
    if vr in dummies:
        return dummies[vr]
    if vr in ("OB", "OW", "OB or OW", "OL", "OV", "OF", "OD"):
        return b"\0" * 8
    return 0 if vr in _BINARY else REMOVED
