"""Rounds of one fan-out load against our server and its peers, in turn, and what is printed of them."""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.meeting import Meeting

_WARM_S = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """Who moves how often in how many rooms."""

    rooms: int
    people: int
    movers: int
    """Of each room."""
    hertz: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Round:
    """What one round cost."""

    cpu_us: float
    """Server's user and system time for each delivered state."""
    p99_ms: float
    share: float
    """Delivered of those due; coalescing may leave some out, a server that cannot keep up leaves out more."""


def measured(meeting: Meeting, load: Load) -> Round:
    """One round with fresh clients."""
    crowd = meeting.gather(load.rooms, load.people)
    try:
        movers = [room * load.people + place for room in range(load.rooms) for place in range(load.movers)]
        crowd.run(_WARM_S, movers, load.hertz)
        before = meeting.process.cpu()
        tally = crowd.run(load.seconds, movers, load.hertz)
        used = meeting.process.cpu() - before
    finally:
        crowd.close()
    due = len(movers) * load.hertz * load.seconds * load.people
    return Round(1e6 * used / max(tally.states, 1), tally.delay_ms(0.99), tally.states / due)


def rounds(servers: Sequence[AbstractContextManager[Meeting]], load: Load, count: int) -> list[list[Round]]:
    """`count` rounds of each server, interleaved."""
    found: list[list[Round]] = [[] for _ in servers]
    for number in range(len(servers)):
        with servers[number] as meeting:
            found[number].extend(measured(meeting, load) for _ in range(count))
    return found


def figures(name: str, mine: Sequence[Round], peer: Sequence[Round], said: str, cpu_bar: float | None,
            p99_bar_ms: float | None) -> Iterator[Figure]:
    """CPU per delivered state against the peer, and our p99 against the limit and the peer's."""
    cpu = [statistics.median(one.cpu_us for one in side) for side in (mine, peer)]
    late = [statistics.median(one.p99_ms for one in side) for side in (mine, peer)]
    share = [statistics.median(one.share for one in side) for side in (mine, peer)]
    spread = max(one.cpu_us for one in mine) / min(one.cpu_us for one in mine)
    note = f"delivered {share[0]:.0%} and {share[1]:.0%} of what was due"
    if spread > 1.2:
        note += f"; our rounds differ by {spread - 1:.0%}"
    yield Figure(f"{name}: CPU per delivery / {said}", cpu[0], cpu[1], "µs", cpu_bar, note)
    yield Figure(f"{name}: p99 / {said}", late[0], late[1], "ms", None)
    if p99_bar_ms is not None:
        yield Figure(f"{name}: p99 / limit", late[0], p99_bar_ms, "ms", 1.0)
