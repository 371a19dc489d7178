"""Files made to do harm, at the door that meets them first (PROMISES.md 2; promises 15 and 16)."""

import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from imaging.intake import Arrived, Candidate, Intake
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.vault import LocalVault
from tests.patience import patience
from tests.unit.imaging.samples import (
    JPEG_2000,
    JPEG_BASELINE,
    RLE,
    compressed,
    dataset,
    deflate_bomb,
    jpeg_2000_of,
    jpeg_of,
    slice_of,
    written,
)
from tests.unit.imaging.test_walk import nested

FLOOD = {"Rows": 65000, "Columns": 65000}
BOMBS = {
    "deflated data set": deflate_bomb(250),
    "jpeg flood": compressed([jpeg_of(65000, 65000)], JPEG_BASELINE, **FLOOD),
    "jpeg flood hidden in the codestream": compressed([jpeg_of(65000, 65000)], JPEG_BASELINE),
    "jpeg 2000 flood hidden in the codestream": compressed([jpeg_2000_of(60000, 60000)], JPEG_2000),
    "run length flood": compressed([b"\1\0\0\0\x40\0\0\0" + bytes(56) + b"\x81\0" * 400_000], RLE, **FLOOD),
    "frames without end": compressed([jpeg_of(16, 16)], JPEG_BASELINE, NumberOfFrames=2_000_000_000),
    "sequences without end": nested(4_000, explicit_length=True),
    "elements without end": written(dataset(), None) + b"\x09\0\1\x10LO\0\0" * 120_000,
    "claims gigabytes": written(dataset(), None) + b"\xe0\x7f\x10\0OW\0\0\xf0\xff\xff\xff",
}
PROBE = """
import re, sys, time
from pathlib import Path
from imaging.claims import pixels
from imaging.errors import Refused
from imaging.settings import FileSettings
from imaging.walk import walked
began = time.process_time()
try:
    with walked(Path(sys.argv[1]), FileSettings()) as found:
        pixels(found, FileSettings())
    print("taken")
except Refused as refused:
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    print(refused.code, time.process_time() - began, peak)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_the_header_check_in_a_second_and_256_megabytes(name: str, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.dcm"
    bomb.write_bytes(BOMBS[name])
    assert bomb.stat().st_size <= 1_050_000
    told = subprocess.run([sys.executable, "-c", PROBE, str(bomb)], capture_output=True, text=True, check=True).stdout
    code, seconds, kibibytes = told.split()
    assert code
    assert float(seconds) < 1.0
    assert int(kibibytes) < 256 * 1024


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WorkerSettings(processes=1))
    yield made
    made.close()


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Intake:
    return Intake(FileSettings(), LocalVault(tmp_path_factory.mktemp("vault")), sandbox)


def test_mutated_files_are_each_taken_or_refused_with_a_reason_and_cost_the_server_nothing(
    intake: Intake, tmp_path: Path
) -> None:
    seeds = [
        slice_of(), compressed([jpeg_of(16, 16)] * 2, JPEG_BASELINE, NumberOfFrames=2),
        compressed([jpeg_2000_of(16, 16)], JPEG_2000), nested(8, explicit_length=False), deflate_bomb(1),
    ]
    chance = random.Random(20261121)
    files: list[Arrived] = []
    for number in range(1000):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(132, len(data))] = chance.randrange(256)
        path = tmp_path / str(number)
        path.write_bytes(data)
        files.append(Arrived(str(number), path))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    found = intake.inspect(files)
    assert len(found.candidates) + len(found.refused) == len(files)
    assert all(one.reason.endswith((".", ")")) and len(one.reason) > 20 for one in found.refused)
    assert time.perf_counter() - began < patience(12 * 4)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


@pytest.mark.slow
def test_every_real_file_ends_taken_without_a_picture_or_refused_and_says_why(
    shared_data: Path, intake: Intake
) -> None:
    paths = [path for path in sorted(shared_data.rglob("*")) if path.is_file() and path.suffix not in (".md", ".zip")]
    found = intake.inspect([Arrived(path.name, path) for path in paths])
    assert len(found.candidates) + len(found.refused) == len(paths)
    assert all(isinstance(one, Candidate) for one in found.candidates)
    assert all(one.reason for one in found.refused)
    assert len(found.candidates) > 500
    whole = {one.arrived.name for one in found.candidates}
    for broken in ("MR_truncated.dcm", "rtplan_truncated.dcm", "3gb-bulk-data-truncated", "bad_sequence.dcm"):
        assert broken not in whole
