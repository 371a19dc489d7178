"""Promise 1, for joint text: the server is killed while several people type; no acknowledged letter is lost.

Everybody types into the minutes of one case at once, each word at the end of their own replica. What was not
acknowledged is sent again under the same id, so that it stands once. In the end every replica says the same, and so do
the rows. `CONSILIUM_KILLS` makes it longer.
"""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from conference.room import commands as c
from conference.text import store
from conference.text.document import TextDocument
from tests.hands import Hand
from tests.live_rooms import ROOM
from tests.room_client import Client, begin
from tests.room_server import Running, server
from tests.rooms import HIP
from web.database import opened

KILLS = int(os.environ.get("CONSILIUM_KILLS", "5"))
WORDS = 12
"""Acknowledged words of each writer between two kills, about."""
_WINDOW = 4
"""Words of one writer on their way at any time."""
WRITERS = ("ada", "bo", "cy")


class Writer:
    """One person with a replica that outlives every connection."""

    def __init__(self, name: str) -> None:
        self.name, self.hand = name, Hand()
        self.acked: list[str] = []
        self.waiting: dict[str, c.TypeText] = {}
        self.typed = 0

    async def work(self, running: Running) -> None:
        """Catch up, send again what was not acknowledged, and type on until the line breaks."""
        client = Client(running.port, running.tokens[self.name])
        await client.connect()
        try:
            await self._catch_up(client)
            for command_id, command in self.waiting.items():
                await client.command(command_id, command)
            while True:
                while len(self.waiting) < _WINDOW:
                    await self._type(client)
                self._note(await client.next())
        finally:
            await client.close()

    async def settle(self, running: Running) -> None:
        """Send again what is still open, wait for its answers, and read what everybody typed."""
        client = Client(running.port, running.tokens[self.name])
        await client.connect()
        for command_id, command in self.waiting.items():
            await client.command(command_id, command)
        while self.waiting:
            self._note(await client.next())
        await client.close()

    async def read(self, running: Running) -> str:
        """The minutes as this replica has them after it has caught up."""
        client = Client(running.port, running.tokens[self.name])
        await client.connect()
        await self._catch_up(client)
        await client.close()
        return self.hand.words()

    async def _catch_up(self, client: Client) -> None:
        await client.send({"type": "read-text", "case": HIP, "state": ""})
        self.hand.hear((await client.until("text"))["update"])

    async def _type(self, client: Client) -> None:
        word = f"{self.name}-{self.typed:06}"
        self.typed += 1
        self.waiting[word] = self.hand.command(f"<{word}>")
        await client.command(word, self.waiting[word])

    def _note(self, message: dict) -> None:
        if message["type"] == "ack" and self.waiting.pop(message["id"], None) is not None:
            self.acked.append(message["id"])
        if message["type"] == "typed":
            self.hand.hear(*(one["update"] for one in message["updates"]))
        assert message["type"] != "refused", message


async def _type_until_killed(writers: list[Writer], running: Running, words: int) -> None:
    """Everybody types until that many more words are acknowledged; then the kill comes at a moment nobody chose."""
    goal = sum(len(one.acked) for one in writers) + words
    working = [asyncio.create_task(one.work(running)) for one in writers]
    while sum(len(one.acked) for one in writers) < goal:
        for task in working:
            assert not task.done(), task.exception()
        await asyncio.sleep(0)
    running.process.send_signal(signal.SIGKILL)
    for task in working:
        with pytest.raises((ConnectionClosed, OSError)):
            await task


async def _settle(writers: list[Writer], running: Running) -> list[str]:
    for one in writers:
        await one.settle(running)
    return [await one.read(running) for one in writers]


@pytest.mark.slow
def test_every_acknowledged_word_of_everybody_survives_kill_9(tmp_path: Path) -> None:
    chance, writers = random.Random(20261130), [Writer(name) for name in WRITERS]
    for kill in range(KILLS):
        with server(tmp_path) as running:
            if kill == 0:
                asyncio.run(begin(running))
            acked = [word for one in writers for word in one.acked]
            asyncio.run(_type_until_killed(writers, running, chance.randrange(1, 2 * WORDS * len(writers))))
            assert len([word for one in writers for word in one.acked]) > len(acked)
    with server(tmp_path) as running:
        said = asyncio.run(_settle(writers, running))
        newcomer = asyncio.run(Writer("ed").read(running))
    assert {*said, newcomer} == {newcomer}, "replicas say different things"
    for one in writers:
        assert len(one.acked) == one.typed
        assert [newcomer.count(f"<{word}>") for word in one.acked] == [1] * one.typed
    with opened(f"sqlite:///{tmp_path / 'consilium.db'}") as database:
        kept = database.read_now(store.texts, ROOM)[HIP]
    assert TextDocument(kept.updates).words(["minutes"])["minutes"] == newcomer
