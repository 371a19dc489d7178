"""resume: from an upgrade request to the whole state, in a room with a long log; and 200 who come back at once.

Whoever has nothing gets a snapshot, whoever missed a part gets its events; that both end in the same projection is a
law (`tests/property/test_room_laws.py`) and a promise (`tests/faults/test_storm.py`). There is no peer.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from math import log
from typing import Any

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.crowd import masked
from tests.benchmarks.rig.meeting import Ours, rooms_of_ours

_STATE_S, _STORM_S = 1.0, 0.5
_REQUEST = (
    "GET /sockets/room?ticket={ticket} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Origin: http://127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
)


def run(*, short: bool) -> Iterator[Figure]:
    """Two lengths of log with the exponent between them; then the storm."""
    sizes = (300, 1500) if short else (1000, 5000)
    people = 50 if short else 200
    with rooms_of_ours(2, people, logs=sizes) as made:
        whole: dict[int, float] = {}
        for room, size in enumerate(sizes):
            waits = [asyncio.run(_one(made, room)) for _ in range(3 if short else 9)]
            whole[size] = statistics.median(waited for waited, _ in waits)
            yield Figure(f"resume: whole state at {size} events / limit", whole[size], _STATE_S, "s", 1.0)
        exponent = log(whole[sizes[1]] / whole[sizes[0]]) / log(sizes[1] / sizes[0])
        yield Figure("resume: exponent of time", exponent, 1.0, "power of events", None)
        for missed in (0, 200):
            waits = asyncio.run(_storm(made, 1, people, missed))
            late = sorted(waited for waited, _ in waits)[int(0.99 * (len(waits) - 1))]
            assert min(given for _, given in waits) >= missed, "somebody was not given what was missed"
            yield Figure(f"resume: {people} at once, {missed} missed each, p99 / limit", late, _STORM_S, "s", 1.0)


async def _one(made: Ours, room: int) -> tuple[float, str]:
    waited, welcome = await _welcomed(made, 0, made.ticket(room, 0), None)
    return waited, str(welcome["digest"])


async def _storm(made: Ours, room: int, people: int, missed: int) -> list[tuple[float, int]]:
    """Seconds until each was welcomed, and how many events it was given; a welcome is followed by who else came."""
    _, now = await _welcomed(made, 0, made.ticket(room, 0), None)
    tickets = [await asyncio.to_thread(made.ticket, room, person) for person in range(people)]
    since = int(now["seq"]) - missed
    found = await asyncio.gather(*(_welcomed(made, person, tickets[person], since) for person in range(people)))
    return [(waited, len(welcome["events"])) for waited, welcome in found]


async def _welcomed(made: Ours, person: int, ticket: str, since: int | None) -> tuple[float, dict[str, Any]]:
    began = time.monotonic()
    port = made.server.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26)
    writer.write(_REQUEST.format(ticket=ticket, port=port, token=made.tokens[person]).encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(masked(json.dumps({"type": "hello", "versions": [1], "since": since})))
    while True:
        text = await _frame(reader)
        if b'"type":"welcome"' in text[:40]:
            waited = time.monotonic() - began
            writer.close()
            return waited, json.loads(text)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """The payload of one unfragmented frame (RFC 6455 section 5.2)."""
    head = await reader.readexactly(2)
    size = head[1] & 127
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    return await reader.readexactly(size)
