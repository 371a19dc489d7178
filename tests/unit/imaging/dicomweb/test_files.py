"""Whole instances: as they arrived, or in another transfer syntax with the same values, described rightly."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom.data
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array

from imaging.dicomweb.accept import accepted
from imaging.dicomweb.errors import NotAcceptable
from imaging.dicomweb.files import DICOM, EXPLICIT, HTJ2K, HTJ2K_RPCL, anew, files, files_form, files_length
from imaging.errors import WorkerLost
from imaging.sandbox import Answer, Sandbox
from imaging.studies import Instance
from imaging.vault import LocalVault
from tests.unit.imaging.dicomweb.test_wado import JPEG_LS, instance
from tests.unit.imaging.taken import WORKER, Taken, take

SHIPPED = Path(pydicom.data.__file__).parent / "test_files"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
_FILES = (
    "CT_small", "MR_small_implicit", "SC_rgb_rle_2frame", "image_dfl", "examples_palette", "JPEG2000",
    "SC_rgb_small_odd",
)
_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
"""Decoders of JPEG may differ by a few grey values."""


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return take(tmp_path_factory.mktemp("taken"), [SHIPPED / f"{name}.dcm" for name in _FILES])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WORKER)
    yield made
    made.close()


def image(syntax: str = EXPLICIT, **said: Any) -> Instance:
    return instance(syntax, **({"high_bit": 11} | said))


def never(_task: str, **_arguments: object) -> Answer:
    raise AssertionError("no worker is needed")


def test_every_instance_keeps_its_values_in_every_transfer_syntax_it_is_given_in(
    taken: Taken, sandbox: Sandbox
) -> None:
    compared = set()
    for row in taken.instances():
        for syntax in (EXPLICIT, HTJ2K_RPCL, HTJ2K):
            try:
                form = files_form([row], accepted(f"{DICOM}; transfer-syntax={syntax}"))
            except NotAcceptable:
                continue
            if form.changes(row):
                _same(taken, row, anew(taken.vault, row, syntax, sandbox.run), syntax)
                compared.add((row.transfer_syntax_uid, syntax))
    assert {one for one, _ in compared} >= {EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.5"}
    assert {one for _, one in compared} == {EXPLICIT, HTJ2K_RPCL, HTJ2K}


def _same(taken: Taken, row: Instance, written: bytes, syntax: str) -> None:
    with taken.vault.open(row.digest) as file:
        before = dcmread(io.BytesIO(file.read()))
    after = dcmread(io.BytesIO(written))
    assert after.file_meta.TransferSyntaxUID == syntax
    touched = {"PixelData", "PhotometricInterpretation", "PlanarConfiguration"}
    for one in before:
        lasting = one.tag.element != 0 and one.VR != "SQ" and not one.tag.is_private  # group lengths are not written
        if lasting and one.keyword not in touched:
            assert after[one.tag].value == one.value or one.value != one.value, one.tag
    try:
        expected = _values(before, row).astype(int) if row.frames and "PixelData" in before else None
    except RuntimeError:  # pydicom has no decoder for it here, or is stricter; then the second decoders are dcmtk's
        expected = None
    if expected is not None:
        differing = np.abs(_values(after, row).astype(int) - expected).max()
        assert differing <= (4 if row.transfer_syntax_uid in _LOSSY else 0), (row.transfer_syntax_uid, syntax)


def _values(found: Dataset, row: Instance) -> np.ndarray:
    if found.file_meta.TransferSyntaxUID in (HTJ2K, HTJ2K_RPCL):
        frames = [get_frame(found.PixelData, index, number_of_frames=row.frames) for index in range(row.frames)]
        values = np.stack([imagecodecs.htj2k_decode(one) for one in frames])
        return values if row.frames > 1 else values[0]
    return np.asarray(pixel_array(found))


@pytest.mark.parametrize(("rows", "header", "syntax", "multipart"), [
    ([image()], "*/*", None, True),
    ([image()], f"{DICOM}; transfer-syntax={HTJ2K}", HTJ2K, False),
    ([image()], f'multipart/related; type="{DICOM}"; transfer-syntax={HTJ2K_RPCL}', HTJ2K_RPCL, True),
    ([image()], f"{DICOM}; transfer-syntax={JPEG_2000}, {DICOM}; transfer-syntax=*;q=0.5", None, False),
    ([image(), image()], DICOM, None, True),
    ([image(), image(JPEG_LS)], f'multipart/related; type="{DICOM}"; transfer-syntax={EXPLICIT}', EXPLICIT, True),
])
def test_the_first_form_that_is_wanted_and_possible_for_all(
    rows: list[Instance], header: str, syntax: str | None, multipart: bool
) -> None:
    form = files_form(rows, accepted(header))
    assert (form.transfer_syntax, form.multipart) == (syntax, multipart)


@pytest.mark.parametrize(("rows", "header"), [
    ([image()], f"{DICOM}; transfer-syntax={JPEG_2000}"),
    ([image(big_endian=True, transfer_syntax_uid="1.2.840.10008.1.2.2")], f"{DICOM}; transfer-syntax={EXPLICIT}"),
    ([image(bits_allocated=32)], f"{DICOM}; transfer-syntax={HTJ2K}"),
    ([image(high_bit=15, bits_stored=12)], f"{DICOM}; transfer-syntax={HTJ2K}"),
    ([image(JPEG_LS, rows=30_000, columns=30_000)], f"{DICOM}; transfer-syntax={EXPLICIT}"),
    ([image()], "image/png"),
])
def test_what_cannot_be_given_is_refused_with_what_can(rows: list[Instance], header: str) -> None:
    with pytest.raises(NotAcceptable, match=rows[0].transfer_syntax_uid):
        files_form(rows, accepted(header))


def test_a_worker_that_ends_is_a_reason(tmp_path: Path) -> None:
    def lost(_task: str, **_arguments: object) -> Answer:
        raise WorkerLost("The reader ended on this file.")

    vault = LocalVault(tmp_path)
    kept = vault.keep([b"no image"])
    with pytest.raises(NotAcceptable, match="The reader ended"):
        anew(vault, image(digest=kept.digest), HTJ2K, lost)


def test_a_message_of_files_is_as_long_as_it_says_and_preambles_are_zero(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path)
    kept = vault.keep([b"MZ" + b"x" * 126 + b"DICM" + b"rest"])
    rows = [image(digest=kept.digest, size=kept.size)] * 2
    said = b"".join(files(vault, rows, files_form(rows, accepted("*/*")), "bound", never))
    assert len(said) == files_length(rows, "bound")
    assert said.count(bytes(128) + b"DICMrest") == 2
    assert b"MZ" not in said
