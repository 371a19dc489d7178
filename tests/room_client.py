"""A client of the room protocol for tests: tickets over HTTP, one WebSocket, nothing optimistic."""

import asyncio
import json
import urllib.request
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from conference.room.commands import CallCase, Command, OpenConference
from conference.room.plain import tagged
from tests.live_rooms import ROOM
from tests.room_server import Running
from tests.rooms import HIP


class Client:
    """One connection; `received` holds every message in its order."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.received: list[dict[str, Any]] = []
        self.socket: ClientConnection

    async def connect(
        self, since: int | None = None, *, origin: str | None = None, hello: bool = True
    ) -> dict[str, Any]:
        ticket = await asyncio.to_thread(self._ticket)
        self.socket = await connect(
            f"ws://127.0.0.1:{self.port}/sockets/room?ticket={ticket}",
            max_size=None,
            compression=None,
            additional_headers={"Authorization": f"Bearer {self.token}"},
            origin=origin,
            ping_interval=None,  # type: ignore[arg-type]
        )
        if not hello:
            return {}
        await self.send({"type": "hello", "versions": [1], "since": since})
        return await self.until("welcome")

    async def send(self, message: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(message))

    async def command(self, command_id: str, command: Command) -> None:
        await self.send({"type": "command", "id": command_id, "command": tagged(command)})

    async def next(self) -> dict[str, Any]:
        message = json.loads(await self.socket.recv())
        self.received.append(message)
        return message

    async def until(self, *kinds: str, of: str | None = None) -> dict[str, Any]:
        """The next message of one of these kinds, or about the command `of`."""
        while True:
            message = await self.next()
            if message["type"] in kinds and (of is None or message.get("id") == of):
                return message

    async def answer(self, command_id: str, command: Command) -> dict[str, Any]:
        await self.command(command_id, command)
        return await self.until("ack", "refused", of=command_id)

    async def close(self) -> None:
        await self.socket.close()

    def _ticket(self) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/conferences/{ROOM}/ticket",
            data=b"",
            method="POST",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["ticket"])


async def begin(running: Running) -> None:
    """The chair comes, opens the conference, calls the first case, and goes again."""
    chair = Client(running.port, running.tokens["ada"])
    await chair.connect()
    assert (await chair.answer("open-0001", OpenConference()))["type"] == "ack"
    assert (await chair.answer("call-0001", CallCase(HIP)))["type"] == "ack"
    await chair.close()
