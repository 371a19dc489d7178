"""The phantoms are DICOM that holds together, and show what they say they show."""

from datetime import date, datetime
from io import BytesIO
from math import atan2, degrees

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from imaging.phantoms.anatomy import Wear, lordosis_deg, lumbar
from imaging.phantoms.dicom import Examination, Patient
from imaging.phantoms.mr import SMALL
from imaging.phantoms.scoliosis import Curve, cobb_lines, placed
from imaging.phantoms.studies import KINDS, Study, study

PATIENT = Patient("Fictional", "Ada", "DEMO-1", date(1961, 4, 2), "F")
TAKEN = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - DICOM writes local time at the scanner


@pytest.fixture(scope="module")
def mr() -> Study:
    return study("herniation-mr", PATIENT, TAKEN, 5, small=True)


@pytest.fixture(scope="module")
def images(mr: Study) -> list[Dataset]:
    return [dcmread(BytesIO(file)) for file in mr.files]


def of_series(images: list[Dataset], number: int) -> list[Dataset]:
    return [image for image in images if image.SeriesNumber == number]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_study_is_readable_dicom_of_one_patient_and_one_study(kind: str) -> None:
    made = study(kind, PATIENT, TAKEN, 7, small=True)
    read = [dcmread(BytesIO(file)) for file in made.files]
    assert {image.StudyInstanceUID for image in read} == {made.study_instance_uid}
    assert {str(image.PatientName) for image in read} == {"Fictional^Ada"}
    assert {image.Manufacturer for image in read} == {"Consilium phantom"}
    assert len({image.SOPInstanceUID for image in read}) == len(read)
    for image in read:
        assert image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID
        assert image.pixel_array.shape[:2] == (image.Rows, image.Columns)
        assert int(image.pixel_array.max()) > int(image.pixel_array.min())
        assert len(image.SOPInstanceUID) <= 64


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_identities() -> None:
    first = study("slip-film", PATIENT, TAKEN, 7, small=True)
    again = study("slip-film", PATIENT, TAKEN, 7, small=True)
    other = study("slip-film", PATIENT, TAKEN, 8, small=True)
    assert first == again
    assert first.study_instance_uid != other.study_instance_uid


def test_sagittal_and_axial_series_share_one_frame_of_reference(images: list[Dataset]) -> None:
    assert len({image.FrameOfReferenceUID for image in images}) == 1
    assert len({image.SeriesInstanceUID for image in images}) == 3


@pytest.mark.parametrize("series", [1, 2, 3])
def test_slices_lie_at_equal_distances_along_their_normal(images: list[Dataset], series: int) -> None:
    stack = of_series(images, series)
    orientation = np.array([float(v) for v in stack[0].ImageOrientationPatient])
    normal = np.cross(orientation[:3], orientation[3:])
    places = [float(np.dot(normal, [float(v) for v in image.ImagePositionPatient])) for image in stack]
    gaps = np.abs(np.diff(places))
    assert np.linalg.norm(orientation[:3]) == pytest.approx(1, abs=1e-5)
    assert gaps == pytest.approx(np.full(len(gaps), float(stack[0].SpacingBetweenSlices)), abs=1e-3)


def pixel_of(image: Dataset, y: float, z: float) -> tuple[int, int]:
    """Row and column of a sagittal image at a place in the patient."""
    _, first_y, first_z = (float(v) for v in image.ImagePositionPatient)
    rows, columns = (float(v) for v in image.PixelSpacing)
    return round((first_z - z) / rows), round((y - first_y) / columns)


def test_the_herniation_takes_the_place_of_bright_fluid_at_its_level_and_nowhere_else(mr: Study) -> None:
    sick = of_series([dcmread(BytesIO(f)) for f in mr.files], 1)[SMALL.sagittal // 2]
    healthy_study = study("healthy-mr", PATIENT, TAKEN, 5, small=True)
    healthy = of_series([dcmread(BytesIO(f)) for f in healthy_study.files], 1)[SMALL.sagittal // 2]
    spine = lumbar({"L4-L5": Wear(4, 0.8, 1.5)})

    def front_of_sac(image: Dataset, level: str) -> float:
        disc = spine.disc(level)
        y = float(spine.wall(np.array([disc.z], np.float32))[0]) + 4.5
        row, column = pixel_of(image, y, disc.z - 1.0)
        return float(image.pixel_array[row - 1:row + 2, column - 1:column + 2].mean())

    assert mr.truth["level"] == "L4-L5"
    assert front_of_sac(sick, "L4-L5") < 0.5 * front_of_sac(healthy, "L4-L5")
    assert front_of_sac(sick, "L2-L3") > 0.6 * front_of_sac(healthy, "L2-L3")


@pytest.mark.parametrize("cobb", [12.0, 34.0, 61.0])
def test_the_cobb_angle_between_the_end_plates_is_the_stated_one(cobb: float) -> None:
    upper_left, upper_right, lower_left, lower_right = cobb_lines(Curve(cobb))
    upper = degrees(atan2(upper_right[1] - upper_left[1], upper_right[0] - upper_left[0]))
    lower = degrees(atan2(lower_right[1] - lower_left[1], lower_right[0] - lower_left[0]))
    assert abs(upper - lower) == pytest.approx(cobb, abs=0.01)


def test_no_other_pair_of_end_plates_makes_a_greater_angle_than_the_stated_curve() -> None:
    turns = [degrees(body.turn) for body in placed(Curve(34.0))]
    assert max(turns) - min(turns) == pytest.approx(34.0, abs=0.01)


def test_bone_on_the_standing_film_is_dark_in_storage_and_light_on_screen() -> None:
    image = dcmread(BytesIO(study("scoliosis-film", PATIENT, TAKEN, 5, small=True).files[0]))
    middle = next(body for body in placed(Curve(34.0)) if body.name == "L2")
    spacing = float(image.ImagerPixelSpacing[0])
    column, row = round(middle.x / spacing + image.Columns / 2), round(middle.y / spacing + image.Rows / 2)
    bone = float(image.pixel_array[row - 4:row + 5, column - 4:column + 5].mean())
    flank = float(image.pixel_array[row - 4:row + 5, 90:100].mean())
    assert image.PhotometricInterpretation == "MONOCHROME1"
    assert bone < flank


def test_a_slip_moves_the_vertebra_forward_by_the_stated_length() -> None:
    steady, slipped = lumbar(), lumbar({"L4-L5": Wear(slip_mm=8.0)})
    before, after = steady.vertebra("L4"), slipped.vertebra("L4")
    forward = (before.y - after.y) * np.cos(before.tilt) + (before.z - after.z) * np.sin(before.tilt)
    assert forward == pytest.approx(8.0, abs=1e-6)
    assert lordosis_deg(steady) == pytest.approx(49.0)


def test_bending_forward_opens_the_slip() -> None:
    pair = study("flexion-extension", PATIENT, TAKEN, 5, small=True)
    assert pair.truth["flexed_mm"] > pair.truth["extended_mm"]  # type: ignore[operator]
    assert [dcmread(BytesIO(f)).SeriesDescription for f in pair.files] == ["Lumbar flexion", "Lumbar extension"]


def test_the_transitional_process_is_bone_on_its_own_side_only() -> None:
    made = study("transitional-ct", PATIENT, TAKEN, 5, small=True)
    body = lumbar({"L4-L5": Wear(4, 0.75, 2.0), "L5-S1": Wear(3, 0.5)}).vertebra("L5")
    read = [dcmread(BytesIO(file)) for file in made.files]
    image = min(read, key=lambda each: abs(float(each.SliceLocation) - body.z + 6.0))
    first_x, first_y, _ = (float(v) for v in image.ImagePositionPatient)
    spacing = float(image.PixelSpacing[0])
    row = round((body.y + 20.0 - first_y) / spacing)

    def hounsfield(x: float) -> float:
        column = round((x - first_x) / spacing)
        return float(image.pixel_array[row - 1:row + 2, column - 1:column + 2].mean()) - 1024.0

    assert made.truth["side"] == "left"
    assert hounsfield(38.0) > 100.0
    assert hounsfield(-38.0) < 100.0


def test_the_doppler_picture_is_colour_with_a_calibrated_region() -> None:
    image = dcmread(BytesIO(study("doppler", PATIENT, TAKEN, 5).files[0]))
    assert image.PhotometricInterpretation == "RGB"
    assert image.SequenceOfUltrasoundRegions[0].PhysicalUnitsXDirection == 3
    red, _, blue = image.pixel_array[205, 320].astype(int)
    assert red > blue + 100


def test_identities_say_nothing_of_the_patient() -> None:
    examination = Examination(PATIENT, TAKEN, 1, "MR")
    assert "DEMO" not in examination.study_instance_uid
    assert examination.study_instance_uid.startswith("2.25.")
