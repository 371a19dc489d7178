"""WADO-RS: which form of a frame a client gets, and where its stored bytes are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import imagecodecs
import numpy as np

from imaging.dicomweb.accept import Accepted
from imaging.dicomweb.errors import NotAcceptable
from imaging.errors import FrameNotFound
from imaging.studies import Instance
from imaging.vault import Vault

HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
EXPLICIT = "1.2.840.10008.1.2.1"
OCTETS = "application/octet-stream"
_NATIVE = frozenset({"1.2.840.10008.1.2", EXPLICIT})
_MEDIA: dict[str, tuple[str, ...]] = {
    "1.2.840.10008.1.2.5": ("image/dicom-rle", "image/x-dicom-rle"),
    **{f"1.2.840.10008.1.2.4.{number}": ("image/jpeg",) for number in (50, 51, 53, 55, 57, 70)},
    **{f"1.2.840.10008.1.2.4.{number}": ("image/jls", "image/x-jls") for number in (80, 81)},
    **{f"1.2.840.10008.1.2.4.{number}": ("image/jp2",) for number in (90, 91)},
    **{f"1.2.840.10008.1.2.4.{number}": ("image/jpx",) for number in (92, 93)},
    **{f"1.2.840.10008.1.2.4.{number}": ("image/jxl",) for number in (110, 111, 112)},
    **{f"1.2.840.10008.1.2.4.{number}": ("image/jphc", "image/jph") for number in (201, 202, 203)},
    **{f"1.2.840.10008.1.2.4.{number}": ("video/mpeg",) for number in (100, 101)},
    **{f"1.2.840.10008.1.2.4.{number}": ("video/mp4",) for number in range(102, 109)},
}
"""Media types of a stored frame by its transfer syntax (PS3.18 table 8.7.3-5), the first one preferred."""


_SMALL = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 53, 55, 81, 91, 93, 111, 112, 201, 202, 203))
"""Stored with loss, or as HTJ2K already: a reversible codestream of them would be larger."""


@dataclass(frozen=True, slots=True)
class Form:
    """How frames are given."""

    source: Literal["stored", "htj2k", "decoded"]
    """The bytes of the file, our reversible codestream of them, or its samples."""
    media: str
    transfer_syntax: str
    multipart: bool


def form_of(row: Instance, wanted: Sequence[Accepted], count: int) -> Form:
    """The form a client gets `count` frames of an instance in; raises NotAcceptable with what there is."""
    forms = _forms(row)
    for one in wanted:
        if one.multipart is False and count > 1:
            continue
        matching = _matching(one, forms)
        if matching:
            return replace(matching[0], multipart=one.multipart is not False)
    there = " or ".join(dict.fromkeys(f"{form.media} ({form.transfer_syntax})" for form in forms))
    raise NotAcceptable(f"These frames can be given as {there or 'nothing: their bytes are not aligned'}.")


def _forms(row: Instance) -> list[Form]:
    """What there is of an instance's frames, the cheapest first."""
    forms: list[Form] = []
    if row.transfer_syntax_uid in _NATIVE and _aligned(row):
        forms.append(Form("stored", OCTETS, EXPLICIT, multipart=True))
    elif row.encapsulated:
        media = _MEDIA.get(row.transfer_syntax_uid, (OCTETS,))
        forms += [Form("stored", kind, row.transfer_syntax_uid, multipart=True) for kind in media]
    if not _plain(row):
        return forms
    ours = [Form("htj2k", kind, HTJ2K_RPCL, multipart=True) for kind in ("image/jphc", "image/jph")]
    decoded = [Form("decoded", OCTETS, EXPLICIT, multipart=True)]
    if row.transfer_syntax_uid in _NATIVE:
        return [*forms, *ours]
    return [*forms, *ours, *decoded] if forms else [*decoded, *ours]  # deflated or big-endian: as native as it can be


def _plain(row: Instance) -> bool:
    """Our decoder gives exactly the stored values, so that the metadata still describe them."""
    if row.picture != "yes" or row.modality_lut or row.bits_allocated not in (8, 16):
        return False
    if row.samples == 1:
        return row.photometric in ("MONOCHROME1", "MONOCHROME2")
    return row.samples == 3 and row.bits_allocated == 8 and row.photometric in ("RGB", "YBR_RCT", "YBR_ICT")


def _matching(one: Accepted, forms: Sequence[Form]) -> list[Form]:
    """The forms that this item of an Accept header takes, the best first."""
    if one.media == OCTETS and one.transfer_syntax == "*":
        # Viewers ask for octets in any transfer syntax and then read the type of each part: the smallest is best.
        return sorted(forms, key=lambda form: form.source != "htj2k" and form.transfer_syntax not in _SMALL)
    syntax = one.transfer_syntax
    if one.media == OCTETS and not syntax:  # octets are native samples when nothing else is said (PS3.18 8.7.3.3.2)
        syntax = EXPLICIT
    return [form for form in forms if one.takes(form.media) and syntax in ("", "*", form.transfer_syntax)]


def _aligned(row: Instance) -> bool:
    return row.frames == 1 or _bits(row) % 8 == 0


def _bits(row: Instance) -> int:
    samples = 2 if row.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422") else row.samples
    return row.rows * row.columns * samples * row.bits_allocated


def spans(row: Instance, number: int) -> tuple[tuple[int, int], ...]:
    """Start and length of the stored bytes of frame `number` (from 1); raises FrameNotFound."""
    if not 1 <= number <= row.frames:
        raise FrameNotFound(f"{row.sop_instance_uid}/{number}")
    if row.encapsulated:
        flat = row.frame_spans[number - 1] if number <= len(row.frame_spans) else []
        return tuple((flat[at], flat[at + 1]) for at in range(0, len(flat) - 1, 2))
    size = math.ceil(_bits(row) / 8)
    return ((row.pixel_offset + (number - 1) * size, size),)


def stored(vault: Vault, row: Instance, number: int) -> bytes:
    """The bytes of a frame (from 1) as the file has them."""
    with vault.open(row.digest) as file:
        parts = []
        for start, length in spans(row, number):
            file.seek(start)
            parts.append(file.read(length))
    return b"".join(parts)


def samples_of(row: Instance, codestream: bytes) -> bytes:
    """The samples of our own reversible codestream as native pixel data of the instance, little-endian."""
    decoded = imagecodecs.htj2k_decode(codestream)
    if row.samples == 3 and row.planar == 1:
        decoded = np.moveaxis(decoded, -1, 0)
    kind = "i" if row.signed else "u"
    return bytes(decoded.astype(f"<{kind}{row.bits_allocated // 8}").tobytes())


def frame_numbers(text: str) -> list[int]:
    """The numbers of a frame list such as ``1,3,7``; an empty list when it is none."""
    parts = text.split(",")
    if len(parts) > 10_000 or not all(part.isdecimal() and 0 < len(part) < 8 for part in parts):
        return []
    return [int(part) for part in parts]
