"""Calls outlive the media process: a new offer comes by itself, and places reach the right window."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from conference.media.errors import MediaUnavailable
from conference.media.lobby import Call, Doing, Lobby
from conference.media.plane import Joined, PlaceShown, PlaneEvent, SessionEnded
from conference.media.signalling import Address

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


class Plane:
    """A forwarder that can be switched off and on."""

    def __init__(self) -> None:
        self.available, self.joins, self.left, self.asked = True, 0, [], []
        self.queue: asyncio.Queue[PlaneEvent | None] = asyncio.Queue()

    async def join(self, token: str, /) -> Joined:
        if not self.available:
            raise MediaUnavailable("away")
        self.joins += 1
        return Joined(f"{token}-{self.joins}", f"offer {self.joins}")

    async def answer(self, session: str, text: str, /) -> None:
        self.asked.append(("answer", session, text))

    async def restart(self, session: str, /) -> str:
        return f"again {session}"

    async def prefer(self, session: str, what: str, /) -> None:
        self.asked.append(("prefer", session, what))

    async def leave(self, session: str, /) -> None:
        self.left.append(session)

    async def addresses(self) -> tuple[Address, ...]:
        if not self.available:
            raise MediaUnavailable("away")
        return (Address("192.0.2.7", 3478),)

    async def events(self) -> AsyncIterator[PlaneEvent]:
        if not self.available:
            raise MediaUnavailable("away")
        while (event := await self.queue.get()) is not None:
            yield event

    async def close(self) -> None:
        """Nothing to let go of."""


class Window:
    """A call, and what its window was told."""

    def __init__(self, person: str) -> None:
        self.told: asyncio.Queue[Mapping[str, object]] = asyncio.Queue()
        self.call = Call("room", person, person.title(), self.told.put_nowait)

    async def next(self, kind: str) -> Mapping[str, object]:
        """The next message of a kind."""
        while (message := await self.told.get())["type"] != kind:
            pass
        return message


def scene(play) -> None:
    async def run() -> None:
        plane = Plane()
        lobby = Lobby(plane, lambda admission, _at: admission.person, lambda: AT)
        lobby.start()
        async with asyncio.timeout(30):
            await play(plane, lobby)
        await lobby.stop()

    asyncio.run(run())


def test_a_call_gets_a_new_offer_when_the_media_process_dies():
    async def play(plane: Plane, lobby: Lobby) -> None:
        ana = Window("ana")
        keeping = asyncio.create_task(lobby.keep(ana.call))
        assert (await ana.next("offer")) == {"type": "offer", "fresh": True, "sdp": "offer 1"}
        plane.available = False
        plane.queue.put_nowait(None)
        await ana.next("waiting")
        plane.available = True
        assert (await ana.next("offer"))["sdp"] == "offer 2"
        keeping.cancel()
        await asyncio.wait([keeping])
        assert plane.left == ["ana-2"]

    scene(play)


def test_places_reach_the_window_of_their_session_even_before_its_join_is_answered():
    async def play(plane: Plane, lobby: Lobby) -> None:
        plane.queue.put_nowait(PlaceShown("ana-1", "a0", "bo", "mic"))
        await asyncio.sleep(0)
        ana = Window("ana")
        keeping = asyncio.create_task(lobby.keep(ana.call))
        shown = await ana.next("shown")
        assert (shown["place"], shown["person"]) == ("a0", "bo")
        keeping.cancel()

    scene(play)


def test_another_window_of_the_same_person_ends_the_call_for_good():
    async def play(plane: Plane, lobby: Lobby) -> None:
        ana = Window("ana")
        keeping = asyncio.create_task(lobby.keep(ana.call))
        await ana.next("offer")
        plane.queue.put_nowait(SessionEnded("ana-1", "replaced"))
        assert await keeping == "replaced"
        assert plane.left == []

    scene(play)


def test_everybody_is_told_who_is_muted_and_who_asked_for_silence():
    async def play(plane: Plane, lobby: Lobby) -> None:
        ana, bo = Window("ana"), Window("bo")
        keeping = [asyncio.create_task(lobby.keep(one.call)) for one in (ana, bo)]
        await bo.next("offer")
        lobby.does(ana.call, Doing(muted=False, camera=True))
        people = {}
        while not people.get("ana", {}).get("camera"):
            people = (await bo.next("people"))["people"]
        assert people["ana"] == {"name": "Ana", "muted": False, "camera": True, "screen": False}
        lobby.silence("room", "bo", "Ana")
        assert (await bo.next("silenced"))["by"] == "Ana"
        await lobby.prefer(bo.call, voices_only=True)
        assert plane.asked == [("prefer", bo.call.session, "voices")]
        await lobby.restart(bo.call)
        assert (await bo.next("offer"))["fresh"] is False
        for one in keeping:
            one.cancel()

    scene(play)
