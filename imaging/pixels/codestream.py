"""The lossless form of a frame: a reversible HTJ2K codestream in RPCL order, or raw samples where there is none.

Every resolution is a tile-part of its own with its length in the TLM segment, so that a prefix is a smaller picture.
Transfer syntax 1.2.840.10008.1.2.4.202 asks for just this, with a base resolution of at most 64 (PS3.5 10.18).
"""

from typing import Literal

import imagecodecs
import numpy as np

from imaging.pixels.window import Stored

Sample = Literal["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"]

_DEFAULT_LEVELS = 5
_BASE = 64


def levels(rows: int, columns: int) -> int:
    """How often the picture is halved: five times, more until the base is at most 64, never below one pixel."""
    needed = max(max(rows, columns) - 1, 0).bit_length() - (_BASE.bit_length() - 1)
    return max(0, min(max(_DEFAULT_LEVELS, needed), min(rows, columns).bit_length() - 1))


def lossless(samples: Stored) -> bytes | None:
    """The reversible codestream; None for samples HTJ2K or the browser's decoder cannot hold (floats, over 16 bits)."""
    if samples.dtype.kind not in "iu" or samples.dtype.itemsize > 2:
        return None
    rows, columns = samples.shape[:2]
    encoded = imagecodecs.htj2k_encode(
        np.ascontiguousarray(samples),
        reversible=True,
        resolutions=levels(rows, columns),
        tlm=True,
        tilepart=imagecodecs.HTJ2K.TILEPART.RESOLUTIONS,
        rgb=samples.ndim == 3,
    )
    return bytes(encoded)


def raw(samples: Stored) -> bytes:
    """The samples as they are, little-endian, row by row."""
    return samples.astype(samples.dtype.newbyteorder("<"), copy=False).tobytes()


def unpacked(codestream: bytes) -> bytes:
    """The samples of a reversible codestream of ours as `raw` gives them: for browsers without a decoder."""
    return raw(imagecodecs.htj2k_decode(codestream))


def sample_of(kind: str, size: int) -> Sample:
    """The name of a sample type by numpy kind (u, i, f) and bytes."""
    name: dict[tuple[str, int], Sample] = {
        ("u", 1): "u8", ("i", 1): "i8", ("u", 2): "u16", ("i", 2): "i16", ("u", 4): "u32", ("i", 4): "i32",
        ("u", 8): "u64", ("i", 8): "i64", ("f", 4): "f32", ("f", 8): "f64",
    }  # fmt: skip
    return name[kind, size]
