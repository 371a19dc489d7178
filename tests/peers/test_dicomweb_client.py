"""dicomweb-client, with the headers it sends by itself, against the real server over a real socket.

Needs the Python package dicomweb-client (dependency group test).
"""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import requests
import uvicorn
from dicomweb_client import DICOMwebClient
from pydicom import Dataset, dcmread
from pydicom.encaps import get_frame
from requests.exceptions import HTTPError
from sqlmodel import Session

from agenda.cases import case
from imaging.dicomweb.multipart import closing, heading, part_heading
from tests.unit.imaging.samples import JPEG_2000, compressed, dataset, slice_of, written
from tests.unit.web.application import deed, settle
from web.app import create_app
from web.auth.tokens import issue_token
from web.clock import now
from web.services import Services
from web.settings import ServerSettings, Settings, StorageSettings

STUDY, SERIES = "1.2.826.0.1.3680043.9.2.1", "1.2.826.0.1.3680043.9.3.1"
INSTANCE = "1.2.826.0.1.3680043.9.1."
GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202")
CONFIRMED = {"case": "case1", "patient": "confirmed"}


@dataclass(frozen=True)
class Here:
    client: Callable[[str], DICOMwebClient]
    """A client with a token of this person."""
    referrer: DICOMwebClient
    url: str
    authorization: dict[str, str]


def _prepared(session: Session) -> dict[str, str]:
    people = settle(session, "no password")
    row = case(session, "case1")
    row.patient_family_name, row.patient_given_name = "Rivera", "Ana"
    row.patient_born_on, row.patient_sex = date(1971, 3, 4), "F"
    tokens = {}
    for name, person in people.items():
        lifetime = timedelta(days=1)
        tokens[name] = issue_token(session, person_id=person, name="peer", lifetime=lifetime, at=now())[1]
    return tokens


@contextmanager
def _served(folder: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        app = create_app(Settings(server=ServerSettings(port=port), storage=StorageSettings(directory=folder)))
        services: Services = app.state.services
        tokens = services.database.write_now(deed(), _prepared)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield port, tokens
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    with _served(tmp_path_factory.mktemp("peer")) as (port, tokens):
        url = f"http://127.0.0.1:{port}/dicom-web"

        def client(name: str) -> DICOMwebClient:
            return DICOMwebClient(url, headers={"Authorization": f"Bearer {tokens[name]}"})

        referrer = client("Cem")
        files = [dcmread(io.BytesIO(one)) for one in (slice_of(1), slice_of(2), _document(), _jpeg_2000())]
        answer = referrer.store_instances(files, additional_params={"case": "case1"})
        assert len(answer.ReferencedSOPSequence) == 4
        assert "FailedSOPSequence" not in answer
        yield Here(client, referrer, url, {"Authorization": f"Bearer {tokens['Cem']}"})


def _document() -> bytes:
    made = dataset(3)
    made.add_new(0x00420011, "OB", bytes(range(256)) * 8)
    return written(made)


def _jpeg_2000() -> bytes:
    frame = imagecodecs.jpeg2k_encode(GREY, codecformat="J2K", reversible=True)
    return compressed([bytes(frame)], JPEG_2000, SOPInstanceUID=INSTANCE + "4", InstanceNumber=4)


def test_it_searches(here: Here) -> None:
    studies = here.client("Ada").search_for_studies(search_filters={"PatientName": "Riv*"}, fields=["StudyDescription"])
    found = Dataset.from_json(studies[0])
    assert (found.StudyInstanceUID, str(found.PatientName)) == (STUDY, "Rivera^Ana")
    assert found.StudyDescription == "Lumbar spine"
    assert (found.NumberOfStudyRelatedSeries, found.NumberOfStudyRelatedInstances) == (1, 4)
    assert len(here.referrer.search_for_series(STUDY)) == 1
    pages = [here.referrer.search_for_instances(STUDY, SERIES, limit=3, offset=at) for at in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 1, 0]
    assert len(here.referrer.search_for_instances(STUDY, SERIES, get_remaining=True)) == 4


def test_it_retrieves_what_was_stored(here: Here) -> None:
    one = here.referrer.retrieve_instance(STUDY, SERIES, INSTANCE + "1")
    assert one == dcmread(io.BytesIO(slice_of(1)))
    assert len(here.referrer.retrieve_series(STUDY, SERIES)) == 4
    assert len(list(here.referrer.iter_study(STUDY))) == 4


@pytest.mark.parametrize("number", ["1", "4"], ids=["native", "JPEG 2000"])
def test_it_retrieves_instances_in_the_transfer_syntax_it_asks_for(here: Here, number: str) -> None:
    stored = here.referrer.retrieve_instance(STUDY, SERIES, INSTANCE + number)
    native = (("application/dicom", "1.2.840.10008.1.2.1"),)
    found = [here.referrer.retrieve_instance(STUDY, SERIES, INSTANCE + number, media_types=native)]
    for syntax in HTJ2K:  # the client has no names for these and refuses to ask
        place = f"{here.url}/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}{number}"
        asked = here.authorization | {"Accept": f"application/dicom; transfer-syntax={syntax}"}
        answer = requests.get(place, headers=asked, timeout=60)
        assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={syntax}"
        found.append(dcmread(io.BytesIO(answer.content)))
    for one, syntax in zip(found, ("1.2.840.10008.1.2.1", *HTJ2K), strict=True):
        assert (one.file_meta.TransferSyntaxUID, one.SOPInstanceUID) == (syntax, INSTANCE + number)
        described = ("Rows", "Columns", "BitsStored", "PixelRepresentation", "PhotometricInterpretation", "PatientName")
        assert [one[name].value for name in described] == [stored[name].value for name in described]
        pixels = one.pixel_array if syntax.endswith(".2.1") else imagecodecs.htj2k_decode(get_frame(one.PixelData, 0))
        assert np.array_equal(pixels, stored.pixel_array)


def test_a_transfer_syntax_that_cannot_be_made_is_refused_with_those_that_can(here: Here) -> None:
    with pytest.raises(HTTPError) as refused:
        here.referrer.retrieve_instance(
            STUDY, SERIES, INSTANCE + "1", media_types=(("application/dicom", "1.2.840.10008.1.2.4.50"),))
    assert refused.value.response.status_code == 406
    assert "1.2.840.10008.1.2.4.202" in refused.value.response.json()["detail"]


def test_it_reads_metadata_and_bulk_data(here: Here) -> None:
    found = here.referrer.retrieve_series_metadata(STUDY, SERIES)
    assert [Dataset.from_json(one, lambda *_: b"").InstanceNumber for one in found] == [1, 2, 3, 4]
    document = here.referrer.retrieve_bulkdata(found[2]["00420011"]["BulkDataURI"])
    assert document == [bytes(range(256)) * 8]
    assert here.referrer.retrieve_bulkdata(found[0]["7FE00010"]["BulkDataURI"]) == [b"\1\0" * 256]
    assert len(here.referrer.retrieve_study_metadata(STUDY)) == 4
    assert here.referrer.retrieve_instance_metadata(STUDY, SERIES, INSTANCE + "1") == found[0]


def test_it_reads_frames_with_its_default_header_and_with_each_it_knows(here: Here) -> None:
    retrieve = here.referrer.retrieve_instance_frames
    assert retrieve(STUDY, SERIES, INSTANCE + "1", [1]) == [b"\1\0" * 256]
    (stored,) = retrieve(STUDY, SERIES, INSTANCE + "4", [1])
    assert np.array_equal(imagecodecs.jpeg2k_decode(stored), GREY)
    (native,) = retrieve(STUDY, SERIES, INSTANCE + "4", [1], media_types=("application/octet-stream",))
    assert native == GREY.tobytes()
    (image,) = retrieve(STUDY, SERIES, INSTANCE + "4", [1], media_types=(("image/jp2", JPEG_2000),))
    assert image == stored
    with pytest.raises(HTTPError, match="406"):
        retrieve(STUDY, SERIES, INSTANCE + "1", [1], media_types=("image/jls",))


def test_it_gets_pictures(here: Here) -> None:
    assert here.referrer.retrieve_instance_rendered(STUDY, SERIES, INSTANCE + "4").startswith(b"\xff\xd8")
    png = here.referrer.retrieve_instance_frames_rendered(
        STUDY, SERIES, INSTANCE + "4", [1], media_types=("image/png",), params={"window": "128,256,linear"}
    )
    assert png.startswith(b"\x89PNG")


def test_it_is_told_why_something_is_not_stored(here: Here) -> None:
    stranger = dcmread(io.BytesIO(slice_of(50, PatientName="Okafor^Ben", StudyInstanceUID="1.2.5")))
    with pytest.raises(HTTPError, match="409"):
        here.referrer.store_instances([stranger], additional_params={"case": "case1"})
    with pytest.raises(HTTPError, match="403"):
        here.client("Eve").store_instances([stranger], additional_params={"case": "case1"})
    with pytest.raises(HTTPError, match="404"):
        here.client("Fay").retrieve_study_metadata(STUDY)


REAL = 40
"""Files of the collection, evenly taken: some of nearly every transfer syntax and kind of object."""


@pytest.mark.slow
def test_real_files_come_back_as_they_went_in(here: Here, shared_data: Path) -> None:
    every = sorted(path for path in shared_data.rglob("*") if path.is_file() and path.read_bytes()[128:132] == b"DICM")
    with requests.Session() as session:
        session.headers.update(here.authorization)
        taken = [path for path in every[:: len(every) // REAL] if _there_and_back(here, session, path)]
    assert len(taken) >= REAL // 2


def _there_and_back(here: Here, session: requests.Session, path: Path) -> bool:
    """Whether the file was taken; what is taken must come back whole, described, and with its frames."""
    file = path.read_bytes()
    body = part_heading("sep", "application/dicom") + file + closing("sep")
    kind = {"Content-Type": heading("sep", "application/dicom")}
    answer = session.post(f"{here.url}/studies", params=CONFIRMED, data=body, headers=kind)
    assert answer.status_code in (200, 409), (path, answer.text)
    if answer.status_code == 409 or "00081199" not in answer.json():
        return False
    uid = answer.json()["00081199"]["Value"][0]["00081155"]["Value"][0]
    (row,) = here.referrer.search_for_instances(search_filters={"SOPInstanceUID": uid})
    study, series = row["0020000D"]["Value"][0], row["0020000E"]["Value"][0]
    back = session.get(row["00081190"]["Value"][0], headers={"Accept": "application/dicom"})
    assert back.content == bytes(128) + file[128:], path
    said = here.referrer.retrieve_instance_metadata(study, series, uid)
    assert said["00080018"]["Value"] == [uid], path
    if "7FE00010" in said:
        assert here.referrer.retrieve_instance_frames(study, series, uid, [1])[0], path
    return True
