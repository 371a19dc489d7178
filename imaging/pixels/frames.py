"""The bytes of one frame → its stored values, whatever the transfer syntax and photometric interpretation.

Runs in disposable workers only: the bytes are not trusted. Decoders differ in small ways that show as wrong pixels, so
each rule below names what it is for:

- the data set says the sign, for JPEG-LS, lossless JPEG and some JPEG 2000 come out unsigned; but a codestream that is
  itself signed stays so, where taking its negative values as large ones would show air as white;
- bits above High Bit are not pixels (old overlays live there), and a negative value may not be sign-extended;
- lossy HTJ2K goes to OpenJPEG, which clamps where OpenJPH lets undershoot wrap into white specks;
- YBR is turned to RGB exactly once: by the decoders of JPEG, JPEG XL and transformed JPEG 2000, else here.
"""

import io
import sys
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from imaging.pixels.errors import NoPicture
from imaging.pixels.jpeg import carries_rgb, precision
from imaging.pixels.overlays import Plane
from imaging.pixels.soundness import Soundness, of_jpeg, of_jpeg2000
from imaging.pixels.tables import Tables, tables
from imaging.pixels.window import Stored


def _family(*codes: int) -> frozenset[str]:
    return frozenset(f"1.2.840.10008.1.2.4.{code}" for code in codes)


JPEG_DCT, JPEG_LOSSLESS, JPEG_LS = _family(50, 51, 53, 55), _family(57, 70), _family(80, 81)
JPEG_2000, HTJ2K_LOSSLESS, JPEG_XL = _family(90, 91, 92, 93), _family(201, 202), _family(110, 111, 112)
HTJ2K = "1.2.840.10008.1.2.4.203"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
LOSSY = _family(50, 51, 81, 91, 93, 111, 112, 203)
"""What a file is stored in with loss, or may be; 111 keeps a JPEG, and that had its loss."""

_PLACED = frozenset({RLE, DEFLATED_FRAME, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})
"""Besides native pixels, the syntaxes in which values lie in their words where High Bit says."""
_YBR_FULL = frozenset({"YBR_FULL", "YBR_FULL_422"})
_YBR_PARTIAL = frozenset({"YBR_PARTIAL_420", "YBR_PARTIAL_422"})
_COLOUR = frozenset({"RGB", "YBR_RCT", "YBR_ICT", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422"})


@dataclass(frozen=True, slots=True)
class Layout:
    """What must be known of a file to decode its frames; picklable, plain values, as the header has them."""

    transfer_syntax: str
    rows: int
    columns: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    modality_lut: bool = False
    voi_lut: bool = False
    floating: bool = False
    """Float or Double Float Pixel Data (PS3.3 C.7.6.24, C.7.6.25)."""
    frames: int = 1
    overlays: bool = False
    icc: bool = False

    @property
    def needs_tables(self) -> bool:
        """The header itself must be read: lookup tables, overlays or a profile of colours are in it."""
        tables = self.modality_lut or self.voi_lut or self.photometric == "PALETTE COLOR"
        return tables or self.overlays or self.icc


@dataclass(frozen=True, slots=True)
class Decoded:
    """One frame: grey stored values (rows, columns), or colour (rows, columns, 3) in RGB of 8 bits."""

    samples: Stored
    reduced: bool = False
    """Colour was brought to 8 bits or to sRGB: what is shown is not lossless."""
    tables: Tables | None = None
    overlay: Plane | None = None
    """What the overlay planes of the file set, of the size of the frame; None without any."""
    soundness: Soundness = field(default_factory=Soundness)
    """What the compressed bytes say of their worth."""

    @property
    def colour(self) -> bool:
        """Three samples a pixel."""
        return self.samples.ndim == 3


def decoded(layout: Layout, frame: bytes, bit_offset: int = 0, header: bytes = b"", index: int = 0) -> Decoded:
    """Decode the bytes of one frame; `header` is the file up to its pixels, needed where `layout.needs_tables`.

    bit_offset: where the frame begins in the first byte, for single-bit images. index: which frame it is, from 0.
    Raises NoPicture.
    """
    found = tables(header, index) if layout.needs_tables else None
    values = stored(layout, frame, bit_offset)
    return replace(_finished(layout, values, found), soundness=_soundness(layout.transfer_syntax, frame))


def stored(layout: Layout, frame: bytes, bit_offset: int = 0) -> NDArray[Any]:
    """The values of one frame as they are stored, nothing turned or looked up: (rows, columns[, samples]).

    Colour of JPEG and JPEG 2000 comes as RGB, subsampled colour unfolded. Raises NoPicture.
    """
    try:
        raw = _native(layout, frame, bit_offset) if _is_native(layout) else _encapsulated(layout, frame)
    except NoPicture:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError, OverflowError, zlib.error) as error:
        raise NoPicture("The compressed pixels of this frame are damaged and cannot be decoded.") from error
    return _shaped(layout, raw)


def _soundness(syntax: str, frame: bytes) -> Soundness:
    if syntax in JPEG_DCT | JPEG_LOSSLESS | JPEG_LS:
        return of_jpeg(frame)
    return of_jpeg2000(frame) if syntax in JPEG_2000 | HTJ2K_LOSSLESS | {HTJ2K} else Soundness()


def decoded_whole(file: bytes, layout: Layout, index: int) -> Decoded:
    """Frame `index` (from 0) of a whole file through pydicom: big-endian and deflated data sets. Raises NoPicture."""
    from pydicom import dcmread  # half of a worker's start, and few files come here
    from pydicom.pixels.utils import pixel_array

    try:
        dataset = dcmread(io.BytesIO(file))
        raw = pixel_array(dataset, index=index)
        raw = raw.astype(raw.dtype.newbyteorder("="), copy=False)
    except Exception as error:  # every error of a lenient parser on hostile bytes means the same
        raise NoPicture("The pixels of this file cannot be decoded.") from error
    found = tables(file, index) if layout.needs_tables else None
    if raw.ndim == 3 and raw.dtype.itemsize == 1:
        return in_srgb(Decoded(raw, tables=found, overlay=_overlay(raw, found)))
    return _finished(layout, raw, found)


def _is_native(layout: Layout) -> bool:
    return layout.transfer_syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")


def _native(layout: Layout, frame: bytes, bit_offset: int) -> NDArray[Any]:
    if layout.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")
        return bits[bit_offset : bit_offset + layout.rows * layout.columns * layout.samples]
    if layout.floating:
        return np.frombuffer(frame, f"<f{layout.bits_allocated // 8}")
    if layout.bits_allocated not in (8, 16, 32, 64):
        raise NoPicture(f"Pixels of {layout.bits_allocated} bits are not supported.")
    values = np.frombuffer(frame, np.dtype(f"<{'i' if layout.signed else 'u'}{layout.bits_allocated // 8}"))
    if layout.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422") and layout.samples == 3:
        return _upsampled(layout, values)
    count = layout.rows * layout.columns * layout.samples
    if values.size < count:
        raise NoPicture("The pixels of this frame are cut short.")
    return values[:count]


def _upsampled(layout: Layout, values: NDArray[Any]) -> NDArray[Any]:
    """Y1 Y2 Cb Cr for each two pixels (PS3.3 C.7.6.3.1.2) → Y Cb Cr for each; the pair spans odd row ends too."""
    count = layout.rows * layout.columns
    quads = values[: (count + 1) // 2 * 4].reshape(-1, 4)
    pixels = np.empty((quads.shape[0], 2, 3), values.dtype)
    pixels[:, 0, 0], pixels[:, 1, 0] = quads[:, 0], quads[:, 1]
    pixels[:, :, 1], pixels[:, :, 2] = quads[:, 2:3], quads[:, 3:4]
    return pixels.reshape(-1, 3)[:count].reshape(-1)


def _encapsulated(layout: Layout, frame: bytes) -> NDArray[Any]:
    syntax = layout.transfer_syntax
    result: NDArray[Any]
    if syntax in JPEG_DCT:
        result = _jpeg(layout, frame)
    elif syntax in JPEG_LOSSLESS:
        result = _jpeg_lossless(layout, frame)
    elif syntax in JPEG_LS:
        result = imagecodecs.jpegls_decode(frame)
    elif syntax in JPEG_2000 or syntax == HTJ2K:
        result = imagecodecs.jpeg2k_decode(frame)
    elif syntax in HTJ2K_LOSSLESS:
        result = _htj2k(frame)
    elif syntax in JPEG_XL:
        result = imagecodecs.jpegxl_decode(frame)
    elif syntax == RLE:
        result = _rle(layout, frame)
    elif syntax == DEFLATED_FRAME:
        size = (layout.rows * layout.columns * layout.samples * layout.bits_allocated + 7) // 8
        result = _native(layout, zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, size + 1), 0)
    else:
        raise NoPicture("This transfer syntax is video or unknown; the file is kept without a picture.")
    return result


def _jpeg(layout: Layout, frame: bytes) -> NDArray[Any]:
    if layout.samples == 1:
        grey: NDArray[Any] = imagecodecs.jpeg8_decode(frame)
        return grey
    if precision(frame) != 8:
        raise NoPicture("Colour JPEG of more than 8 bits is not supported.")
    # libjpeg guesses the colour model; the frame's own marks and the data set know it (PS3.5 8.2.1).
    model = "RGB" if carries_rgb(frame, layout.photometric) else "YCBCR"
    colour: NDArray[Any] = imagecodecs.jpeg8_decode(frame, colorspace=model, outcolorspace="RGB")
    return colour


def _htj2k(frame: bytes) -> NDArray[Any]:
    """Samples of an HTJ2K codestream.

    imagecodecs drops an error that comes up half-way and gives back memory nobody wrote to; Python is told of it all
    the same, so we listen.
    """
    dropped: list[object] = []
    before, sys.unraisablehook = sys.unraisablehook, lambda error: dropped.append(error.exc_value)
    try:
        result: NDArray[Any] = imagecodecs.htj2k_decode(frame)
    finally:
        sys.unraisablehook = before
    if dropped:
        raise NoPicture("The compressed pixels of this frame are damaged and cannot be decoded.")
    return result


def _jpeg_lossless(layout: Layout, frame: bytes) -> NDArray[Any]:
    result: NDArray[Any]
    try:
        result = imagecodecs.ljpeg_decode(frame)
        if result.size == layout.rows * layout.columns * layout.samples:
            return result
    except RuntimeError:
        pass  # predictors and component layouts this decoder does not know; the next one does
    result = imagecodecs.jpegsof3_decode(frame)
    return result


def _rle(layout: Layout, frame: bytes) -> NDArray[Any]:
    """PackBits in byte planes, most significant first (PS3.5 annex G)."""
    header = np.frombuffer(frame[:64], "<u4")
    count, pixels, width = int(header[0]), layout.rows * layout.columns, max(layout.bits_allocated // 8, 1)
    if layout.bits_allocated == 1:
        pixels = (pixels + 7) // 8
    if count != layout.samples * width:
        raise NoPicture("The compressed pixels of this frame are damaged: wrong number of segments.")
    ends = [*(int(offset) for offset in header[2 : count + 1]), len(frame)]
    planes = np.zeros((layout.samples, width, pixels), np.uint8)
    for number, (start, end) in enumerate(zip((int(o) for o in header[1 : count + 1]), ends, strict=True)):
        plane = _unpacked(frame[start:end], pixels)
        planes[number // width, width - 1 - number % width] = plane  # little-endian
    if layout.bits_allocated == 1:
        return np.unpackbits(planes.reshape(-1), bitorder="little")[: layout.rows * layout.columns]
    values = np.ascontiguousarray(planes.transpose(2, 0, 1)).view(f"<u{width}").reshape(pixels, layout.samples)
    return values.reshape(-1)


def _unpacked(segment: bytes, size: int) -> NDArray[np.uint8]:
    plane = np.frombuffer(imagecodecs.packbits_decode(segment), np.uint8)[:size]
    if plane.size < size:
        raise NoPicture("The compressed pixels of this frame are cut short.")
    return plane


def _shaped(layout: Layout, raw: NDArray[Any]) -> NDArray[Any]:
    """(rows, columns) or (rows, columns, samples), whichever order the planes came in."""
    if layout.samples == 1:
        if raw.size != layout.rows * layout.columns:
            raise NoPicture("The pixels of this frame are not as many as its header says.")
        return raw.reshape(layout.rows, layout.columns)
    if raw.size != layout.rows * layout.columns * layout.samples:
        raise NoPicture("The pixels of this frame are not as many as its header says.")
    if raw.shape == (layout.rows, layout.columns, layout.samples):
        return raw
    planes = layout.planar == 1 and _is_native(layout) and "422" not in layout.photometric
    if planes or raw.shape == (layout.samples, layout.rows, layout.columns):
        return np.ascontiguousarray(raw.reshape(layout.samples, layout.rows, layout.columns).transpose(1, 2, 0))
    return raw.reshape(layout.rows, layout.columns, layout.samples)


def _finished(layout: Layout, raw: NDArray[Any], found: Tables | None) -> Decoded:
    overlay = _overlay(raw, found)
    if layout.samples == 1:
        values = _signed(layout, raw)
        if found is not None and found.palette is not None:
            return in_srgb(Decoded(found.palette.coloured(values), tables=found, overlay=overlay))
        if found is not None and found.modality is not None:
            values = found.modality.applied(values)
        return Decoded(values, tables=found, overlay=overlay)
    if layout.photometric not in _COLOUR or layout.samples != 3:
        raise NoPicture(f"The photometric interpretation {layout.photometric or '(none)'} is not supported.")
    if layout.photometric in _YBR_FULL | _YBR_PARTIAL and layout.transfer_syntax not in JPEG_DCT | JPEG_XL:
        raw = _rgb(raw, partial=layout.photometric in _YBR_PARTIAL)
    deep = raw.dtype.itemsize > 1
    eight = (raw.astype(np.uint32) >> max(layout.bits_stored - 8, 0)).astype(np.uint8) if deep else raw
    return in_srgb(Decoded(eight, deep, found, overlay))


def _overlay(words: NDArray[Any], found: Tables | None) -> Plane | None:
    if found is None or not found.overlays:
        return None
    plane = np.zeros(words.shape[:2], bool)
    for one in found.overlays:
        one.drawn(plane, words if words.ndim == 2 else None)
    return plane


def in_srgb(picture: Decoded) -> Decoded:
    """Colours of an ICC profile as sRGB (PS3.3 C.11.15), for screens know no other; a bad profile changes nothing."""
    profile = None if picture.tables is None else picture.tables.icc
    if profile is None:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        image = ImageCms.profileToProfile(Image.fromarray(picture.samples), source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return replace(picture, samples=np.asarray(image), reduced=True)


def _signed(layout: Layout, raw: NDArray[Any]) -> NDArray[Any]:
    """Only the bits that are stored, with their sign."""
    if raw.dtype.kind == "f" or raw.dtype == np.bool_ or layout.bits_allocated == 1:
        return raw
    width = raw.dtype.itemsize * 8
    placed = _is_native(layout) or layout.transfer_syntax in _PLACED
    low = layout.high_bit - layout.bits_stored + 1 if placed else 0
    signed = layout.signed or (raw.dtype.kind == "i" and not _is_native(layout))
    values = raw.view(np.dtype(f"{'i' if signed else 'u'}{raw.dtype.itemsize}"))
    if layout.bits_stored >= width or layout.bits_stored < 1 or low < 0:
        return values
    up = width - layout.bits_stored - low
    if up < 0:
        return values
    stored: NDArray[Any] = (values << up) >> (width - layout.bits_stored)
    return stored


def _rgb(ybr: NDArray[Any], *, partial: bool = False) -> NDArray[Any]:
    """YBR_FULL and, with black at 16 and white at 235, YBR_PARTIAL → RGB (PS3.3 C.7.6.3.1.2), 8 bits."""
    if ybr.dtype.itemsize != 1:
        raise NoPicture("YBR colour of more than 8 bits is not supported.")
    y, cb, cr = (ybr[..., plane].astype(np.float32) for plane in range(3))
    if partial:
        y, cb, cr = (y - 16) * (255 / 219), (cb - 128) * (255 / 224) + 128, (cr - 128) * (255 / 224) + 128
    rgb = np.stack(
        [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)], axis=-1
    )
    whole: NDArray[np.uint8] = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    return whole
