"""What de-identification writes, before the eyes of dicom3tools' dciodvfy: no error that was not there."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from imaging.deidentify.doors import Deidentifier
from imaging.deidentify.pseudonyms import Keys
from imaging.intake import Arrived, Intake
from imaging.patient_match import Identity
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.vault import LocalVault

pytestmark = pytest.mark.peer
PROGRAM = shutil.which("dciodvfy")
NAMES = ("CT_small.dcm", "MR_small.dcm", "reportsi.dcm", "US1_J2KR.dcm", "examples_ybr_color.dcm")


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    if PROGRAM is None:
        pytest.skip("dciodvfy (Debian's dicom3tools) is not installed")
    sandbox = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    made = Intake(FileSettings(), LocalVault(tmp_path_factory.mktemp("vault")), sandbox)
    yield made
    made.close()


def errors(path: Path) -> set[str]:
    """What it calls an error, without the values it quotes."""
    said = subprocess.run([PROGRAM or "", "-new", str(path)], capture_output=True, text=True, timeout=60, check=False)
    found = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]
    # It asks for a Laterality by what it guesses of the body part, and guesses otherwise without descriptions.
    found = [line for line in found if "Laterality(0020,0060)" not in line]
    return {re.sub(r"<[^>]*>|= .*|'[^']*'", "", line) for line in found}


def test_de_identified_files_have_no_new_errors(intake: Intake, tmp_path: Path, shared_data: Path | None) -> None:
    files = [Path(found) for name in NAMES if (found := get_testdata_file(name, download=False))]
    if shared_data is not None:
        files += [one for one in sorted((shared_data / "rt_seg_sr").rglob("*")) if one.is_file()][:12]
    arrived = [Arrived(str(number), path) for number, path in enumerate(files)]
    inspection = intake.inspect([one for one in arrived if one.path.read_bytes()[128:132] == b"DICM"])
    made = Deidentifier(Keys(b"k" * 32), intake).cleaned(inspection, Identity(), tmp_path / "out", patient="matched")
    written = {one.arrived.path.name: one.arrived.path for one in made.inspection.candidates}
    checked = 0
    for number, one in enumerate(inspection.candidates):
        path = written.get(f"{number + 1:06}")
        if path is None:
            continue
        new = errors(path) - errors(one.arrived.path)
        assert new == set(), pydicom.dcmread(one.arrived.path, stop_before_pixels=True).SOPClassUID.name
        checked += 1
    assert checked >= 3
