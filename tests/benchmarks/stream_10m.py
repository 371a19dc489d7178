"""stream-10M: 200 slices at 10 Mbit/s, 40 ms: first picture, current slice lossless, all scrollable, all lossless."""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.stream import Bars, measured

BARS = Bars(bytes=1 / 3.5)


def run(*, short: bool) -> Iterator[Figure]:
    """Seconds and bytes, ours / Orthanc's; what lasts longer than 60 s is extrapolated from what came by then."""
    return measured("stream-10M", 1e7, 0.04, BARS, patience=20 if short else 60, short=short)
