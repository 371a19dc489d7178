"""Instances sent as DICOM JSON with their bulk beside it, put together as files (PS3.18 10.5.1, annex F).

Runs inside a worker of `imaging.sandbox`, never in the server. What it gives goes through the intake like any file.
"""

import io
import json
import warnings
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

_EXPLICIT = "1.2.840.10008.1.2.1"
_SYNTAXES = {
    "image/jpeg": "1.2.840.10008.1.2.4.50", "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jphc": "1.2.840.10008.1.2.4.202", "image/jxl": "1.2.840.10008.1.2.4.110",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
}
"""Of a compressed part that names none: the default of its media type (PS3.18 table 8.7.3-5)."""
_GIVEN = "00083002"
"""Available Transfer Syntax UID: says what the pixels are in where their part does not."""


def count(metadata: str) -> tuple[dict[str, Any], bytes]:
    """How many instances a metadata part describes; no payload."""
    return {"instances": len(_listed(metadata))}, b""


def file(metadata: str, index: int, bulk: dict[str, list[list[str]]]) -> tuple[dict[str, Any], bytes]:
    """Instance `index` as a file, or why it cannot be one, in the facts.

    metadata: path of the JSON. bulk: location → parts as path, media type and transfer syntax.
    """
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    model = _listed(metadata)[index]
    found: dict[str, list[list[str]]] = {}

    def fetched(tag: str, _vr: str, uri: str) -> bytes:
        parts = bulk.get(uri)
        if parts is None:
            raise LookupError(tag)
        if tag.upper() == "7FE00010":
            found["pixels"] = parts
        return b"".join(_read(path) for path, _, _ in parts)

    try:
        made = Dataset.from_json(model, fetched)
    except LookupError as missing:
        return {"missing": str(missing.args[0])[:32]}, b""
    syntax = _syntax(model, found.get("pixels", []))
    for tag in [tag for tag in made if tag.tag.group in (0x0000, 0x0002)]:
        del made[tag.tag]
    made.pop(0x00083002, None)
    if syntax != _EXPLICIT and "PixelData" in made:
        made.PixelData = encapsulate([_read(path) for path, _, _ in found["pixels"]])
        made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = UID(syntax)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", "")
    made.file_meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", "")
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return {}, out.getvalue()


def _listed(metadata: str) -> list[dict[str, Any]]:
    with open(metadata, "rb") as given:
        found = json.load(given)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _syntax(model: dict[str, Any], pixels: list[list[str]]) -> str:
    for _, media, said in pixels:
        if said:
            return said
        if media in _SYNTAXES:
            return _SYNTAXES[media]
    given = model.get(_GIVEN, {}).get("Value") or [_EXPLICIT]
    return str(given[0]) if pixels and given[0] != "1.2.840.10008.1.2" else _EXPLICIT


def _read(path: str) -> bytes:
    with open(path, "rb") as part:
        return part.read()
