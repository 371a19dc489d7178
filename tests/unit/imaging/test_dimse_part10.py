"""The header around a data set from the network."""

import io

from pydicom import dcmread

from imaging.dimse.part10 import header, same_data_set
from tests.unit.imaging.samples import MR, RLE, compressed, slice_of

EXPLICIT = "1.2.840.10008.1.2.1"


def body(file: bytes) -> bytes:
    return file[file.index(b"\x08\x00\x05\x00CS") :]


def test_a_header_is_read_by_pydicom_and_is_the_same_every_time() -> None:
    sent = slice_of(1)
    made = header(MR, "1.2.826.0.1.3680043.9.1.1", EXPLICIT) + body(sent)
    assert made == header(MR, "1.2.826.0.1.3680043.9.1.1", EXPLICIT) + body(sent)
    read = dcmread(io.BytesIO(made))
    assert read.file_meta.MediaStorageSOPClassUID == MR
    assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID
    assert read.PixelData == dcmread(io.BytesIO(sent)).PixelData


def test_the_same_data_set_under_two_headers_is_one_instance() -> None:
    sent = slice_of(1)
    made = header(MR, "1.2.826.0.1.3680043.9.1.1", EXPLICIT) + body(sent)
    assert made != sent
    assert same_data_set(io.BytesIO(made), io.BytesIO(sent))


def test_another_byte_length_or_syntax_is_another_instance() -> None:
    sent = slice_of(1)
    spoiled = sent[:-1] + b"\x09"
    for other in (spoiled, sent[:-2], sent + b"\0\0", compressed([b"\0" * 64], RLE), b"", b"DICM"):
        assert not same_data_set(io.BytesIO(other), io.BytesIO(sent))
        assert not same_data_set(io.BytesIO(sent), io.BytesIO(other))
