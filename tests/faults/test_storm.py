"""Promise 11: two hundred who lost the room come back at once; each is given what it missed, whole and in order.

How long it takes is measured by the benchmark `resume`.
"""

import asyncio
from pathlib import Path

from conference.room import commands as c
from tests.room_client import Client, begin
from tests.room_server import Running, server
from tests.rooms import draw

PEOPLE = ("ada", "bo", "cy", "ed")
_CLIENTS, _MISSED = 200, 100


async def _drawn(chair: Client, first: int, count: int) -> None:
    """The chair draws so many marks, a few at a time, and each is acknowledged."""
    for number in range(first, first + count):
        answer = await chair.answer(f"mark-{number:06}", draw(f"m{number}"))
        assert answer["type"] == "ack", answer


async def _back(running: Running, person: str, since: int, until: int) -> tuple[str, int, str]:
    """Connect with what was seen last and read on until `until`; gives the person, the next number and the digest."""
    client = Client(running.port, running.tokens[person])
    message = await client.connect(since=since)
    assert message["snapshot"] is None, "the whole state was sent for what could be resumed"
    seen, digest = since, message["digest"]
    while True:
        for record in message.get("events", []):
            assert record["seq"] == seen + 1, "resumed with a gap"
            seen = record["seq"]
        digest = message.get("digest") or digest
        if seen >= until:
            break
        message = await client.until("events")
    await client.close()
    return person, seen, digest


def test_two_hundred_come_back_at_once_and_miss_nothing(tmp_path: Path) -> None:
    async def scene(running: Running) -> None:
        await begin(running)
        chair = Client(running.port, running.tokens["ada"])
        await chair.connect()
        others = [Client(running.port, running.tokens[PEOPLE[place % 4]]) for place in range(_CLIENTS)]
        left_at = max([(await other.connect())["seq"] for other in others])
        for other in others:
            other.socket.transport.abort()
        await _drawn(chair, 0, _MISSED)
        now = (await chair.answer("hand-0001", c.RaiseHand()))["seq"]
        found = await asyncio.gather(
            *(_back(running, PEOPLE[place % 4], left_at, now) for place in range(_CLIENTS))
        )
        await chair.close()
        assert len(found) == _CLIENTS
        for number in {seen for _, seen, _ in found}:
            assert len({digest for _, seen, digest in found if seen == number}) == 1, "two screens differ"

    with server(tmp_path) as running:
        asyncio.run(scene(running))
