"""Whatever a file says, our own reading of an ordinary header is pydicom's, or leaves the file to pydicom."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from imaging import header, plain
from imaging.claims import pixels
from imaging.errors import Refused
from imaging.facts import Header
from imaging.settings import FileSettings
from imaging.walk import PIXEL_DATA, walk
from tests.unit.imaging.samples import JPEG_BASELINE, compressed, dataset, jpeg_of, written

LIMITS = FileSettings()
RICH = {
    "InstitutionName": "St. Mary", "RescaleSlope": "2.5", "RescaleIntercept": "-1024", "RescaleType": "HU",
    "WindowCenterWidthExplanation": ["SOFT", "BONE"], "WindowCenter": [40, 500], "WindowWidth": [400, 2000],
    "PixelPaddingValue": 0, "PixelAspectRatio": [1, 1], "BurnedInAnnotation": "NO", "ImageLaterality": "L",
    "LossyImageCompression": "01",
}
FILES = {
    "explicit": written(dataset(**RICH)),
    "implicit": written(dataset(**{key: value for key, value in RICH.items() if "Padding" not in key}),
                        syntax="1.2.840.10008.1.2"),
    "compressed": compressed([jpeg_of(16, 16)], JPEG_BASELINE, **RICH),
}


def validated(said: dict[str, Any] | None) -> Header | None:
    try:
        return None if said is None else Header.model_validate(said)
    except ValidationError:
        return None


def both(data: bytes) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Our facts and pydicom's; None where the one leaves it to the other, or the file is refused before."""
    try:
        found = walk(data, LIMITS)
        claimed = pixels(found, LIMITS)
    except Refused:
        return None, None
    frames = claimed.frames if claimed else 0
    ours = plain.facts(found, frames)
    assert plain.header(found, frames) == validated(ours), "it is validated as a worker's answer is"
    if ours is None:
        return None, None
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        Path(file.name).write_bytes(data)
        return ours, header.read(file.name, frames)[0]


def test_the_whole_files_are_ordinary() -> None:
    for data in FILES.values():
        ours, theirs = both(data)
        assert ours is not None
        assert ours == theirs
        Header.model_validate(ours)


def test_what_a_series_has_in_common_is_remembered_and_what_is_an_images_own_is_not() -> None:
    for number, place in ((1, [0, 0, 1.5]), (2, [0, 0, 3]), (7, None)):
        own = {"SOPInstanceUID": f"1.2.3.{number}", "InstanceNumber": number, "ImagePositionPatient": place}
        for overlay in (False, True):
            made = dataset(**RICH | own)
            if overlay:
                made.add_new(0x60000010, "US", 16)
            ours, theirs = both(written(made))
            assert ours is not None
            assert ours == theirs
            assert (ours["instance_number"], ours["overlays"]) == (number, overlay)


CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4)


@settings(deadline=None, max_examples=400)
@given(name=st.sampled_from(sorted(FILES)), changes=CHANGES)
@example(name="explicit", changes=[(0.5, 0xC3)])
def test_a_header_with_changed_bytes_is_read_the_same_or_left_alone(
    name: str, changes: list[tuple[float, int]]
) -> None:
    data = bytearray(FILES[name])
    end = walk(bytes(data), LIMITS).elements[PIXEL_DATA].start
    for share, value in changes:
        data[340 + int((end - 340) * share)] = value
    ours, theirs = both(bytes(data))
    if theirs == {"damaged": True}:  # pydicom gave up on what is none of the values that are wanted
        return
    assert ours == theirs


TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20)


@settings(deadline=None, max_examples=200)
@given(name=TEXT, description=TEXT, number=st.integers(-(2**31), 2**31 - 1), spacing=st.floats(1e-3, 1e3))
def test_names_and_numbers_are_read_the_same_or_left_alone(
    name: str, description: str, number: int, spacing: float
) -> None:
    ours, theirs = both(written(dataset(
        PatientName=name, SeriesDescription=description, SeriesNumber=number, PixelSpacing=[f"{spacing:.9g}"] * 2,
    )))
    assert ours == theirs
