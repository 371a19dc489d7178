"""De-identification as a browser drives it: the switch, the report, held images, and boxes made black."""

import dataclasses
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.boards import board
from agenda.cases import case, studies_of
from imaging.deidentify.records import Deidentification
from imaging.intake import Intake
from imaging.pixels.pictures import Pictures
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, ImagingSettings, UploadSettings, WorkerSettings
from imaging.studies import Instance, Refusal, Study, stack
from imaging.uploads import Uploads
from imaging.vault import LocalVault
from tests.unit.imaging.samples import dataset, slice_of, written
from tests.unit.web import application
from web.database import Database
from web.routes import deidentification, sign_in, uploads
from web.settings import Settings, StorageSettings

HASHED = application.hashed()
SETTINGS = ImagingSettings(
    upload=UploadSettings(free_bytes=0), worker=WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60)
)
ROWS, COLUMNS = 20, 24
PIXELS = np.random.default_rng(1).integers(1, 255, (ROWS, COLUMNS)).astype(np.uint8)


def ultrasound(number: int) -> bytes:
    made = dataset(
        number, Modality="US", SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", Rows=ROWS, Columns=COLUMNS,
        BitsAllocated=8, BitsStored=8, HighBit=7, SeriesInstanceUID="1.2.826.0.1.3680043.9.3.7", WindowCenter=None,
        WindowWidth=None, ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None,
    )
    return written(made, PIXELS.tobytes())


class Rooms:
    async def announce_images(self, case_id: str, study_instance_uid: str) -> None:
        """Nobody listens."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(SETTINGS.worker)
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path, sandbox: Sandbox) -> Uploads:
    intake = Intake(FileSettings(), LocalVault(tmp_path / "vault"), sandbox)
    return Uploads(tmp_path / "uploads", SETTINGS.upload, SETTINGS.archive, intake)


def _name_patient(session: Session) -> None:
    row = case(session, "case1")
    row.patient_family_name, row.patient_given_name = "Rivera", "Ana"
    row.patient_born_on, row.patient_sex = date(1971, 3, 4), "F"


@pytest.fixture
def browser(database: Database, tmp_path: Path, store: Uploads) -> Iterator[TestClient]:
    database.write_now(application.deed(), application.settle, HASHED)
    database.write_now(application.deed(), _name_patient)
    pictures = Pictures(store.intake.vault, tmp_path / "derived", SETTINGS.worker)
    settings = Settings(imaging=SETTINGS, storage=StorageSettings(directory=tmp_path))
    services = dataclasses.replace(
        application.services_for(database, tmp_path, settings), uploads=store,
        vault=store.intake.vault, rooms=cast(Any, Rooms()), pictures=pictures,
    )
    app = application.application(services, [*sign_in.routes, *uploads.routes, *deidentification.routes])
    with application.client(app) as made:
        made.headers.update(application.SAME)
        application.sign_in(made, "cem")
        yield made
    services.sessions.close()
    pictures.close()


def send(browser: TestClient, files: dict[str, bytes], *, deidentify: bool = True) -> dict[str, Any]:
    announced = [{"name": name, "size": len(data)} for name, data in files.items()]
    began = browser.post("/cases/case1/uploads", json={"files": announced, "deidentify": deidentify})
    assert began.status_code == 201, began.text
    address = f"/cases/case1/uploads/{began.json()['id']}"
    for index, data in enumerate(files.values()):
        assert browser.patch(
            f"{address}/files/{index}", content=data, headers={"Upload-Offset": "0"}
        ).status_code == 204
    assert browser.post(f"{address}/finish").status_code == 202
    return cast(dict[str, Any], browser.get(address).json()) | {"address": address}


def rows(database: Database) -> list[Instance]:
    return list(database.read_now(lambda session: session.exec(select(Instance)).all()))


def held(database: Database) -> list[str]:
    return [one.sop_instance_uid for one in rows(database) if one.held]


def vault_bytes(store: Uploads) -> bytes:
    whole = b""
    for digest in store.intake.vault.digests():
        with store.intake.vault.open(digest) as file:
            whole += file.read()
    return whole


def test_images_go_into_the_case_without_the_identity_and_with_a_report(
    browser: TestClient, database: Database, store: Uploads, tmp_path: Path
) -> None:
    said = {"DISC/RIVERA_ANA_1": slice_of(1), "DISC/RIVERA_ANA_2": slice_of(2), "DISC/RIVERA.txt": b"Ana Rivera " * 30}
    upload = send(browser, said)
    assert upload["state"] == "done"
    assert sorted(one["result"] for one in upload["results"]) == ["refused", "taken", "taken"]
    whole = vault_bytes(store)
    for word in (b"Rivera", b"MRN-7", b"19710304", b"1.2.826.0.1.3680043.9."):
        assert word not in whole
    study = database.read_now(lambda session: session.exec(select(Study)).one())
    assert (study.patient_name.split("^")[0], study.patient_born_on, study.description) == (
        "Anonymous", "", "Lumbar spine",
    )
    assert database.read_now(studies_of, "case1") == [study.study_instance_uid]
    assert not any((tmp_path / "uploads" / upload["id"]).glob("*/*"))
    refusals = database.read_now(lambda session: session.exec(select(Refusal)).all())
    assert [one.file_name for one in refusals] == ["file 3 of 3"]
    report = database.read_now(lambda session: session.exec(select(Deidentification)).one())
    assert (report.files, report.held, report.patient) == (2, 0, "matched")
    page = browser.get("/cases/case1/deidentification")
    assert page.status_code == 200
    assert "Patient&#39;s Birth Date" in page.text
    table = browser.get(f"/cases/case1/deidentification/{report.id}.csv").text
    assert "\"(0010,0030)\",Patient's Birth Date,emptied,2" in table
    for word in ("Rivera", "MRN-7", "19710304", "1.2.826"):
        assert word not in table + page.text


def test_the_same_images_again_are_here_already(browser: TestClient, database: Database) -> None:
    send(browser, {"a": slice_of(1)})
    assert [one["result"] for one in send(browser, {"b": slice_of(1), "c": slice_of(2)})["results"]] == [
        "already here", "taken",
    ]
    assert len(rows(database)) == 2


def test_a_held_image_is_shown_to_nobody_until_somebody_looked(
    browser: TestClient, database: Database, store: Uploads
) -> None:
    upload = send(browser, {"a": ultrasound(1), "b": ultrasound(2)})
    assert {one["code"] for one in upload["results"]} == {"no-picture"}
    waiting = held(database)
    assert len(waiting) == 2
    assert "Waiting to be looked through" in browser.get("/cases/case1/deidentification").text
    page = browser.get(f"/cases/case1/held/{waiting[0]}")
    assert page.status_code == 200
    picture = browser.get(f"/cases/case1/held/{waiting[0]}/1.webp")
    assert (picture.headers["content-type"], picture.headers["cache-control"]) == ("image/webp", "no-store")
    before = {one.digest for one in rows(database)}
    answer = browser.post(
        f"/cases/case1/held/{waiting[0]}", follow_redirects=False,
        data={"act": "black-out", "boxes": "[[2, 3, 10, 4]]", "alike": "yes"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases/case1/deidentification?done=1")
    assert held(database) == []
    assert before.isdisjoint(store.intake.vault.digests())
    for row in rows(database):
        with store.intake.vault.open(row.digest) as file:
            pixels = pydicom.dcmread(io.BytesIO(file.read())).pixel_array
        assert (pixels[3:7, 2:12] == 0).all()
        pixels[3:7, 2:12] = PIXELS[3:7, 2:12]
        assert (pixels == PIXELS).all()
    series = rows(database)[0].series_instance_uid
    assert len(database.read_now(stack, series)) == 2
    assert browser.get(f"/cases/case1/held/{waiting[0]}").status_code == 404
    again = send(browser, {"a": ultrasound(1)})
    assert [one["result"] for one in again["results"]] == ["already here"]
    assert before.isdisjoint(store.intake.vault.digests())


def test_a_person_says_that_nothing_is_written_in_it(browser: TestClient, database: Database) -> None:
    send(browser, {"a": ultrasound(1), "b": ultrasound(2)})
    first, second = held(database)
    answer = browser.post(f"/cases/case1/held/{first}", data={"act": "clear"}, follow_redirects=False)
    assert answer.headers["location"] == f"/cases/case1/held/{second}"
    assert held(database) == [second]


@pytest.mark.parametrize(("form", "sentence"), [
    ({"act": "black-out", "boxes": "[]"}, "Draw a box over the writing first."),
    ({"act": "clear", "boxes": "[[0, 0, 5, 5]]"}, "There are boxes on the picture"),
    ({"act": "black-out", "boxes": "[[0, 0, 0, 5]]"}, "Draw up to 200 boxes"),
    ({"act": "black-out", "boxes": "{nonsense"}, "Draw up to 200 boxes"),
    ({"act": "burn"}, "Draw up to 200 boxes"),
])
def test_what_makes_no_sense_is_said_and_the_image_stays_held(
    browser: TestClient, database: Database, form: dict[str, str], sentence: str
) -> None:
    send(browser, {"a": ultrasound(1)})
    answer = browser.post(f"/cases/case1/held/{held(database)[0]}", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert len(held(database)) == 1


def test_a_board_chooses_beforehand_and_its_senders_may_choose_otherwise(
    browser: TestClient, database: Database
) -> None:
    def wanted() -> bool:
        return database.read_now(board, "spine").deidentify

    assert browser.post("/boards/spine/deidentify", data={"deidentify": "yes"}).status_code == 403
    application.sign_in(browser, "ben")
    assert browser.post("/boards/spine/deidentify", data={"deidentify": "yes"}).status_code == 303
    assert wanted()
    assert browser.post("/boards/spine/deidentify", data={}).status_code == 303
    assert not wanted()


def test_who_may_not_add_images_looks_at_no_held_one(browser: TestClient, database: Database) -> None:
    send(browser, {"a": ultrasound(1)})
    sop = held(database)[0]
    application.sign_in(browser, "eve")
    assert browser.get(f"/cases/case1/held/{sop}").status_code == 403
    assert browser.get(f"/cases/case1/held/{sop}/1.webp").status_code == 403
    assert "Waiting to be looked through" not in browser.get("/cases/case1/deidentification").text
