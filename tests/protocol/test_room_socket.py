"""The room's socket on a real server: who gets in, what ends a connection, and members that do not read."""

import asyncio
import json
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agenda.ids import PersonId
from conference.room import commands as c
from tests.live_rooms import ROOM
from tests.room_client import Client, begin
from tests.room_server import Running, server
from tests.rooms import draw

pytestmark = pytest.mark.slow
HELLO = '{"type":"hello","versions":[1],"since":null}'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with server(tmp_path_factory.mktemp("room")) as found:
        asyncio.run(begin(found))
        yield found


def _close_code(caught: pytest.ExceptionInfo[ConnectionClosed]) -> int:
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


def test_a_socket_without_a_good_ticket_is_closed_with_4008(running: Running) -> None:
    async def scene() -> None:
        used = Client(running.port, running.tokens["bo"])
        ticket = await asyncio.to_thread(used._ticket)
        for text in ("", "made-up", ticket, ticket):
            async with connect(
                f"ws://127.0.0.1:{running.port}/sockets/room?ticket={text}",
                additional_headers={"Authorization": f"Bearer {running.tokens['bo']}"},
            ) as found:
                if text == ticket and not used.received:
                    used.received.append({})  # the first use is good; the second is not
                    continue
                with pytest.raises(ConnectionClosed) as caught:
                    await found.recv()
                assert _close_code(caught) == 4008

    asyncio.run(scene())


def test_a_ticket_is_worth_nothing_to_somebody_else(running: Running) -> None:
    async def scene() -> None:
        ticket = await asyncio.to_thread(Client(running.port, running.tokens["bo"])._ticket)
        async with connect(
            f"ws://127.0.0.1:{running.port}/sockets/room?ticket={ticket}",
            additional_headers={"Authorization": f"Bearer {running.tokens['cy']}"},
        ) as found:
            with pytest.raises(ConnectionClosed) as caught:
                await found.recv()
            assert _close_code(caught) == 4008

    asyncio.run(scene())


def test_another_sites_page_does_not_get_a_socket(running: Running) -> None:
    async def scene() -> None:
        ticket = await asyncio.to_thread(Client(running.port, running.tokens["bo"])._ticket)
        with pytest.raises(InvalidStatus) as caught:
            await connect(
                f"ws://127.0.0.1:{running.port}/sockets/room?ticket={ticket}", origin="https://evil.example"
            )  # type: ignore[arg-type]
        assert caught.value.response.status_code == 403

    asyncio.run(scene())


@pytest.mark.parametrize(
    "texts",
    [
        ["nonsense"], ['{"type":"hello","versions":[9],"since":null}'], ['{"type":"presence","seen":1}'],
        [HELLO, '{"type":"command","id":"12345678","command":{"type":"leave"}}'],
        [HELLO, '{"type":"presence","seen":NaN}'],
        [HELLO, HELLO],
    ],
)  # fmt: skip
def test_a_broken_protocol_closes_with_4001(running: Running, texts: list[str]) -> None:
    async def scene() -> None:
        client = Client(running.port, running.tokens["bo"])
        await client.connect(hello=False)
        for text in texts:
            await client.socket.send(text)
        with pytest.raises(ConnectionClosed) as caught:
            await client.until("never")
        assert _close_code(caught) == 4001

    asyncio.run(scene())


def test_a_wrong_role_is_refused_and_the_connection_stays(running: Running) -> None:
    async def scene() -> None:
        observer = Client(running.port, running.tokens["ed"])
        await observer.connect()
        answer = await observer.answer("obs-00001", draw("observers-mark"))
        assert (answer["type"], answer["code"]) == ("refused", "not-permitted")
        assert answer["reason"].endswith(".")
        assert (await observer.answer("obs-00002", c.LowerHand("nobody")))["type"] == "refused"  # type: ignore[arg-type]
        await observer.close()

    asyncio.run(scene())


def test_the_referrer_waits_in_the_lobby_then_sees_their_own_cases_and_draws_nothing(running: Running) -> None:
    async def scene() -> None:
        referrer = Client(running.port, running.tokens["fay"])
        await referrer.connect(hello=False)
        await referrer.send({"type": "hello", "versions": [1], "since": None})
        assert "snapshot" not in await referrer.until("lobby", "welcome")
        chair = Client(running.port, running.tokens["ada"])
        await chair.connect()
        assert (await chair.answer("admit-0001", c.AdmitGuest(PersonId("fay"))))["type"] == "ack"
        welcome = await referrer.until("welcome")
        assert welcome["you"]["role"] == "guest"
        assert set(welcome["snapshot"]["cases"]) == set(welcome["you"]["cases"])
        assert (await referrer.answer("ref-00001", draw("guests-mark")))["code"] == "not-permitted"
        for one in (referrer, chair):
            await one.close()

    asyncio.run(scene())


def test_a_second_tab_works_beside_the_first(running: Running) -> None:
    async def scene() -> None:
        tabs = [Client(running.port, running.tokens["bo"]) for _ in range(2)]
        for tab in tabs:
            await tab.connect()
        assert (await tabs[0].answer("tab-00001", draw("tab-mark-1")))["type"] == "ack"
        shown = await tabs[1].until("events")
        while not any(one["event"].get("mark", {}).get("mark") == "tab-mark-1" for one in shown["events"]):
            shown = await tabs[1].until("events")
        await tabs[0].close()
        assert (await tabs[1].answer("tab-00002", draw("tab-mark-2")))["type"] == "ack"
        await tabs[1].close()

    asyncio.run(scene())


def test_presence_reaches_others_and_is_gone_with_its_person(running: Running) -> None:
    async def scene() -> None:
        mover, watcher = (Client(running.port, running.tokens[name]) for name in ("cy", "bo"))
        await watcher.connect()
        await mover.connect()
        pointer = {"sop_instance_uid": "1.2", "frame": 1, "point": [3.0, 4.5]}
        await mover.send({"type": "presence", "pointer": pointer, "seen": 3})
        while (await watcher.until("presence"))["people"].get("cy") != {"pointer": pointer, "seen": 3}:
            pass
        await mover.close()
        while (await watcher.until("presence"))["people"].get("cy", 1) is not None:
            pass
        await watcher.close()

    asyncio.run(scene())


def test_a_member_that_stops_reading_is_dropped_and_holds_nobody_up(running: Running) -> None:
    """Promise 10: its socket is gone within 20 s, the room does not notice."""

    async def scene() -> None:
        writer = Client(running.port, running.tokens["bo"])
        await writer.connect()
        stalled = Client(running.port, running.tokens["ed"])
        await stalled.connect()
        raw: socket.socket = stalled.socket.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.socket.transport.pause_reading()
        loop = asyncio.get_running_loop()
        slowest, began, number = 0.0, loop.time(), 0
        while not _gone(raw):
            assert loop.time() - began < 60, "a stalled member was never dropped"
            for _ in range(20):
                number += 1
                await writer.command(
                    f"flood-{number:06}", draw(f"flood-{number}", kind="text", points=((1.0, 1.0),), text="x" * 500)
                )
            sent = loop.time()
            await writer.until("ack", "refused", of=f"flood-{number:06}")
            slowest = max(slowest, loop.time() - sent)
        assert slowest < 10.0, "the room waited for a member"
        await writer.close()
        stalled.socket.transport.abort()

    asyncio.run(scene())


def _gone(raw: socket.socket) -> bool:
    """Has the other side dropped this connection? (TCP_INFO, linux/tcp.h: state 1 is ESTABLISHED)"""
    (state,) = struct.unpack_from("B", raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104))
    return bool(state != 1)


def test_the_state_over_http_is_that_of_the_socket(running: Running) -> None:
    async def scene() -> dict[str, object]:
        client = Client(running.port, running.tokens["ed"])
        welcome = await client.connect()
        await client.close()
        return welcome

    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/conferences/{ROOM}/room/state.json",
        headers={"Authorization": f"Bearer {running.tokens['ada']}"},
    )
    welcome = asyncio.run(scene())
    with urllib.request.urlopen(request, timeout=10) as answer:
        found = json.load(answer)
    assert found["projection"]["cases"] == welcome["snapshot"]["cases"]  # type: ignore[index]
    assert len(found["digest"]) == 64


def _post(running: Running, path: str, who: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}{path}",
        data=b"",
        method="POST",
        headers={"Authorization": f"Bearer {running.tokens[who]}"},
    )
    opener = urllib.request.build_opener(_StayHere)
    try:
        with opener.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as found:
        return int(found.code)


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


def test_a_right_taken_away_closes_the_open_socket_within_two_seconds(running: Running) -> None:
    """Promise 14, last in this file: the person cannot come back."""

    async def scene() -> None:
        client = Client(running.port, running.tokens["cy"])
        await client.connect()
        assert await asyncio.to_thread(_post, running, "/people/cy/disable", "gil") == 303
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(ConnectionClosed) as caught:
            await client.until("never")
        assert _close_code(caught) in (4003, 4011)
        assert loop.time() - began < 2.0
        assert await asyncio.to_thread(_post, running, f"/conferences/{ROOM}/ticket", "cy") in (303, 401, 403)

    asyncio.run(scene())
