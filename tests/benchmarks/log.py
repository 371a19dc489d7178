"""log: durable events a second through a room's host, 12 and 200 producers who each wait for their acknowledgement.

The peer is the same host with one transaction an event, on the same store. A second pair of lines adds 4 ms to each
commit, which is what an ordinary network disk takes; the disks of the machines that run this take a tenth of it.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import event

from conference import heap
from conference.live.host import RoomHost, _Item
from conference.room import commands as c
from conference.room.room import Accepted
from conference.room.values import CommandId, MarkId
from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.postgresql import postgresql
from tests.live_rooms import AT, ROOM
from tests.rooms import CHAIR, OPTIONS, SURGEON, brief, draw, frame
from web import schema
from web.database import Database, opened
from web.sockets.store import RoomStore

_BAR, _P99_BAR_MS = 1 / 5, 50.0
_SLOW_S = 0.004


class OneByOne(RoomHost):
    """The same room with a transaction for every event."""

    async def _turn(self, batch: Sequence[_Item]) -> None:
        for item in batch:
            await super()._turn([item])


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of producers gave."""

    each_us: float
    """Wall time for each acknowledged event."""
    p99_ms: float


def run(*, short: bool) -> Iterator[Figure]:
    """SQLite and PostgreSQL, as they are and with a slow disk."""
    seconds, count = (0.5, 1) if short else (2.0, 3)
    heap.settle()  # as a server does when it has started
    for name, store, slow_s in (
        ("SQLite", sqlite, 0.0), ("SQLite, commit + 4 ms", sqlite, _SLOW_S), ("PostgreSQL", postgresql_store, 0.0),
    ):
        with store() as database:
            if slow_s:
                event.listen(database.engine, "commit", lambda _connection: time.sleep(_SLOW_S))
            grown: dict[int, float] = {}
            for producers in (12, 200):
                mine, theirs = [], []
                for number in range(count):
                    mine.append(asyncio.run(_round(RoomHost, database, producers, seconds, number)))
                    theirs.append(asyncio.run(_round(OneByOne, database, producers, seconds, number)))
                grown[producers] = statistics.median(one.each_us for one in mine)
                yield from _figures(f"log {name}, {producers}", mine, theirs)
            exponent = log(200 * grown[200] / (12 * grown[12])) / log(200 / 12)
            yield Figure(f"log {name}: exponent of a round of all", exponent, 1.0, "power of producers", None)


def _figures(name: str, mine: list[Round], theirs: list[Round]) -> Iterator[Figure]:
    ours, peer = (statistics.median(one.each_us for one in side) for side in (mine, theirs))
    late, waited = (statistics.median(one.p99_ms for one in side) for side in (mine, theirs))
    yield Figure(f"{name}: time an event / one transaction each", ours, peer, "µs", _BAR, f"{1e6 / ours:,.0f} a second")
    yield Figure(f"{name}: p99 / limit", late, _P99_BAR_MS, "ms", 1.0, f"one transaction each: {waited:.0f} ms")


async def _round(kind: type[RoomHost], database: Database, producers: int, seconds: float, number: int) -> Round:
    host = kind(f"{ROOM}-{kind.__name__}-{producers}-{number}", RoomStore(database), lambda: AT, owner="one",
                resume_events=1000, leave_grace_s=0.0, committed=lambda _room, _recorded: None)
    await host.start()
    host.submit(None, CommandId("list-0001"), c.ListCase(brief(), OPTIONS))
    host.submit(None, CommandId("join-0001"), c.Join(CHAIR))
    host.submit(None, CommandId("join-0002"), c.Join(SURGEON))
    host.submit(CHAIR, CommandId("open-0001"), c.OpenConference())
    await host.submit(CHAIR, CommandId("call-0001"), c.CallCase(brief().case))
    waits: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_produce(host, name, began + seconds, waits) for name in range(producers)))
    each = (time.perf_counter() - began) / len(waits)
    await host.stop()
    return Round(1e6 * each, 1000 * sorted(waits)[int(0.99 * len(waits))])


async def _produce(host: RoomHost, name: int, until: float, waits: list[float]) -> None:
    """One mark is drawn and then reshaped again and again: a room of fixed size, events of about 250 bytes."""
    mark = f"m{name:03}"
    await host.submit(SURGEON, CommandId(f"{mark}-000000"), draw(mark), frame=frame())
    revision, sent = 0, 0.0
    while revision == 0 or sent < until:
        revision, sent = revision + 1, time.perf_counter()
        change = c.Reshape(MarkId(mark), revision, ((10.0, 10.0), (20.0 + revision % 400, 30.5)), "")
        answer = await host.submit(SURGEON, CommandId(f"{mark}-{revision:06}"), change, frame=frame())
        assert isinstance(answer, Accepted), answer
        waits.append(time.perf_counter() - sent)


@contextmanager
def sqlite() -> Iterator[Database]:
    """The store as configured by default."""
    with TemporaryDirectory() as folder, opened(f"sqlite:///{Path(folder) / 'bench.db'}") as database:
        schema.create(database.engine)
        yield database


@contextmanager
def postgresql_store() -> Iterator[Database]:
    """The same tables in a PostgreSQL of its own."""
    with postgresql() as url, opened(url) as database:
        schema.create(database.engine)
        yield database
