"""Headers read in our own process: the same facts as pydicom's, and nothing that is not ordinary."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging import header, plain
from imaging.claims import pixels
from imaging.errors import Refused
from imaging.settings import FileSettings
from imaging.walk import walk, walked
from tests.unit.imaging.samples import DEFLATED, JPEG_BASELINE, compressed, dataset, jpeg_of, slice_of, written

LIMITS = FileSettings()


def facts(data: bytes) -> dict[str, Any] | None:
    found = walk(data, LIMITS)
    claimed = pixels(found, LIMITS)
    return plain.facts(found, claimed.frames if claimed else 0)


def item(**said: object) -> Dataset:
    made = Dataset()
    for keyword, value in said.items():
        setattr(made, keyword, value)
    return made


def test_an_ordinary_slice_is_read_here() -> None:
    found = facts(slice_of(3, PatientName="Rivera^Ana", WindowCenter=[40, 500], WindowWidth=[400, 2000]))
    assert found is not None
    assert (found["patient_name"], found["instance_number"], found["row_spacing_mm"]) == ("Rivera^Ana", 3, 0.5)
    assert [one["centre"] for one in found["windows"]] == [40.0, 500.0]


@pytest.mark.parametrize("odd", [
    slice_of(PatientName="Núñez^Ana"),
    slice_of(PatientName="Yamada^Tarou=\u5c71\u7530^\u592a\u90ce"),
    slice_of(SpecificCharacterSet="ISO_IR 13"),
    slice_of(SpecificCharacterSet=["", "ISO 2022 IR 87"]),
    slice_of(StudyDescription=["x" * 60] * 80),
    slice_of(SeriesDescription="T2 \x1b"),
    slice_of(VOILUTSequence=Sequence([item(LUTExplanation="x")])),
    slice_of(SharedFunctionalGroupsSequence=Sequence([item()])),
    compressed([jpeg_of(16, 16)] * 3, JPEG_BASELINE, NumberOfFrames=3),
    written(dataset(), syntax=DEFLATED),
    slice_of().replace(b"\x10\0\x20\0LO", b"\x10\0\x20\0SH"),
    slice_of().replace(rb"0.5\0.6 ", rb"0.5\0.6x"),
])
def test_what_is_not_ordinary_is_left_to_a_worker(odd: bytes) -> None:
    assert facts(odd) is None


def test_a_value_after_the_pixels_is_left_to_a_worker() -> None:
    late = slice_of(SeriesDescription=None) + b"\x08\0\x3e\x10LO\x04\0late"
    assert facts(late) is None


@pytest.mark.slow
def test_every_real_header_is_read_as_pydicom_reads_it_and_most_are_ordinary(shared_data: Path) -> None:
    told: Counter[str] = Counter()
    for path in sorted(one for one in shared_data.rglob("*") if one.is_file() and one.suffix not in (".md", ".zip")):
        try:
            with walked(path, LIMITS) as found:
                claimed = pixels(found, LIMITS)
                frames = claimed.frames if claimed else 0
                ours = plain.facts(found, frames)
        except Refused:
            continue
        told["ordinary" if ours else "odd"] += 1
        if ours is not None:
            assert ours == header.read(str(path), frames)[0], path.name
    assert told["ordinary"] > 4 * told["odd"]
