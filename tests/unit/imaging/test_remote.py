"""Questions, answers, and fetches that are stopped, cut off or gone on with; another listener is the PACS."""

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from pydicom import Dataset, dcmread

from imaging.dicomweb.multipart import closing, heading, part_heading
from imaging.dimse.listener import Listener
from imaging.dimse.provider import Offered
from imaging.dimse.sender import Remote
from imaging.errors import TooLarge
from imaging.intake import Intake, Outcome
from imaging.nodes import Node
from imaging.patient_match import Identity
from imaging.remote import dicomweb
from imaging.remote.answer import FoundStudy, of_json, study_of
from imaging.remote.errors import BadQuestion, FetchState, RemoteFailed, Stopped, status_sentence
from imaging.remote.expected import Expected
from imaging.remote.fetches import Fetches
from imaging.remote.question import question
from imaging.remote.stage import Stage
from imaging.settings import MIB, DimseSettings, FetchSettings, UploadSettings
from tests.unit.imaging.samples import slice_of

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
STUDY = "1.2.826.0.1.3680043.9.2.1"
SERIES = ("1.2.826.0.1.3680043.9.3.1", "1.2.826.0.1.3680043.9.3.2")
EXPLICIT = "1.2.840.10008.1.2.1"
FOUND = FoundStudy(STUDY, Identity("Rivera^Ana"), "Lumbar spine", "2026-10-01", modalities=("MR",), instances=4)


@pytest.mark.parametrize(
    ("said", "criteria"),
    [
        ({"family_name": "Rivera", "given_name": "Ana"}, {"PatientName": "Rivera*^Ana*"}),
        ({"family_name": " Riv* "}, {"PatientName": "Riv*"}),
        ({"patient_id": "MRN-7", "modality": "mr"}, {"PatientID": "MRN-7", "ModalitiesInStudy": "MR"}),
        ({"born_on": "1971-03-04", "study_from": "2026-01-01"},
         {"PatientBirthDate": "19710304", "StudyDate": "20260101-"}),
        ({"accession_number": "A1", "study_from": "2026-01-01", "study_to": "2026-01-01"},
         {"AccessionNumber": "A1", "StudyDate": "20260101"}),
    ],
)
def test_a_form_becomes_matching_keys(said: dict[str, str], criteria: dict[str, str]) -> None:
    asked = question(said)
    assert asked.criteria() == criteria
    identifier = asked.identifier()
    assert all(str(identifier[keyword].value) == value for keyword, value in criteria.items())
    assert identifier["NumberOfStudyRelatedInstances"].is_empty


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({}, "family_name"), ({"family_name": "*"}, "family_name"), ({"family_name": "R"}, "family_name"),
        ({"modality": "MR"}, "family_name"), ({"patient_id": "7*"}, "patient_id"),
        ({"patient_id": "7\\8"}, "patient_id"),
        ({"born_on": "4.3.1971"}, "born_on"), ({"patient_id": "x" * 65}, "patient_id"),
        ({"patient_id": "7", "study_from": "2026-02-01", "study_to": "2026-01-01"}, "study_to"),
    ],
)
def test_a_question_about_nobody_or_that_cannot_be_read_names_its_field(said: dict[str, str], name: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        question(said)
    assert refused.value.code == name


def test_an_answer_is_read_leniently() -> None:
    uid = {"vr": "UI", "Value": [STUDY]}
    name = {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]}
    odd = {"00100030": {"vr": "DA", "Value": ["04.03.71"]}, "00201208": {"vr": "IS", "Value": ["many"]}}
    found = study_of(of_json({"0020000D": uid, "00100010": name, **odd}))
    assert found is not None
    assert (found.patient, found.instances) == (Identity("Yamada^Tarou=山田^太郎"), None)
    assert study_of(of_json({"0020000D": {"vr": "UI", "Value": ["../../x"]}})) is None


@pytest.mark.parametrize(
    ("status", "said"), [(0xA801, "our title"), (0xA900, "does not fit"), (0xC123, "cannot process"), (0x9999, "9999")]
)
def test_a_status_is_half_a_sentence(status: int, said: str) -> None:
    assert said in status_sentence(status)


def test_a_stage_holds_to_its_limits(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "a", UploadSettings(total_bytes=MIB, files=2, free_bytes=0), lambda _files: None)
    stage.begin("0000")
    stage.put("0000", [bytes(MIB - 1)])
    with pytest.raises(TooLarge, match="bytes"):
        stage.put("0000", [b"12"])
    stage.put("0000", [b"1"])
    with pytest.raises(TooLarge, match="files"):
        stage.put("0000", [b""])
    assert [one.path.stat().st_size for one in stage.arrived()] == [MIB - 1, 1]


@dataclass
class Archive:
    """Offers two series of two images; may be told to do something before one is opened."""

    folder: Path
    before: Callable[[str], None] = lambda _digest: None
    opened: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(1, 5):
            made = slice_of(number, SeriesInstanceUID=SERIES[(number - 1) // 2])
            self.files[dcmread(io.BytesIO(made)).SOPInstanceUID] = made

    def may_ask(self, title: str) -> bool:
        return title == "CONSILIUM"

    def find(self, title: str, asked: Dataset) -> Sequence[Dataset]:
        found = []
        for uid in SERIES:
            made = Dataset()
            made.StudyInstanceUID, made.SeriesInstanceUID, made.NumberOfSeriesRelatedInstances = STUDY, uid, 2
            found.append(made)
        return found

    def instances(self, title: str, asked: Dataset) -> Sequence[Offered]:
        wanted = asked.get("SeriesInstanceUID")
        headers = {uid: dcmread(io.BytesIO(data)) for uid, data in self.files.items()}
        return [Offered(one.SOPClassUID, uid, EXPLICIT, uid) for uid, one in headers.items()
                if wanted in (None, one.SeriesInstanceUID)]

    def destination(self, title: str) -> Remote | None:
        return None

    def open(self, digest: str) -> BinaryIO:
        self.before(digest)
        self.opened.append(digest)
        place = self.folder / digest
        place.write_bytes(self.files[digest])
        return place.open("rb")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    folder = tmp_path / "archive"
    folder.mkdir()
    return Archive(folder)


@pytest.fixture
def node(archive: Archive, tmp_path: Path) -> Iterator[Node]:
    def refuse(*_: object) -> Outcome:
        return Outcome("", "refused")

    made = Listener(
        DimseSettings(enabled=True, port=0, ae_title="PACS", peers=("CONSILIUM", "OTHER")), tmp_path / "spool", refuse,
        offers=archive,
    )
    yield Node(name="pacs", host="127.0.0.1", port=made.port, ae_title="PACS")
    made.stop()


def fetching(folder: Path, title: str = "CONSILIUM") -> Fetches:
    settings, limits = FetchSettings(connect_s=10, silence_s=30), UploadSettings(free_bytes=0)
    return Fetches(folder / "fetches", settings, limits, cast(Intake, None), title, Expected())


def test_a_study_comes_series_by_series_byte_for_byte(archive: Archive, node: Node, tmp_path: Path) -> None:
    fetches = fetching(tmp_path)
    one = fetches.create("case", "me", node, FOUND, AT)
    fetches.fetch(one.id, node)
    done = fetches.get(one.id, "case", "me")
    assert (done.state, done.fetched, done.announced, done.complete) == ("checking", 4, 4, list(SERIES)), done.reason
    places = sorted((tmp_path / "fetches" / one.id / "files").glob("*/*.dcm"))
    assert [dcmread(place) for place in places] == [dcmread(io.BytesIO(data)) for data in archive.files.values()]


def test_a_fetch_is_stopped_and_gone_on_with_where_it_was(archive: Archive, node: Node, tmp_path: Path) -> None:
    fetches = fetching(tmp_path)
    one = fetches.create("case", "me", node, FOUND, AT)
    third = list(archive.files)[2]
    stopping = []

    def stop(digest: str) -> None:
        if digest == third and not stopping:
            stopping.append(threading.Thread(target=fetches.stop, args=(one.id,)))
            stopping[0].start()
            stopping[0].join()

    archive.before = stop
    fetches.fetch(one.id, node)
    stopped = fetches.get(one.id, "case", "me")
    assert (stopped.state, stopped.complete, stopped.reason) == ("stopped", [SERIES[0]], str(Stopped()))
    again = fetching(tmp_path)  # as after a restart
    archive.opened.clear()
    again.resume(one.id, AT)
    again.fetch(one.id, node)
    assert again.get(one.id, "case", "me").state == "checking"
    assert archive.opened == list(archive.files)[2:]


def test_one_study_is_not_fetched_twice_at_a_time_and_not_too_many(node: Node, tmp_path: Path) -> None:
    fetches = fetching(tmp_path)
    fetches.create("case", "me", node, FOUND, AT)
    with pytest.raises(FetchState, match="already"):
        fetches.create("case", "me", node, FOUND, AT)
    for number in range(3):
        fetches.create("case", "me", node, FoundStudy(f"1.2.{number}", Identity()), AT)
    with pytest.raises(FetchState, match="4 fetches"):
        fetches.create("case", "me", node, FoundStudy("1.2.9", Identity()), AT)


def test_who_may_not_ask_is_told_so(node: Node, tmp_path: Path) -> None:
    with pytest.raises(RemoteFailed, match="not allowed"):
        fetching(tmp_path, "OTHER").find(node, question({"patient_id": "7"}))
    with pytest.raises(RemoteFailed, match="does not know us"):
        fetching(tmp_path, "STRANGER").find(node, question({"patient_id": "7"}))


@pytest.fixture
def web() -> Iterator[tuple[Node, dict[str, tuple[int, str, bytes]]]]:
    """A DICOMweb node that answers what a test lays down."""
    answers: dict[str, tuple[int, str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answers[""]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Node(name="web", kind="dicomweb", url=f"http://127.0.0.1:{server.server_address[1]}/rs"), answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, "text/plain", b""), "token"), ((302, "text/plain", b""), "another address"),
        ((500, "text/plain", b""), "error on its side"), ((200, "text/html", b"<html>"), "DICOMweb"),
        ((200, "application/json", b'{"a":1}'), "DICOMweb"), ((200, "application/json", b"[" * 200_000), "DICOMweb"),
    ],
)
def test_a_web_archive_that_misbehaves_is_explained(
    web: tuple[Node, dict[str, tuple[int, str, bytes]]], answer: tuple[int, str, bytes], said: str
) -> None:
    node, answers = web
    answers[""] = answer
    with pytest.raises(RemoteFailed, match=said):
        dicomweb.find(node, question({"patient_id": "7"}), FetchSettings())


def test_files_that_break_off_are_not_taken_for_whole(
    web: tuple[Node, dict[str, tuple[int, str, bytes]]], tmp_path: Path
) -> None:
    node, answers = web
    part = part_heading("sep", "application/dicom")
    stage = Stage(tmp_path / "stage", UploadSettings(free_bytes=0), lambda _files: None)
    stage.begin("0000")
    answers[""] = (200, heading("sep", "application/dicom"), part + slice_of(1) + part + slice_of(2)[:300])
    with pytest.raises(RemoteFailed, match="broke off"):
        dicomweb.get(node, STUDY, SERIES[0], (stage, "0000"), FetchSettings())
    assert stage.files == 1
    answers[""] = (200, heading("sep", "application/dicom"), part + slice_of(1) + closing("sep"))
    stage.begin("0000")
    dicomweb.get(node, STUDY, SERIES[0], (stage, "0000"), FetchSettings())
    assert [one.path.read_bytes() for one in stage.arrived()] == [slice_of(1)]
