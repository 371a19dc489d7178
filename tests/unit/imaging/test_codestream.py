"""The lossless form: reversible for every sample type and size, and cut where resolutions end."""

import struct

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.pixels.codestream import levels, lossless, raw, sample_of, unpacked

KINDS = ["u1", "i1", "u2", "i2"]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(KINDS), st.integers(1, 70), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_every_integer_picture_comes_back_bit_for_bit(kind: str, rows: int, columns: int, seed: int) -> None:
    info = np.iinfo(kind)
    samples = np.random.default_rng(seed).integers(info.min, info.max, (rows, columns), dtype=kind, endpoint=True)
    encoded = lossless(samples)
    assert encoded is not None
    back = imagecodecs.htj2k_decode(encoded)
    assert back.dtype == samples.dtype
    assert np.array_equal(back, samples)
    assert unpacked(encoded) == raw(samples)


def test_colour_comes_back_bit_for_bit() -> None:
    samples = np.random.default_rng(3).integers(0, 256, (33, 47, 3), np.uint8)
    encoded = lossless(samples)
    assert encoded is not None
    assert np.array_equal(imagecodecs.htj2k_decode(encoded), samples)


@pytest.mark.parametrize("kind", ["f4", "f8", "u4", "i4"])
def test_what_the_codec_cannot_hold_goes_raw(kind: str) -> None:
    samples = np.arange(6).reshape(2, 3).astype(kind)
    assert lossless(samples) is None
    assert np.array_equal(np.frombuffer(raw(samples), "<" + kind).reshape(2, 3), samples)


def test_big_endian_samples_go_out_little_endian() -> None:
    assert raw(np.array([[1]], ">u4")) == b"\1\0\0\0"


@pytest.mark.parametrize(
    ("rows", "columns"), [(512, 512), (2048, 1024), (3062, 2394), (5000, 64), (99, 29), (3, 3), (1, 1)]
)
def test_the_base_resolution_is_at_most_64_and_at_least_a_pixel(rows: int, columns: int) -> None:
    depth = levels(rows, columns)
    assert max(1, min(rows, columns)) >> depth >= 1
    assert min(-(-rows >> depth), -(-columns >> depth)) <= 64


def test_the_codestream_is_rpcl_with_a_table_of_tile_parts_one_for_each_resolution() -> None:
    samples = np.random.default_rng(5).integers(0, 4096, (256, 256), np.uint16)
    encoded = lossless(samples)
    assert encoded is not None
    segments = dict(_segments(encoded))
    assert segments[0xFF52][1] == 2  # COD: progression order RPCL (ITU-T T.800 table A.16)
    assert 0xFF50 in segments  # CAP: high throughput (T.814)
    parts = len(segments[0xFF55][2:]) // 6  # TLM with 16-bit tile index and 32-bit length
    assert parts == levels(256, 256) + 1


@pytest.mark.parametrize(("kind", "size", "name"), [("u", 1, "u8"), ("i", 2, "i16"), ("f", 4, "f32"), ("f", 8, "f64")])
def test_sample_types_have_names(kind: str, size: int, name: str) -> None:
    assert sample_of(kind, size) == name


def _segments(stream: bytes) -> list[tuple[int, bytes]]:
    """Marker segments of the main header: marker and body."""
    at, found = 2, []
    while stream[at : at + 2] != b"\xff\x90":
        marker, length = struct.unpack_from(">HH", stream, at)
        found.append((marker, stream[at + 4 : at + 2 + length]))
        at += 2 + length
    return found
