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
    embedded = any(
        tag.element == 0x0100 and 0x6000 <= tag.group <= 0x601F and (found[tag].value or 1) != 1 for tag in found.keys()
    )
    pseudonyms = Pseudonyms(key, patient, days)
    cleaner = Cleaner(Options(**options), pseudonyms, words_in(found, names, numbers, born))
    meta = found.file_meta
    cleaner.clean(found)
    tally = [[tag, done, count] for (tag, done), count in sorted(cleaner.tally.items())]
    return {"tally": tally, "embedded": embedded}, _written(found, meta)


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
    return []


def _written(found: Dataset, old: FileMetaDataset) -> bytes:
    syntax = UID(str(old.TransferSyntaxUID))
    if syntax == DeflatedExplicitVRLittleEndian:
        syntax = ExplicitVRLittleEndian
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = found.SOPClassUID
    meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = _IMPLEMENTATION
    meta.ImplementationVersionName = "CONSILIUM"
    fresh = Dataset()
    fresh.update(found)
    fresh.file_meta = meta
    fresh.preamble = b"\0" * 128
    out = BytesIO()
    # Pixel data follow later, so a compressed syntax is written without any; pydicom asks only for what is there.
    dcmwrite(out, fresh, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian,
             enforce_file_format=True, overwrite=True) if not syntax.is_private else dcmwrite(out, fresh)
    return out.getvalue()
