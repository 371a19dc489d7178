"""media: the same people in one call through our forwarder and through Janus: processor time for each packet delivered.

Everybody who sends also receives the others, five voices and four cameras at most. Rounds of the three servers take
turns; what is missing between the numbers that arrive counts as lost.
"""

import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from math import log
from pathlib import Path

from aiortc import RTCSessionDescription

from conference.media.profile import AUDIO_SLOTS, VIDEO_SLOTS
from conference.media.remote import RemotePlane
from conference.media.tokens import Admission, mint
from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.callers import Caller, Tally, outside_address, prepare
from tests.benchmarks.rig.janus import janus
from tests.benchmarks.rig.processes import Missing, Running
from tests.conftest import ROOT
from web.clock import now

_SECRET = bytes(32)


@dataclass(frozen=True, slots=True)
class Shape:
    """A call: people who send and receive, and people who only receive."""

    name: str
    talkers: int
    listeners: int


SHAPES = (Shape("4 × 16", 4, 16), Shape("4 × 32", 4, 32), Shape("meeting of 20", 20, 0))
SERVERS = ("ours", "Janus, one loop", "Janus")


@dataclass(frozen=True, slots=True)
class Round:
    """One server, one shape: microseconds of processor for a packet delivered, packets a second, packets lost."""

    microseconds: float
    rate: float
    lost: int
    cipher: str


def run(*, short: bool) -> Iterator[Figure]:
    """Median microseconds of processor per packet, ours / Janus's, and how ours grow with the number of listeners."""
    address = outside_address()
    prepare(address)
    rounds, seconds = (1, 4.0) if short else (7, 10.0)  # rounds of one server lie up to 30 % apart
    shapes = SHAPES[:1] + SHAPES[2:] if short else SHAPES
    costs: dict[str, float] = {}
    for shape in shapes:
        found: dict[str, list[Round]] = {server: [] for server in SERVERS}
        for _ in range(rounds):
            for server in SERVERS:
                found[server].append(asyncio.run(_round(server, shape, address, seconds)))
        costs[shape.name] = _median(found["ours"])
        yield from _figures(shape, found)
    if not short:
        pair = [costs[shape.name] for shape in SHAPES[:2]]
        yield Figure("media: exponent of time per packet", log(pair[1] / pair[0]) / log(2), 0.0, "power of listeners",
                     None, "below 0: a packet costs less the more receive it")


def _figures(shape: Shape, found: dict[str, list[Round]]) -> Iterator[Figure]:
    ours = _median(found["ours"])
    rate = statistics.median(one.rate for one in found["ours"])
    spread = max(one.microseconds for one in found["ours"]) / min(one.microseconds for one in found["ours"])
    note = f"{rate:.0f} packets/s, {found['ours'][0].cipher}"
    if spread > 1.2:
        note += f"; not repeatable within 20 % (spread {spread:.2f})"
    yield Figure(f"media {shape.name}, against one event loop", ours, _median(found["Janus, one loop"]),
                 "µs CPU/packet", 1.0, note)
    yield Figure(f"media {shape.name}, against default", ours, _median(found["Janus"]), "µs CPU/packet", None)
    lost = {server: sum(one.lost for one in rounds) for server, rounds in found.items()}
    yield Figure(f"media {shape.name}, lost", lost["ours"], 0, "packets", 1.0,
                 f"Janus: {lost['Janus, one loop']} and {lost['Janus']}")


def _median(rounds: list[Round]) -> float:
    return statistics.median(one.microseconds for one in rounds)


async def _round(server: str, shape: Shape, address: str, seconds: float) -> Round:
    tally = Tally()
    callers: list[Caller] = []
    seeds = count()

    def caller() -> Caller:
        callers.append(Caller(tally, next(seeds)))
        return callers[-1]

    with tempfile.TemporaryDirectory() as folder:
        called = _ours if server == "ours" else _theirs
        async with called(server, shape, address, Path(folder), caller) as process:
            try:
                await asyncio.sleep(3.0)  # until congestion control has found its rate
                before, began, tally.counting = process.cpu(), asyncio.get_running_loop().time(), True
                await asyncio.sleep(seconds)
                tally.counting = False
                used, took = process.cpu() - before, asyncio.get_running_loop().time() - began
                cipher = callers[-1].cipher
            finally:
                for one in callers:
                    await one.close()
    if not tally.received:
        raise Missing(f"In {shape.name} no packet came through {server}.")
    return Round(used / tally.received * 1e6, tally.received / took, tally.lost, cipher)


@asynccontextmanager
async def _ours(
    _server: str, shape: Shape, address: str, folder: Path, caller: Callable[[], Caller]
) -> AsyncIterator[Running]:
    path = folder / "media.sock"
    process = Running(
        [sys.executable, "-m", "conference.media", "--control", str(path), "--listen", address],
        {**os.environ, "CONSILIUM_MEDIA_SECRET": _SECRET.hex()}, ROOT, ready=path.is_socket,
    )
    plane = RemotePlane(path)
    try:
        for number in range(shape.talkers + shape.listeners):
            one = caller()
            pc = one.connection
            joined = await plane.join(mint(_SECRET, Admission("room", f"{number:02}"), now()))
            await pc.setRemoteDescription(RTCSessionDescription(joined.offer, "offer"))
            if number < shape.talkers:
                pc.addTrack(one.track("audio"))
                pc.addTrack(one.track("video"))
            await pc.setLocalDescription()
            await plane.answer(joined.session, pc.localDescription.sdp)
            await one.connected()
        yield process
    finally:
        await plane.close()
        process.end()


@asynccontextmanager
async def _theirs(
    server: str, shape: Shape, address: str, folder: Path, caller: Callable[[], Caller]
) -> AsyncIterator[Running]:
    async with janus(folder / "janus", address, one_loop=server != "Janus") as room:
        for _ in range(shape.talkers):
            await room.send(caller())
        feeds = list(room.feeds)
        for number in range(shape.talkers + shape.listeners):
            others = [feed for at, feed in enumerate(feeds) if at != number]
            await room.receive(caller(), others[:AUDIO_SLOTS], others[:VIDEO_SLOTS])
        yield room.process
