"""Which form of a frame a client gets, and that its bytes are the file's."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.dicomweb.accept import accepted
from imaging.dicomweb.errors import NotAcceptable
from imaging.dicomweb.wado import HTJ2K_RPCL, form_of, frame_numbers, samples_of, spans, stored
from imaging.errors import FrameNotFound
from imaging.pixels.codestream import lossless
from imaging.studies import Instance
from imaging.vault import LocalVault

EXPLICIT, JPEG, JPEG_LS = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80"
DEFLATED, DEFLATED_FRAME = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"
OHIF = "multipart/related; type=application/octet-stream; transfer-syntax=*"
OCTETS = 'multipart/related; type="application/octet-stream"'


def instance(syntax: str = EXPLICIT, **said: Any) -> Instance:
    values: dict[str, Any] = {
        "sop_instance_uid": "1.2.3", "series_instance_uid": "1.2", "sop_class_uid": "1", "digest": "0" * 64, "size": 9,
        "received_at": datetime(2026, 11, 21, tzinfo=UTC), "transfer_syntax_uid": syntax, "rows": 4, "columns": 4,
        "frames": 2, "photometric": "MONOCHROME2", "bits_allocated": 16, "bits_stored": 12, "pixel_offset": 100,
        "encapsulated": syntax != EXPLICIT, "frame_spans": [[10, 5], [20, 6, 40, 7]] if syntax != EXPLICIT else [],
    }
    return Instance(**(values | said))


@pytest.mark.parametrize(("row", "header", "source", "media", "syntax"), [
    (instance(), "*/*", "stored", "application/octet-stream", EXPLICIT),
    (instance(), "", "stored", "application/octet-stream", EXPLICIT),
    (instance(), 'multipart/related; type="*/*"', "stored", "application/octet-stream", EXPLICIT),
    (instance(), OCTETS, "stored", "application/octet-stream", EXPLICIT),
    (instance(), OHIF, "htj2k", "image/jphc", HTJ2K_RPCL),
    (instance(), 'multipart/related; type="image/jphc"', "htj2k", "image/jphc", HTJ2K_RPCL),
    (instance(), f"multipart/related; type=image/*; transfer-syntax={HTJ2K_RPCL}", "htj2k", "image/jphc", HTJ2K_RPCL),
    (instance(JPEG_LS), "*/*", "stored", "image/jls", JPEG_LS),
    (instance(JPEG_LS), 'multipart/related; type="image/x-jls"', "stored", "image/x-jls", JPEG_LS),
    (instance(JPEG_LS), OCTETS, "decoded", "application/octet-stream", EXPLICIT),
    (instance(JPEG_LS), OHIF, "htj2k", "image/jphc", HTJ2K_RPCL),
    (instance(DEFLATED, encapsulated=False), "*/*", "decoded", "application/octet-stream", EXPLICIT),
    (instance(DEFLATED, encapsulated=False), OHIF, "htj2k", "image/jphc", HTJ2K_RPCL),
    (instance(DEFLATED_FRAME), OCTETS, "decoded", "application/octet-stream", EXPLICIT),
    (instance(DEFLATED_FRAME), "*/*", "stored", "application/octet-stream", DEFLATED_FRAME),
    (instance(JPEG, bits_allocated=8), OHIF, "stored", "image/jpeg", JPEG),
    (instance(modality_lut=True), OHIF, "stored", "application/octet-stream", EXPLICIT),
    (instance(photometric="PALETTE COLOR"), OHIF, "stored", "application/octet-stream", EXPLICIT),
    (instance(JPEG_LS), 'multipart/related; type="image/jpeg", */*;q=0.1', "stored", "image/jls", JPEG_LS),
])
def test_a_client_gets_the_form_it_accepts(row: Instance, header: str, source: str, media: str, syntax: str) -> None:
    form = form_of(row, accepted(header), 1)
    assert (form.source, form.media, form.transfer_syntax, form.multipart) == (source, media, syntax, True)


@pytest.mark.parametrize(("row", "header", "count"), [
    (instance(), "image/jpeg", 1),
    (instance(JPEG_LS), f'multipart/related; type="image/jls"; transfer-syntax={JPEG}', 1),
    (instance(JPEG_LS, photometric="PALETTE COLOR"), OCTETS, 1),
    (instance(), "application/octet-stream", 2),
    (instance(bits_allocated=1, rows=3, columns=3), "*/*", 1),
])
def test_what_cannot_be_given_is_refused_with_what_can(row: Instance, header: str, count: int) -> None:
    with pytest.raises(NotAcceptable, match="can be given as"):
        form_of(row, accepted(header), count)


def test_one_frame_may_come_without_a_message_around_it() -> None:
    assert not form_of(instance(), accepted("application/octet-stream"), 1).multipart


def test_frames_lie_where_the_header_says() -> None:
    assert spans(instance(), 2) == ((132, 32),)
    assert spans(instance(JPEG_LS), 2) == ((20, 6), (40, 7))
    assert spans(instance(photometric="YBR_FULL_422", samples=3, bits_allocated=8), 2) == ((132, 32),)
    for number in (0, 3):
        with pytest.raises(FrameNotFound):
            spans(instance(), number)


def test_a_frame_in_fragments_is_put_together(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path)
    kept = vault.keep([bytes(range(64))])
    row = instance(JPEG_LS, digest=kept.digest, size=64)
    assert stored(vault, row, 2) == bytes(range(20, 26)) + bytes(range(40, 47))


def test_our_codestream_becomes_the_native_samples_again() -> None:
    grey = np.arange(-8, 8, dtype=np.int16).reshape(4, 4)
    code = lossless(grey)
    assert code is not None
    assert samples_of(instance(signed=True), code) == grey.astype("<i2").tobytes()
    colour = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    code = lossless(colour)
    assert code is not None
    planes = instance(bits_allocated=8, samples=3, photometric="RGB", planar=1)
    assert samples_of(planes, code) == np.moveaxis(colour, -1, 0).tobytes()


@pytest.mark.parametrize(
    ("text", "numbers"), [("1", [1]), ("3,1", [3, 1]), ("", []), ("1,,2", []), ("-1", []), ("x", [])]
)
def test_a_frame_list_is_numbers_with_commas(text: str, numbers: list[int]) -> None:
    assert frame_numbers(text) == numbers
