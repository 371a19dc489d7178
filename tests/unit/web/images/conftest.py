"""A case with a small MR series in the application of the web tests."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
from sqlmodel import Session

from agenda.cases import add_study
from imaging.intake import Arrived, Inspection, Intake, KeptFile, index
from imaging.pixels.pictures import Pictures
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.vault import LocalVault
from tests.unit.web.application import AT, deed
from web.services import Services

WORKER = WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60)
STUDY, SERIES, ELSEWHERE = "1.2.826.1", "1.2.826.1.1", "1.2.826.2.1"
SLICES = 5


def slices(folder: Path, series: str = SERIES, study: str = STUDY) -> list[Path]:
    """MR slices of 64 × 64, 5 mm apart, numbered against their position; slice k holds k in its first pixel."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for place in range(SLICES):
        dataset = dcmread(str(get_testdata_file("MR_small.dcm", download=False)))
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=[series, str(place)]
        )
        dataset.InstanceNumber = SLICES - place
        dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * place]
        pixels = np.array(dataset.pixel_array)
        pixels[0, 0] = place
        dataset.PixelData = pixels.tobytes()
        made.append(folder / f"{series}.{place}.dcm")
        dataset.save_as(made[-1])
    return made


@dataclass(frozen=True)
class World:
    """Files that went through the door once; every test indexes them in a database of its own."""

    vault: LocalVault
    pictures: Pictures
    inspection: Inspection
    kept: list[KeptFile]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("images")
    vault, sandbox = LocalVault(folder / "vault"), Sandbox(WORKER)
    files = [*slices(folder / "in"), *slices(folder / "in", ELSEWHERE, "1.2.826.2")]
    try:
        intake = Intake(FileSettings(), vault, sandbox)
        found = intake.inspect([Arrived(one.name, one) for one in files])
        kept = intake.keep(found.candidates)
    finally:
        sandbox.close()
    pictures = Pictures(vault, folder / "derived", WORKER)
    yield World(vault, pictures, found, kept)
    pictures.close()


@pytest.fixture
def services(held: Services, world: World) -> Services:
    """A case with one MR series, another series of no case, and the routes' services with pictures."""

    def enter(session: Session) -> None:
        outcomes = index(session, world.kept, world.inspection.refused, delivery="test", at=AT)
        assert {one.result for one in outcomes} == {"taken"}
        add_study(session, "case1", STUDY, AT)

    held.database.write_now(deed(), enter)
    return replace(held, vault=world.vault, pictures=world.pictures)
