"""Promise 1: the server is killed between acknowledged marks; every acknowledged mark is there afterwards.

`CONSILIUM_KILLS` and `CONSILIUM_MARKS` make it longer: the release gate is 40 kills and 10 000 marks.
"""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from conference.record import log
from conference.room import commands as c
from conference.room.evolve import replay
from conference.room.visibility import Sight, projection_digest
from tests.live_rooms import ROOM
from tests.room_client import Client, begin
from tests.room_server import Running, server
from tests.rooms import HIP, draw
from web.database import opened

KILLS = int(os.environ.get("CONSILIUM_KILLS", "3"))
MARKS = int(os.environ.get("CONSILIUM_MARKS", "600"))
_WINDOW = 32
"""Commands on their way at any time."""


class Scribe:
    """Draws marks for as long as the server lives; what was not acknowledged is sent again, under the same id."""

    def __init__(self) -> None:
        self.acked: dict[str, int] = {}
        self.waiting: dict[str, c.Draw] = {}
        self.drawn = 0
        self.seen = 0

    async def work(self, running: Running, until: int) -> None:
        client = Client(running.port, running.tokens["bo"])
        welcome = await client.connect(since=self.seen or None)
        assert welcome["seq"] >= max(self.acked.values(), default=0), "the server forgot what it had acknowledged"
        if self.seen:
            missed = [record["seq"] for record in welcome["events"]]
            assert missed == list(range(self.seen + 1, welcome["seq"] + 1)), "resumed with a gap"
        self.seen = welcome["seq"]
        try:
            for command_id, command in self.waiting.items():
                await client.command(command_id, command)
            while len(self.acked) < until:
                await self._fill(client)
                self._note(await client.next())
        finally:
            await client.close()

    async def _fill(self, client: Client) -> None:
        while len(self.waiting) < _WINDOW:
            self.drawn += 1
            command_id = f"mark-{self.drawn:08}"
            self.waiting[command_id] = draw(f"m{self.drawn}", points=((float(self.drawn % 500), 1.0), (2.0, 3.0)))
            await client.command(command_id, self.waiting[command_id])

    def _note(self, message: dict) -> None:
        if message["type"] == "ack" and message["id"] in self.waiting:
            del self.waiting[message["id"]]
            self.acked[message["id"]] = message["seq"]
        if message["type"] == "events":
            assert message["events"][0]["seq"] == self.seen + 1, "a gap"
            self.seen = message["events"][-1]["seq"]
        assert message["type"] != "refused", message


async def _until_killed(scribe: Scribe, running: Running, marks: int) -> None:
    """Work until that many are acknowledged; then the kill comes at a moment nobody chose."""
    goal = len(scribe.acked) + marks
    working = asyncio.create_task(scribe.work(running, 10**9))
    while len(scribe.acked) < goal:
        assert not working.done(), working.exception()
        await asyncio.sleep(0)
    running.process.send_signal(signal.SIGKILL)
    with pytest.raises((ConnectionClosed, OSError)):
        await working


@pytest.mark.slow
def test_every_acknowledged_mark_survives_kill_9(tmp_path: Path) -> None:
    chance, scribe = random.Random(20261126), Scribe()
    for kill in range(KILLS):
        with server(tmp_path) as running:
            if kill == 0:
                asyncio.run(begin(running))
            asyncio.run(_until_killed(scribe, running, chance.randrange(1, 2 * MARKS // KILLS)))
    with server(tmp_path) as running:
        asyncio.run(scribe.work(running, len(scribe.acked) + 1))
        digest = asyncio.run(_digest_of_newcomer(running))
    _check(tmp_path, scribe, digest)


async def _digest_of_newcomer(running: Running) -> tuple[int, str]:
    client = Client(running.port, running.tokens["ed"])
    welcome = await client.connect()
    await client.close()
    return welcome["seq"], welcome["digest"]


def _check(directory: Path, scribe: Scribe, newcomer: tuple[int, str]) -> None:
    with opened(f"sqlite:///{directory / 'consilium.db'}") as database:
        history = database.read_now(log.history, ROOM)
        assert database.read_now(log.verify, ROOM) == history.head
    lost = [
        command_id for command_id, seq in scribe.acked.items() if history.commands.get(command_id, ("", 0))[1] != seq
    ]
    assert lost == []
    assert [one.seq for one in history.recorded] == list(range(1, len(history.recorded) + 1))
    seq, digest = newcomer
    state = replay(history.recorded[:seq])
    assert projection_digest(state, Sight(None, None)) == digest
    assert set(state.cases[HIP].marks) >= {f"m{int(command_id[5:])}" for command_id in scribe.acked}
