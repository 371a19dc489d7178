"""The upload as a browser drives it: real middleware, sessions, policy, vault and workers."""

import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.cases import Case, case, studies_of
from agenda.keeping import set_keeping
from conference.record.audit import AuditEntry
from imaging.arrivals import note
from imaging.intake import Intake
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, ImagingSettings, UploadSettings, WorkerSettings
from imaging.studies import Instance, Study, instance
from imaging.uploads import Uploads
from imaging.vault import LocalVault
from tests.unit.imaging.samples import slice_of, zip_of
from tests.unit.web import application
from web.database import Database
from web.routes import sign_in, uploads
from web.settings import Settings

HASHED = application.hashed()
SETTINGS = ImagingSettings(upload=UploadSettings(
    total_bytes=3_000_000, files=20, chunk_bytes=65_536, open_per_person=2, per_hour=8, free_bytes=0,
))
STUDY = "1.2.826.0.1.3680043.9.2.1"


class Rooms:
    """Hears which studies were announced."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    async def announce_images(self, case_id: str, study_instance_uid: str) -> None:
        self.heard.append((case_id, study_instance_uid))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    yield made
    made.close()


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
def store(tmp_path: Path, sandbox: Sandbox) -> Uploads:
    intake = Intake(FileSettings(), LocalVault(tmp_path / "vault"), sandbox)
    return Uploads(tmp_path / "uploads", SETTINGS.upload, SETTINGS.archive, intake)


@pytest.fixture
def people(database: Database) -> dict[str, str]:
    found = database.write_now(application.deed(), application.settle, HASHED)
    database.write_now(application.deed(), _name_patient)
    return found


def _name_patient(session: Session) -> None:
    row = case(session, "case1")
    row.patient_family_name, row.patient_given_name = "Rivera", "Ana"
    row.patient_born_on, row.patient_sex = date(1971, 3, 4), "F"
    other = Case(**row.model_dump(exclude={"id", "number", "referrer_id", "state"}), id="case2", number=1002,
                 referrer_id=row.referrer_id, state="draft")
    session.add(other)


@pytest.fixture
def browser(
    database: Database, tmp_path: Path, store: Uploads, rooms: Rooms, people: dict[str, str]
) -> Iterator[TestClient]:
    services = dataclasses.replace(
        application.services_for(database, tmp_path, Settings(imaging=SETTINGS)), uploads=store,
        vault=store.intake.vault, rooms=cast(Any, rooms),
    )
    app = application.application(services, [*sign_in.routes, *uploads.routes])
    with application.client(app) as made:
        made.headers.update(application.SAME | {"Accept": "application/json"})
        application.sign_in(made, "cem")
        yield made
    services.sessions.close()


def send(browser: TestClient, files: dict[str, bytes], case_id: str = "case1") -> dict[str, Any]:
    """Everything up to the end of the checking; gives the upload as the server shows it then."""
    announced = [{"name": name, "size": len(data)} for name, data in files.items()]
    began = browser.post(f"/cases/{case_id}/uploads", json={"files": announced})
    assert began.status_code == 201, began.text
    address = f"/cases/{case_id}/uploads/{began.json()['id']}"
    for index, data in enumerate(files.values()):
        for start in range(0, len(data), 65_536):
            part = data[start : start + 65_536]
            answer = browser.patch(f"{address}/files/{index}", content=part, headers={"Upload-Offset": str(start)})
            assert answer.status_code == 204, answer.text
    assert browser.post(f"{address}/finish").status_code == 202
    return cast(dict[str, Any], browser.get(address).json()) | {"address": address}


def results(upload: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["result"], one["code"]) for one in upload["results"]}


def test_a_folder_goes_into_the_case_and_open_rooms_hear_of_it(
    browser: TestClient, database: Database, rooms: Rooms, store: Uploads, people: dict[str, str]
) -> None:
    upload = send(browser, {"DISC/IM1": slice_of(1), "DISC/IM2": slice_of(2), "DISC/readme.txt": b"Thank you. " * 30})
    assert upload["state"] == "done"
    assert results(upload) == {
        "DISC/IM1": ("taken", ""), "DISC/IM2": ("taken", ""), "DISC/readme.txt": ("refused", "not-dicom"),
    }
    assert database.read_now(studies_of, "case1") == [STUDY]
    assert rooms.heard == [("case1", STUDY)]
    row = database.read_now(lambda session: session.exec(select(Instance)).first())
    assert row is not None
    with store.intake.vault.open(row.digest) as file:
        assert file.read() in (slice_of(1), slice_of(2))
    entries = database.read_now(lambda session: session.exec(select(AuditEntry)).all())
    assert "images.add" in {entry.activity for entry in entries}


def test_a_zip_is_opened_and_its_members_named(browser: TestClient, tmp_path: Path, people: dict[str, str]) -> None:
    archive = zip_of({"A/IM1": slice_of(1), "A/x.txt": b"hello" * 40}, tmp_path / "disc.zip").read_bytes()
    assert results(send(browser, {"disc.zip": archive})) == {
        "disc.zip › A/IM1": ("taken", ""), "disc.zip › A/x.txt": ("refused", "not-dicom"),
    }


@pytest.mark.parametrize(("members", "code"), [
    ({"../../etc/cron.d/job": b"x"}, "zip-path"), ({"bomb": bytes(50_000_000)}, "zip-ratio"),
])
def test_a_harmful_zip_is_refused_by_a_sentence_and_the_rest_taken(
    browser: TestClient, tmp_path: Path, members: dict[str, bytes], code: str, people: dict[str, str]
) -> None:
    archive = zip_of(members, tmp_path / "a.zip", level=9).read_bytes()
    upload = send(browser, {"bad.zip": archive, "IM1": slice_of(1)})
    assert results(upload) == {"bad.zip": ("refused", code), "IM1": ("taken", "")}


def test_a_disc_with_two_patients_is_refused_with_both_shown(
    browser: TestClient, database: Database, people: dict[str, str]
) -> None:
    other = slice_of(2, PatientName="Okafor^Ben", PatientID="8", PatientBirthDate="19500101", PatientSex="M")
    upload = send(browser, {"IM1": slice_of(1), "IM2": other})
    assert upload["state"] == "refused"
    assert {one["name"] for one in upload["patients"]} == {"Rivera^Ana", "Okafor^Ben"}
    assert "2 patients" in upload["reason"]
    assert database.read_now(studies_of, "case1") == []


def test_what_was_not_taken_is_listed_for_the_coordinator_and_hidden_from_readers(
    browser: TestClient, people: dict[str, str]
) -> None:
    other = slice_of(2, PatientName="Okafor^Ben", PatientID="8", PatientBirthDate="19500101", PatientSex="M")
    send(browser, {"IM1": slice_of(1), "IM2": other})
    send(browser, {"IM1": slice_of(1), "letter.txt": b"Dear colleague" * 20})
    send(browser, {"IM1": slice_of(1, SeriesDescription="changed")})
    browser.cookies.clear()
    application.sign_in(browser, "ben")
    listed = browser.get("/cases/case1/refusals.json").json()["refusals"]
    assert {(one["name"], one["code"]) for one in listed} == {
        ("2 files", "several-patients"), ("letter.txt", "not-dicom"), ("IM1", "conflict"),
    }
    browser.cookies.clear()
    application.sign_in(browser, "eve")
    assert browser.get("/cases/case1/refusals.json").status_code == 403


def test_another_name_is_asked_about_and_taken_when_confirmed(
    browser: TestClient, database: Database, people: dict[str, str]
) -> None:
    upload = send(browser, {"IM1": slice_of(1, PatientName="Ribera^Ana")})
    assert upload["state"] == "asking"
    assert upload["differences"] == [{"field": "name", "found": "Ribera^Ana", "expected": "Rivera^Ana"}]
    assert database.read_now(studies_of, "case1") == []
    assert browser.post(f"{upload['address']}/confirm").status_code == 202
    assert browser.get(upload["address"]).json()["state"] == "done"
    assert database.read_now(studies_of, "case1") == [STUDY]


def test_a_person_who_says_no_leaves_nothing_behind(
    browser: TestClient, database: Database, store: Uploads, people: dict[str, str]
) -> None:
    upload = send(browser, {"IM1": slice_of(1, PatientName="Okafor^Ben")})
    assert browser.delete(upload["address"]).status_code == 204
    assert browser.get(upload["address"]).status_code == 404
    assert list(store.intake.vault.digests()) == []
    assert database.read_now(studies_of, "case1") == []


def test_an_upload_beyond_the_limit_is_refused_before_a_byte_is_sent(
    browser: TestClient, people: dict[str, str]
) -> None:
    answer = browser.post("/cases/case1/uploads", json={"files": [{"name": "disc.iso", "size": 5_000_000_000}]})
    assert answer.status_code == 413
    assert "5.0 GB" in answer.json()["detail"]
    assert "3.0 MB" in answer.json()["detail"]


def test_a_part_sent_twice_is_told_where_to_go_on(browser: TestClient, people: dict[str, str]) -> None:
    address = browser.post("/cases/case1/uploads", json={"files": [{"name": "a", "size": 10}]}).json()["id"]
    part = f"/cases/case1/uploads/{address}/files/0"
    assert browser.patch(part, content=b"12345", headers={"Upload-Offset": "0"}).status_code == 204
    again = browser.patch(part, content=b"12345", headers={"Upload-Offset": "0"})
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, "5")
    assert browser.head(part).headers["Upload-Offset"] == "5"
    assert browser.patch(part, content=b"123456", headers={"Upload-Offset": "5"}).status_code == 413
    assert browser.patch(part, content=b"x").status_code == 422
    early = browser.post(f"/cases/case1/uploads/{address}/finish")
    assert (early.status_code, early.json()["detail"]) == (409, "1 of 1 files have not arrived completely.")


def test_an_interrupted_upload_is_offered_again_after_a_restart(
    browser: TestClient, store: Uploads, people: dict[str, str]
) -> None:
    began = browser.post("/cases/case1/uploads", json={"files": [{"name": "a", "size": 10}]}).json()
    part = f"/cases/case1/uploads/{began['id']}/files/0"
    browser.patch(part, content=b"12345", headers={"Upload-Offset": "0"})
    cast(Any, browser.app).state.services = dataclasses.replace(
        cast(Any, browser.app).state.services,
        uploads=Uploads(store._root, store.limits, SETTINGS.archive, store.intake),
    )
    (offered,) = browser.get("/cases/case1/uploads").json()["uploads"]
    assert (offered["id"], offered["received"]) == (began["id"], [5])


def test_more_uploads_at_a_time_than_allowed_are_refused(browser: TestClient, people: dict[str, str]) -> None:
    body = {"files": [{"name": "a", "size": 10}]}
    codes = [browser.post("/cases/case1/uploads", json=body).status_code for _ in range(3)]
    assert codes == [201, 201, 409]


def test_nobody_else_sees_an_upload_and_no_observer_begins_one(
    browser: TestClient, database: Database, people: dict[str, str]
) -> None:
    began = browser.post("/cases/case1/uploads", json={"files": [{"name": "a", "size": 10}]}).json()
    browser.cookies.clear()
    application.sign_in(browser, "ben")
    assert browser.get(f"/cases/case1/uploads/{began['id']}").status_code == 404
    browser.cookies.clear()
    application.sign_in(browser, "eve")
    assert browser.get(f"/cases/case1/uploads/{began['id']}").status_code == 403
    assert browser.post("/cases/case1/uploads", json={"files": [{"name": "a", "size": 10}]}).status_code == 403


def test_a_file_that_names_a_study_of_a_case_one_may_not_see_does_not_open_it(
    browser: TestClient, database: Database, people: dict[str, str]
) -> None:
    database.write_now(application.deed(), _take_away_case_two, people["Fay"])
    browser.cookies.clear()
    application.sign_in(browser, "fay")
    assert send(browser, {"IM1": slice_of(1)}, "case2")["state"] == "done"
    browser.cookies.clear()
    application.sign_in(browser, "cem")
    upload = send(browser, {"forged": slice_of(9)})
    assert results(upload) == {"forged": ("refused", "study-elsewhere")}
    assert database.read_now(studies_of, "case1") == []


def _take_away_case_two(session: Session, referrer_id: str) -> None:
    case(session, "case2").referrer_id = referrer_id


def test_the_viewer_gets_studies_and_series_with_a_preview_and_what_cannot_be_shown(
    browser: TestClient, people: dict[str, str], database: Database
) -> None:
    send(browser, {"IM1": slice_of(1), "IM2": slice_of(2), "IM3": slice_of(3)})
    (found,) = browser.get("/cases/case1/studies.json").json()["studies"]
    assert (found["study_instance_uid"], found["date"], found["description"]) == (STUDY, "2026-10-01", "Lumbar spine")
    assert found["patient"] == "same"
    (series,) = found["series"]
    assert (series["modality"], series["frames"]) == ("MR", 3)
    assert series["preview"] == {"sop_instance_uid": "1.2.826.0.1.3680043.9.1.2", "frame": 1}
    assert series["without"] is None
    database.write_now(application.deed(), _spoil, "1.2.826.0.1.3680043.9.1.3")
    ((series,),) = (one["series"] for one in browser.get("/cases/case1/studies.json").json()["studies"])
    assert (series["frames"], series["without"]) == (2, {"images": 1, "reason": "The pixels end early."})
    browser.cookies.clear()
    application.sign_in(browser, "dee")
    assert browser.get("/cases/case1/studies.json").status_code == 403


def _spoil(session: Session, sop_instance_uid: str) -> None:
    instance(session, sop_instance_uid).picture = "The pixels end early."


def test_a_study_that_waits_for_a_coordinator_is_not_opened_by_a_file_made_up_to_name_it(
    browser: TestClient, database: Database
) -> None:
    def arrive(session: Session) -> None:
        session.add(Study(study_instance_uid=STUDY, patient_name="Rivera^Ana", received_at=application.AT))
        session.flush()
        note(session, STUDY, calling_ae="PACS", destination="spine", at=application.AT, at_home=False)

    database.write_now(application.deed(), arrive)
    upload = send(browser, {"IM1": slice_of(1)})
    assert results(upload) == {"IM1": ("refused", "study-elsewhere")}
    assert database.read_now(studies_of, "case1") == []


def test_a_full_board_refuses_before_a_byte_is_sent_and_again_once_a_zip_has_unfolded(
    browser: TestClient, database: Database, store: Uploads, tmp_path: Path
) -> None:
    files = {"IM1": slice_of(1)}
    room = len(files["IM1"]) - 1

    def set_room(size: int) -> None:
        deed = application.deed()
        database.write_now(deed, lambda session: set_keeping(
            session, "spine", retention_months=None, quota_bytes=size))

    set_room(room)
    announced = [{"name": name, "size": len(data)} for name, data in files.items()]
    answer = browser.post("/cases/case1/uploads", json={"files": announced})
    assert (answer.status_code, answer.json()["code"]) == (413, "quota")
    assert "The images of Spine board take" in answer.json()["detail"]
    packed = zip_of(files, tmp_path / "disc.zip").read_bytes()
    assert len(packed) < room
    upload = send(browser, {"disc.zip": packed})
    assert upload["state"] == "refused"
    assert "The images of Spine board take" in upload["reason"]
    assert list(store.intake.vault.digests()) == []
    set_room(room + 1)
    assert send(browser, {"disc.zip": packed})["state"] == "done"
