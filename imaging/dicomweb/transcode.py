"""A whole instance in another transfer syntax (PS3.5 annex A): native explicit little-endian, or reversible HTJ2K.

Runs inside a worker of `imaging.sandbox`, never in the server. Every value but the pixels is written as it was read;
what describes the pixels follows them: photometric interpretation and planar configuration.
"""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from imaging.pixels.codestream import lossless
from imaging.pixels.errors import NoPicture
from imaging.pixels.frames import Layout, decoded
from imaging.pixels.window import Stored

EXPLICIT = "1.2.840.10008.1.2.1"


def transcoded(
    path: str, to: str, layout: dict[str, Any] | None, spans: Sequence[Sequence[Sequence[int]]]
) -> tuple[dict[str, Any], bytes]:
    """The file in transfer syntax `to`, or in the facts the reason why it cannot be.

    layout: of its frames, as for `imaging.pixels.frames` with nothing looked up; None: the pixels stay as they are.
    spans: (start, length) pieces of each frame in the file.
    """
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    found = pydicom.dcmread(path)
    if layout is not None:
        try:
            _put(found, to, _frames(path, Layout(**layout), spans))
        except NoPicture as reason:
            return {"reason": str(reason)}, b""
    found.file_meta.TransferSyntaxUID = UID(to)
    out = io.BytesIO()
    found.save_as(out, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return {}, out.getvalue()


def _frames(path: str, layout: Layout, spans: Sequence[Sequence[Sequence[int]]]) -> list[Stored]:
    frames = []
    with open(path, "rb") as file:
        for pieces in spans:
            parts = []
            for start, length in pieces:
                file.seek(start)
                parts.append(file.read(length))
            frames.append(decoded(layout, b"".join(parts)).samples)
    return frames


def _put(found: Dataset, to: str, frames: list[Stored]) -> None:
    """Pixel Data of these frames, and what describes it."""
    colour = frames[0].ndim == 3
    if colour:
        found.PlanarConfiguration = 0
        found.PhotometricInterpretation = "RGB" if to == EXPLICIT else "YBR_RCT"  # reversible (PS3.5 8.2.14)
    width = frames[0].dtype.itemsize
    if to == EXPLICIT:
        kind = "i" if found.PixelRepresentation == 1 else "u"
        pixels = b"".join(one.astype(f"<{kind}{width}", copy=False).tobytes() for one in frames)
        found.PixelData = pixels + bytes(len(pixels) % 2)
        found["PixelData"].VR, found["PixelData"].is_undefined_length = "OW" if width == 2 else "OB", False
        return
    streams = [lossless(one) for one in frames]
    found.PixelData = encapsulate([one for one in streams if one is not None])
    found["PixelData"].VR, found["PixelData"].is_undefined_length = "OB", True
