"""Joint text over a real socket: what is acknowledged survives kill -9, and nobody types who may not."""

import asyncio
import base64
import signal
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from conference.text import store
from conference.text.document import TextDocument
from tests.hands import Hand, typing
from tests.live_rooms import ROOM
from tests.room_client import Client, begin
from tests.room_server import Running, server
from tests.rooms import HIP
from web.database import opened

pytestmark = pytest.mark.slow


async def _read(client: Client, hand: Hand) -> str:
    await client.send({"type": "read-text", "case": HIP, "state": ""})
    hand.hear((await client.until("text"))["update"])
    return hand.words()


def test_every_acknowledged_update_survives_kill_9(tmp_path: Path) -> None:
    hand, acked = Hand(), []

    async def type_until_killed(running: Running) -> None:
        await begin(running)
        writer = Client(running.port, running.tokens["bo"])
        await writer.connect()
        with pytest.raises((ConnectionClosed, OSError)):  # noqa: PT012 - the kill comes when it comes
            for number in range(10_000):
                answer = await writer.answer(f"typed-{number:06}", hand.command(f"<{number}>"))
                assert answer["type"] == "ack"
                acked.append(f"<{number}>")
                if number == 60:
                    running.process.send_signal(signal.SIGKILL)
        await writer.close()

    async def read_after(running: Running) -> str:
        reader = Client(running.port, running.tokens["ed"])
        await reader.connect()
        words = await _read(reader, Hand())
        await reader.close()
        return words

    with server(tmp_path) as running:
        asyncio.run(type_until_killed(running))
    with server(tmp_path) as running:
        words = asyncio.run(read_after(running))
    assert len(acked) > 60
    assert words.startswith("".join(acked))
    with opened(f"sqlite:///{tmp_path / 'consilium.db'}") as database:
        kept = database.read_now(store.texts, ROOM)[HIP]
    assert TextDocument(kept.updates).words(["minutes"])["minutes"] == words


def test_an_observer_is_refused_reads_along_and_a_made_up_state_ends_the_socket(tmp_path: Path) -> None:
    async def scene(running: Running) -> None:
        await begin(running)
        writer, observer = (Client(running.port, running.tokens[who]) for who in ("bo", "ed"))
        for client in (writer, observer):
            await client.connect()
        refused = await observer.answer("forged-01", Hand().command("forged"))
        assert (refused["type"], refused["code"]) == ("refused", "not-permitted")
        hand = Hand()
        assert (await writer.answer("typed-001", typing(hand.type("true"))))["type"] == "ack"
        heard = await observer.until("typed")
        assert [one["author"] for one in heard["updates"]] == ["bo"]
        assert await _read(observer, Hand()) == "true"
        await observer.send({"type": "read-text", "case": HIP, "state": base64.b64encode(b"\xff" * 9).decode()})
        with pytest.raises(ConnectionClosed) as caught:
            await observer.until("never")
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4001
        for client in (writer, observer):
            await client.close()

    with server(tmp_path) as running:
        asyncio.run(scene(running))
