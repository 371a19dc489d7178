"""A whole data set as DICOM JSON, and single values out of it. Runs inside a worker of `imaging.sandbox`, never in the
server. A value that cannot be read costs itself, not the data set."""

import base64
import json
import warnings
from typing import Any

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_WIDTHS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_INLINE_BYTES = 1024
"""Binary values up to this size are in the metadata; larger ones are bulk data, fetched by their address."""
_DEPTH = 32


def metadata(path: str) -> tuple[dict[str, Any], bytes]:
    """No facts; the data set up to its pixels as compact JSON in UTF-8. A BulkDataURI is ``/`` and a value's path."""
    return {}, _written(_read(path), "", 0).encode()


def bulk(path: str, where: str) -> tuple[dict[str, Any], bytes]:
    """Whether there is such a value, and its bytes, little-endian.

    where: a tag, or tags and item numbers (from 0) with dots between: ``54000100.0.54001010``.
    """
    found = _read(path)
    order = ">" if found.original_encoding[1] is False else "<"
    *way, last = where.split(".")
    try:
        for tag, item in zip(way[::2], way[1::2], strict=True):
            found = found[int(tag, 16)].value[int(item)]
        one = found[int(last, 16)]
    except (KeyError, IndexError, TypeError, ValueError):
        return {"found": False}, b""
    if not isinstance(one.value, bytes):
        return {"found": False}, b""
    return {"found": True}, _little(one, order)


def _read(path: str) -> Dataset:
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    return pydicom.dcmread(path, stop_before_pixels=True)


def _written(found: Dataset, way: str, depth: int) -> str:
    if depth > _DEPTH:
        raise RecursionError
    parts = [part for tag in sorted(found.keys()) if (part := _safe(found, tag, way, depth))]
    return "{" + ",".join(parts) + "}"


def _safe(found: Dataset, tag: BaseTag, way: str, depth: int) -> str:
    if tag.element == 0:  # a group length counts bytes of a file that this is not
        return ""
    try:
        return f'"{tag:08X}":{_element(found[tag], f"{way}{tag:08X}", depth)}'
    except RecursionError:
        raise
    except Exception:  # whatever is wrong with one value, the data set is written without it
        return ""


def _element(one: DataElement, where: str, depth: int) -> str:
    if one.tag == 0x00080005:
        return '{"vr":"CS","Value":["ISO_IR 192"]}'  # what JSON is written in
    if one.VR == "SQ":
        items = [_written(item, f"{where}.{number}.", depth + 1) for number, item in enumerate(one.value or ())]
        return '{"vr":"SQ","Value":[' + ",".join(items) + "]}" if items else '{"vr":"SQ"}'
    said: dict[str, Any]
    if one.VR in _BINARY and isinstance(one.value, bytes):
        said = {"vr": one.VR}
        if len(one.value) > _INLINE_BYTES:
            said["BulkDataURI"] = f"/{where}"
        elif one.value:
            said["InlineBinary"] = base64.b64encode(one.value).decode()
    else:
        said = one.to_json_dict(None, 0)
    return json.dumps(said, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def _little(one: DataElement, order: str) -> bytes:
    value = bytes(one.value)
    width = _WIDTHS.get(one.VR, 1)
    if order == "<" or width == 1:
        return value
    return b"".join(value[at : at + width][::-1] for at in range(0, len(value), width))
