"""VP8 payload descriptors (RFC 7741, 4.2)."""

import pytest

from conference.media.vp8 import NOTHING, Descriptor, describe


@pytest.mark.parametrize(
    ("payload", "seen"),
    [
        ("10 00", Descriptor(key=True)),
        ("10 01", Descriptor()),
        ("00 00", Descriptor()),  # continues a partition
        ("11 00", Descriptor()),  # begins another partition than the first
        ("90 80 92 34 00", Descriptor(key=True, picture_at=2, picture=0x1234)),
        ("90 80 12 00", Descriptor(key=True)),  # seven bits are not told
        ("90 e0 92 34 56 40 00", Descriptor(key=True, picture_at=2, picture=0x1234, base_layer_at=4, base_layer=0x56)),
        ("90 10 00 01", Descriptor()),
    ],
)
def test_a_descriptor_is_read(payload: str, seen: Descriptor):
    assert describe(bytes.fromhex(payload)) == seen


@pytest.mark.parametrize("payload", ["", "10", "90", "90 80", "90 80 92", "90 c0 12", "90 f0 92 34 56"])
def test_a_cut_payload_begins_nothing(payload: str):
    assert describe(bytes.fromhex(payload)) == NOTHING
