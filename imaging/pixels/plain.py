"""Pictures of native frames, drawn by the server itself: values are looked up and packed, nothing is decoded.

A native frame is samples in a row at a place our own walk of the file has found and bounded, so no parser or codec
meets a stranger's bytes: they become an array of the size the index says, a table gives each its grey, and what is
packed is our own array. A worker would cost three times the picture. Everything else is drawn by workers; WebP too,
which takes ten times as long to pack as JPEG.
"""

from imaging.pixels.cache import Asked
from imaging.pixels.frames import decoded
from imaging.pixels.render import encoded, shown
from imaging.pixels.stack import Slice
from imaging.pixels.window import Rendering
from imaging.vault import Vault

_NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
_GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
LARGEST = 1 << 20
"""Samples: 1024 × 1024. What is larger takes milliseconds, which the room is not to feel."""


def is_plain(one: Slice, asked: Asked) -> bool:
    """Whether a picture may be drawn here: of whole grey values of 8 or 16 bits, little-endian, and no tables."""
    layout = one.layout
    return (
        layout.transfer_syntax in _NATIVE and layout.samples == 1 and layout.photometric in _GREY
        and layout.bits_allocated in (8, 16) and not layout.floating and not layout.needs_tables and not one.whole
        and 0 < layout.rows * layout.columns <= LARGEST and len(one.spans) == 1 and one.bit == 0
        and asked.form != "webp"
    )


def drawn(vault: Vault, one: Slice, how: Rendering, asked: Asked, quality: int) -> bytes:
    """A plain frame as it was asked for, in square pixels; blocks. Raises NoPicture."""
    start, length = one.spans[0]
    wanted = one.layout.rows * one.layout.columns * one.layout.bits_allocated // 8
    frame = decoded(one.layout, vault.read(one.digest, start, min(length, wanted)))
    return encoded(shown(frame, how), asked.form, asked.size, quality, one.shape)
