"""Rectangles made black in the stored values of an image, every frame, and nothing else changed.

Uncompressed pixels are changed in their place. Compressed ones are decoded to their stored values and written anew
without loss: RLE Lossless (PS3.5 annex G), which every reader knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imaging.deidentify.regions import Rectangle
from imaging.pixels.frames import Layout

Samples = NDArray[Any]

_DARKEST_ALLOWED = 24
"""Of 255: a palette without an entry so dark has no black."""


@dataclass(frozen=True, slots=True)
class Black:
    """What is written into a sample so that it shows black."""

    values: tuple[int, ...]
    """One for each sample of a pixel."""


def black_of(
    layout: Layout, *, inverted: bool, lowest: int, highest: int, darkest: tuple[int, int] | None = None
) -> Black:
    """Black for a kind of picture.

    inverted: the lowest value shows white (MONOCHROME1, or an inverse presentation). lowest, highest: the values that
    occur. darkest: for a palette, the entry that shows darkest and how bright it is, 0 to 255. Raises ValueError.
    """
    if layout.photometric == "PALETTE COLOR":
        if darkest is None or darkest[1] > _DARKEST_ALLOWED:
            raise ValueError("The palette of this image has no black.")
        return Black((darkest[0],))
    if layout.samples > 1:
        middle = 1 << max(layout.bits_stored - 1, 0)
        if layout.photometric.startswith("YBR_PARTIAL"):
            return Black((middle >> 3, middle, middle))
        return Black((0, middle, middle) if layout.photometric.startswith("YBR_FULL") else (0,) * layout.samples)
    if layout.signed:
        # The lowest value there is would widen an automatic window; the lowest that occurs is as dark.
        return Black((max(highest, 0) if inverted else min(lowest, 0),))
    return Black(((1 << layout.bits_stored) - 1 if inverted else 0,))


def blacken(samples: Samples, rectangles: Sequence[Rectangle], black: Black) -> None:
    """Write black into (rows, columns) or (rows, columns, samples), in place."""
    rows, columns = samples.shape[:2]
    for one in rectangles:
        inside = one.within(columns, rows)
        if inside is not None:
            part = samples[inside.top : inside.bottom, inside.left : inside.right]
            part[...] = black.values[0] if samples.ndim == 2 else np.array(black.values, samples.dtype)


def rle(samples: Samples) -> bytes:
    """One frame as RLE Lossless (PS3.5 G): a segment for each byte of each sample, most significant first."""
    planes = samples[None] if samples.ndim == 2 else np.moveaxis(samples, -1, 0)
    width = samples.dtype.itemsize
    segments: list[bytes] = []
    for plane in planes:
        octets = np.ascontiguousarray(plane.astype(plane.dtype.newbyteorder(">"))).view(np.uint8)
        octets = octets.reshape(*plane.shape, width)
        for index in range(width):
            packed = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in octets[..., index])
            segments.append(packed + b"\0" * (len(packed) % 2))
    offsets, at = [], 64
    for segment in segments:
        offsets.append(at)
        at += len(segment)
    head = np.zeros(16, "<u4")
    head[0] = len(segments)
    head[1 : len(offsets) + 1] = offsets
    return head.tobytes() + b"".join(segments)
