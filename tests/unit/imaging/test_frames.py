"""Decoding: each trap of pixel data on bytes made for it, and the same slice in every lossless syntax."""

from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom.data
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame

from imaging.pixels.errors import NoPicture
from imaging.pixels.frames import Layout, decoded
from imaging.pixels.jpeg import carries_rgb

EXPLICIT, BASELINE, LOSSLESS_JPEG, JPEG_LS = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
)  # fmt: skip
GREY = Layout(EXPLICIT, 4, 6, 1, "MONOCHROME2", 0, 16, 16, 15, signed=False)
COLOUR = Layout(EXPLICIT, 4, 6, 3, "RGB", 0, 8, 8, 7, signed=False)
SHIPPED = Path(pydicom.data.__file__).parent / "test_files"
RANDOM = np.random.default_rng(7)


@given(st.integers(1, 16), st.booleans(), st.data())
def test_only_the_stored_bits_count_and_keep_their_sign(bits: int, signed: bool, data: st.DataObject) -> None:
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = data.draw(st.lists(st.integers(low, high), min_size=24, max_size=24))
    overlay = data.draw(st.integers(0, (1 << (16 - bits)) - 1))
    raw = np.array([(value & ((1 << bits) - 1)) | overlay << bits for value in values], "<u2").tobytes()
    layout = replace(GREY, bits_stored=bits, high_bit=bits - 1, signed=signed)
    assert decoded(layout, raw).samples.reshape(-1).tolist() == values


def test_bits_that_are_stored_high_are_brought_down() -> None:
    raw = np.full(24, 0x7FF0, "<u2").tobytes()
    assert decoded(replace(GREY, bits_stored=12, high_bit=15), raw).samples[0, 0] == 0x7FF


def test_planes_one_after_another_become_pixels() -> None:
    rgb = RANDOM.integers(0, 256, (4, 6, 3), np.uint8)
    raw = np.ascontiguousarray(rgb.transpose(2, 0, 1)).tobytes()
    assert np.array_equal(decoded(replace(COLOUR, planar=1), raw).samples, rgb)
    assert np.array_equal(decoded(COLOUR, rgb.tobytes()).samples, rgb)


def test_ybr_is_turned_to_rgb_once() -> None:
    red_in_ybr = np.tile(np.array([76, 85, 255], np.uint8), 24).tobytes()
    shown = decoded(replace(COLOUR, photometric="YBR_FULL"), red_in_ybr).samples
    assert np.abs(shown[0, 0].astype(int) - [254, 0, 0]).max() <= 1


def test_ybr_422_gives_two_pixels_one_colour() -> None:
    raw = np.tile(np.array([76, 150, 85, 255], np.uint8), 12).tobytes()
    shown = decoded(replace(COLOUR, photometric="YBR_FULL_422"), raw).samples.astype(int)
    assert np.abs(shown[0, 1] - shown[0, 0] - 74).max() <= 1 or shown[0, 1, 0] == 255
    assert shown.shape == (4, 6, 3)


def test_single_bits_begin_in_the_middle_of_a_byte() -> None:
    layout = replace(GREY, rows=3, columns=3, bits_allocated=1, bits_stored=1, high_bit=0)
    bits = RANDOM.integers(0, 2, 18, np.uint8)
    raw = np.packbits(bits, bitorder="little").tobytes()
    assert np.array_equal(decoded(layout, raw[1:], 1).samples.reshape(-1), bits[9:18])


def test_deep_colour_comes_in_eight_bits_and_says_so() -> None:
    raw = np.full(72, 0xFF00, "<u2").tobytes()
    found = decoded(replace(COLOUR, bits_allocated=16, bits_stored=16, high_bit=15), raw)
    assert (found.reduced, int(found.samples.max()), found.samples.dtype) == (True, 255, np.uint8)


def test_a_signed_jpeg_ls_is_signed_again() -> None:
    values = RANDOM.integers(-2000, 2000, (4, 6), np.int16)
    frame = imagecodecs.jpegls_encode(values.view(np.uint16))
    layout = replace(GREY, transfer_syntax=JPEG_LS, signed=True)
    assert np.array_equal(decoded(layout, frame).samples, values)


@pytest.mark.parametrize("said", [True, False], ids=["data set agrees", "data set says unsigned"])
def test_a_signed_jpeg_2000_stays_signed(said: bool) -> None:
    values = RANDOM.integers(-2000, 2000, (64, 64), np.int16)
    frame = imagecodecs.jpeg2k_encode(values, level=0, reversible=True)
    layout = replace(GREY, transfer_syntax="1.2.840.10008.1.2.4.90", rows=64, columns=64, signed=said)
    assert np.array_equal(decoded(layout, frame).samples, values)


def test_jpeg_xl_brings_rgb_whatever_the_data_set_says() -> None:
    picture = np.full((16, 16, 3), (200, 30, 60), np.uint8)
    frame = imagecodecs.jpegxl_encode(picture, lossless=True)
    layout = replace(COLOUR, transfer_syntax="1.2.840.10008.1.2.4.111", rows=16, columns=16, photometric="YBR_FULL_422")
    assert np.array_equal(decoded(layout, frame).samples, picture)


@pytest.mark.parametrize("width", [1, 2])
def test_rle_puts_its_byte_planes_together(width: int) -> None:
    dataset = dcmread(SHIPPED / ("SC_rgb_rle.dcm" if width == 1 else "MR_small_RLE.dcm"))
    assert np.array_equal(first(dataset), dataset.pixel_array)


def first(dataset: Dataset) -> np.ndarray:
    """The first frame by our decoder."""
    layout = Layout(
        str(dataset.file_meta.TransferSyntaxUID), dataset.Rows, dataset.Columns, dataset.SamplesPerPixel,
        dataset.PhotometricInterpretation, 0, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit,
        signed=dataset.PixelRepresentation == 1,
    )  # fmt: skip
    encapsulated = dataset.file_meta.TransferSyntaxUID.is_encapsulated
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1) if encapsulated else dataset.PixelData
    return decoded(layout, frame).samples


def test_one_slice_is_the_same_in_every_lossless_transfer_syntax(shared_data: Path) -> None:
    """The WG-04 set holds the same CT, MR, NM and CR in each syntax; the uncompressed one is the truth."""
    compared = 0
    for name in ("CT1", "MR1", "NM1", "RG2"):
        truth = dcmread(shared_data / "wg04" / "REF" / f"{name}_UNC").pixel_array
        for syntax in ("J2KR", "JLSL", "JPLL", "RLE"):
            path = shared_data / "wg04" / syntax / f"{name}_{syntax}"
            if path.is_file():
                assert np.array_equal(first(dcmread(path)), truth), path.name
                compared += 1
    assert compared >= 10


@pytest.mark.parametrize(
    ("space", "photometric", "rgb"),
    [("rgb", "RGB", True), ("rgb", "YBR_FULL_422", True), ("ycbcr", "RGB", False), ("ycbcr", "YBR_FULL_422", False)],
)
def test_a_jpeg_says_itself_whether_it_is_rgb(space: str, photometric: str, rgb: bool) -> None:
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[...] = [200, 30, 60]
    frame = imagecodecs.jpeg8_encode(picture, level=95, colorspace="rgb", outcolorspace=space)
    assert carries_rgb(frame, photometric) is rgb
    layout = replace(COLOUR, transfer_syntax=BASELINE, rows=16, columns=16, photometric=photometric)
    assert np.abs(decoded(layout, frame).samples.astype(int) - picture).max() <= 6


def test_twelve_bit_jpeg() -> None:
    picture = np.full((16, 16), 3000, np.uint16)
    frame = imagecodecs.jpeg8_encode(picture, level=95, bitspersample=12)
    layout = replace(GREY, transfer_syntax="1.2.840.10008.1.2.4.51", rows=16, columns=16, bits_stored=12, high_bit=11)
    assert np.abs(decoded(layout, frame).samples.astype(int) - 3000).max() <= 8


def test_lossy_htj2k_does_not_wrap_into_white_specks() -> None:
    picture = np.zeros((128, 128), np.uint8)
    picture[::9, ::7] = 255
    frame = imagecodecs.htj2k_encode(picture, level=0.05, reversible=False)
    size = {"rows": 128, "columns": 128, "bits_allocated": 8, "bits_stored": 8, "high_bit": 7}
    layout = replace(GREY, transfer_syntax="1.2.840.10008.1.2.4.203", **size)
    wrong = np.abs(decoded(layout, frame).samples.astype(int) - picture)
    assert wrong.max() < 200


@pytest.mark.parametrize(
    ("layout", "raw"),
    [
        (GREY, b"\0" * 47),
        (replace(GREY, transfer_syntax=BASELINE), b"no jpeg"),
        (replace(GREY, transfer_syntax=LOSSLESS_JPEG), b"\xff\xd8\xff\xd9"),
        (replace(GREY, transfer_syntax="1.2.840.10008.1.2.4.90"), b"\xff\x4f\xff\x51" + b"\0" * 60),
        (replace(GREY, transfer_syntax="1.2.840.10008.1.2.5"), b"\1" + b"\0" * 63),
        (replace(GREY, transfer_syntax="1.2.840.10008.1.2.4.102"), b""),
        (replace(GREY, bits_allocated=12), b"\0" * 36),
        (replace(COLOUR, photometric="CMYK"), b"\0" * 72),
        (replace(GREY, photometric="PALETTE COLOR"), b"\0" * 48),
    ],
    ids=["short", "jpeg", "lossless jpeg", "jpeg 2000", "rle", "video", "12 bits packed", "cmyk", "no palette"],
)
def test_what_cannot_be_decoded_is_said_in_a_sentence(layout: Layout, raw: bytes) -> None:
    with pytest.raises(NoPicture, match=r"\.$"):
        decoded(layout, raw)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_jpeg_reader(raw: bytes) -> None:
    carries_rgb(b"\xff\xd8" + raw, "RGB")
