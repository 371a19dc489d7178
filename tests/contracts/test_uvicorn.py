"""What the room's socket protocol relies on in uvicorn, held on a real server: an update that breaks it fails here."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from conference.live.outbox import Message
from web.bodies import PIECE, LargePieces
from web.sockets.protocol import EXTENSION, Prepared, RoomProtocol

Work = Callable[[WebSocket], Awaitable[None]]


@asynccontextmanager
async def served(work: Work, **options: Any) -> AsyncIterator[ClientConnection]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        await work(websocket)

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ws=RoomProtocol, lifespan="off", log_config=None, **({"ws_per_message_deflate": False} | options)
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve([listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        async with connect(f"ws://127.0.0.1:{listening.getsockname()[1]}", compression=None, max_size=None) as client:
            yield client
    finally:
        server.should_exit = True
        await running


def prepared(websocket: WebSocket) -> Prepared:
    found = websocket.scope["extensions"][EXTENSION]
    assert isinstance(found, Prepared)
    return found


@pytest.mark.parametrize("size", [10, 1_000, 100_000])
def test_a_finished_frame_arrives_as_a_text_message(size: int) -> None:
    async def work(websocket: WebSocket) -> None:
        assert prepared(websocket).send_frame(Message("ä" * size).frame)
        await websocket.send_text("after")
        await websocket.receive()

    async def scene() -> None:
        async with served(work) as client:
            assert await client.recv() == "ä" * size
            assert await client.recv() == "after"

    asyncio.run(scene())


def test_a_lagging_peer_is_noticed_and_can_be_reset() -> None:
    noticed = asyncio.Event()

    async def work(websocket: WebSocket) -> None:
        offer, frame = prepared(websocket), Message("x" * 60_000).frame
        for _ in range(1_000):
            if not offer.send_frame(frame):
                noticed.set()
                offer.abort()
                return
            await asyncio.sleep(0)

    async def scene() -> None:
        async with served(work) as client:
            client.transport.pause_reading()
            await asyncio.wait_for(noticed.wait(), 20)
            client.transport.resume_reading()
            with pytest.raises(ConnectionClosed) as caught:
                await _read_all(client)
            assert caught.value.rcvd is None, "reset, not closed"

    asyncio.run(scene())


async def _read_all(client: ClientConnection) -> None:
    while True:
        await client.recv()


def test_nothing_is_written_after_a_close() -> None:
    async def work(websocket: WebSocket) -> None:
        offer = prepared(websocket)
        await websocket.close(4003, "no")
        assert not offer.send_frame(Message("late").frame)

    async def scene() -> None:
        async with served(work) as client:
            with pytest.raises(ConnectionClosed) as caught:
                await client.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 4003

    asyncio.run(scene())


def test_with_compression_there_is_no_extension() -> None:
    async def work(websocket: WebSocket) -> None:
        await websocket.send_text(str(EXTENSION in websocket.scope["extensions"]))
        await websocket.receive()

    async def scene() -> None:
        async with served(work, ws_per_message_deflate=True) as client:
            assert await client.recv() == "False"

    asyncio.run(scene())


def test_the_kernels_buffers_are_short() -> None:
    async def work(websocket: WebSocket) -> None:
        raw = prepared(websocket).send_frame.__self__.transport.get_extra_info("socket")  # type: ignore[attr-defined]
        options = (socket.TCP_NODELAY, socket.TCP_USER_TIMEOUT, 25)
        await websocket.send_text(",".join(str(raw.getsockopt(socket.IPPROTO_TCP, one)) for one in options))
        await websocket.receive()

    async def scene() -> None:
        async with served(work) as client:
            assert await client.recv() == "1,20000,16384"

    asyncio.run(scene())


@asynccontextmanager
async def taking(app: Any) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that hands long bodies on in large pieces."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=LargePieces, lifespan="off", log_config=None))
    running = asyncio.create_task(server.serve([listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        yield reader, writer
        writer.close()
    finally:
        server.should_exit = True
        await running


def posting(size: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 5_000_000])
def test_a_body_arrives_whole_and_in_large_pieces(size: int) -> None:
    pieces: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            pieces.append(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def scene() -> None:
        body = bytes(range(256)) * (size // 256 + 1)
        async with taking(app) as (reader, writer):
            for _ in range(2):  # on one connection
                pieces.clear()
                writer.write(posting(size) + body[:size])
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
                assert b"".join(pieces) == body[:size]
                assert all(len(piece) >= PIECE for piece in pieces[:-1])

    asyncio.run(scene())


def test_who_stops_in_the_middle_is_noticed() -> None:
    told: list[str] = []
    waiting, ended = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        waiting.set()
        told.append((await receive())["type"])
        ended.set()

    async def scene() -> None:
        async with taking(app) as (_, writer):
            writer.write(posting(5_000) + b"half")
            await asyncio.wait_for(waiting.wait(), 20)
            assert not told, "it waits for the rest"
            writer.close()
            await asyncio.wait_for(ended.wait(), 20)
        assert told == ["http.disconnect"]

    asyncio.run(scene())
