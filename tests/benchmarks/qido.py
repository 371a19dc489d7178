"""qido: 25 studies by date and by a part of the name among many instances, each with its full set of attributes.

Our index is filled with the rows that intake writes; Orthanc takes such headers with small pixels by STOW-RS. Both
answer on one kept-alive connection; ours passes sign-in, policy and audit.
"""

import io
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from math import log
from pathlib import Path

from pydicom import dcmread
from pydicom.data import get_testdata_file
from sqlmodel import Session

from agenda.cases import add_study
from imaging.studies import Instance, Series, Study
from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.consilium import CASE, consilium
from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.instances import uids
from tests.benchmarks.rig.orthanc import orthanc
from web.clock import now

ASKED = {
    "by date": "/dicom-web/studies?StudyDate=202401{:02}-20251231&limit=25&includefield=all",
    "by name": "/dicom-web/studies?PatientName=Bench*{}*&limit=25&includefield=all",
}
"""Each time another day and another part of the name, so that no answer is a memory of the same question."""
_SERIES, _IMAGES = 2, 20
"""Of each study."""


def run(*, short: bool) -> Iterator[Figure]:
    """Median milliseconds, ours / Orthanc's, at two sizes; and how ours grow."""
    sizes = (200, 400) if short else (2_000, 20_000)
    asks = 5 if short else 15
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        theirs = stack.enter_context(orthanc(folder / "orthanc"))
        filled, found = 0, dict[tuple[str, int], float]()
        for size in sizes:
            studies = range(filled // (_SERIES * _IMAGES), size // (_SERIES * _IMAGES))
            for number in studies:
                theirs.http.stow("/dicom-web/studies", _study(number))
            filled = size
            with consilium(folder / str(size), partial(_fill, studies=range(studies.stop))) as ours:
                for name, path in ASKED.items():
                    us, them = _medians(ours.http, theirs.http, path, asks)
                    found[name, size] = us
                    yield Figure(f"qido {name} of {size}", us, them, "ms", 1 / 20 if size == sizes[-1] else None)
        for name in ASKED:
            exponent = log(found[name, sizes[1]] / found[name, sizes[0]]) / log(sizes[1] / sizes[0])
            yield Figure(f"qido {name}: exponent of time", exponent, 1.0, "power of instances", None)


def _fill(session: Session, studies: range) -> None:
    """The rows intake would write, without the files."""
    at = now()
    for number in studies:
        study, _, _ = uids(10_000 + number, 0, 0)
        session.add(Study(
            study_instance_uid=study, patient_name=f"Bench^{number:05}", patient_id=f"BENCH{number:05}",
            patient_born_on="1971-03-04", patient_sex="F", description="Lumbar spine", study_date=_date(number),
            study_time="081500", accession_number=str(number), institution="Somewhere", received_at=at,
        ))
        session.flush()
        add_study(session, CASE, study, at)
        for index in range(_SERIES):
            session.add(Series(
                series_instance_uid=uids(10_000 + number, index, 0)[1], study_instance_uid=study, number=index + 1,
                modality="MR", description="Sagittal T2", body_part="SPINE",
            ))
            session.flush()
            session.add_all(_row(number, index, place, at) for place in range(_IMAGES))
        session.flush()


def _row(number: int, index: int, place: int, at: datetime) -> Instance:
    _, series, instance = uids(10_000 + number, index, place)
    return Instance(
        sop_instance_uid=instance, series_instance_uid=series, sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
        transfer_syntax_uid="1.2.840.10008.1.2.1", number=place + 1, digest=f"{number}-{index}-{place}", size=9_000,
        received_at=at, rows=4, columns=4, frames=1, bits_allocated=16, bits_stored=16, high_bit=15,
    )


def _date(number: int) -> str:
    return f"20{24 + number % 3}-{1 + number % 12:02}-{1 + number % 28:02}"


def _medians(mine: Http, other: Http, path: str, asks: int) -> tuple[float, float]:
    us, them = [], []
    for turn in range(asks):
        for http, taken in ((mine, us), (other, them)):
            began = time.perf_counter()
            answer = http.get(path.format(turn + 1), Accept="application/dicom+json")
            taken.append((time.perf_counter() - began) * 1000)
            assert len(json.loads(answer)) <= 25
    return statistics.median(us), statistics.median(them)


def _study(number: int) -> Iterator[bytes]:
    """One study of small images, its identity and date from its number."""
    dataset = dcmread(str(get_testdata_file("MR_small.dcm", download=False)))
    dataset.Rows = dataset.Columns = 4
    dataset.PixelData = bytes(32)
    dataset.PatientName, dataset.PatientID = f"Bench^{number:05}", f"BENCH{number:05}"
    dataset.StudyDate = _date(number).replace("-", "")
    for index in range(_SERIES):
        for place in range(_IMAGES):
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = uids(
                10_000 + number, index, place)
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            out = io.BytesIO()
            dataset.save_as(out)
            yield out.getvalue()
