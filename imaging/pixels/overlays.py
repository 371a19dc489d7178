"""Overlay planes (groups 60xx, PS3.3 C.9): single-bit graphics beside the pixels or in their unused bits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Plane = NDArray[np.bool_]
_GROUPS = range(0x6000, 0x6020, 2)
_MOST_PIXELS = 1 << 26


@dataclass(frozen=True, slots=True)
class Overlay:
    """One plane as it concerns one frame."""

    rows: int
    columns: int
    origin: tuple[int, int]
    """(row, column) of its first pixel in the image, both from 1; may lie outside (C.9.2.1.1)."""
    bit: int | None
    """The bit of the stored words the plane is in (retired since 2004); None: `data` holds it."""
    data: bytes
    """The frame's bits, least significant first, from `skip` on."""
    skip: int = 0

    def drawn(self, onto: Plane, words: NDArray[Any] | None) -> None:
        """Set what this plane sets. words: the stored words, none of whose bits were cleared, for embedded planes."""
        if self.bit is not None:
            if words is not None and words.shape == onto.shape and words.dtype.kind in "iu":
                onto |= (words >> self.bit & 1).astype(bool)
            return
        bits = np.unpackbits(np.frombuffer(self.data, np.uint8), bitorder="little")[self.skip :]
        count = self.rows * self.columns
        if bits.size < count:
            return
        plane = bits[:count].reshape(self.rows, self.columns).astype(bool)
        top, left = self.origin[0] - 1, self.origin[1] - 1
        plane = plane[max(-top, 0) :, max(-left, 0) :]
        target = onto[max(top, 0) :, max(left, 0) :]
        height, width = min(plane.shape[0], target.shape[0]), min(plane.shape[1], target.shape[1])
        target[:height, :width] |= plane[:height, :width]


def overlays(dataset: "Dataset", frame: int) -> tuple[Overlay, ...]:
    """The planes of a header that lie over a frame (from 0); one that cannot be read costs itself."""
    found = []
    for group in _GROUPS:
        try:
            one = _overlay(dataset, group, frame)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            continue
        if one is not None:
            found.append(one)
    return tuple(found)


def _overlay(dataset: "Dataset", group: int, frame: int) -> Overlay | None:
    def said(element: int, otherwise: Any) -> Any:
        return dataset[group, element].value if (group, element) in dataset else otherwise

    rows, columns = int(said(0x0010, 0)), int(said(0x0011, 0))
    if not 0 < rows * columns <= _MOST_PIXELS:
        return None
    first = int(said(0x0051, 1) or 1) - 1
    number = frame - first if int(said(0x0015, 1) or 1) > 1 else 0
    if not 0 <= number < int(said(0x0015, 1) or 1):
        return None
    top, left = (int(one) for one in (said(0x0050, None) or (1, 1)))
    data = said(0x3000, b"")
    if not data:
        return Overlay(rows, columns, (1, 1), int(said(0x0102, 0)), b"")
    if said(0x0100, 1) not in (1, None) or not isinstance(data, bytes):
        return None
    begin, end = number * rows * columns, (number + 1) * rows * columns
    packed = _in_order(data, little=dataset.original_encoding[1] is not False, words=dataset[group, 0x3000].VR == "OW")
    return Overlay(rows, columns, (top, left), None, packed[begin // 8 : (end + 7) // 8], begin % 8)


def _in_order(data: bytes, *, little: bool, words: bool) -> bytes:
    """Bytes from the least significant of each word on."""
    if little or not words or len(data) % 2:
        return data
    return np.frombuffer(data, ">u2").astype("<u2").tobytes()
