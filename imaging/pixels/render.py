"""A frame as 8-bit pictures: WebP, JPEG and PNG at a size."""

import io
from typing import Literal

import numpy as np
from PIL import Image

from imaging.pixels.frames import Decoded
from imaging.pixels.overlays import Plane
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


def shown(frame: Decoded, how: Rendering, *, overlays: bool = False) -> Grey:
    """8-bit values as the screen shows them: (rows, columns), or (rows, columns, 3) for colour.

    overlays: with the overlay planes of the file drawn in white; the stream sends them apart from the pixels.
    """
    values = frame.samples.astype(np.uint8, copy=False) if frame.colour else windowed(frame.samples, how)
    picture = np.ascontiguousarray(values)
    if overlays and frame.overlay is not None:
        picture = np.array(picture)
        picture[frame.overlay] = 255
    return picture


def transparency(overlay: Plane) -> bytes:
    """Overlay planes as a PNG: white where they are set, clear elsewhere."""
    out = io.BytesIO()
    image = Image.fromarray(np.where(overlay, np.uint8(1), np.uint8(0)), "P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.save(out, "PNG", transparency=0, bits=1)
    return out.getvalue()


def encoded(
    picture: Grey, form: Format, max_size: int, quality: int = PREVIEW_QUALITY, aspect: float = 1.0
) -> bytes:
    """A picture in a file format, its longer side at most `max_size` pixels; never enlarged.

    aspect: how much taller than wide a pixel is; the picture has square ones.
    """
    image = _squared(Image.fromarray(picture), aspect)
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


def _squared(image: Image.Image, aspect: float) -> Image.Image:
    """The picture with square pixels; what is nearly square stays."""
    if not 0.01 <= aspect <= 100 or abs(aspect - 1.0) < 0.01:
        return image
    width, height = image.size
    # The finer direction keeps its pixels as far as the picture does not become huge.
    size = (width, round(height * aspect)) if aspect < 1 else (round(width / aspect), height)
    return image.resize((max(1, size[0]), max(1, size[1])), Image.Resampling.BICUBIC)
