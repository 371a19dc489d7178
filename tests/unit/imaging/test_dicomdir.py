"""A disc's table of contents: what it names, and what of that did not come along."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from imaging.dicomdir import Contents, listed, missing, sentence
from imaging.intake import Arrived, Intake
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.vault import LocalVault
from tests.unit.imaging.samples import slice_of, written

DIRECTORY = "1.2.840.10008.1.3.10"
DISC = Contents("SPINE01", ("DICOM/IM000001", "DICOM/IM000002"))


@pytest.mark.parametrize(
    ("table", "names", "lost"),
    [
        ("DICOMDIR", ["DICOMDIR", "DICOM/IM000001", "DICOM/IM000002"], []),
        ("disc/DICOMDIR", ["disc/DICOM/IM000001", "disc/DICOM/IM000002"], []),
        ("dicomdir", ["dicom/im000001.;1", "dicom/im000002.;1"], []),
        ("DICOMDIR", ["copy of disc/DICOM/IM000001", "copy of disc/DICOM/IM000002"], []),
        ("DICOMDIR", ["disc\\DICOM\\IM000001"], ["DICOM/IM000002"]),
        ("DICOMDIR", ["OTHER/IM000001", "XDICOM/IM000002"], ["DICOM/IM000001", "DICOM/IM000002"]),
    ],
)
def test_what_did_not_come_along_is_known_however_names_are_written(
    table: str, names: list[str], lost: list[str]
) -> None:
    assert missing(table, DISC, names) == lost


def test_the_sentence_names_the_disc_and_the_first_files() -> None:
    said = sentence(DISC, [f"DICOM/IM{number}" for number in range(7)])
    assert said.startswith("The disc “SPINE01” lists 7 files that are not here: DICOM/IM0, ")
    assert "and 2 more" in said
    assert "a file that is not here: A." in sentence(Contents("", ()), ["A"])


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A disc with three images."""
    folder = tmp_path / "disc"
    (folder / "DICOM").mkdir(parents=True)
    table = Dataset()
    table.SOPClassUID, table.SOPInstanceUID, table.FileSetID = DIRECTORY, "1.2.3", "SPINE01"
    table.DirectoryRecordSequence = []
    for number in range(1, 4):
        (folder / "DICOM" / f"IM{number}").write_bytes(slice_of(number))
        record = Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", ["DICOM", f"IM{number}"]
        table.DirectoryRecordSequence.append(record)
    (folder / "DICOMDIR").write_bytes(written(table, None))
    return folder


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    sandbox = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    yield Intake(FileSettings(), LocalVault(tmp_path / "vault"), sandbox)
    sandbox.close()


def arrived(disc: Path) -> list[Arrived]:
    places = sorted(one for one in disc.rglob("*") if one.is_file())
    return [Arrived(one.relative_to(disc).as_posix(), one) for one in places]


def test_a_whole_disc_is_taken_and_its_table_passed_over(disc: Path, intake: Intake) -> None:
    found = intake.inspect(arrived(disc))
    assert len(found.candidates) == 3
    assert [(one.name, one.result) for one in found.refused] == [("DICOMDIR", "passed over")]


def test_a_file_the_table_names_and_nobody_brought_is_reported(disc: Path, intake: Intake) -> None:
    lost = next(one for one in arrived(disc) if one.name != "DICOMDIR")
    lost.path.unlink()
    found = intake.inspect(arrived(disc))
    assert len(found.candidates) == 2
    (_, refusal) = found.refused
    assert (refusal.result, refusal.code, refusal.name) == ("refused", "disc-incomplete", "DICOMDIR")
    assert lost.name in refusal.reason
    assert "SPINE01" in refusal.reason


def test_the_table_stands_for_the_files_it_names_and_for_no_other(disc: Path) -> None:
    (disc / "stranger.dcm").write_bytes(b"x")
    names = tuple(one.name for one in arrived(disc) if one.name not in ("DICOMDIR", "stranger.dcm"))
    found = listed(Contents("", (*names, "../1.dcm")), disc)
    assert {one.relative_to(disc).as_posix() for one in found} == set(names)


def test_a_table_that_is_no_table_costs_nothing(tmp_path: Path, intake: Intake) -> None:
    made = Dataset()
    made.SOPClassUID = DIRECTORY
    made.SOPInstanceUID = "1.2.3"
    place = tmp_path / "DICOMDIR"
    place.write_bytes(written(made, None))
    assert [one.result for one in intake.inspect([Arrived("DICOMDIR", place)]).refused] == ["passed over"]
