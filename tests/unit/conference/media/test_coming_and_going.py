"""People come and go by real handshakes, and nothing of them stays: memory, sockets, tasks."""

import asyncio
import gc
import logging
import os
from pathlib import Path

import pytest

from conference.media.profile import OPUS
from tests.unit.conference.media.browsers import media_server
from tests.unit.conference.media.callers import Caller, packet, until

JOINS = int(os.environ.get("CONSILIUM_TEST_JOINS", "120"))
"""As many as a hurried machine can wait for; the promise is tried with 500."""
WARMING = 60
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1 << 20


def resident() -> int:
    """Bytes of memory this process holds, after what is garbage was let go."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE


def sockets() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_who_came_and_went_leaves_nothing_behind(monkeypatch):
    async def visit() -> None:
        async with media_server(monkeypatch) as server, asyncio.timeout(60 + JOINS):
            listener = Caller(server, "listener")
            await listener.join()
            await listener.shake_hands()
            tasks, open_sockets = len(asyncio.all_tasks()), sockets()
            for number in range(WARMING):
                await come_and_go(server, number)
            await until(lambda: server.sessions == 1 and len(asyncio.all_tasks()) == tasks)
            before = resident()
            for number in range(JOINS):
                await come_and_go(server, number)
            await until(lambda: server.sessions == 1 and len(asyncio.all_tasks()) == tasks)
            grown = resident() - before
            logging.getLogger(__name__).info("%d joins: %+.2f MB", JOINS, grown / MB)
            assert grown < 5 * MB
            assert sockets() == open_sockets
            assert list(server._known.values()) == [server._sessions[listener.session]]
            assert len(server._fragments) == len(server._of) == 1
            (meeting,) = server._meetings.values()
            assert (len(meeting.participants), len(meeting._owners), len(meeting._board._on)) == (1, 0, 0)
            listener.wire.close()

    asyncio.run(visit())


async def come_and_go(server, number: int) -> None:
    """In by a handshake, a voice and a camera; out by a goodbye, by leaving, or by coming again and vanishing."""
    one = Caller(server, f"guest {number}")
    await one.join()
    if number % 5 == 4:  # gone before the handshake
        one.wire.close()
        await server.leave(one.session)
        return
    await one.shake_hands()
    for sequence in range(20):
        for source in ("mic", "cam"):
            one.wire.send(one.seal(packet(source, sequence)))
    await until(lambda: len(server._sessions[one.session].participant.streams) == 2)
    if number % 10 == 0:  # long enough to be given a place
        (listener,) = (other for other in server._of if other.person == "listener")
        await until(lambda: any(seat.chosen == (one.person, "mic") for seat in listener.seats))
    if number % 5 < 2:
        one.goodbye()
        await until(lambda: one.session not in server._sessions)
    elif number % 5 == 2:
        await server.leave(one.session)
    else:
        again = Caller(server, one.person)
        await again.join()
        assert one.session not in server._sessions
        await server.leave(again.session)
        again.wire.close()
    one.wire.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_two_lines_of_either_family_carry_a_voice(monkeypatch, host: str):
    async def talk() -> None:
        async with media_server(monkeypatch, host) as server, asyncio.timeout(30):
            speaker, listener = Caller(server, "ana"), Caller(server, "bo")
            for one in (speaker, listener):
                await one.join()
                await one.shake_hands()
            sequence = 0

            async def speak() -> None:
                nonlocal sequence
                while True:
                    sequence += 1
                    speaker.wire.send(speaker.seal(packet("mic", sequence)))
                    await asyncio.sleep(0.02)

            speaking = asyncio.create_task(speak())
            heard = [await listener.take() for _ in range(10)]
            speaking.cancel()
            assert {one.payload_type for one in heard} == {OPUS}
            assert len({one.ssrc for one in heard}) == 1
            assert [one.sequence - heard[0].sequence for one in heard] == list(range(10))
            for one in (speaker, listener):
                one.wire.close()

    asyncio.run(talk())
