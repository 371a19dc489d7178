"""memory: twenty people in a room of three cases, each with the images of a case of 2,000 instances open.

What counts is the proportional share of every process of the server (Pss of /proc/PID/smaps_rollup), workers included,
after all have their stack of previews and while the presenter moves.
"""

import asyncio
import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from math import log
from pathlib import Path

import websockets

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.consilium import CASE, STOW
from tests.benchmarks.rig.crowd import Crowd
from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.instances import STACK, series, uids
from tests.benchmarks.rig.meeting import Ours, rooms_of_ours

_LIMIT_MB = 600.0
_PEOPLE = 20
_SERIES = 10
_HEADER = struct.Struct("<BBHII")


def run(*, short: bool) -> Iterator[Figure]:
    """A tenth of the instances and all of them, with the exponent between."""
    counts = (40, 100) if short else (200, 2000)
    used: dict[int, float] = {}
    for count in counts:
        with rooms_of_ours(1, _PEOPLE) as made:
            used[count] = _measured(made, count)
        yield Figure(f"memory: {_PEOPLE} people, {count} instances / limit", used[count], _LIMIT_MB, "MB", 1.0)
    small, large = counts
    exponent = log(used[large] / used[small]) / log(large / small)
    yield Figure("memory: exponent", exponent, 1.0, "power of instances", None)


def _measured(made: Ours, count: int) -> float:
    kind = replace(STACK, count=count // _SERIES)
    for number in range(_SERIES):
        files = list(series(kind, 50, number))
        for at in range(0, len(files), 20):
            made.server.http.stow(STOW, files[at : at + 20])
    made.server.process.rest()
    crowd = made.gather(1, _PEOPLE)
    try:
        return asyncio.run(_watched(made, kind.count, crowd))
    finally:
        crowd.close()


async def _watched(made: Ours, slices: int, crowd: Crowd) -> float:
    """Everybody reads all previews of one series and goes on reading; the most that was held, in MB."""
    ready = asyncio.Barrier(_PEOPLE + 1)
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(_read(made, person, slices, ready)) for person in range(_PEOPLE)]
        moving = group.create_task(asyncio.to_thread(crowd.run, 30.0, [0], 30.0))
        most = 0.0
        arrived = group.create_task(ready.wait())
        while not arrived.done():
            most = max(most, _held_mb(made))
            await asyncio.sleep(0.2)
        most = max(most, _held_mb(made))
        for task in (*readers, moving):
            task.cancel()
    return most


async def _read(made: Ours, person: int, slices: int, ready: asyncio.Barrier) -> None:
    server, token = made.server, made.tokens[person]
    http = Http(server.port, {"Authorization": f"Bearer {token}"})
    asked = json.dumps({"for": "images", "case": CASE}).encode()
    said = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    ticket = json.loads(await asyncio.to_thread(http.send, "POST", "/tickets", asked, said))["ticket"]
    host = {"Origin": f"http://127.0.0.1:{server.port}", "Authorization": f"Bearer {token}"}
    address = f"ws://127.0.0.1:{server.port}/sockets/images?ticket={ticket}"
    async with websockets.connect(address, compression=None, max_size=None, additional_headers=host) as socket:
        show = {"type": "show", "series": uids(50, person % _SERIES, 0)[1], "index": slices // 2, "link": "normal"}
        await socket.send(json.dumps(show))
        previews = 0
        async for message in socket:
            if isinstance(message, str):
                continue
            which, _, _, _, length = _HEADER.unpack_from(message)
            await socket.send(json.dumps({"type": "credit", "bytes": length}))
            previews += which == 1
            if which == 1 and previews == slices:
                await ready.wait()


def _held_mb(made: Ours) -> float:
    """What the server and all its children hold; a page that several share counts once."""
    total = 0
    for pid in made.server.process.family():
        try:
            said = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += next(int(line.split()[1]) for line in said.splitlines() if line.startswith("Pss:"))
    return total / 1000
