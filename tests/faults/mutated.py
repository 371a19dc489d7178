"""Spoiled DICOM files without end, and what becomes of each: `python -m tests.faults.mutated --count 10000`.

Every file is made from a seed and a number, goes through the one door, and when it is taken is read and drawn like any
other. It must end in a sentence; the server must neither grow nor keep a worker busy.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pydicom
from sqlmodel import Session, SQLModel, create_engine, select

from imaging.errors import WorkerLost
from imaging.intake import Arrived, Intake, KeptFile, index
from imaging.pixels.stack import Slice, Stack, stack_of
from imaging.pixels.window import Window
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.studies import Instance, Refusal, Series, Study
from imaging.vault import LocalVault
from tests.unit.imaging import samples
from tests.unit.imaging.test_walk import nested

AT = datetime(2026, 11, 21, tzinfo=UTC)
SHARED = Path(__file__).parents[3] / "shared" / "data"
WARM = 200
"""Files after which a process has its threads, caches and modules."""
_LARGEST_SEED = 1024 * 1024
_TABLES = [one.__table__ for one in (Study, Series, Instance, Refusal)]  # type: ignore[attr-defined]
_LIES = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xfe\xff\xff\xff", b"\1\0\0\0", b"\0\0\0\x80")
_TAGS = (
    b"\x28\0\x10\0", b"\x28\0\x11\0", b"\x28\0\x02\0", b"\x28\0\x08\0", b"\x28\0\0\1", b"\x28\0\1\1", b"\x28\0\3\1",
    b"\x28\0\6\0", b"\x28\0\4\0", b"\xe0\x7f\x10\0", b"\x28\0\1\x12", b"\x20\0\x32\0", b"\x02\0\x10\0",
    b"\xfe\xff\0\xe0", b"\xfe\xff\xdd\xe0", b"\xfe\xff\x0d\xe0", b"\x28\0\x52\x10", b"\x28\0\x50\x10",
    b"\x10\0\x10\0", b"\x08\0\5\0",
)
"""What a reader decides by: sizes, bits, frames, palettes, transfer syntax, items and delimiters."""


def generated() -> list[bytes]:
    """Seeds that need no collection."""
    return [
        samples.slice_of(),
        samples.compressed([samples.jpeg_of(16, 16)] * 2, samples.JPEG_BASELINE, NumberOfFrames=2),
        samples.compressed([samples.jpeg_2000_of(16, 16)], samples.JPEG_2000),
        nested(8, explicit_length=False), nested(8, explicit_length=True), samples.deflate_bomb(1),
    ]


def shipped() -> list[bytes]:
    """The files that come with pydicom."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    return [path.read_bytes() for path in sorted(folder.rglob("*.dcm")) if path.stat().st_size <= _LARGEST_SEED]


def collected(folder: Path = SHARED) -> list[bytes]:
    """The collection of real files, as far as it is on this machine."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".md", ".zip")]
    return [path.read_bytes() for path in paths if 132 <= path.stat().st_size <= _LARGEST_SEED]


def mutant(seeds: Sequence[bytes], seed: int, number: int) -> bytes:
    """The spoiled file of this number; the same arguments give the same bytes."""
    chance = random.Random(f"{seed}/{number}")
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        if len(data) > 140:
            _spoil(data, chance, seeds)
    return bytes(data)


def _spoil(data: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    at = chance.randrange(128, len(data)) if chance.random() < 0.5 else chance.randrange(128, min(len(data), 4096))
    match chance.randrange(9):
        case 0:
            data[at] = chance.randrange(256)
        case 1:
            data[at] ^= 1 << chance.randrange(8)
        case 2:
            del data[at:]
        case 3:
            del data[at : at + chance.choice((1, 2, 8, 100, 4096))]
        case 4:
            data[at:at] = chance.randbytes(chance.choice((1, 2, 8, 100)))
        case 5:
            data[at : at + 4] = chance.choice(_LIES)
        case 6:
            other = chance.choice(seeds)
            begin = chance.randrange(len(other))
            data[at:] = other[begin : begin + 65536]
        case 7:
            again = bytes(data[at : at + chance.choice((8, 64, 1024))])
            data[at:at] = again * chance.choice((1, 2, 50))
        case _:
            _lie(data, chance)


def _lie(data: bytearray, chance: random.Random) -> None:
    """Another value or length in one of the elements a reader decides by."""
    found = data.find(chance.choice(_TAGS), 128)
    if found >= 0:
        at = found + chance.choice((4, 6, 8, 8, 10, 12))
        lie = chance.choice(_LIES)[: chance.choice((1, 2, 4))]
        data[at : at + len(lie)] = lie


@dataclass(slots=True)
class Report:
    """What a run found."""

    files: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """How many by the code of the refusal."""
    taken: dict[str, int] = field(default_factory=dict)
    """How those that passed were shown: drawn, why not, or which reader was lost."""
    lost: list[int] = field(default_factory=list)
    """Numbers of files on which a disposable reader ended."""
    without_reason: list[int] = field(default_factory=list)
    longest_s: float = 0.0
    """The longest that one file held one step up."""
    slowest: int = -1
    """The number of that file."""
    growth_kib: int = 0
    """By how much the server's resident size rose after the first `WARM` files."""


def run(seeds: Sequence[bytes], seed: int, numbers: range, worker: WorkerSettings) -> Report:
    """Take these files in and show them; raises whatever the server would have died of."""
    report = Report()
    warm = 0
    sandbox = Sandbox(worker)
    try:
        with TemporaryDirectory() as folder, ThreadPoolExecutor(worker.processes) as pool:
            intake = Intake(FileSettings(), LocalVault(Path(folder) / "vault"), sandbox)

            def one(number: int) -> tuple[int, str, str, float]:
                return _one(Path(folder), intake, sandbox, number, mutant(seeds, seed, number))

            for number, result, said, seconds in pool.map(one, numbers):
                report.files += 1
                counts = report.refused if result == "refused" else report.taken
                counts[said] = counts.get(said, 0) + 1
                if seconds > report.longest_s:
                    report.longest_s, report.slowest = seconds, number
                if report.files == WARM:
                    warm = _resident_kib()
                if not all(said.split("; ")):
                    report.without_reason.append(number)
                if " lost: " in said or said == "unreadable":
                    report.lost.append(number)
                if report.files % 500 == 0:
                    print(report.files, file=sys.stderr, flush=True)
    finally:
        sandbox.close()
    report.growth_kib = _resident_kib() - warm if warm else 0
    return report


def _resident_kib() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


def _one(folder: Path, intake: Intake, sandbox: Sandbox, number: int, data: bytes) -> tuple[int, str, str, float]:
    path = folder / str(number)
    path.write_bytes(data)
    began = time.perf_counter()
    found = intake.inspect([Arrived(path.name, path)])
    longest = time.perf_counter() - began
    for refused in found.refused:
        path.unlink()
        reason = refused.reason
        return number, "refused", refused.code if len(reason) > 20 and reason[-1] in ".)" else "", longest
    kept = KeptFile(found.candidates[0], "0" * 64)
    said = []
    for step in _steps(kept, path, sandbox):
        said.append(step[0])
        longest = max(longest, step[1])
    path.unlink()
    return number, "taken", "; ".join(said), longest


def _steps(kept: KeptFile, path: Path, sandbox: Sandbox) -> Iterator[tuple[str, float]]:
    """Index the file, read it whole and draw its first, middle and last frame."""
    stack, why = _indexed(kept)
    if stack is None:
        yield why, 0.0
        return
    yield _asked(sandbox, "metadata", "imaging.dicomweb.dataset:metadata", path=str(path))
    if not stack.slices:
        yield "no picture, and why" if stack.without else "", 0.0
        return
    last = len(stack.slices) - 1
    frames = [_job(stack.slices[index], path) for index in sorted({0, last // 2, last})]
    how = asdict(stack.rendering)
    yield _asked(sandbox, "window", "imaging.pixels.work:window", frames=frames, how=how)
    for one in (how, *(frame["own"] for frame in frames)):
        one["window"] = one["window"] or asdict(Window(0.5, 256.0))
    yield _asked(
        sandbox, "draw", "imaging.pixels.work:pictures", frames=frames, how=how, size=256, quality=50, form="webp",
        lossless_too=True,
    )


def _indexed(kept: KeptFile) -> tuple[Stack | None, str]:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine, tables=_TABLES)
    try:
        with Session(engine) as session:
            outcome = index(session, [kept], (), delivery="test", at=AT)[0]
            if outcome.result == "refused":
                return None, f"not indexed: {outcome.code}" if outcome.reason else ""
            return stack_of(session, session.exec(select(Series.series_instance_uid)).one()), ""
    finally:
        engine.dispose()


def _job(one: Slice, path: Path) -> dict[str, Any]:
    place = {"path": str(path), "index": one.frame.number - 1, "spans": one.spans, "bit": one.bit,
             "header": one.header, "whole": one.whole}
    return {"layout": asdict(one.layout), "place": place, "own": asdict(one.rendering), "shape": one.shape}


def _asked(sandbox: Sandbox, name: str, task: str, **arguments: object) -> tuple[str, float]:
    began = time.perf_counter()
    try:
        facts = sandbox.run(task, **arguments).facts
    except WorkerLost as lost:
        return f"{name} lost: {lost}", time.perf_counter() - began
    reasons = {one["reason"] for one in facts.get("frames", ()) if "reason" in one}
    seconds = time.perf_counter() - began
    if not reasons:
        return f"{name} done", seconds
    return (f"{name} refused" if all(len(one) > 20 for one in reasons) else ""), seconds


def main(arguments: list[str]) -> int:
    """Run by hand; the report as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutated")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--keep", type=Path, help="only write the files of these numbers here, to look at them")
    asked = parser.parse_args(arguments)
    seeds = [*generated(), *shipped(), *collected()]
    numbers = range(asked.first, asked.first + asked.count)
    if asked.keep:
        for number in numbers:
            (asked.keep / f"{number}.dcm").write_bytes(mutant(seeds, asked.seed, number))
        return 0
    began = time.perf_counter()
    report = run(seeds, asked.seed, numbers, WorkerSettings())
    print(json.dumps(asdict(report) | {"seeds": len(seeds), "seconds": time.perf_counter() - began}, indent=1))
    return 1 if report.without_reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
