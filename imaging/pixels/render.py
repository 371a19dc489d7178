"""A frame as 8-bit pictures: WebP, JPEG and PNG at a size."""

import io
from typing import Literal

import numpy as np
from PIL import Image

from imaging.pixels.frames import Decoded
from imaging.pixels.window import Grey, Rendering, windowed

Format = Literal["webp", "jpeg", "png"]

PREVIEW_QUALITY = 50
"""Measured: structural similarity 0.87 to 0.97 at half size for 2 to 6 KiB; a preview is never for diagnosis."""
_WEBP_EFFORT = 2
_SMALLEST, _LARGEST = 128, 1024


def preview_size(rows: int, columns: int) -> int:
    """The longer side of a stream preview: half the image, between 128 and 1,024 pixels, never enlarged."""
    longer = max(rows, columns)
    return min(longer, max(_SMALLEST, min((longer + 1) // 2, _LARGEST)))


def render_preview(frame: Decoded, how: Rendering, max_size: int, quality: int = PREVIEW_QUALITY) -> bytes:
    """The windowed frame as WebP, its longer side at most `max_size` pixels."""
    return encoded(shown(frame, how), "webp", max_size, quality)


def shown(frame: Decoded, how: Rendering) -> Grey:
    """8-bit values as the screen shows them: (rows, columns), or (rows, columns, 3) for colour."""
    if frame.colour:
        return np.ascontiguousarray(frame.samples.astype(np.uint8, copy=False))
    return windowed(frame.samples, how)


def encoded(picture: Grey, form: Format, max_size: int, quality: int = PREVIEW_QUALITY) -> bytes:
    """A picture in a file format, its longer side at most `max_size` pixels; never enlarged."""
    image = Image.fromarray(picture)
    longer = max(image.size)
    if longer >= 2 * max_size and longer // max_size > 1:
        image = image.reduce(longer // max_size)
    if max(image.size) > max_size:
        image.thumbnail((max_size, max_size), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    match form:
        case "webp":
            image.save(out, "WEBP", quality=quality, method=_WEBP_EFFORT)
        case "jpeg":
            image.save(out, "JPEG", quality=quality)
        case "png":
            image.save(out, "PNG", compress_level=1)
    return out.getvalue()
