"""From an association to the vault, the index and the arrivals, with everything real but the peer."""

import asyncio
import dataclasses
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import CTImageStorage, MRImageStorage, Verification
from sqlmodel import Session, select

from agenda.cases import add_study
from agenda.keeping import set_keeping
from conference.record.audit import AuditEntry
from imaging.arrivals import Arrival, settle, waiting
from imaging.deidentify.doors import Deidentifier
from imaging.deidentify.pseudonyms import Keys
from imaging.deidentify.records import Deidentification, reports_about
from imaging.deidentify.table import Options
from imaging.dimse.listener import Listener
from imaging.dimse.quiet import prepare
from imaging.intake import Arrived, Intake, index
from imaging.remote.expected import Expected
from imaging.remote.fetches import Fetches
from imaging.sandbox import Sandbox
from imaging.settings import DimseSettings, FileSettings, ImagingSettings, QuotaSettings, WorkerSettings
from imaging.studies import Instance, Refusal, refusals
from imaging.vault import LocalVault
from tests.unit.imaging.samples import dataset, slice_of, written
from tests.unit.web import application
from web.database import Database
from web.images.dimse import Reception, delivery, listening
from web.images.fetching import Fetching
from web.services import Services
from web.settings import Settings

STUDY = "1.2.826.0.1.3680043.9.2.1"
EXPLICIT = "1.2.840.10008.1.2.1"
ON = DimseSettings(enabled=True, port=0, peers=("PACS=spine",))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    yield made
    made.close()


@pytest.fixture
def intake(tmp_path: Path, sandbox: Sandbox) -> Intake:
    return Intake(FileSettings(), LocalVault(tmp_path / "vault"), sandbox)


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def listener(
    held: Services, database: Database, intake: Intake, heard: list[tuple[str, str]], tmp_path: Path
) -> Iterator[Listener]:
    reception = Reception(database, intake, lambda case_id, study_uid: heard.append((case_id, study_uid)))
    made = Listener(ON, tmp_path / "spool", reception.admit, reception.ended)
    yield made
    made.stop()


def call(port: int) -> Association:
    prepare()
    peer = AE("PACS")
    for kind in (MRImageStorage, CTImageStorage, Verification):
        peer.add_requested_context(kind, EXPLICIT)
    return peer.associate("127.0.0.1", port, ae_title="CONSILIUM")


def store(listener: Listener, folder: Path, *files: bytes) -> list[Dataset]:
    association = call(listener.port)
    answers = []
    for number, file in enumerate(files):
        place = folder / f"sent-{number}"
        place.write_bytes(file)
        answers.append(association.send_c_store(place))
    association.release()
    return answers


def rows(session: Session, model: Any) -> list[Any]:
    return list(session.exec(select(model)))


def test_an_instance_is_in_vault_and_index_and_waits_for_a_case(
    listener: Listener, database: Database, intake: Intake, tmp_path: Path
) -> None:
    answers = store(listener, tmp_path, slice_of(1), slice_of(2))
    assert [one.Status for one in answers] == [0, 0]
    for row in database.read_now(rows, Instance):
        with intake.vault.open(row.digest) as file:
            assert hashlib.sha256(file.read()).hexdigest() == row.digest
    (arrival,) = database.read_now(waiting, ["spine"])
    assert (arrival.study_instance_uid, arrival.instances, arrival.calling_ae) == (STUDY, 2, "PACS")
    assert database.read_now(waiting, ["hip"]) == []
    names = {entry.actor_name for entry in database.read_now(rows, AuditEntry)}
    assert "DICOM peer PACS" in names


def test_the_same_again_is_success_and_counted_once(listener: Listener, database: Database, tmp_path: Path) -> None:
    first, again = store(listener, tmp_path, slice_of(1), slice_of(1))
    assert (first.Status, again.Status) == (0, 0)
    assert len(database.read_now(rows, Instance)) == 1
    assert [one.instances for one in database.read_now(waiting, ["spine"])] == [1]


def test_what_a_disc_brought_before_is_no_conflict(
    listener: Listener, database: Database, intake: Intake, tmp_path: Path
) -> None:
    (tmp_path / "disc").write_bytes(slice_of(1))
    kept = intake.keep(intake.inspect([Arrived("disc", tmp_path / "disc")]).candidates)
    database.write_now(application.deed(), index, kept, [], delivery="disc", at=application.AT)
    assert store(listener, tmp_path, slice_of(1))[0].Status == 0
    assert len(database.read_now(rows, Instance)) == 1


def test_another_file_or_patient_under_the_same_identity_is_refused_and_recorded(
    listener: Listener, database: Database, tmp_path: Path
) -> None:
    other_pixels = written(dataset(1), b"\2\0" * 256)
    other_patient = slice_of(2, PatientName="Bauer^Ida", PatientID="MRN-9", PatientBirthDate="19500101")
    answers = store(listener, tmp_path, slice_of(1), other_pixels, other_patient)
    assert [one.Status for one in answers] == [0, 0x0110, 0x0110]
    assert "Bauer" not in answers[2].ErrorComment
    found = database.read_now(refusals, delivery("spine"))
    assert [one.code for one in found] == ["conflict", "conflict"]
    assert len(database.read_now(rows, Instance)) == 1


def test_a_data_set_cut_short_is_refused_and_leaves_nothing(
    listener: Listener, database: Database, intake: Intake, tmp_path: Path
) -> None:
    (answer,) = store(listener, tmp_path, slice_of(1)[:-100])
    assert answer.Status == 0xC000
    assert database.read_now(rows, Instance) == []
    assert list(intake.vault.digests()) == []
    assert [one.code for one in database.read_now(refusals, delivery("spine"))] == ["cut-short"]


def test_a_data_set_of_another_class_than_said_is_a_mismatch(
    listener: Listener, database: Database, tmp_path: Path
) -> None:
    sent = slice_of(1)
    meta_end = sent.index(b"\x08\x00\x05\x00CS")
    lying = sent[:meta_end].replace(b"5.1.4.1.1.4\0", b"5.1.4.1.1.2\0") + sent[meta_end:]
    assert store(listener, tmp_path, lying)[0].Status == 0xA900
    assert database.read_now(rows, Instance) == []


def test_a_full_disk_is_out_of_resources(
    database: Database, people: dict[str, str], intake: Intake, tmp_path: Path
) -> None:
    reception = Reception(database, intake, lambda *_: None, free_bytes=1 << 60)
    made = Listener(ON, tmp_path / "spool", reception.admit)
    try:
        assert store(made, tmp_path, slice_of(1))[0].Status == 0xA700
    finally:
        made.stop()


def test_a_peer_whose_images_lose_their_identity_leaves_one_report_and_no_word(
    database: Database, people: dict[str, str], intake: Intake, tmp_path: Path
) -> None:
    taker = Deidentifier(Keys(b"k" * 32), intake, Options(device=True))
    reception = Reception(database, intake, lambda *_: None, hidden=frozenset({"PACS"}), deidentifier=taker)
    made = Listener(ON, tmp_path / "spool", reception.admit, reception.ended)
    try:
        answers = store(made, tmp_path, slice_of(1), slice_of(2), slice_of(1), slice_of(3)[:-100])
    finally:
        made.stop()
    assert [one.Status for one in answers] == [0, 0, 0, 0xC000]
    whole = b""
    for digest in intake.vault.digests():
        with intake.vault.open(digest) as file:
            whole += file.read()
    for word in (b"Rivera", b"MRN-7", b"19710304", b"1.2.826.0.1.3680043.9."):
        assert word not in whole
    (refusal,) = database.read_now(rows, Refusal)
    assert (refusal.file_name, refusal.sop_instance_uid) == ("one instance", None)
    (report,) = database.read_now(rows, Deidentification)
    assert (report.files, report.patient, len(report.series)) == (2, "not compared", 1)
    assert ["113109", "Retain Device Identity Option"] in report.methods
    (arrival,) = database.read_now(waiting, ["spine"])
    assert (arrival.instances, arrival.study_instance_uid == STUDY) == (2, False)
    study = arrival.study_instance_uid
    assert [one.id for one in database.read_now(reports_about, "case:case1/", [study])] == [report.id]
    assert database.read_now(reports_about, "case:case1/", [STUDY]) == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_without_room_a_peer_is_told_out_of_resources_and_nothing_is_kept(
    database: Database, people: dict[str, str], intake: Intake, tmp_path: Path
) -> None:
    full = QuotaSettings(total_bytes=len(slice_of(1)) + 600)
    reception = Reception(database, intake, lambda *_: None, quota=full)
    made = Listener(ON, tmp_path / "spool", reception.admit)
    try:
        first, second = store(made, tmp_path, slice_of(1), slice_of(2))
    finally:
        made.stop()
    assert (first.Status, second.Status) == (0, 0xA700)
    assert second.ErrorComment == "No room is left for these images; ask the coordinator."
    assert len(list(intake.vault.digests())) == 1
    assert [one.code for one in database.read_now(refusals, delivery("spine"))] == ["quota"]


def test_a_boards_own_quota_holds_for_what_joins_its_case(
    listener: Listener, database: Database, tmp_path: Path
) -> None:
    database.write_now(application.deed(), add_study, "case1", STUDY, application.AT)
    database.write_now(application.deed(), set_keeping, "spine", retention_months=None, quota_bytes=100)
    assert store(listener, tmp_path, slice_of(1))[0].Status == 0xA700
    other = {"StudyInstanceUID": "1.2.9", "SeriesInstanceUID": "1.2.9.1"}
    assert store(listener, tmp_path, slice_of(5, **other))[0].Status == 0


def test_more_of_a_cases_study_is_announced_and_does_not_wait(
    listener: Listener, database: Database, heard: list[tuple[str, str]], tmp_path: Path
) -> None:
    database.write_now(application.deed(), add_study, "case1", STUDY, application.AT)
    store(listener, tmp_path, slice_of(1), slice_of(2))
    assert database.read_now(waiting, ["spine"]) == []
    listener.stop()
    assert heard == [("case1", STUDY)]


def test_what_was_declined_waits_again_when_more_of_it_arrives(
    listener: Listener, database: Database, tmp_path: Path
) -> None:
    store(listener, tmp_path, slice_of(1))
    database.write_now(application.deed(), settle, STUDY, "declined", application.AT)
    store(listener, tmp_path, slice_of(1))
    assert database.read_now(waiting, ["spine"]) == []
    store(listener, tmp_path, slice_of(2))
    assert [one.instances for one in database.read_now(waiting, ["spine"])] == [2]


def test_success_is_said_only_after_the_commit(
    database: Database, people: dict[str, str], intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    reception = Reception(database, intake, lambda *_: None)
    made = Listener(ON, tmp_path / "spool", reception.admit)
    try:
        with monkeypatch.context() as patch:
            patch.setattr("web.images.dimse.arrivals.note", failing)
            assert store(made, tmp_path, slice_of(1))[0].Status == 0x0110
        assert database.read_now(rows, Instance) == []
        assert store(made, tmp_path, slice_of(1))[0].Status == 0
    finally:
        made.stop()
    assert database.read_now(rows, Arrival)[0].instances == 1


class Heard:
    async def announce_images(self, case_id: str, study_instance_uid: str) -> None:
        raise AssertionError


def served(held: Services, intake: Intake, tmp_path: Path, dimse: DimseSettings, *, demo: bool) -> Services:
    settings = Settings(imaging=ImagingSettings(dimse=dimse))
    storage = settings.storage.model_copy(update={"directory": tmp_path})
    imaging = settings.imaging
    fetches = Fetches(tmp_path / "fetches", imaging.fetch, imaging.upload, intake, "CONSILIUM", Expected())
    return dataclasses.replace(
        held, fetching=Fetching(fetches), settings=settings.model_copy(update={"storage": storage}), demo=demo,
        rooms=cast(Any, Heard()), uploads=cast(Any, type("Uploads", (), {"intake": intake})()),
    )


def test_the_application_listens_only_when_told_to(held: Services, intake: Intake, tmp_path: Path) -> None:
    async def ports() -> tuple[bool, int]:
        off = served(held, intake, tmp_path, DimseSettings(), demo=False)
        async with listening(off) as nothing:
            silent = nothing is None
        on = served(held, intake, tmp_path, ON, demo=False)
        async with listening(on) as listener:
            assert listener is not None
            association = await asyncio.to_thread(call, listener.port)
            status = (await asyncio.to_thread(association.send_c_echo)).Status
            await asyncio.to_thread(association.release)
        return silent, int(status)

    assert asyncio.run(ports()) == (True, 0)


def test_a_demo_goes_on_when_the_port_is_in_use_and_an_installation_says_so(
    held: Services, intake: Intake, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        async def opened(dimse: DimseSettings, *, demo: bool) -> bool:
            async with listening(served(held, intake, tmp_path, dimse, demo=demo)) as listener:
                return listener is not None

        assert asyncio.run(opened(DimseSettings(port=port), demo=True)) is False
        assert "port is in use" in caplog.text
        with pytest.raises(OSError, match="in use"):
            asyncio.run(opened(ON.model_copy(update={"port": port}), demo=False))
