"""stream-1M: 200 slices at 1 Mbit/s, 80 ms: first picture, current slice lossless, all scrollable, all lossless."""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.stream import Bars, measured

BARS = Bars(first=0.3, current=1.0, scrollable=6.0, against_rendered=1 / 5, bytes=1 / 3.5)


def run(*, short: bool) -> Iterator[Figure]:
    """Seconds and bytes, ours / Orthanc's; what lasts longer than 60 s is extrapolated from what came by then."""
    return measured("stream-1M", 1e6, 0.08, BARS, patience=20 if short else 60, short=short)
