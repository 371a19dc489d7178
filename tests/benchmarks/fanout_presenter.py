"""fanout-presenter: one presenter at 30 Hz in a room of 200, and in each of 50 rooms of 12.

Peers hand on every text to everybody in the room, without sign-in, roles or coalescing.
"""

from collections.abc import Iterator
from math import log

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.fanout import Load, Round, figures, measured
from tests.benchmarks.rig.meeting import bun, node, ours

_CPU_BAR, _P99_BAR_MS = 1.7, 25.0


def run(*, short: bool) -> Iterator[Figure]:
    """Large room, many rooms, and how the cost of a delivery grows with the size of the room."""
    seconds, count = (1.5, 1) if short else (6.0, 3)
    with ours(50, 200) as mine, node() as ws, bun() as uws:
        found: dict[str, list[list[Round]]] = {}
        for name, rooms, people in (("1 × 50", 1, 50), ("1 × 200", 1, 200), ("50 × 12", 50, 12)):
            load = Load(rooms, people, 1, 30.0, seconds)
            found[name] = [[], [], []]
            for _ in range(count):
                for side, server in enumerate((mine, ws, uws)):
                    found[name][side].append(measured(server, load))
    for name, sides in found.items():
        yield from figures(f"fanout-presenter {name}", sides[0], sides[1], "ws", _CPU_BAR, _P99_BAR_MS)
        yield from figures(f"fanout-presenter {name}", sides[0], sides[2], "Bun", None, None)
    small, large = (people * min(one.cpu_us for one in found[f"1 × {people}"][0]) for people in (50, 200))
    yield Figure("fanout-presenter exponent of CPU, 50 to 200", log(large / small) / log(4), 1.0, "power of people",
                 None)
