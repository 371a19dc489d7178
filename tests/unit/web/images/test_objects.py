"""Reports, PDFs, presentation states and segmentations of a case by HTTP."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from sqlmodel import Session
from starlette.testclient import TestClient

from imaging.intake import Arrived, Intake, index
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings
from imaging.vault import LocalVault
from tests.unit.imaging.display.made import PDF, encapsulated, item, number, segments, state
from tests.unit.imaging.samples import written
from tests.unit.web.application import AT, application, client, deed, sign_in
from tests.unit.web.images.conftest import SERIES, STUDY, WORKER, World
from web.routes import documents
from web.routes import sign_in as pages
from web.services import Services

REPORT, LETTER, STATE, MASK = "1.2.826.7.1", "1.2.826.7.2", "1.2.826.7.3", "1.2.826.7.4"
IMAGE = generate_uid(entropy_srcs=[SERIES, "2"])
KINDS = {REPORT: "88.33", LETTER: "104.1", STATE: "11.1", MASK: "66.4"}


def objects() -> dict[str, Dataset]:
    report = Dataset()
    report.ContentSequence = [item("NUM", "Cobb <b>angle</b>", MeasuredValueSequence=number("34.2", "deg"))]
    mask = segments(frames=1)
    mask.FrameOfReferenceUID = "1.2.826.99"
    plane, turned, measures = Dataset(), Dataset(), Dataset()
    # Where pixel (10, 20) of the image at 10 mm begins, so that the matrix is a shift.
    plane.ImagePositionPatient, turned.ImageOrientationPatient = [3.125, 6.25, 10], [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [0.3125, 0.3125]
    group = mask.PerFrameFunctionalGroupsSequence[0]
    group.PlanePositionSequence, group.PlaneOrientationSequence = [plane], [turned]
    group.PixelMeasuresSequence = [measures]
    group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID = IMAGE
    return {REPORT: report, LETTER: encapsulated(PDF), STATE: state(), MASK: mask}


def bytes_of(sop: str, found: Dataset) -> bytes:
    found.SOPClassUID, found.SOPInstanceUID = f"1.2.840.10008.5.1.4.1.1.{KINDS[sop]}", sop
    found.StudyInstanceUID, found.SeriesInstanceUID, found.Modality = STUDY, f"{sop}.1", "OT"
    found.SeriesDescription = "Second reading"
    return written(found, None)


@pytest.fixture
def visitor(services: Services, world: World, tmp_path: Path) -> Iterator[TestClient]:
    sandbox = Sandbox(WORKER)
    intake = Intake(FileSettings(), cast(LocalVault, services.vault), sandbox)
    files = []
    for sop, found in objects().items():
        files.append(tmp_path / f"{sop}.dcm")
        files[-1].write_bytes(bytes_of(sop, found))
    looked = intake.inspect([Arrived(one.name, one) for one in files])
    kept = intake.keep(looked.candidates)

    def enter(session: Session) -> None:
        outcomes = index(session, kept, looked.refused, delivery="test", at=AT)
        assert [one.result for one in outcomes] == ["taken"] * len(files)

    services.database.write_now(deed(), enter)
    made = replace(services, uploads=cast(Any, SimpleNamespace(intake=intake)))
    try:
        with client(application(made, [*pages.routes, *documents.routes])) as browser:
            sign_in(browser, "ada")
            yield browser
    finally:
        sandbox.close()


def path(sop: str, what: str = "") -> str:
    return f"/cases/case1/objects/{sop}{what}"


def test_the_objects_of_a_case_are_listed_by_what_they_are(visitor: TestClient) -> None:
    listed = visitor.get("/cases/case1/objects.json").json()["objects"]
    assert {one["sop"]: one["kind"] for one in listed} == {
        REPORT: "report", LETTER: "document", STATE: "presentation", MASK: "segmentation",
    }
    assert {one["title"] for one in listed} >= {"Report: Second reading", "Presentation state: Second reading"}


def test_a_report_is_a_page_in_which_nothing_runs(visitor: TestClient) -> None:
    answer = visitor.get(path(REPORT))
    assert answer.status_code == 200
    assert "34.2°" in answer.text
    assert "Cobb &lt;b&gt;angle" in answer.text


def test_a_pdf_is_drawn_page_by_page_and_only_downloaded_as_it_is(visitor: TestClient) -> None:
    assert "1 page" in visitor.get(path(LETTER)).text
    page = visitor.get(path(LETTER, "/parts/1"))
    assert (page.status_code, page.headers["content-type"]) == (200, "image/webp")
    whole = visitor.get(path(LETTER, "/document.pdf"))
    assert whole.content.startswith(PDF)
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert visitor.get(path(LETTER, "/parts/2")).status_code == 422
    assert visitor.get(path(LETTER, "/parts/0")).status_code == 404


def test_a_segmentation_lies_where_its_plane_says(visitor: TestClient) -> None:
    said = visitor.get(path(MASK, "/overlay.json")).json()["segmentation"]
    assert [one["label"] for one in said["segments"]] == ["Disc L4-L5"]
    (frame,) = said["frames"]
    assert (frame["sop_instance_uid"], frame["of_frame"], frame["segment"]) == (IMAGE, 1, 1)
    assert frame["matrix"] == pytest.approx([1, 0, 0, 1, 10, 20], abs=1e-6)
    mask = np.asarray(Image.open(io.BytesIO(visitor.get(path(MASK, "/parts/1")).content)))
    assert np.argwhere(mask[..., 3]).tolist() == [[1, 2], [2, 4]]


def test_a_presentation_state_is_told_as_it_stands(visitor: TestClient) -> None:
    said = visitor.get(path(STATE, "/overlay.json")).json()["presentation"]
    assert [one["text"] for one in said["parts"][0]["graphics"]] == ["", "L4"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (path("1.2.3"), 404),
        (path(IMAGE), 422),
        (path(REPORT, "/overlay.json"), 422),
        (path(REPORT, "/parts/1"), 422),
        (path(REPORT, "/document.pdf"), 404),
    ],
)
def test_what_is_not_there_or_not_that_says_so(visitor: TestClient, address: str, status: int) -> None:
    answer = visitor.get(address)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_somebody_else_sees_nothing(visitor: TestClient) -> None:
    visitor.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    visitor.cookies.clear()
    assert visitor.get(path(REPORT)).status_code in (303, 401, 403)
