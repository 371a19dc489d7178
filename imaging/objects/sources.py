"""What objects take over from an image: patient, study, and what is needed to refer to it. For workers.

Only known attributes are taken, one by one, and only where their value is well formed: an object of ours must not be
spoiled by what is wrong, private or superfluous in somebody else's header.
"""

import re
from collections.abc import Callable
from datetime import datetime

import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

_TYPE_2 = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate",
           "StudyTime", "ReferringPhysicianName")
"""Of patient and study: present, though perhaps empty (PS3.3 C.7.1.1, C.7.2.1)."""
_TEXTS = ("IssuerOfPatientID", "StudyDescription", "Modality", "Laterality", "PhotometricInterpretation",
          "PatientIdentityRemoved", "DeidentificationMethod")
_IDENTITIES = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_NUMBERS = ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel")
_REMOVED = "Removed before the images came here"


def image(path: str) -> Dataset:
    """An image's header, reduced to what objects need."""
    found = pydicom.dcmread(path, stop_before_pixels=True)
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _IDENTITIES:
        setattr(made, keyword, str(found.get(keyword, "")))
    for keyword in _TYPE_2:
        setattr(made, keyword, _text(found, keyword))
    for keyword in _TEXTS:
        if text := _text(found, keyword):
            setattr(made, keyword, text)
    for keyword in _NUMBERS:
        if (number := _number(found, keyword)) is not None:
            setattr(made, keyword, int(number))
    _take_pictures_facts(found, made)
    _take_deidentification(found, made)
    return made


def _take_pictures_facts(found: Dataset, made: Dataset) -> None:
    """Rescaling and the first window, from the image or from what all its frames share (PS3.3 C.7.6.16)."""
    shared = next(iter(found.get("SharedFunctionalGroupsSequence") or ()), Dataset())
    rescaled = next(iter(shared.get("PixelValueTransformationSequence") or ()), found)
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        if "ModalityLUTSequence" not in found and (number := _number(rescaled, keyword)) is not None:
            setattr(made, keyword, number)
    window = next(iter(shared.get("FrameVOILUTSequence") or ()), found)
    centre, width = _number(window, "WindowCenter"), _number(window, "WindowWidth")
    if centre is not None and width is not None and width >= 1:
        made.WindowCenter, made.WindowWidth = centre, width


def _take_deidentification(found: Dataset, made: Dataset) -> None:
    """An identity that was removed stays removed, with how (PS3.3 C.7.1.1; one of method and codes is required)."""
    if made.get("PatientIdentityRemoved") != "YES":
        made.pop("DeidentificationMethod", None)
        made.pop("PatientIdentityRemoved", None)
        return
    codes = []
    for one in found.get("DeidentificationMethodCodeSequence") or ():
        code = Dataset()
        for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
            setattr(code, keyword, _text(one, keyword))
        codes.append(code)
    if codes:
        made.DeidentificationMethodCodeSequence = codes
    elif "DeidentificationMethod" not in made:
        made.DeidentificationMethod = _REMOVED


def _text(found: Dataset, keyword: str) -> str:
    """A value as text; empty when it is absent, several, unreadable or not written as its kind is."""
    try:
        value = found.get(keyword)
    except Exception:  # whatever is wrong with one value, it costs itself alone
        return ""
    text = "" if value is None or isinstance(value, MultiValue) else str(value).strip()
    check = _FORMS.get(keyword)
    return text if check is None or not text or check(text) else ""


def _number(found: Dataset, keyword: str) -> float | None:
    try:
        value = found.get(keyword)
        first = value[0] if isinstance(value, MultiValue) else value
        return None if first is None else float(str(first))
    except Exception:
        return None


def _day(text: str) -> bool:
    try:
        return len(text) == 8 and datetime.strptime(text, "%Y%m%d").year >= 1  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return False


def _time(text: str) -> bool:
    return re.fullmatch(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?", text) is not None


_FORMS: dict[str, Callable[[str], object]] = {
    "PatientBirthDate": _day, "StudyDate": _day, "StudyTime": _time,
    "PatientSex": lambda text: text in ("M", "F", "O"), "Laterality": lambda text: text in ("L", "R"),
    "PatientIdentityRemoved": lambda text: text in ("YES", "NO"), "PatientID": lambda text: len(text) <= 64,
    "StudyID": lambda text: len(text) <= 16, "AccessionNumber": lambda text: len(text) <= 16,
    "StudyDescription": lambda text: len(text) <= 64, "DeidentificationMethod": lambda text: len(text) <= 64,
}
