"""What is read from a header, tried in this process; workers run the same function."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.facts import Header
from imaging.header import read
from tests.unit.imaging.samples import dataset, written


def header(tmp_path: Path, made: Dataset, frames: int = 1) -> Header:
    (tmp_path / "file").write_bytes(written(made))
    facts, payload = read(str(tmp_path / "file"), frames)
    assert payload == b""
    return Header.model_validate(facts)


def item(**said: Any) -> Dataset:
    made = Dataset()
    for keyword, value in said.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.parametrize(("said", "expected"), [
    ({"PixelSpacing": [0.5, 0.6]}, (0.5, 0.6, "pixel")),
    ({"Modality": "DX", "PixelSpacing": None, "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2, "imager")),
    ({"Modality": "DX", "PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2, "imager")),
    ({"Modality": "DX", "PixelSpacing": [0.16, 0.16], "ImagerPixelSpacing": [0.2, 0.2]}, (0.16, 0.16, "calibrated")),
    ({"Modality": "CR", "PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"},
     (0.1, 0.1, "calibrated")),
    ({"PixelSpacing": [0, 0]}, (None, None, "none")),
    ({"PixelSpacing": None}, (None, None, "none")),
])
def test_whom_to_believe_about_millimetres(
    tmp_path: Path, said: dict[str, Any], expected: tuple[float | None, float | None, str]
) -> None:
    found = header(tmp_path, dataset(**said))
    assert (found.row_spacing_mm, found.column_spacing_mm, found.spacing_source) == expected


def test_spacing_at_the_detector_is_divided_by_the_magnification(tmp_path: Path) -> None:
    found = header(tmp_path, dataset(
        Modality="DX", PixelSpacing=None, ImagerPixelSpacing=[0.2, 0.2], EstimatedRadiographicMagnificationFactor=1.25,
    ))
    assert found.row_spacing_mm == pytest.approx(0.16)
    assert found.magnification == 1.25


def test_an_ultrasound_with_one_region_in_centimetres_is_measured_by_it(tmp_path: Path) -> None:
    region = item(RegionSpatialFormat=1, PhysicalUnitsXDirection=3, PhysicalUnitsYDirection=3,
                  PhysicalDeltaX=0.02, PhysicalDeltaY=0.03)
    made = dataset(Modality="US", PixelSpacing=None)
    made.SequenceOfUltrasoundRegions = Sequence([region])
    found = header(tmp_path, made)
    assert (found.row_spacing_mm, found.column_spacing_mm) == (pytest.approx(0.3), pytest.approx(0.2))
    assert found.spacing_source == "region"
    made.SequenceOfUltrasoundRegions = Sequence([region, region])
    assert header(tmp_path, made).spacing_source == "none"


def test_windows_without_width_are_left_out_and_names_kept(tmp_path: Path) -> None:
    found = header(tmp_path, dataset(
        WindowCenter=[40, 1, 500], WindowWidth=[400, 0, 2000], WindowCenterWidthExplanation=["Soft", "No", "Bone"],
    ))
    assert [(one.name, one.centre, one.width) for one in found.windows] == [("Soft", 40, 400), ("Bone", 500, 2000)]


def test_bad_values_cost_themselves_not_the_file(tmp_path: Path) -> None:
    made = dataset(PatientBirthDate="1971-13-45", StudyTime="", SeriesNumber=None, PatientSex="female")
    made.add_new(0x00281053, "DS", "1")
    found = header(tmp_path, made)
    assert (found.patient_born_on, found.series_number, found.patient_sex) == ("", None, "F")


def test_a_name_is_decoded_by_its_character_set(tmp_path: Path) -> None:
    found = header(tmp_path, dataset(SpecificCharacterSet="ISO_IR 100", PatientName="Núñez^José"))
    assert found.patient_name == "Núñez^José"


@pytest.mark.parametrize("said", [b"\0SO_IR 100", b"ISO_IR\x00100", b"\xff\xfe\0\x80rubbis"])
def test_a_character_set_with_a_nul_is_damage_and_no_crash(tmp_path: Path, said: bytes) -> None:
    whole = written(dataset(SpecificCharacterSet="ISO_IR 100"))
    assert whole.count(b"ISO_IR 100") == 1
    (tmp_path / "file").write_bytes(whole.replace(b"ISO_IR 100", said))
    assert read(str(tmp_path / "file"), 1) == ({"damaged": True}, b"")


@pytest.mark.parametrize(("said", "inverted"), [
    ({}, False), ({"PhotometricInterpretation": "MONOCHROME1"}, True), ({"PresentationLUTShape": "INVERSE"}, True),
])
def test_what_is_shown_inverted(tmp_path: Path, said: dict[str, Any], inverted: bool) -> None:
    assert header(tmp_path, dataset(**said)).inverted is inverted


def test_per_frame_facts_of_an_enhanced_image(tmp_path: Path) -> None:
    made = dataset(ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None, NumberOfFrames=2)
    made.SharedFunctionalGroupsSequence = Sequence([item(
        PixelMeasuresSequence=Sequence([item(PixelSpacing=[0.4, 0.4])]),
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]),
    )])
    made.PerFrameFunctionalGroupsSequence = Sequence([
        item(
            PlanePositionSequence=Sequence([item(ImagePositionPatient=[0, 0, depth])]),
            FrameVOILUTSequence=Sequence([item(WindowCenter=100 + depth, WindowWidth=50)]),
            PixelValueTransformationSequence=Sequence([item(RescaleSlope=2, RescaleIntercept=depth)]),
        )
        for depth in (5, 10)
    ])
    found = header(tmp_path, made, frames=2)
    assert (found.row_spacing_mm, found.spacing_source) == (0.4, "pixel")
    assert found.orientation == [1, 0, 0, 0, 1, 0]
    assert [one.position for one in found.frame_facts] == [[0, 0, 5], [0, 0, 10]]
    assert [(one.slope, one.intercept) for one in found.frame_facts] == [(2, 5), (2, 10)]
    assert found.overrides()[1]["windows"] == [{"name": "Window 1", "centre": 110, "width": 50}]


def test_control_characters_never_leave_the_header(tmp_path: Path) -> None:
    found = header(tmp_path, dataset(StudyDescription="a\x1b[31mb"))
    assert found.study_description == "a [31mb"
