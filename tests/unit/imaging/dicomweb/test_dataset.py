"""Data sets as DICOM JSON, as the worker writes them, and as they are kept and served."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian

from imaging.dicomweb.dataset import bulk, metadata
from imaging.dicomweb.metadata import BulkDataNotFound, Metadata
from imaging.dicomweb.present import Row
from imaging.intake import Intake
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings
from imaging.studies import Instance, Series, Study
from imaging.vault import LocalVault
from tests.unit.imaging.samples import dataset, written
from tests.unit.imaging.taken import WORKER

WAVE = bytes(range(256)) * 8


def nested() -> Dataset:
    made = dataset(1)
    item = Dataset()
    item.add_new(0x54001010, "OW", WAVE)
    item.add_new(0x00080104, "LO", "inside")
    made.add_new(0x54000100, "SQ", [Dataset(), item])
    return made


def test_large_values_are_left_out_wherever_they_lie_and_found_by_their_path(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_bytes(written(nested()))
    said = json.loads(metadata(str(place))[1])
    item = said["54000100"]["Value"][1]
    assert item["00080104"] == {"vr": "LO", "Value": ["inside"]}
    assert item["54001010"] == {"vr": "OW", "BulkDataURI": "/54000100.1.54001010"}
    assert bulk(str(place), "54000100.1.54001010") == ({"found": True}, WAVE)
    for where in ("54000100.0.54001010", "54000100.9.54001010", "00100010", "00420011", "54000100.1"):
        assert bulk(str(place), where) == ({"found": False}, b""), where


def test_a_value_that_cannot_be_read_costs_itself_alone(tmp_path: Path) -> None:
    whole = written(dataset(1, SeriesNumber=7))
    place = tmp_path / "file"
    place.write_bytes(whole.replace(b"IS\x02\x007 ", b"IS\x02\x00x "))
    said = json.loads(metadata(str(place))[1])
    assert "00200011" not in said
    assert said["00200013"]["Value"] == [1]


@pytest.mark.filterwarnings("ignore:.*retired")
def test_words_of_a_big_endian_file_are_given_in_little_endian(tmp_path: Path) -> None:
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = "1.2", "1.2.3"
    words = np.arange(1024, dtype=np.uint16)
    made.add_new(0x54001010, "OW", words.astype(">u2").tobytes())
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    place = tmp_path / "file"
    made.save_as(place, enforce_file_format=True)
    assert bulk(str(place), "54001010") == ({"found": True}, words.astype("<u2").tobytes())


def test_metadata_are_read_once_and_kept(tmp_path: Path) -> None:
    vault, sandbox = LocalVault(tmp_path / "vault"), Sandbox(WORKER)
    rows = [row_of(vault, written(nested())), row_of(vault, b"no longer DICOM" * 99)]
    made = Metadata(Intake(FileSettings(), vault, sandbox), vault, tmp_path / "cache")
    try:
        first = b"".join(made.of(rows, "https://x"))
        good, lost = json.loads(first)
        place = "https://x/studies/1/series/1.1/instances/1.1.1/bulkdata/"
        assert good["54000100"]["Value"][1]["54001010"]["BulkDataURI"] == place + "54000100.1.54001010"
        assert good["7FE00009"] == {"vr": "OD", "BulkDataURI": place + "7FE00009"}
        assert lost["00080018"]["Value"] == ["1.1.1"]
        assert len(list((tmp_path / "cache").rglob("*.json"))) == 1
        assert made.bulk(instance_of(rows[0]), "54000100.1.54001010") == WAVE
        with pytest.raises(BulkDataNotFound):
            made.bulk(instance_of(rows[1]), "54001010")
    finally:
        sandbox.close()
    assert json.loads(b"".join(made.of(rows[:1], "https://x"))) == [good]


def instance_of(row: Row) -> Instance:
    assert row.instance is not None
    return row.instance


def row_of(vault: LocalVault, data: bytes) -> Row:
    kept, at = vault.keep([data]), datetime(2026, 11, 21, tzinfo=UTC)
    return Row(
        Study(study_instance_uid="1", received_at=at),
        Series(series_instance_uid="1.1", study_instance_uid="1", modality="MR"),
        Instance(
            sop_instance_uid="1.1.1", series_instance_uid="1.1", sop_class_uid="9", transfer_syntax_uid="1.2",
            digest=kept.digest, size=kept.size, received_at=at, frames=1, bits_allocated=64, bits_stored=0,
        ),
    )
