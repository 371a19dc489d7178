"""Orthanc as the hospital's PACS, in both directions, by DIMSE and by DICOMweb.

Needs the Debian packages orthanc and orthanc-dicomweb.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.cases import case, studies_of
from conference.record.audit import AuditEntry
from imaging.arrivals import waiting
from imaging.dimse.sender import echo, remote_of, send
from imaging.nodes import Node
from imaging.remote.fetches import Fetch
from imaging.settings import DimseSettings, ImagingSettings
from imaging.studies import Instance
from tests.patience import patience
from tests.peers.orthanc import TITLE, Orthanc, orthanc
from tests.ports import free_port
from tests.unit.imaging.samples import slice_of
from tests.unit.web.desk import Desk, a_desk, a_triaged_case
from web.services import Services

pytestmark = pytest.mark.peer
STUDY = "1.2.826.0.1.3680043.9.2.1"
IMAGES = 6
OTHER = {"PatientName": "Bauer^Ida", "PatientID": "MRN-8", "StudyInstanceUID": "1.2.826.0.1.3680043.9.2.77",
         "SeriesInstanceUID": "1.2.826.0.1.3680043.9.3.77", "PatientSex": "F"}


@dataclass(frozen=True)
class Hospital:
    pacs: Orthanc
    desk: Desk
    nodes: dict[str, Node]

    @property
    def services(self) -> Services:
        made: Services = self.desk.app.state.services
        return made

    def a_case(self) -> str:
        def of_rivera(session: Session) -> str:
            made = case(session, a_triaged_case(session))
            made.patient_family_name, made.patient_given_name, made.patient_sex = "Rivera", "Ana", "F"
            made.patient_born_on = None
            return made.id

        return self.desk.do(of_rivera)

    def browser(self) -> TestClient:
        return self.desk.as_("coordinator")

    def search(self, case_id: str, node: str, **said: str) -> str:
        answer = self.browser().post(f"/cases/{case_id}/pacs", data={"node": node, "family_name": "Rivera"} | said)
        assert answer.status_code == 303, answer.text
        return self.browser().get(f"/cases/{case_id}/pacs").text

    def fetch(self, case_id: str, study: str = STUDY) -> Fetch:
        answer = self.browser().post(f"/cases/{case_id}/pacs/fetches", data={"study": study})
        assert answer.status_code == 303, answer.text
        return self.settled(case_id)

    def settled(self, case_id: str) -> Fetch:
        """The latest fetch once nothing runs any more."""
        fetches = self.services.fetching.fetches
        wait = threading.Event()
        for _ in range(int(patience(60) / 0.05)):
            one = fetches.of(case_id, "coordinator")[0]
            if one.state not in ("fetching", "checking", "keeping"):
                return one
            wait.wait(0.05)
        raise AssertionError(one)

    def instances(self, case_id: str) -> int:
        def count(session: Session) -> int:
            return len(list(session.exec(select(Instance)))) if STUDY in studies_of(session, case_id) else 0

        return self.desk.read(count)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    listening = free_port()
    with ExitStack() as ending:
        pacs = ending.enter_context(orthanc(
            tmp_path_factory.mktemp("orthanc"), {"consilium": ["CONSILIUM", "127.0.0.1", listening]}
        ))
        for number in range(1, IMAGES + 1):
            pacs.ask("/instances", slice_of(number))
        pacs.ask("/instances", slice_of(70, **OTHER))
        local = {"host": "127.0.0.1", "port": pacs.dicom, "ae_title": TITLE}
        nodes = {
            "get": Node(name="get", **local), "move": Node(name="move", retrieve="move", **local),
            "web": Node(name="web", kind="dicomweb", url=pacs.web),
        }
        imaging = ImagingSettings(
            dimse=DimseSettings(enabled=True, port=listening, peers=(TITLE,)), nodes=tuple(nodes.values()),
        )
        desk = ending.enter_context(a_desk(tmp_path_factory.mktemp("desk"), imaging))
        yield Hospital(pacs, desk, nodes)


@pytest.mark.parametrize("node", ["get", "move", "web"])
def test_a_study_is_found_and_fetched_into_the_case(hospital: Hospital, node: str) -> None:
    case_id = hospital.a_case()
    text = hospital.search(case_id, node)
    assert "Agrees with the case" in text
    assert "Lumbar spine" in text
    assert "MRN-7" in text
    done = hospital.fetch(case_id)
    assert (done.state, done.taken + done.already, done.refused) == ("done", IMAGES, []), done.reason
    assert hospital.instances(case_id) == IMAGES
    assert "In the case" in hospital.browser().get(f"/cases/{case_id}/pacs").text
    assert hospital.desk.read(waiting, ["spine"]) == []
    entries = hospital.desk.read(lambda session: list(session.exec(select(AuditEntry))))
    assert any(f"pacs/{node}/found/1" in one.model_dump_json() for one in entries)


@pytest.mark.parametrize("node", ["get", "web"])
def test_another_patient_is_shown_as_one_and_taken_only_when_somebody_says_so(hospital: Hospital, node: str) -> None:
    case_id = hospital.a_case()
    text = hospital.search(case_id, node, family_name="Bauer")
    assert "Bauer Ida" in text
    assert "Differs" in text
    asked = hospital.fetch(case_id, OTHER["StudyInstanceUID"])
    assert (asked.state, [one.field for one in asked.differences]) == ("asking", ["name"])
    assert hospital.desk.read(studies_of, case_id) == []
    browser = hospital.browser()
    answer = browser.post(f"/cases/{case_id}/pacs/fetches/{asked.id}", data={"act": "confirm"})
    assert answer.status_code == 303
    assert hospital.settled(case_id).state == "done"
    assert hospital.desk.read(studies_of, case_id) == [OTHER["StudyInstanceUID"]]


@pytest.mark.parametrize("node", ["get", "web"])
def test_nothing_found_says_what_to_try(hospital: Hospital, node: str) -> None:
    text = hospital.search(hospital.a_case(), node, family_name="Nobodyatall")
    assert "No study matches" in text


def test_what_orthanc_sends_by_itself_arrives_byte_for_byte(hospital: Hospital) -> None:
    uid = "1.2.826.0.1.3680043.9.2.99"
    pushed = slice_of(90, StudyInstanceUID=uid, SeriesInstanceUID=uid + ".1")
    answer = hospital.pacs.ask("/instances", pushed)
    assert isinstance(answer, dict)
    done = hospital.pacs.ask("/modalities/consilium/store", json.dumps(answer["ID"]).encode())
    assert isinstance(done, dict)
    assert done["FailedInstancesCount"] == 0
    assert [one.study_instance_uid for one in hospital.desk.read(waiting, [])] == [uid]


def test_it_answers_our_echo_and_takes_what_we_send(hospital: Hospital, tmp_path: Path) -> None:
    remote = remote_of(hospital.nodes["get"])
    echo(remote, calling="CONSILIUM")
    place = tmp_path / "ours.dcm"
    place.write_bytes(slice_of(91, StudyInstanceUID="1.2.826.0.1.3680043.9.2.98", SeriesInstanceUID="1.2.98.1"))
    (sent,) = send([place], remote, calling="CONSILIUM")
    assert sent.result == "sent"
    found = hospital.pacs.ask("/tools/lookup", sent.sop_instance_uid.encode())
    assert isinstance(found, list)
    assert len(found) == 1


TROUBLES: list[tuple[str, Callable[[Node], Node], str]] = [
    ("get", lambda node: node.model_copy(update={"port": 1}), "cannot be reached"),
    ("get", lambda node: node.model_copy(update={"ae_title": "WRONG"}), "does not answer to the title"),
    ("web", lambda node: node.model_copy(update={"url": node.url + "/nowhere"}), "no such service"),
    ("web", lambda node: node.model_copy(update={"url": "http://127.0.0.1:1/dicom-web"}), "cannot be reached"),
]


@pytest.mark.parametrize(("node", "spoilt", "said"), TROUBLES)
def test_what_is_wrong_is_said_in_words(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, node: str, spoilt: Callable[[Node], Node], said: str
) -> None:
    case_id = hospital.a_case()
    monkeypatch.setattr("web.routes.remote.node_of", lambda _request, name: spoilt(hospital.nodes[name]))
    answer = hospital.browser().post(f"/cases/{case_id}/pacs", data={"node": node, "family_name": "Rivera"})
    assert answer.status_code == 502
    assert said in answer.text


def test_a_title_the_archive_does_not_know_is_told_so(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = hospital.a_case()
    fetches = hospital.services.fetching.fetches
    monkeypatch.setattr(fetches, "_caller", type(fetches._caller)("STRANGER", fetches._caller.settings))
    answer = hospital.browser().post(f"/cases/{case_id}/pacs", data={"node": "get", "family_name": "Rivera"})
    assert answer.status_code == 502
    assert "does not know us" in answer.text or "does not offer" in answer.text or "says no" in answer.text


def test_a_failed_move_is_explained_and_gone_on_with(hospital: Hospital) -> None:
    case_id = hospital.a_case()
    hospital.search(case_id, "move")
    expected = hospital.services.fetching.fetches.expected
    taking, expected.take = expected.take, lambda *_said: False  # as if the archive's title were another
    try:
        failed = hospital.fetch(case_id)
    finally:
        expected.take = taking
    assert failed.state == "failed"
    assert "nothing arrived here" in failed.reason
    browser = hospital.browser()
    browser.post(f"/cases/{case_id}/pacs/fetches/{failed.id}", data={"act": "resume"})
    assert hospital.settled(case_id).state == "done"
