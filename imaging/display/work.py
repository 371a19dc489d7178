"""The tasks of a display worker: the path of a vault file in, facts or bytes out. Runs in the sandbox alone."""

import warnings
from collections.abc import Callable
from typing import Any

import msgspec
import pydicom
from pydicom.dataset import Dataset

from imaging.display.document import NoDocument, document, page, pdf
from imaging.display.presentation import presentation
from imaging.display.segmentation import NoSegmentation, mask, segmentation
from imaging.display.sr import report

_READERS: dict[str, Callable[[Dataset], Any]] = {
    "report": report, "document": document, "presentation": presentation, "segmentation": segmentation,
}


def facts(path: str, kind: str) -> tuple[dict[str, Any], bytes]:
    """What an object of a kind holds, as JSON in the payload; or why it cannot be shown."""
    found = _read(path, pixels=kind not in ("presentation", "report", "segmentation"))
    try:
        return {}, msgspec.json.encode(_READERS[kind](found))
    except (NoDocument, NoSegmentation) as why:
        return {"reason": str(why)}, b""


def part(path: str, kind: str, number: int) -> tuple[dict[str, Any], bytes]:
    """A page of a document as WebP, the whole of it for page 0, or a frame of a segmentation as PNG; or why not."""
    found = _read(path, pixels=True)
    try:
        if kind == "segmentation":
            return {}, mask(found, number)
        return {}, page(found, number) if number else pdf(found)
    except (NoDocument, NoSegmentation) as why:
        return {"reason": str(why)}, b""


def _read(path: str, *, pixels: bool) -> Dataset:
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    return pydicom.dcmread(path, stop_before_pixels=not pixels)
