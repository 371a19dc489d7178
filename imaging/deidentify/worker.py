"""The task of a worker: the header of a file in, a header without identity out. Runs in `imaging.sandbox` alone.

The pixels are not touched here; `imaging.deidentify.doors` puts them behind the new header.
"""

import warnings
from io import BytesIO
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from imaging.deidentify.engine import Cleaner, words_in
from imaging.deidentify.pseudonyms import Pseudonyms
from imaging.deidentify.table import Options

_STANDARD = "1.2.840.10008."
_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."
_UNSEEN = {
    "1.2.840.10008.5.1.4.1.1.66": "Raw data cannot be looked through for the patient's identity.",
    "1.2.840.10008.5.1.4.1.1.9.4.1": "A voice recording cannot be looked through for the patient's identity.",
    "1.2.840.10008.5.1.4.1.1.9.4.2": "A voice recording cannot be looked through for the patient's identity.",
}
_WRITTEN_ON = frozenset({"US", "IVUS", "SC", "XC", "ES", "OT", "GM", "SM", "OP", "DG", "HC", "DOC"})
_WRITTEN_ON_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.77.1",
)
"""Secondary capture, ultrasound, visible light."""
_IMPLEMENTATION = "2.25.199361884938526873213019437853411690287"


def header(
    path: str, options: dict[str, bool], key: str, patient: str, days: int, names: list[str], numbers: list[str],
    born: list[str],
) -> tuple[dict[str, Any], bytes]:
    """The file at `path` up to its pixels, without identity.

    names, numbers, born: what the case knows of the patient beside the header. The answer's facts are the tally as
    ``[tag, done, count]``, and whether overlays lie in the high bits of the pixels; or why the file is refused.
    """
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    found = pydicom.dcmread(path, stop_before_pixels=True)
    refused = _refused(found)
    if refused:
        return {"refused": refused}, b""
    # Overlay Bits Allocated of an overlay in the pixels is theirs; of one by itself it is 1 (PS3.3 C.9.2).
    embedded = any(tag in found and (found[tag].value or 1) != 1 for tag in range(0x60000100, 0x60200100, 0x20000))
    pseudonyms = Pseudonyms(key, patient, days)
    cleaner = Cleaner(Options(**options), pseudonyms, words_in(found, names, numbers, born))
    meta = found.file_meta
    cleaner.clean(found)
    if not (found.get("SOPClassUID") and found.get("SOPInstanceUID")):
        return {"refused": ["no-identity", "The file does not say which object it is (SOP Instance UID)."]}, b""
    tally = [[tag, done, count] for (tag, done), count in sorted(cleaner.tally.items())]
    return {"tally": tally, "embedded": embedded, "look": likely_text(found)}, _written(found, meta)


def _refused(found: Dataset) -> list[str]:
    kind = str(found.get("SOPClassUID", ""))
    if kind.startswith(_DOCUMENTS):
        return ["document", "A document cannot be de-identified by itself: take the patient's data out of it yourself, "
                "or send it without de-identification."]
    if kind in _UNSEEN:
        return ["unseen", _UNSEEN[kind]]
    if not kind.startswith(_STANDARD):
        return ["private-kind", "This is a maker's own kind of object; nobody can say where it holds the patient's "
                "identity."]
    if not str(found.file_meta.TransferSyntaxUID).startswith(_STANDARD):
        return ["private-syntax", "This file is in a maker's own transfer syntax and cannot be written anew."]
    return []


def likely_text(found: Dataset) -> bool:
    """Whether somebody must look for writing in the pixels: the file says so, or its kind often has some.

    What says BurnedInAnnotation NO is believed (PS3.3 C.7.6.1.1.1); what says nothing is judged by its kind.
    """
    said = str(found.get("BurnedInAnnotation", "")).strip()
    if said in ("YES", "NO"):
        return said == "YES"
    kind = str(found.get("SOPClassUID", ""))
    shot = "SCREEN SAVE" in [str(one).upper() for one in found.get("ImageType", None) or []]
    return (
        str(found.get("Modality", "")).strip() in _WRITTEN_ON or kind.startswith(_WRITTEN_ON_CLASSES) or shot
        or "ConversionType" in found
    )


def _written(found: Dataset, old: FileMetaDataset) -> bytes:
    syntax = UID(str(old.TransferSyntaxUID))
    if syntax == DeflatedExplicitVRLittleEndian:
        syntax = ExplicitVRLittleEndian
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = found.SOPClassUID
    meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(_IMPLEMENTATION)
    meta.ImplementationVersionName = "CONSILIUM"
    fresh = Dataset()
    fresh.update(found)
    fresh.file_meta = meta
    fresh.preamble = b"\0" * 128
    out = BytesIO()
    if syntax.is_transfer_syntax:
        dcmwrite(out, fresh, enforce_file_format=True)
    else:  # newer than the library, and explicit little-endian like all compressed ones (PS3.5 A.4)
        meta.FileMetaInformationGroupLength, meta.FileMetaInformationVersion = 0, b"\0\1"
        dcmwrite(out, fresh, implicit_vr=False, little_endian=True, force_encoding=True)
    return out.getvalue()
