"""C-STORE of a study by dcmtk's storescu to either server, with and without Nagle's algorithm."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from math import log
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.consilium import Consilium, consilium
from tests.benchmarks.rig.instances import MIXED, study
from tests.benchmarks.rig.orthanc import DURABILITY, Orthanc, orthanc
from tests.benchmarks.rig.processes import Missing


def measured(name: str, bar: float, cpu_bar: float | None, *, no_delay: bool, short: bool) -> Iterator[Figure]:
    """Seconds and CPU of the server, ours / Orthanc's, at two sizes; and the exponent between them."""
    rounds, sizes = (1, (0.05, 0.1)) if short else (3, (0.25, 1.0))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        theirs = stack.enter_context(orthanc(folder / "orthanc"))
        ours = stack.enter_context(consilium(folder / "consilium"))
        _round(ours, theirs, folder, 1, 0.02, no_delay=no_delay)  # starts workers: a server runs for months
        seconds: dict[float, float] = {}
        counts: dict[float, int] = {}
        for share in sizes:
            found = [_round(ours, theirs, folder, 10 + number + round(share * 1000), share, no_delay=no_delay)
                     for number in range(rounds)]
            counts[share] = found[0][0]
            us, them, cpu_us, cpu_them = (statistics.median(column) for column in zip(
                *(one[1:] for one in found), strict=True))
            seconds[share] = us
            note = f"{counts[share] / us:.0f} instances/s; {DURABILITY}"
            yield Figure(f"{name} {counts[share]}: seconds", us, them, "s", bar, note)
            yield Figure(f"{name} {counts[share]}: CPU", cpu_us, cpu_them, "s", cpu_bar)
        small, large = sizes
        grows = log(seconds[large] / seconds[small]) / log(counts[large] / counts[small])
        yield Figure(f"{name} exponent of time", grows, 1.0, "power of instances", None)


def _round(
    ours: Consilium, theirs: Orthanc, folder: Path, number: int, share: float, *, no_delay: bool
) -> tuple[int, float, float, float, float]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        files = study(MIXED, number, share)
        for index, one in enumerate(files):
            (Path(place) / f"{index:04}.dcm").write_bytes(one)
        ours.process.rest()
        us, cpu_us = _sent(ours.process.cpu, ours.dicom_port, "CONSILIUM", place, no_delay=no_delay)
        ours.process.rest()
        them, cpu_them = _sent(theirs.process.cpu, theirs.dicom_port, "ORTHANC", place, no_delay=no_delay)
    return len(files), us, them, cpu_us, cpu_them


def _sent(cpu: Callable[[], float], port: int, title: str, place: str, *, no_delay: bool) -> tuple[float, float]:
    environment = os.environ | ({"TCP_NODELAY": "1"} if no_delay else {"TCP_NODELAY": "0"})
    command = [_storescu(), "-pdu", "131072", "-aec", title, "+sd", "+r", "127.0.0.1", str(port), place]
    before, began = cpu(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-500:])
    return seconds, cpu() - before


def _storescu() -> str:
    """dcmtk's, not pynetdicom's of the same name beside the interpreter."""
    ours = Path(sys.executable).parent
    found = shutil.which("storescu", path=os.pathsep.join(one for one in os.get_exec_path() if Path(one) != ours))
    if found is None:
        raise Missing("storescu is not here: apt-get install dcmtk")
    return found
