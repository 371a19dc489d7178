"""stalled-reader: one of 51 members stops reading while the presenter draws at 30 Hz; the others must not notice.

The peer is the same room in which everybody reads. Each move carries a line half drawn of 400 points, about 6 kB, so
that a second of not reading fills every buffer there is.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.crowd import Crowd
from tests.benchmarks.rig.meeting import Meeting, ours

_P99_BAR, _GROWTH_MB, _CUT_S = 1.2, 20.0, 10.0
_PEOPLE, _POINTS, _HERTZ = 51, 400, 30.0
_STALLED = 5
"""Not one of the clients whose deliveries are timed."""


def run(*, short: bool) -> Iterator[Figure]:
    """p99 of the others, memory of the server, and how long the stalled member stays."""
    seconds, count = (3.0, 1) if short else (8.0, 3)
    with ours(1, _PEOPLE) as meeting:
        calm, stalled, grown, cut = [], [], [], []
        for _ in range(count):
            calm.append(_round(meeting, seconds, stall=False)[0])
            late, growth, stayed = _round(meeting, seconds, stall=True)
            stalled.append(late)
            grown.append(growth)
            cut.append(stayed)
    yield Figure("stalled-reader: others' p99 / without", statistics.median(stalled), statistics.median(calm), "ms",
                 _P99_BAR)
    yield Figure("stalled-reader: growth of memory / limit", max(grown), _GROWTH_MB, "MB", 1.0)
    yield Figure("stalled-reader: until it is cut / limit", max(cut), _CUT_S, "s", 1.0)


def _round(meeting: Meeting, seconds: float, *, stall: bool) -> tuple[float, float, float]:
    """p99 of the others in ms, growth in MB, seconds until the stalled member was dropped."""
    crowd = meeting.gather(1, _PEOPLE)
    try:
        crowd.run(1.0, [0], _HERTZ, points=_POINTS)
        before, began = _resident_mb(meeting), time.monotonic()
        most = before
        gone: list[float] = []
        if stall:
            crowd.stop_reading(_STALLED)

        def watch() -> None:
            nonlocal most
            most = max(most, _resident_mb(meeting))
            if stall and not gone and not crowd.deaf:
                gone.append(time.monotonic() - began)

        tally = crowd.run(seconds, [0], _HERTZ, points=_POINTS, beside=watch)
        _until_cut(crowd, began, gone, stall=stall)
    finally:
        crowd.close()
    return tally.delay_ms(0.99), most - before, gone[0] if gone else 0.0


def _until_cut(crowd: Crowd, began: float, gone: list[float], *, stall: bool) -> None:
    """Go on until the stalled member is dropped, or for three times as long as it may stay."""
    while stall and not gone and time.monotonic() - began < 3 * _CUT_S:
        crowd.run(0.25, [0], _HERTZ, points=_POINTS)
        if not crowd.deaf:
            gone.append(time.monotonic() - began)
    if stall and not gone:
        gone.append(float("inf"))


def _resident_mb(meeting: Meeting) -> float:
    said = Path(f"/proc/{meeting.process.pid}/statm").read_text().split()
    return int(said[1]) * 4096 / 1e6
