"""What we write, judged by programs that are not ours: dciodvfy, dsrdump, dcmpschk, highdicom and dcmjs."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from imaging.objects.uids import tracking_uid
from tests.conftest import ROOT
from tests.unit.imaging.objects.orders import (
    COBB,
    FIRST,
    SECOND,
    SERIES,
    STUDY,
    annotation,
    every_kind,
    identity,
    objects,
    only,
    order,
    read_back,
)

pytestmark = pytest.mark.peer
CLIENT = ROOT / "web" / "client"
HERE = Path(__file__).parent


def _said(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("objects")
    found: dict[str, Path] = {}
    for name, said in (("", {}), ("deidentified ", {"PatientIdentityRemoved": "YES", "DeidentificationMethod": "x"})):
        for one in objects(order(folder, every_kind(), **said)):
            found[name + one.kind] = folder / f"{name}{one.kind}.dcm"
            found[name + one.kind].write_bytes(one.content)
    return found


def test_dciodvfy_finds_no_error(files: dict[str, Path]) -> None:
    assert len(files) == 7
    for name, place in files.items():
        said = _said("dciodvfy", "-new", str(place))
        assert "Error" not in said, f"{name}: {said}"


def test_dsrdump_accepts_report_and_key_images(files: dict[str, Path]) -> None:
    for name in ("report", "keys", "deidentified report", "deidentified keys"):
        said = _said("dsrdump", str(files[name]))
        assert "\nE:" not in said
        assert "Person Observer Name" in said or name != "report"
    assert said.count("IMAGE:") == 2


def test_dcmpschk_passes_the_presentation_state(files: dict[str, Path]) -> None:
    assert "Test passed" in _said("dcmpschk", str(files["presentation"]))


def test_highdicom_reads_a_cobb_angle_on_exactly_one_image(tmp_path: Path) -> None:
    from highdicom.sr import srread
    from pydicom.sr.coding import Code

    place = tmp_path / "report.dcm"
    place.write_bytes(only(order(tmp_path, (annotation(0, "cobb"),)), "report"))
    (group,) = srread(str(place)).content.get_image_measurement_groups()
    (value,) = group.get_measurements(name=Code("285285000", "SCT", "Cobb angle"))
    assert group.tracking_uid == tracking_uid(identity(0))
    assert value.value == pytest.approx(23.456789)
    assert value.unit.value == "deg"
    (place_of,) = value.referenced_coordinates
    assert np.array_equal(place_of.value, np.array(COBB, dtype=np.float32))
    (source,) = place_of.ContentSequence
    assert source.referenced_sop_instance_uid == FIRST


def _with_dcmjs(script: str, *arguments: str) -> str:
    if not (CLIENT / "node_modules" / "dcmjs").is_dir():
        pytest.skip("dcmjs is not installed: npm ci in web/client")
    return _said("node", str(HERE / script), str(CLIENT), *arguments)


def test_dcmjs_reads_a_cobb_angle_on_exactly_one_image(tmp_path: Path) -> None:
    place = tmp_path / "report.dcm"
    place.write_bytes(only(order(tmp_path, (annotation(0, "cobb"),)), "report"))
    (found,) = json.loads(_with_dcmjs("read_with_dcmjs.mjs", str(place)))
    assert (found["tool"], found["sopInstanceUid"], found["frameIndex"]) == ("CobbAngle", FIRST, 1)
    ends = [found["handles"][name] for name in ("start", "end", "start2", "end2")]
    assert tuple((one["x"], one["y"]) for one in ends) == COBB
    assert found["rAngle"] == pytest.approx(23.456789)


def test_dcmjs_reads_the_same_length_and_angle(tmp_path: Path) -> None:
    place = tmp_path / "report.dcm"
    place.write_bytes(only(order(tmp_path, (annotation(1, "length"), annotation(2, "angle"))), "report"))
    found = {one["tool"]: one for one in json.loads(_with_dcmjs("read_with_dcmjs.mjs", str(place)))}
    assert (found["Length"]["sopInstanceUid"], found["Length"]["length"]) == (SECOND, 6.25)
    assert (found["Angle"]["sopInstanceUid"], found["Angle"]["rAngle"]) == (FIRST, 33.125)


def test_a_report_dcmjs_wrote_is_read(tmp_path: Path) -> None:
    place = tmp_path / "dcmjs.dcm"
    _with_dcmjs("write_with_dcmjs.mjs", str(place), STUDY, SERIES, FIRST, SECOND)
    found = read_back(tmp_path, place.read_bytes())
    assert [(one.kind, one.sop_instance_uid, one.frame) for one in found.marks] == [
        ("cobb", FIRST, 1), ("length", SECOND, 1)]
    assert found.marks[0].points == COBB
    assert [value.value for one in found.marks for value in one.values] == [23.4, 6.25]
    assert (found.author, found.software, found.skipped) == ("", "", ())
