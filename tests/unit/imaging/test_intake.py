from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, create_engine, select

from imaging.errors import FrameNotFound, InstanceNotFound
from imaging.intake import Arrived, Intake, Outcome, index, sweep
from imaging.patient_match import Identity
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.studies import (
    Instance,
    Refusal,
    Series,
    Study,
    count_of,
    frame_facts,
    instance,
    refusals,
    series_of,
    stack,
    study,
)
from imaging.vault import LocalVault
from tests.unit.imaging.samples import JPEG_BASELINE, compressed, dataset, jpeg_of, slice_of, written

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
STUDY = "1.2.826.0.1.3680043.9.2.1"
SERIES = "1.2.826.0.1.3680043.9.3.1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    yield made
    made.close()


@pytest.fixture
def intake(tmp_path: Path, sandbox: Sandbox) -> Intake:
    return Intake(FileSettings(), LocalVault(tmp_path / "vault"), sandbox)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://", poolclass=StaticPool)
    tables = [model.__table__ for model in (Study, Series, Instance, Refusal)]  # type: ignore[attr-defined]
    SQLModel.metadata.create_all(made, tables=tables)
    yield made
    made.dispose()


def arrive(folder: Path, files: dict[str, bytes]) -> list[Arrived]:
    for number, data in enumerate(files.values()):
        (folder / f"{number}").write_bytes(data)
    return [Arrived(name, folder / f"{number}") for number, name in enumerate(files)]


def take(
    intake: Intake, engine: Engine, folder: Path, files: dict[str, bytes], closed: tuple[str, ...] = ()
) -> list[Outcome]:
    inspection = intake.inspect(arrive(folder, files))
    kept = intake.keep(inspection.candidates)
    with Session(engine) as session, session.begin():
        return index(session, kept, inspection.refused, delivery="upload-1", at=AT, closed_studies=closed)


def results(outcomes: list[Outcome]) -> dict[str, tuple[str, str]]:
    return {one.name: (one.result, one.code) for one in outcomes}


def test_a_good_file_is_taken_and_a_bad_one_beside_it_refused_with_its_reason(
    intake: Intake, engine: Engine, tmp_path: Path
) -> None:
    files = {"IM1": slice_of(1), "notes.dcm": b"not an image" * 50, "IM2": slice_of(2)}
    outcomes = take(intake, engine, tmp_path, files)
    assert results(outcomes) == {
        "IM1": ("taken", ""), "IM2": ("taken", ""), "notes.dcm": ("refused", "not-dicom"),
    }
    with Session(engine) as session:
        assert study(session, STUDY).patient_name == "Rivera^Ana"
        assert study(session, STUDY).study_date == "2026-10-01"
        assert [one.description for one in series_of(session, STUDY)] == ["Sagittal T2"]
        assert count_of(session, SERIES) == (2, 2)
        assert [(one.file_name, one.reason) for one in refusals(session, "upload-1")] == [
            ("notes.dcm", "This is not a DICOM file: the mark DICM at byte 128 is missing."),
        ]


def test_a_character_set_that_is_none_is_refused_and_the_reader_goes_on(intake: Intake, tmp_path: Path) -> None:
    good = written(dataset(1, SpecificCharacterSet="ISO_IR 100"))
    (tmp_path / "bad").write_bytes(good.replace(b"ISO_IR 100", b"ISO_IR\x00100"))
    found = intake.inspect([Arrived("bad", tmp_path / "bad")])
    assert [(one.code, one.reason) for one in found.refused] == [
        ("broken", "The file's header is damaged; it cannot be read."),
    ]


def test_the_index_holds_what_a_picture_needs(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    data = slice_of(4, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=[40, 400], WindowWidth=[80, 2000])
    take(intake, engine, tmp_path, {"IM": data})
    with Session(engine) as session:
        row = instance(session, "1.2.826.0.1.3680043.9.1.4")
        found = frame_facts(session, row.sop_instance_uid, 1)
        assert (row.rows, row.columns, row.frames, row.bits_stored, row.signed) == (16, 16, 1, 12, False)
        assert data[row.pixel_offset : row.pixel_offset + row.pixel_length] == b"\1\0" * 256
        assert (found.row_spacing_mm, found.column_spacing_mm, found.spacing_source) == (0.5, 0.6, "pixel")
        assert found.position == (0.0, 0.0, 4.0)
        assert (found.slope, found.intercept) == (2.0, -1000.0)
        assert found.windows == (("Window 1", 40.0, 80.0), ("Window 2", 400.0, 2000.0))
        with pytest.raises(FrameNotFound):
            frame_facts(session, row.sop_instance_uid, 2)
        with pytest.raises(InstanceNotFound):
            instance(session, "1.2.3")


def test_the_same_file_again_is_already_here(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    take(intake, engine, tmp_path, {"IM1": slice_of(1)})
    again = take(intake, engine, tmp_path, {"IM1": slice_of(1), "copy": slice_of(1)})
    assert results(again) == {"IM1": ("already here", ""), "copy": ("already here", "")}
    assert len(list(intake.vault.digests())) == 1


def test_another_file_under_the_same_identity_is_a_conflict_and_recorded(
    intake: Intake, engine: Engine, tmp_path: Path
) -> None:
    take(intake, engine, tmp_path, {"IM1": slice_of(1)})
    outcomes = take(intake, engine, tmp_path, {"IM1": slice_of(1, SeriesDescription="changed")})
    assert results(outcomes) == {"IM1": ("refused", "conflict")}
    with Session(engine) as session:
        (record,) = refusals(session, "upload-1")
        assert record.sop_instance_uid == "1.2.826.0.1.3680043.9.1.1"
        assert record.digest != instance(session, record.sop_instance_uid).digest


def test_a_file_that_claims_a_study_of_another_patient_is_a_conflict(
    intake: Intake, engine: Engine, tmp_path: Path
) -> None:
    take(intake, engine, tmp_path, {"IM1": slice_of(1)})
    other = slice_of(2, PatientName="Okafor^Ben", PatientID="MRN-8", PatientBirthDate="19500101")
    assert results(take(intake, engine, tmp_path, {"IM2": other})) == {"IM2": ("refused", "conflict")}


def test_a_study_of_cases_one_may_not_see_takes_nothing_from_one(
    intake: Intake, engine: Engine, tmp_path: Path
) -> None:
    outcomes = take(intake, engine, tmp_path, {"IM1": slice_of(1)}, closed=(STUDY,))
    assert results(outcomes) == {"IM1": ("refused", "study-elsewhere")}


def test_a_series_cannot_be_in_two_studies(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    take(intake, engine, tmp_path, {"IM1": slice_of(1)})
    outcomes = take(intake, engine, tmp_path, {"IM2": slice_of(2, StudyInstanceUID="1.2.3.4")})
    assert results(outcomes) == {"IM2": ("refused", "conflict")}


def test_a_report_is_kept_without_a_picture_and_says_why(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    made = dataset(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.5", Modality="RTPLAN", Rows=None, Columns=None)
    outcomes = take(intake, engine, tmp_path, {"plan": written(made, None)})
    assert results(outcomes) == {"plan": ("taken", "no-picture")}
    with Session(engine) as session:
        assert stack(session, SERIES) == []


def test_a_table_of_contents_is_passed_over(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    made = dataset(SOPClassUID="1.2.840.10008.1.3.10")
    assert results(take(intake, engine, tmp_path, {"DICOMDIR": written(made, None)})) == {
        "DICOMDIR": ("passed over", "dicomdir"),
    }


def test_frames_of_a_compressed_cine_are_found_by_their_fragments(
    intake: Intake, engine: Engine, tmp_path: Path
) -> None:
    frames = [jpeg_of(16, 16) + bytes(2 * number) for number in range(3)]
    data = compressed(frames, JPEG_BASELINE, NumberOfFrames=3)
    take(intake, engine, tmp_path, {"cine": data})
    with Session(engine) as session:
        row = instance(session, "1.2.826.0.1.3680043.9.1.1")
        assert (row.frames, row.encapsulated) == (3, True)
        for frame, (start, length) in zip(frames, row.frame_spans, strict=True):
            assert data[start : start + length].rstrip(b"\0") == frame.rstrip(b"\0")


def test_a_stack_is_ordered_by_position_not_by_number(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    files = {
        f"IM{number}": slice_of(number, ImagePositionPatient=[0, 0, depth])
        for number, depth in ((1, 9.0), (2, 3.0), (3, 6.0))
    }
    take(intake, engine, tmp_path, files)
    with Session(engine) as session:
        depths = [frame.position[2] for frame in stack(session, SERIES) if frame.position]
    assert depths == [3.0, 6.0, 9.0]


def test_who_the_headers_name_is_told_before_anything_is_kept(intake: Intake, tmp_path: Path) -> None:
    inspection = intake.inspect(arrive(tmp_path, {"IM1": slice_of(1), "IM2": slice_of(2)}))
    assert inspection.identities == [Identity("Rivera^Ana", "1971-03-04", "F", "MRN-7")]
    assert inspection.studies == {STUDY}
    assert list(intake.vault.digests()) == []


def test_a_crash_between_keeping_and_indexing_leaves_nothing_after_the_sweep(
    intake: Intake, engine: Engine, tmp_path: Path
) -> None:
    take(intake, engine, tmp_path, {"IM1": slice_of(1)})
    intake.keep(intake.inspect(arrive(tmp_path, {"IM2": slice_of(2)})).candidates)
    letter = intake.vault.keep([b"%PDF-1.7 a letter that is not ours to remove"])
    with Session(engine) as session:
        assert len(sweep(session, intake.vault)) == 1
        held = {row.digest for row in session.exec(select(Instance))}
    assert set(intake.vault.digests()) == held | {letter.digest}
