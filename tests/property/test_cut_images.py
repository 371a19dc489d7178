"""Any cut of a valid file is refused, or what is left is complete in every pixel."""

import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from imaging.claims import pixels
from imaging.errors import Refused
from imaging.settings import FileSettings
from imaging.walk import PIXEL_DATA, walk
from tests.unit.imaging.samples import (
    DEFLATED,
    JPEG_2000,
    JPEG_BASELINE,
    compressed,
    dataset,
    jpeg_2000_of,
    jpeg_of,
    slice_of,
    written,
)

LIMITS = FileSettings()
NOISE = random.Random(7).randbytes(512)
FILES = {
    "native": written(dataset(), NOISE),
    "native with padding at its end": slice_of() + bytes(64),
    "jpeg": compressed([jpeg_of(16, 16)], JPEG_BASELINE),
    "jpeg cine": compressed([jpeg_of(16, 16), jpeg_of(16, 16) + b"\1\1", jpeg_of(16, 16)], JPEG_BASELINE,
                            NumberOfFrames=3),
    "jpeg 2000": compressed([jpeg_2000_of(16, 16)], JPEG_2000),
    "deflated": written(dataset(), NOISE, DEFLATED),
}


def whole(data: bytes) -> bytes | None:
    """The pixel data when the file passes; None when it is refused."""
    try:
        found = walk(data, LIMITS)
        claimed = pixels(found, LIMITS)
    except Refused:
        return None
    assert claimed is not None
    if claimed.encapsulated:
        return b"".join(found.data[start : start + size] for span in claimed.spans for start, size in span)
    place = found.elements[PIXEL_DATA]
    return bytes(found.data[place.start : place.start + place.length])


@settings(deadline=None, max_examples=400)
@given(name=st.sampled_from(sorted(FILES)), share=st.floats(0, 1, exclude_max=True))
@example(name="native", share=0.999)
def test_a_cut_file_is_refused_or_has_every_pixel(name: str, share: float) -> None:
    data = FILES[name]
    cut = data[: int(len(data) * share)]
    left = whole(cut)
    assert left is None or left == whole(data)


def test_every_single_cut_of_a_native_file_is_refused() -> None:
    data = FILES["native"]
    assert [end for end in range(len(data)) if whole(data[:end]) is not None] == []


def test_the_whole_files_pass() -> None:
    assert {name for name, data in FILES.items() if whole(data) is None} == set()
