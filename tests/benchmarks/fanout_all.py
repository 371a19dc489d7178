"""fanout-all: 200 people in one room all moving at 10 Hz, 400,000 deliveries a second due.

We send the newest of everybody at most 30 times a second in one frame; the peers hand on each move as it comes.
"""

from collections.abc import Iterator
from math import log

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.fanout import Load, Round, figures, measured
from tests.benchmarks.rig.meeting import bun, node, ours

_CPU_BAR, _P99_BAR_MS = 0.15, 60.0


def run(*, short: bool) -> Iterator[Figure]:
    """Two sizes of a room, and the exponent between them."""
    seconds, count = (1.5, 1) if short else (6.0, 3)
    with ours(1, 200) as mine, node() as ws, bun() as uws:
        found: dict[int, list[list[Round]]] = {}
        for people in (50, 200):
            load = Load(1, people, people, 10.0, seconds)
            found[people] = [[], [], []]
            for _ in range(count):
                for side, server in enumerate((mine, ws, uws)):
                    found[people][side].append(measured(server, load))
    for people, sides in found.items():
        bars = (_CPU_BAR, _P99_BAR_MS) if people == 200 else (None, None)
        yield from figures(f"fanout-all {people}", sides[0], sides[1], "ws", *bars)
        yield from figures(f"fanout-all {people}", sides[0], sides[2], "Bun", None, None)
    small, large = (min(one.cpu_us * one.share for one in found[people][0]) * people**2 for people in (50, 200))
    yield Figure("fanout-all exponent of CPU, 50 to 200", log(large / small) / log(4), 2.0, "power of people", None)
