"""Uploads as such; the door behind them is real, its workers stand still where nothing is checked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from imaging.errors import Refused, TooLarge, TooOften, UploadNotFound, UploadState, WrongOffset
from imaging.intake import Intake, Outcome
from imaging.patient_match import Identity
from imaging.sandbox import Sandbox
from imaging.settings import ArchiveSettings, FileSettings, UploadSettings, WorkerSettings
from imaging.uploads import Announced, Upload, Uploads
from imaging.vault import LocalVault
from tests.unit.imaging.samples import slice_of, zip_of

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANA = Identity("Rivera^Ana", "1971-03-04", "F", "")
LIMITS = UploadSettings(total_bytes=2_000_000, files=5, open_per_person=2, per_hour=3, keep_hours=1, free_bytes=0)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    yield made
    made.close()


@pytest.fixture
def uploads(tmp_path: Path, sandbox: Sandbox) -> Uploads:
    return again(tmp_path, sandbox)


def again(folder: Path, sandbox: Sandbox, limits: UploadSettings = LIMITS) -> Uploads:
    intake = Intake(FileSettings(), LocalVault(folder / "vault"), sandbox)
    return Uploads(folder / "uploads", limits, ArchiveSettings(), intake)


def begin(uploads: Uploads, *sizes: int, at: datetime = AT, person: str = "cem") -> Upload:
    return uploads.create("case1", person, [Announced(name=f"f{n}", size=size) for n, size in enumerate(sizes)], at)


def sent(uploads: Uploads, data: bytes) -> Upload:
    upload = begin(uploads, len(data))
    uploads.append(upload, 0, 0, data, AT)
    uploads.begin(upload)
    return upload


def test_what_is_too_large_is_refused_with_both_sizes(uploads: Uploads) -> None:
    with pytest.raises(TooLarge, match=r"have 5\.0 GB.*takes up to 2\.0 MB"):
        begin(uploads, 5_000_000_000)
    with pytest.raises(TooLarge, match="6 files"):
        begin(uploads, *[1] * 6)
    with pytest.raises(Refused, match="no files"):
        begin(uploads)


def test_a_full_disk_is_told_before_a_byte_is_sent(tmp_path: Path, sandbox: Sandbox) -> None:
    greedy = again(tmp_path, sandbox, LIMITS.model_copy(update={"free_bytes": 10**18}))
    with pytest.raises(TooLarge, match="no room"):
        begin(greedy, 10)


def test_shares_are_per_person(uploads: Uploads) -> None:
    begin(uploads, 1)
    upload = begin(uploads, 1)
    with pytest.raises(UploadState, match="2 uploads under way"):
        begin(uploads, 1)
    begin(uploads, 1, person="ben")
    uploads.refuse(upload.id, "over")
    begin(uploads, 1)
    uploads.refuse(uploads.open_of("case1", "cem")[0].id, "over")
    with pytest.raises(TooOften):
        begin(uploads, 1)
    begin(uploads, 1, at=AT + timedelta(hours=2))


def test_parts_continue_where_the_file_ends_also_after_a_restart(
    uploads: Uploads, tmp_path: Path, sandbox: Sandbox
) -> None:
    upload = begin(uploads, 6, 4)
    assert uploads.append(upload, 0, 0, b"abc", AT) == 3
    with pytest.raises(WrongOffset) as caught:
        uploads.append(upload, 0, 0, b"abc", AT)
    assert caught.value.expected == 3
    restarted = again(tmp_path, sandbox)
    resumed = restarted.get(upload.id, "case1", "cem")
    assert restarted.received(resumed) == [3, 0]
    assert restarted.append(resumed, 0, 3, b"def", AT) == 6
    with pytest.raises(TooLarge):
        restarted.append(resumed, 0, 6, b"g", AT)
    with pytest.raises(UploadNotFound):
        restarted.append(resumed, 2, 0, b"g", AT)


def test_nothing_is_checked_before_everything_is_here(uploads: Uploads) -> None:
    upload = begin(uploads, 3, 3)
    uploads.append(upload, 0, 0, b"abc", AT)
    with pytest.raises(UploadState, match="1 of 2 files"):
        uploads.begin(upload)


def test_an_upload_is_its_person_s_and_its_case_s(uploads: Uploads) -> None:
    upload = begin(uploads, 1)
    for case_id, person in (("case2", "cem"), ("case1", "ben")):
        with pytest.raises(UploadNotFound):
            uploads.get(upload.id, case_id, person)
    for key in ("../../etc/passwd", "", "0" * 32):
        with pytest.raises(UploadNotFound):
            uploads.get(key, "case1", "cem")


def test_a_step_cannot_be_taken_twice_or_out_of_order(uploads: Uploads) -> None:
    upload = sent(uploads, slice_of())
    with pytest.raises(UploadState):
        uploads.begin(upload)
    with pytest.raises(UploadState):
        uploads.confirm(upload)
    with pytest.raises(UploadState):
        uploads.append(upload, 0, 0, b"x", AT)
    with pytest.raises(UploadState):
        uploads.discard(upload)


def test_the_case_s_patient_goes_on_without_a_question(uploads: Uploads) -> None:
    upload = sent(uploads, slice_of())
    assert uploads.check(upload.id, ANA).state == "keeping"
    kept, _inspection = uploads.keep(upload.id)
    assert uploads.intake.vault.has(kept[0].digest)
    done = uploads.complete(upload.id, [Outcome("f0", "taken", study_instance_uid="1.2.3")])
    assert (done.state, done.studies, done.results[0].result) == ("done", ["1.2.3"], "taken")


def test_several_zips_share_one_allowance(tmp_path: Path, sandbox: Sandbox) -> None:
    intake = Intake(FileSettings(), LocalVault(tmp_path / "vault"), sandbox)
    archives = ArchiveSettings(total_bytes=1024 * 1024)
    uploads = Uploads(tmp_path / "uploads", LIMITS, archives, intake)
    packed = zip_of({"a": bytes(range(256)) * 2400}, tmp_path / "a.zip").read_bytes()
    upload = begin(uploads, len(packed), len(packed))
    for index in (0, 1):
        uploads.append(upload, index, 0, packed, AT)
    uploads.begin(upload)
    told = {one.name: one.code for one in uploads.check(upload.id, ANA).results}
    assert told == {"f0 › a": "not-dicom", "f1": "zip-size"}


def test_the_files_of_an_upload_that_is_over_are_gone(uploads: Uploads, tmp_path: Path) -> None:
    upload = sent(uploads, slice_of())
    uploads.refuse(upload.id, "Not this one.")
    assert [path.name for path in (tmp_path / "uploads" / upload.id).iterdir()] == ["upload.json"]


def test_a_step_cut_off_by_a_restart_begins_again(uploads: Uploads, tmp_path: Path, sandbox: Sandbox) -> None:
    upload = sent(uploads, slice_of())
    assert not uploads.interrupted(upload)
    restarted = again(tmp_path, sandbox)
    resumed = restarted.get(upload.id, "case1", "cem")
    assert restarted.interrupted(resumed)
    restarted.begin(resumed)
    assert restarted.check(upload.id, ANA).state == "keeping"


def test_a_question_survives_a_restart(uploads: Uploads, tmp_path: Path, sandbox: Sandbox) -> None:
    upload = sent(uploads, slice_of(PatientName="Ribera^Ana"))
    assert uploads.check(upload.id, ANA).state == "asking"
    restarted = again(tmp_path, sandbox)
    resumed = restarted.get(upload.id, "case1", "cem")
    assert [one.field for one in resumed.differences] == ["name"]
    restarted.confirm(resumed)
    kept, _inspection = restarted.keep(upload.id)
    assert len(kept) == 1


def test_uploads_nobody_continued_are_forgotten(uploads: Uploads, tmp_path: Path) -> None:
    upload = begin(uploads, 10)
    assert uploads.expire(AT + timedelta(minutes=59)) == 0
    uploads.append(upload, 0, 0, b"a", AT + timedelta(minutes=30))
    assert uploads.expire(AT + timedelta(minutes=89)) == 0
    assert uploads.expire(AT + timedelta(minutes=91)) == 1
    assert list((tmp_path / "uploads").iterdir()) == []
