"""dcmtk's findscu, movescu and getscu ask us: they get the studies of cases, where the settings let them."""

import io
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from sqlmodel import Session, select

from agenda.boards import Board
from agenda.cases import add_study, case
from conference.record.audit import AuditEntry
from imaging.intake import Arrived, index
from imaging.nodes import Node
from imaging.settings import DimseSettings, ImagingSettings
from tests.peers.dcmtk import run, storescp
from tests.ports import free_port
from tests.unit.imaging.samples import slice_of
from tests.unit.web.desk import Desk, a_desk, a_draft, a_triaged_case
from web.clock import now
from web.services import Services

pytestmark = pytest.mark.peer
STUDY, SERIES = "1.2.826.0.1.3680043.9.2.1", "1.2.826.0.1.3680043.9.3.1"
IMAGES = 4
ASKER, OTHERS, STRANGER, BOX = "WORKSTATION", "HIPSTATION", "MODALITY", "BOX"
NAME = "0010,0010"


@dataclass(frozen=True)
class Here:
    desk: Desk
    port: int
    box: int


def _settings(port: int, box: int) -> ImagingSettings:
    local = {"host": "127.0.0.1", "query": False}
    return ImagingSettings(
        dimse=DimseSettings(enabled=True, port=port, peers=(f"{ASKER}=spine", f"{OTHERS}=hip", STRANGER)),
        nodes=(
            Node(name="workstation", ae_title=ASKER, port=1, asks=True, store=False, **local),
            Node(name="hip", ae_title=OTHERS, port=1, asks=True, store=False, **local),
            Node(name="box", ae_title=BOX, port=box, **local),
        ),
    )


def put(desk: Desk, folder: Path, case_id: str, *files: bytes) -> None:
    """Images into a case, as every door does."""
    made: Services = desk.app.state.services
    arrived = []
    for number, file in enumerate(files):
        place = folder / f"{case_id}-{number}"
        place.write_bytes(file)
        arrived.append(Arrived(place.name, place))
    found = made.uploads.intake.inspect(arrived)
    kept = made.uploads.intake.keep(found.candidates)

    def enter(session: Session) -> None:
        outcomes = index(session, kept, found.refused, delivery="test", at=now())
        assert {one.result for one in outcomes} == {"taken"}
        for uid in found.studies:
            add_study(session, case_id, uid, now())

    desk.do(enter)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    port, box = free_port(), free_port()
    folder = tmp_path_factory.mktemp("files")
    with a_desk(tmp_path_factory.mktemp("desk"), _settings(port, box)) as desk:
        put(desk, folder, desk.do(a_triaged_case), *(slice_of(number) for number in range(1, IMAGES + 1)))
        hidden = {"StudyInstanceUID": "1.2.826.0.1.3680043.9.2.5", "SeriesInstanceUID": "1.2.826.0.1.3680043.9.3.5"}
        put(desk, folder, desk.do(a_draft), slice_of(50, PatientName="Draft^Dora", PatientID="D-1", **hidden))

        def hip(session: Session) -> str:
            session.add(Board(id="hip", name="Hip board", time_zone="UTC"))
            session.flush()
            made = case(session, a_triaged_case(session))
            made.board_id = "hip"
            return made.id

        other = {"StudyInstanceUID": "1.2.826.0.1.3680043.9.2.6", "SeriesInstanceUID": "1.2.826.0.1.3680043.9.3.6"}
        put(desk, folder, desk.do(hip), slice_of(60, PatientName="Hip^Hal", PatientID="H-1", **other))
        yield Here(desk, port, box)


def ask(here: Here, folder: Path, *keys: str, title: str = ASKER) -> tuple[list[Dataset], str]:
    """What findscu brings home, and what it says."""
    folder.mkdir(exist_ok=True)
    said = [part for key in keys for part in ("-k", key)]
    done = run("findscu", "-v", "-S", "-X", "-aet", title, "-aec", "CONSILIUM", *said, "127.0.0.1", str(here.port),
               cwd=folder)
    answers = [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]
    return answers, done.stdout + done.stderr


def test_findscu_finds_a_study_with_what_it_asked_for(here: Here, tmp_path: Path) -> None:
    (found,), _ = ask(
        here, tmp_path, "QueryRetrieveLevel=STUDY", "PatientName=riv*", "StudyDate=20260101-20261231",
        "StudyInstanceUID",
        "ModalitiesInStudy", "NumberOfStudyRelatedInstances", "StudyDescription", "ReferringPhysicianName",
    )
    assert (found.StudyInstanceUID, str(found.PatientName)) == (STUDY, "Rivera^Ana")
    assert (found.ModalitiesInStudy, found.NumberOfStudyRelatedInstances) == ("MR", IMAGES)
    assert (found.StudyDescription, found.RetrieveAETitle) == ("Lumbar spine", "CONSILIUM")
    assert "ReferringPhysicianName" in found
    assert not found.ReferringPhysicianName


def test_findscu_finds_series_and_images(here: Here, tmp_path: Path) -> None:
    (series,), _ = ask(
        here, tmp_path / "series", "QueryRetrieveLevel=SERIES", f"StudyInstanceUID={STUDY}", "SeriesInstanceUID",
        "Modality=MR", "NumberOfSeriesRelatedInstances",
    )
    assert (series.SeriesInstanceUID, series.NumberOfSeriesRelatedInstances) == (SERIES, IMAGES)
    images, _ = ask(
        here, tmp_path / "images", "QueryRetrieveLevel=IMAGE", f"StudyInstanceUID={STUDY}",
        f"SeriesInstanceUID={SERIES}", "SOPInstanceUID", "InstanceNumber",
    )
    assert [one.InstanceNumber for one in images] == list(range(1, IMAGES + 1))


def test_nobody_sees_more_than_the_cases_of_their_board(here: Here, tmp_path: Path) -> None:
    mine, _ = ask(here, tmp_path / "mine", "QueryRetrieveLevel=STUDY", "PatientName")
    others, _ = ask(here, tmp_path / "others", "QueryRetrieveLevel=STUDY", "PatientName", title=OTHERS)
    assert [str(one.PatientName) for one in mine] == ["Rivera^Ana"]
    assert [str(one.PatientName) for one in others] == ["Hip^Hal"]


def test_who_may_send_may_not_ask(here: Here, tmp_path: Path) -> None:
    found, said = ask(here, tmp_path, "QueryRetrieveLevel=STUDY", "PatientName", title=STRANGER)
    assert found == []
    assert "0x124" in said


@pytest.mark.parametrize(
    "keys", [("QueryRetrieveLevel=PATIENT", "PatientName"), ("QueryRetrieveLevel=SERIES", "SeriesInstanceUID"),
             ("QueryRetrieveLevel=STUDY", "StudyDate=yesterday")],
)
def test_a_question_that_cannot_be_read_is_refused(here: Here, tmp_path: Path, keys: tuple[str, ...]) -> None:
    found, said = ask(here, tmp_path, *keys)
    assert found == []
    assert "DataSetDoesNotMatchSOPClass" in said


def as_sent(folder: Path) -> dict[str, bytes]:
    return {one.SOPInstanceUID: one.PixelData for one in map(dcmread, folder.iterdir())}


def stored() -> dict[str, bytes]:
    files = (dcmread(io.BytesIO(slice_of(number))) for number in range(1, IMAGES + 1))
    return {one.SOPInstanceUID: one.PixelData for one in files}


def test_getscu_gets_a_study(here: Here, tmp_path: Path) -> None:
    inbox = tmp_path / "got"
    inbox.mkdir()
    done = run("getscu", "-v", "-S", "-aet", ASKER, "-aec", "CONSILIUM", "-od", str(inbox),
               "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}", "127.0.0.1", str(here.port))
    assert done.returncode == 0, done.stdout + done.stderr
    assert as_sent(inbox) == stored()


def test_movescu_has_a_series_sent_to_a_node_we_know(here: Here, tmp_path: Path) -> None:
    inbox = tmp_path / "box"
    with storescp(inbox, BOX, here.box):
        done = move(here, BOX, "-k", "QueryRetrieveLevel=SERIES", "-k", f"SeriesInstanceUID={SERIES}")
        assert done.returncode == 0, done.stdout + done.stderr
    assert as_sent(inbox) == stored()


def move(here: Here, to: str, *keys: str, title: str = ASKER) -> subprocess.CompletedProcess[str]:
    return run("movescu", "-v", "-S", "-aet", title, "-aec", "CONSILIUM", "-aem", to, *keys,
               "-k", f"StudyInstanceUID={STUDY}", "127.0.0.1", str(here.port))


def test_nothing_is_sent_to_whom_we_do_not_know_nor_for_whom_may_not_ask(here: Here, tmp_path: Path) -> None:
    unknown = move(here, "ELSEWHERE", "-k", "QueryRetrieveLevel=STUDY")
    assert "a801" in (unknown.stdout + unknown.stderr).lower() or "Destination" in unknown.stdout + unknown.stderr
    inbox = tmp_path / "box"
    with storescp(inbox, BOX, here.box):
        move(here, BOX, "-k", "QueryRetrieveLevel=STUDY", title=STRANGER)
        move(here, BOX, "-k", "QueryRetrieveLevel=STUDY", title=OTHERS)
    assert list(inbox.iterdir()) == []


def test_every_query_and_retrieval_is_recorded(here: Here, tmp_path: Path) -> None:
    ask(here, tmp_path, "QueryRetrieveLevel=STUDY", "PatientName")
    entries = here.desk.read(lambda session: [one.model_dump_json() for one in session.exec(select(AuditEntry))])
    assert any(f"{ASKER}/find/STUDY/1" in one for one in entries)
