"""A case with a small MR series in the application of the web tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
from sqlmodel import Session

from agenda.cases import add_study
from imaging.intake import Arrived, Intake, index
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


def _entered(session: Session, kept: list, refused: tuple) -> None:  # type: ignore[type-arg]
    outcomes = index(session, kept, refused, delivery="test", at=AT)
    assert {one.result for one in outcomes} == {"taken"}
    add_study(session, "case1", STUDY, AT)


@contextmanager
def imaged(held: Services, folder: Path) -> Iterator[Services]:
    """The services with a vault, an indexed series of ``case1``, another series of no case, and pictures."""
    vault = LocalVault(folder / "vault")
    sandbox = Sandbox(WORKER)
    files = [*slices(folder / "in"), *slices(folder / "in", ELSEWHERE, "1.2.826.2")]
    try:
        intake = Intake(FileSettings(), vault, sandbox)
        found = intake.inspect([Arrived(one.name, one) for one in files])
        kept = intake.keep(found.candidates)
    finally:
        sandbox.close()
    held.database.write_now(deed(), _entered, kept, found.refused)
    pictures = Pictures(vault, folder / "derived", WORKER)
    try:
        yield replace(held, vault=vault, pictures=pictures)
    finally:
        pictures.close()
