"""DICOMweb as programs use it: the whole application with its policy, audit, vault and workers."""

import dataclasses
import email
import email.policy
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO
from sqlmodel import Session, select
from starlette.requests import Request
from starlette.testclient import TestClient

from agenda.boards import prefer_deidentified
from agenda.cases import case, studies_of
from agenda.keeping import set_keeping
from conference.record.audit import AuditEntry
from imaging.deidentify.records import reports_of
from imaging.dicomweb.multipart import closing, heading, part_heading
from imaging.nodes import Node
from imaging.patient_match import Identity
from imaging.remote.answer import FoundStudy
from imaging.remote.expected import Expected
from imaging.remote.fetches import Fetches
from imaging.settings import QuotaSettings
from imaging.studies import Study, refusals
from tests.unit.imaging.samples import dataset, slice_of, written
from tests.unit.web.application import deed
from tests.world import World, a_world
from web.auth.tokens import issue_token
from web.clock import now
from web.database import Database
from web.images.fetching import Fetching
from web.services import Services

STUDY, SERIES = "1.2.826.0.1.3680043.9.2.1", "1.2.826.0.1.3680043.9.3.1"
ONE = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/1.2.826.0.1.3680043.9.1.1"
PIXELS = b"\1\0" * 256


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("dicomweb")) as made:
        base(made).write_now(deed(), _name_patients)
        assert send(made, "referrer", slice_of(1), slice_of(2), bulky(), case_id="case1").status_code == 200
        yield made


def base(world: World) -> Database:
    return cast(Services, world.app.state.services).database


def _name_patients(session: Session) -> None:
    for key in ("case1", "case2"):
        row = case(session, key)
        row.patient_family_name, row.patient_given_name = "Rivera", "Ana"
        row.patient_born_on, row.patient_sex = date(1971, 3, 4), "F"


def bulky() -> bytes:
    made = dataset(3)
    made.add_new(0x00420011, "OB", bytes(range(256)) * 8)
    made.add_new(0x00091001, "UN", b"small")
    return written(made)


def enter(world: World, role: str) -> TestClient:
    """The visitor with a fresh bearer token of this role and nothing else; a guest has a cookie alone."""
    browser = world.enter(role)
    who = world.actors.get(role)
    if who is not None and who.standing != "guest":
        browser.cookies.clear()
        _, text = base(world).write_now(
            deed(), issue_token, person_id=who.person_id, name="viewer", lifetime=timedelta(days=1), at=now()
        )
        browser.headers["Authorization"] = f"Bearer {text}"
    else:
        browser.headers.pop("Authorization", None)
    return browser


def send(world: World, role: str, *files: bytes, case_id: str = "", study: str = "", more: str = "") -> Any:
    body = b"".join(part_heading("sep", "application/dicom") + one for one in files) + closing("sep")
    path = f"/dicom-web/studies{'/' + study if study else ''}?{'case=' + case_id if case_id else ''}{more}"
    return enter(world, role).post(path, content=body, headers={"Content-Type": heading("sep", "application/dicom")})


def parts(answer: Any) -> list[tuple[str, bytes]]:
    raw = b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.content
    found = email.message_from_bytes(raw, policy=email.policy.HTTP)
    boundary = found.get_boundary()
    assert boundary is not None
    pieces = answer.content.split(b"\r\n--" + boundary.encode())[1:-1]
    cut = [piece.split(b"\r\n\r\n", 1) for piece in pieces]
    return [(head.decode().split("Content-Type: ")[1].split("\r\n")[0], body) for head, body in cut]


def uids(answer: Any, tag: str = "0020000D") -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one[tag]["Value"][0] for one in answer.json()]


def test_people_find_the_studies_of_cases_they_may_read_and_no_other(world: World) -> None:
    for role in ("chair", "coordinator", "core", "observer", "referrer", "guest"):
        assert uids(enter(world, role).get("/dicom-web/studies")) == [STUDY], role
    for role in ("stranger", "other-referrer", "other-guest", "administrator"):
        browser = enter(world, role)
        assert uids(browser.get("/dicom-web/studies")) == [], role
        assert uids(browser.get(f"/dicom-web/studies/{STUDY}/series")) == [], role
        for path in (f"/dicom-web/studies/{STUDY}", ONE, ONE + "/metadata", ONE + "/frames/1", ONE + "/rendered"):
            answer = browser.get(path)
            assert (answer.status_code, "Rivera" in answer.text) == (404, False), (role, path)


def test_nobody_gets_anything_without_signing_in(world: World) -> None:
    answer = enter(world, "anonymous").get("/dicom-web/studies")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_searches_descend_from_study_to_instance(world: World) -> None:
    browser = enter(world, "core")
    assert uids(browser.get("/dicom-web/studies?PatientName=riv*&StudyDate=20261001-&limit=5")) == [STUDY]
    assert uids(browser.get("/dicom-web/studies?case=case2")) == []
    assert uids(browser.get(f"/dicom-web/studies/{STUDY}/series?Modality=MR"), "0020000E") == [SERIES]
    found = browser.get(f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances?limit=2&offset=1")
    assert [one["00200013"]["Value"] for one in found.json()] == [[2], [3]]
    assert "00100010" not in found.json()[0]
    everything = browser.get("/dicom-web/instances?limit=1&includefield=all")
    assert everything.json()[0]["00100020"]["Value"] == ["MRN-7"]
    assert "additional results" in everything.headers["warning"]
    assert everything.headers["content-type"] == "application/dicom+json"


def test_the_same_search_is_answered_again_until_something_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = enter(world, "core")
    asked = "/dicom-web/studies?PatientName=riv*&includefield=StudyDescription"
    for _ in range(2):  # the row of audit that the first writes ends what stood before it
        first = browser.get(asked)
    reads: list[object] = []
    ask = base(world)._glance
    with monkeypatch.context() as patched:
        patched.setattr(base(world), "_glance", lambda *args: (reads.append(args), ask(*args))[1])
        assert browser.get(asked).content == first.content
        assert reads == []
        elsewhere = browser.get(asked, headers={"Host": "localhost"})  # results name the host they are asked under
        assert reads
    assert "//localhost" in elsewhere.json()[0]["00081190"]["Value"][0]
    base(world).write_now(deed(), _describe, "Thoracic spine")
    assert browser.get(asked).json()[0]["00081030"]["Value"] == ["Thoracic spine"]
    assert uids(enter(world, "stranger").get(asked)) == []


def _describe(session: Session, text: str) -> None:
    row = session.get_one(Study, STUDY)
    row.description = text
    session.add(row)


@pytest.mark.parametrize(("path", "accept", "status", "parameter"), [
    ("/dicom-web/studies?StudyDate=soon", "*/*", 400, "StudyDate"),
    ("/dicom-web/studies?Colour=red", "*/*", 400, "Colour"),
    ("/dicom-web/studies", "application/dicom+xml", 406, None),
    (ONE, "application/pdf", 406, None),
    (ONE + "/frames/x", "*/*", 400, "frames"),
    (ONE + "/frames/2", "*/*", 404, None),
    (ONE + "/frames/1", "image/gif", 406, None),
    (ONE + "/rendered?window=1", "*/*", 400, "window"),
    (ONE + "/rendered", "video/mp4", 406, None),
    (ONE + "/bulkdata/zz", "*/*", 400, "bulkdata"),
    (ONE + "/bulkdata/00420011", "*/*", 404, None),
    (f"/dicom-web/studies/{STUDY}/series/1.2.3", "*/*", 404, None),
])
def test_what_cannot_be_answered_is_said_in_problem_json(
    world: World, path: str, accept: str, status: int, parameter: str | None
) -> None:
    answer = enter(world, "core").get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json().get("parameter") == parameter
    assert answer.json()["detail"].endswith(".")


def test_instances_come_back_byte_for_byte_but_for_the_preamble(world: World) -> None:
    answer = enter(world, "core").get(f"/dicom-web/studies/{STUDY}")
    got = parts(answer)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert [body for _, body in got] == [slice_of(1), slice_of(2), bulky()]
    assert {kind for kind, _ in got} == {"application/dicom; transfer-syntax=1.2.840.10008.1.2.1"}
    single = enter(world, "core").get(ONE, headers={"Accept": "application/dicom"})
    assert single.content == slice_of(1)


def test_metadata_leave_out_pixels_and_bulk_and_say_where_they_are(world: World) -> None:
    browser = enter(world, "core")
    answer = browser.get(f"/dicom-web/studies/{STUDY}/series/{SERIES}/metadata")
    found = answer.json()
    assert [one["00200013"]["Value"] for one in found] == [[1], [2], [3]]
    assert found[0]["00100010"]["Value"] == [{"Alphabetic": "Rivera^Ana"}]
    assert found[0]["7FE00010"] == {"vr": "OW", "BulkDataURI": f"http://127.0.0.1:8000{ONE}/bulkdata/7FE00010"}
    assert found[2]["00091001"]["InlineBinary"] == "c21hbGw="
    document = browser.get(found[2]["00420011"]["BulkDataURI"])
    assert [body for _, body in parts(document)] == [bytes(range(256)) * 8]
    pixels = browser.get(found[0]["7FE00010"]["BulkDataURI"], headers={"Accept": "application/octet-stream"})
    assert pixels.content == PIXELS
    assert browser.get(f"/dicom-web/studies/{STUDY}/series/{SERIES}/metadata").content == answer.content


def test_frames_are_given_as_stored_or_as_reversible_htj2k(world: World) -> None:
    browser = enter(world, "core")
    assert parts(browser.get(ONE + "/frames/1")) == [
        ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1", PIXELS)
    ]
    ohif = {"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
    (kind, body), = parts(browser.get(ONE + "/frames/1", headers=ohif))
    assert kind == "image/jphc; transfer-syntax=1.2.840.10008.1.2.4.202"
    assert body.startswith(b"\xff\x4f\xff\x51")


def test_pictures_are_rendered_in_the_format_asked_for(world: World) -> None:
    browser = enter(world, "core")
    assert browser.get(ONE + "/rendered").content.startswith(b"\xff\xd8")
    png = browser.get(ONE + "/frames/1/rendered?window=1,2,linear", headers={"Accept": "image/png"})
    assert (png.headers["content-type"], png.content[:4]) == ("image/png", b"\x89PNG")
    for place in (f"/dicom-web/studies/{STUDY}", f"/dicom-web/studies/{STUDY}/series/{SERIES}", ONE, ONE + "/frames/1"):
        assert browser.get(place + "/thumbnail").headers["content-type"] == "image/jpeg", place


def test_every_read_is_in_the_audit_once(world: World) -> None:
    browser = enter(world, "core")
    before = len(reads(world))
    browser.get(ONE + "/frames/1")
    browser.get(f"/dicom-web/studies/{STUDY}/metadata")
    assert [one.split("/")[1] for one in reads(world)[before:]] == ["frames", "metadata"]


def reads(world: World) -> list[str]:
    def rows(session: Session) -> list[str]:
        return [row.record for row in session.exec(select(AuditEntry)) if row.activity == "image.read"]

    return base(world).read_now(rows)


def test_images_are_stored_into_a_case_by_those_who_may(world: World) -> None:
    more = {"StudyInstanceUID": "1.2.7", "SeriesInstanceUID": "1.2.7.1"}
    file = slice_of(70, **more)
    for role in ("core", "observer", "stranger", "administrator"):
        assert send(world, role, file, case_id="case1").status_code == 403, role
    assert send(world, "core", file).status_code == 403
    answer = send(world, "coordinator", file, b"no image at all" * 20, case_id="case1")
    assert answer.status_code == 202
    said = answer.json()
    assert said["00081199"]["Value"][0]["00081190"]["Value"] == ["http://127.0.0.1:8000/dicom-web/studies/1.2.7"]
    assert said["0008119A"]["Value"][0]["00081197"]["Value"] == [0xC000]
    assert "1.2.7" in base(world).read_now(studies_of, "case1")
    assert send(world, "referrer", file, study="1.2.7").status_code == 200
    assert send(world, "referrer", file).status_code == 200
    other = send(world, "referrer", slice_of(71, **more), study=STUDY)
    assert (other.status_code, other.json()["00081198"]["Value"][0]["00081197"]["Value"]) == (409, [0xA900])
    assert send(world, "stranger", file, study="1.2.7").status_code == 404


def test_another_patient_is_stored_only_after_a_person_compared_them(world: World) -> None:
    said = {"StudyInstanceUID": "1.2.8", "SeriesInstanceUID": "1.2.8.1", "PatientName": "Okafor^Ben"}
    refused = send(world, "referrer", slice_of(80, **said), case_id="case1")
    assert refused.status_code == 409
    assert "differ in name" in refused.headers["warning"]
    assert "Okafor" not in refused.text + refused.headers["warning"]
    assert any(row.code == "wrong-patient" for row in base(world).read_now(refusals, "case:case1/stow:"))
    stored = send(world, "referrer", slice_of(80, **said), case_id="case1", more="&patient=confirmed")
    assert stored.status_code == 200
    third = slice_of(81, **(said | {"PatientID": "X-9", "PatientBirthDate": "19500101"}))
    both = send(world, "referrer", third, slice_of(1), case_id="case1", more="&patient=confirmed")
    assert (both.status_code, "several patients" in both.headers["warning"]) == (409, True)


def test_a_board_that_wants_no_identity_gets_none_and_its_sender_the_new_uids(world: World) -> None:
    more = {"StudyInstanceUID": "1.2.31", "SeriesInstanceUID": "1.2.31.1"}
    base(world).write_now(deed(), prefer_deidentified, "spine", wanted=True)
    try:
        other = send(world, "referrer", slice_of(312, **(more | {"PatientName": "Okafor^Ben"})), case_id="case1")
        answer = send(world, "referrer", slice_of(311, **more), b"no image at all" * 20, case_id="case1")
    finally:
        base(world).write_now(deed(), prefer_deidentified, "spine", wanted=False)
    assert (other.status_code, "1.2.826.0" in other.text) == (409, False)
    assert answer.status_code == 202
    assert "1.2.31" not in answer.text
    said = answer.json()
    (stored,) = said["00081199"]["Value"]
    assert stored["00081155"]["Value"][0].startswith("2.25.")
    assert (stored["00081150"]["Value"], stored["00081196"]["Value"]) == (["1.2.840.10008.5.1.4.1.1.4"], [0xB000])
    assert said["0008119A"]["Value"][0]["00081197"]["Value"] == [0xC000]
    (report,) = base(world).read_now(reports_of, "case:case1/stow:")
    assert (report.files, report.patient) == (1, "matched")
    study = stored["00081190"]["Value"][0].rsplit("/", 1)[1]
    assert study in base(world).read_now(studies_of, "case1")
    noted = base(world).read_now(refusals, "case:case1/stow:")
    assert not any(row.sop_instance_uid and row.sop_instance_uid.endswith((".311", ".312")) for row in noted)


def test_without_room_each_instance_is_refused_with_the_reason(world: World) -> None:
    base(world).write_now(deed(), set_keeping, "spine", retention_months=None, quota_bytes=100)
    try:
        more = {"StudyInstanceUID": "1.2.32", "SeriesInstanceUID": "1.2.32.1"}
        answer = send(world, "referrer", slice_of(321, **more), slice_of(322, **more), case_id="case1")
    finally:
        base(world).write_now(deed(), set_keeping, "spine", retention_months=None, quota_bytes=None)
    assert answer.status_code == 409
    assert [one["00081197"]["Value"] for one in answer.json()["00081198"]["Value"]] == [[0xA700], [0xA700]]
    assert "to make room" in answer.headers["warning"]


@pytest.mark.parametrize(
    ("hides", "room", "state"), [(False, 10**9, "done"), (True, 10**9, "done"), (True, 1, "refused")]
)
def test_a_fetch_loses_its_identity_where_its_node_says_so_and_ends_where_there_is_no_room(
    world: World, tmp_path: Path, hides: bool, room: int, state: str
) -> None:
    made = cast(Services, world.app.state.services)
    node = Node(name="Far", kind="dicomweb", url="https://far.example.org/dicom-web", deidentify=hides)
    images = made.settings.imaging.model_copy(update={
        "nodes": (node,), "quota": QuotaSettings(total_bytes=room),
    })
    uid = f"1.2.33.{int(hides)}"
    fetches = Fetches(tmp_path, images.fetch, images.upload, made.uploads.intake, "CONSILIUM", Expected())
    fetch = fetches.create("case1", "me", node, FoundStudy(uid, Identity()), now())
    place = tmp_path / fetch.id / "files" / "0000"
    place.mkdir(parents=True)
    file = slice_of(331 + hides, StudyInstanceUID=uid, SeriesInstanceUID=uid + ".1")
    (place / "000001.dcm").write_bytes(file)
    fetching = Fetching(fetches)
    settings = made.settings.model_copy(update={"imaging": images})
    app = SimpleNamespace(state=SimpleNamespace(services=dataclasses.replace(made, settings=settings)))
    scope = {"type": "http", "app": app, "headers": [], "consilium.actor": world.actors["referrer"]}
    portal = world.visitor.portal
    assert portal is not None
    portal.call(fetching._check, Request(scope), fetch)
    done = fetches.get(fetch.id, "case1", "me")
    assert (done.state, done.taken) == (state, int(state == "done")), done.reason
    assert not list((tmp_path / fetch.id).glob("*/*"))
    listed = base(world).read_now(studies_of, "case1")
    assert (uid in listed) == (state == "done" and not hides)
    reports = base(world).read_now(reports_of, f"case:case1/fetch:{fetch.id}")
    assert [one.files for one in reports] == ([1] if hides and state == "done" else [])


def test_a_made_up_file_does_not_open_somebody_elses_study(world: World) -> None:
    answer = send(world, "other-referrer", slice_of(90), case_id="case2")
    assert (answer.status_code, answer.json()["00081198"]["Value"][0]["00081197"]["Value"]) == (409, [0x0124])
    assert uids(enter(world, "other-referrer").get("/dicom-web/studies")) == []


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("application/json", b"{}", 415),
    ('multipart/related; type="application/dicom"', b"", 400),
    ('multipart/related; type="application/dicom"; boundary=b', b"--b\r\n\r\ncut", 400),
])
def test_a_body_that_is_no_message_is_refused(world: World, kind: str, body: bytes, status: int) -> None:
    headers = {"Content-Type": kind}
    answer = enter(world, "referrer").post("/dicom-web/studies?case=case1", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_new_study_without_a_case_is_asked_for_one(world: World) -> None:
    answer = send(world, "referrer", slice_of(95, StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.1"))
    assert (answer.status_code, answer.json()["parameter"]) == (400, "case")


def test_nothing_is_left_of_a_message(world: World) -> None:
    folder: Path = cast(Services, world.app.state.services).settings.storage.directory / "stow"
    assert list(folder.iterdir()) == []


def test_what_is_served_can_be_read_as_dicom(world: World) -> None:
    answer = enter(world, "core").get(ONE, headers={"Accept": "application/dicom"})
    assert dcmread(DicomBytesIO(answer.content)).PatientName == "Rivera^Ana"
