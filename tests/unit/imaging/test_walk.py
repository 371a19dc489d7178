import struct

import pytest

from imaging.claims import pixels
from imaging.errors import Refused, TooLarge, Unreadable
from imaging.settings import FileSettings
from imaging.walk import DEFLATED, walk
from tests.unit.imaging.samples import (
    JPEG_2000,
    JPEG_BASELINE,
    RLE,
    compressed,
    dataset,
    deflate_bomb,
    jpeg_2000_of,
    jpeg_of,
    slice_of,
    written,
)

LIMITS = FileSettings()


def refusal(data: bytes, limits: FileSettings = LIMITS) -> Refused:
    with pytest.raises(Refused) as caught:
        pixels(walk(data, limits), limits)
    return caught.value


def test_a_valid_slice_is_walked_to_its_end() -> None:
    found = walk(slice_of(), LIMITS)
    claimed = pixels(found, LIMITS)
    assert claimed is not None
    assert (claimed.rows, claimed.columns, claimed.frames, claimed.length) == (16, 16, 1, 512)
    assert found.data[claimed.offset : claimed.offset + 4] == b"\1\0\1\0"
    assert found.text(0x00080018) == "1.2.826.0.1.3680043.9.1.1"


def test_a_text_file_is_not_dicom() -> None:
    assert refusal(b"Dear colleague, the images are on the disc.\n" * 10).code == "not-dicom"


def test_a_file_with_one_byte_less_is_cut_short() -> None:
    assert refusal(slice_of()[:-1]).code == "cut-short"


def test_zero_padding_after_the_last_element_is_harmless() -> None:
    assert pixels(walk(slice_of() + bytes(512), LIMITS), LIMITS) is not None


def test_rubbish_after_the_last_element_is_refused() -> None:
    assert isinstance(refusal(slice_of() + b"rubbish that is longer than a header"), Unreadable)


def test_an_image_without_pixels_is_refused() -> None:
    assert refusal(written(dataset(), None)).code == "no-pixels"


def test_pixels_fewer_than_the_header_says_are_cut_short() -> None:
    assert refusal(written(dataset(), b"\0" * 510)).code == "cut-short"


def test_an_unknown_transfer_syntax_is_named() -> None:
    data = slice_of().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0")
    assert "1.2.840.99999.1.2.1" in refusal(data).reason


def test_sixty_five_thousand_squared_in_a_kilobyte_is_refused_as_a_flood() -> None:
    flood = compressed([jpeg_of(65000, 65000)], JPEG_BASELINE, Rows=65000, Columns=65000)
    assert len(flood) < 2000
    assert refusal(flood).code == "pixel-flood"


@pytest.mark.parametrize(("frame", "syntax"), [
    (jpeg_of(65000, 65000), JPEG_BASELINE), (jpeg_2000_of(60000, 60000), JPEG_2000),
])
def test_a_flood_hidden_in_the_codestream_is_found(frame: bytes, syntax: str) -> None:
    assert refusal(compressed([frame], syntax)).code == "pixel-flood"


def test_a_codestream_of_another_size_than_the_header_is_refused() -> None:
    assert refusal(compressed([jpeg_of(17, 16)], JPEG_BASELINE)).code == "codestream"


def test_a_codestream_of_the_right_size_passes() -> None:
    claimed = pixels(walk(compressed([jpeg_2000_of(16, 16)], JPEG_2000), LIMITS), LIMITS)
    assert claimed is not None
    assert claimed.encapsulated
    assert len(claimed.spans) == 1


def test_rle_that_could_not_hold_its_pixels_is_refused() -> None:
    tiny = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0" * 4
    assert refusal(compressed([tiny], RLE, Rows=4000, Columns=4000)).code == "codec-ratio"


def test_two_thousand_million_frames_are_refused() -> None:
    data = compressed([jpeg_of(16, 16)], JPEG_BASELINE, NumberOfFrames=2_000_000_000)
    assert refusal(data).code == "frames"


def test_missing_frames_are_told() -> None:
    assert "1 of 3 frames" in refusal(compressed([jpeg_of(16, 16)], JPEG_BASELINE, NumberOfFrames=3)).reason


def test_a_deflate_bomb_is_refused_by_what_it_unfolds_to() -> None:
    bomb = deflate_bomb(200)
    assert len(bomb) < 1_000_000
    refused = refusal(bomb)
    assert isinstance(refused, TooLarge)
    assert refused.code == "inflated"


def test_a_deflated_data_set_is_walked_when_it_is_small() -> None:
    found = walk(deflate_bomb(1), LIMITS)
    assert found.transfer_syntax == DEFLATED
    assert 0x7FE00010 in found.elements


def test_a_deflated_data_set_cut_short_is_refused() -> None:
    assert refusal(deflate_bomb(1)[:-20]).code in ("cut-short", "broken")


def nested(depth: int, *, explicit_length: bool) -> bytes:
    inner = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        if not explicit_length:
            item += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        length = len(item) if explicit_length else 0xFFFFFFFF
        inner = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, length) + item
    return written(dataset(), None) + inner


@pytest.mark.parametrize("explicit_length", [True, False])
def test_sequences_nested_too_deep_are_refused(explicit_length: bool) -> None:
    assert refusal(nested(3000, explicit_length=explicit_length)).code == "nesting"
    walk(nested(10, explicit_length=explicit_length), LIMITS)


def test_more_elements_than_allowed_are_refused() -> None:
    many = b"".join(struct.pack("<HH2sH", 0x0009, 0x1000 + one % 0xEFFF, b"LO", 0) for one in range(2000))
    limits = FileSettings(elements=1000)
    assert refusal(written(dataset(), None) + many, limits).code == "elements"


def test_an_element_longer_than_the_file_is_cut_short() -> None:
    data = written(dataset(), None) + struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 3_000_000_000)
    assert refusal(data).code == "cut-short"


def test_rows_with_two_values_are_refused_by_name() -> None:
    data = slice_of().replace(struct.pack("<HH2sHH", 0x28, 0x10, b"US", 2, 16),
                              struct.pack("<HH2sHHH", 0x28, 0x10, b"US", 4, 16, 0))
    assert refusal(data).reason == "Rows is not a single number."


def test_an_icon_inside_the_header_may_be_compressed() -> None:
    icon = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF)
    icon += struct.pack("<HHI", 0xFFFE, 0xE000, 0) + struct.pack("<HHI", 0xFFFE, 0xE000, 4) + b"\xff\xd8\xff\xd9"
    icon += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(icon)) + icon
    sequence = struct.pack("<HH2sHI", 0x0088, 0x0200, b"SQ", 0, len(item)) + item
    found = walk(written(dataset(), None) + sequence, LIMITS)
    assert not found.encapsulated
    assert 0x7FE00010 not in found.elements
