"""ingest-stow: STOW-RS of mixed instances, 20 a message, every file synced to disk before it is acknowledged.

Seconds from the first byte to the last acknowledgement, ours / Orthanc's, median of rounds; and the CPU each server
spent, children and workers included. Both sync the files, by default; ours also their folders and the index.
What our server draws ahead of need afterwards, at low priority, is awaited before anything else is measured.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from math import log
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.consilium import STOW, Consilium, consilium
from tests.benchmarks.rig.instances import MIXED, study
from tests.benchmarks.rig.orthanc import DURABILITY, Orthanc, orthanc

A_MESSAGE = 20


def run(*, short: bool) -> Iterator[Figure]:
    """Rounds of a whole study each, at two sizes."""
    rounds, sizes = (1, (0.05, 0.1)) if short else (3, (0.25, 1.0))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        theirs = stack.enter_context(orthanc(folder / "orthanc"))
        ours = stack.enter_context(consilium(folder / "consilium"))
        _round(ours, theirs, 1, 0.02)  # starts our workers and their threads; a server is not restarted for each study
        seconds: dict[float, float] = {}
        counts: dict[float, int] = {}
        for share in sizes:
            measured = [_round(ours, theirs, 10 + number + round(share * 1000), share) for number in range(rounds)]
            counts[share] = measured[0][0]
            us, them, cpu_us, cpu_them = (statistics.median(column) for column in zip(
                *(one[1:] for one in measured), strict=True))
            seconds[share] = us
            name = f"ingest-stow {counts[share]}"
            note = f"{counts[share] / us:.0f} instances/s; {DURABILITY}"
            yield Figure(f"{name}: seconds", us, them, "s", 0.5, note)
            yield Figure(f"{name}: CPU", cpu_us, cpu_them, "s", None)
        small, large = sizes
        grows = log(seconds[large] / seconds[small]) / log(counts[large] / counts[small])
        yield Figure("ingest-stow exponent of time", grows, 1.0, "power of instances", None)


def _round(ours: Consilium, theirs: Orthanc, number: int, share: float) -> tuple[int, float, float, float, float]:
    files = study(MIXED, number, share)
    ours.process.rest()
    us, cpu_us = _sent(ours.process.cpu, lambda part: ours.http.stow(STOW, part), files)
    ours.process.rest()
    them, cpu_them = _sent(theirs.process.cpu, lambda part: theirs.http.stow("/dicom-web/studies", part), files)
    return len(files), us, them, cpu_us, cpu_them


def _sent(cpu: Callable[[], float], send: Callable[[list[bytes]], bytes], files: list[bytes]) -> tuple[float, float]:
    before, began = cpu(), time.perf_counter()
    for at in range(0, len(files), A_MESSAGE):
        send(files[at : at + A_MESSAGE])
    seconds = time.perf_counter() - began
    return seconds, cpu() - before
