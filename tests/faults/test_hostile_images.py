"""Files made to do harm, at the door that meets them first (PROMISES.md 2; promises 15 and 16)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imaging.intake import Arrived, Candidate, Intake
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.vault import LocalVault
from tests.faults import mutated
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
    written,
)
from tests.unit.imaging.test_walk import nested


def fragments(count: int) -> bytes:
    """One frame in so many pieces, in a file whose pixel data never says where it ends."""
    begin = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\0\0\0\0"
    meta = written(dataset(BitsAllocated=8, BitsStored=8, HighBit=7), None)
    run_length = meta.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0", 1)
    return run_length + begin + b"\xfe\xff\0\xe0\0\0\0\0" * count


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
    "gigabytes in a nested item": written(dataset(), None) + b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff"
    b"\xfe\xff\0\xe0\xf0\xff\xff\xff",
    "largest picture there can be": written(dataset(Rows=65535, Columns=65535), bytes(1000)),
    "jpeg 2000 flood": compressed([jpeg_2000_of(60000, 60000)], JPEG_2000, Rows=60000, Columns=60000),
    "jpeg 2000 tiles beyond belief": compressed([jpeg_2000_of(4_000_000_000, 4_000_000_000)], JPEG_2000),
    "every frame a flood": compressed([jpeg_of(16, 16)] * 3 + [jpeg_of(65000, 65000)], JPEG_BASELINE, NumberOfFrames=4),
    "frames that fold to nothing": compressed(
        [jpeg_of(512, 512)] * 20_000, JPEG_BASELINE, NumberOfFrames=20_000, Rows=512, Columns=512
    ),
    "fragments without end": fragments(120_000),
    "fragment longer than the file": fragments(1)[:-8] + b"\xfe\xff\0\xe0\xff\xff\xff\x7f",
    "offset table longer than the file": written(dataset(), None) + b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff"
    b"\xfe\xff\0\xe0\xfc\xff\xff\x7f",
    "run length segments outside": compressed([b"\x0f\0\0\0" + b"\xff\xff\xff\x7f" * 15], RLE),
    "sequences without end or length": nested(4_000, explicit_length=False),
    "items without end": written(dataset(), None) + b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff"
    + b"\xfe\xff\0\xe0\0\0\0\0" * 125_000,
}
PROBE = """
import os, re, sys, time
from pathlib import Path
from imaging.claims import pixels
from imaging.errors import Refused
from imaging.settings import FileSettings
from imaging.walk import walked
for name in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    began = time.process_time()
    try:
        with walked(Path(name), FileSettings()) as found:
            pixels(found, FileSettings())
        code = "taken"
    except Refused as refused:
        code = refused.code
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    print(Path(name).stem, code, time.process_time() - began, peak, flush=True)
    os._exit(0)
"""
"""One process for each bomb, so that each has a peak of its own."""


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """For each bomb its code, seconds of processor time and peak in KiB."""
    folder, names = tmp_path_factory.mktemp("bombs"), []
    for number, bomb in enumerate(BOMBS.values()):
        assert len(bomb) <= 1_050_000
        names.append(str(folder / f"{number}.dcm"))
        Path(names[-1]).write_bytes(bomb)
    told = subprocess.run([sys.executable, "-c", PROBE, *names], capture_output=True, text=True, check=True).stdout
    lines = {line.split()[0]: line.split()[1:] for line in told.splitlines()}
    return {name: lines[str(number)] for number, name in enumerate(BOMBS)}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_the_header_check_in_a_second_and_256_megabytes(
    name: str, probed: dict[str, list[str]]
) -> None:
    code, seconds, kibibytes = probed[name]
    assert code != "taken"
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


def test_mutated_files_are_each_answered_with_a_reason_and_cost_the_server_nothing() -> None:
    """The short form of `python -m tests.faults.mutated`."""
    before = children_of_this_process("imaging.sandboxed")
    report = mutated.run([*mutated.generated(), *mutated.shipped()], 7, range(250), WorkerSettings(processes=2))
    assert report.files == 250
    assert report.without_reason == []
    assert sum(report.refused.values()) + sum(report.taken.values()) == report.files
    assert min(sum(report.refused.values()), sum(report.taken.values())) > 20  # both ways are walked
    assert report.taken["metadata done; window done; draw done"] > 20
    assert report.longest_s < patience(12)
    assert report.growth_kib < 50 * 1024
    assert set(children_of_this_process("imaging.sandboxed")) <= set(before)


def children_of_this_process(words: str) -> list[int]:
    found: list[int] = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
            command = (place.parent / "cmdline").read_bytes().decode("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid() and words in command:
            found.append(int(place.parent.name))
    return found


@pytest.mark.slow
def test_every_real_file_ends_taken_without_a_picture_or_refused_and_says_why(
    shared_data: Path, intake: Intake
) -> None:
    paths = [path for path in sorted(shared_data.rglob("*")) if path.is_file() and path.suffix not in (".md", ".zip")]
    found = intake.inspect([Arrived(path.name, path) for path in paths])
    each = [one for one in found.refused if one.code != "disc-incomplete"]  # what a DICOMDIR misses is said besides
    assert len(found.candidates) + len(each) == len(paths)
    assert all(isinstance(one, Candidate) for one in found.candidates)
    assert all(one.reason for one in found.refused)
    assert len(found.candidates) > 500
    whole = {one.arrived.name for one in found.candidates}
    for broken in ("MR_truncated.dcm", "rtplan_truncated.dcm", "3gb-bulk-data-truncated", "bad_sequence.dcm"):
        assert broken not in whole
