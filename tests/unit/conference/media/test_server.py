"""The media process over a real socket: real handshakes, real SRTP, and datagrams nobody should send."""

import asyncio
import random
import socket

import pytest

from conference.media import server
from conference.media.errors import Malformed, MediaUnavailable, NotAdmitted
from conference.media.plane import MediaPlane, PlaceShown, SessionEnded
from conference.media.server import MediaServer
from conference.media.stun import inquiry
from tests.unit.conference.media.browsers import Browser, media_server, token
from tests.unit.conference.media.test_stun import check


def test_two_people_hear_and_see_each_other_and_a_third_listens(monkeypatch):
    async def meet() -> None:
        async with media_server(monkeypatch) as server, asyncio.timeout(60):
            people = [Browser(server, name) for name in ("ana", "bo", "cy")]
            following = asyncio.create_task(until_all_ended(server, len(people)))
            await people[0].join(camera=True)
            await people[1].join()
            await people[2].join(voice=False)
            await people[1].until("video", 10)
            await people[2].until("video", 10)
            await people[0].until("audio", 20)
            await people[2].until("audio", 40)
            assert people[0].frames["video"] == 0
            for one in people:
                await one.close()
            shown = await following
            assert server.sessions == 0
            who = {one.session: one.person for one in people}
            voices = {("ana", "bo", "mic"), ("bo", "ana", "mic"), ("cy", "ana", "mic"), ("cy", "bo", "mic")}
            cameras = {("bo", "ana", "cam"), ("cy", "ana", "cam")}
            assert {(who[one.session], one.person, one.source) for one in shown if one.person} == voices | cameras

    asyncio.run(meet())


async def until_all_ended(server: MediaServer, count: int) -> list[PlaceShown]:
    """What was shown until so many sessions had ended by a goodbye."""
    shown: list[PlaceShown] = []
    async for event in server.events():
        match event:
            case PlaceShown():
                shown.append(event)
            case SessionEnded(_, reason):
                assert reason == "goodbye"
                count -= 1
        if not count:
            break
    return shown


def test_only_an_admitted_person_joins_and_a_session_that_is_over_stays_so(monkeypatch):
    async def visit() -> None:
        async with media_server(monkeypatch) as server:
            plane: MediaPlane = server
            with pytest.raises(NotAdmitted):
                await plane.join("rubbish")
            joined = await plane.join(token("ana"))
            with pytest.raises(Malformed):
                await plane.answer(joined.session, "v=0")
            await plane.leave(joined.session)
            await plane.leave(joined.session)
            for call in (plane.answer(joined.session, "v=0"), plane.restart(joined.session)):
                with pytest.raises(MediaUnavailable, match="over"):
                    await call
            assert server.sessions == 0

    asyncio.run(visit())


def test_nobody_makes_us_shake_hands_without_end(monkeypatch):
    monkeypatch.setattr(server, "_HANDSHAKES_PER_MINUTE", 3)

    async def visit() -> None:
        async with media_server(monkeypatch) as plane:
            for _ in range(3):
                await plane.join(token("ana"))
            with pytest.raises(MediaUnavailable, match="too often"):
                await plane.join(token("ana"))
            await plane.join(token("bo"))
            await plane.join(token("ana", "another room"))
            plane._turn(server._MINUTE, 0.0)
            await plane.join(token("ana"))

    asyncio.run(visit())


def test_who_joins_again_takes_the_place_of_the_old_session(monkeypatch):
    async def visit() -> None:
        async with media_server(monkeypatch) as server:
            events = server.events()
            following = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            first = await server.join(token("ana"))
            await server.join(token("ana"))
            await server.join(token("ana", "another room"))
            assert await following == SessionEnded(first.session, "replaced")
            assert server.sessions == 2
            await events.aclose()

    asyncio.run(visit())


def test_a_restart_has_new_credentials_and_the_same_numbers(monkeypatch):
    async def visit() -> None:
        async with media_server(monkeypatch) as server:
            joined = await server.join(token("ana"))
            again = await server.restart(joined.session)
            old, new = credentials(joined.offer), credentials(again)
            assert old != new
            assert again.replace(new[0], old[0]).replace(new[1], old[1]).replace(" 2 IN", " 1 IN") == joined.offer
            first, second, latest = (
                check(user=f"{user}:theirs", password=password, transaction=name * 12)
                for (user, password), name in zip((old, new, new), (b"1", b"2", b"3"), strict=True)
            )
            with wire(server) as sender:
                assert await first_answer(sender, first) == b"1" * 12
                assert await first_answer(sender, second) == b"2" * 12
                for _ in range(15):
                    await server.restart(joined.session)
                assert await first_answer(sender, first, latest) == b"3" * 12

    asyncio.run(visit())


def test_a_browser_whose_certificate_differs_from_its_answer_is_not_let_in(monkeypatch):
    async def visit() -> None:
        async with media_server(monkeypatch) as server, asyncio.timeout(30):
            events = server.events()
            following = asyncio.ensure_future(anext(events))
            browser = Browser(server, "ana")
            original = server.answer
            forged = ":".join(["AB"] * 32)

            async def forge(session: str, text: str) -> None:
                lines = [line for line in text.split("\r\n") if not line.startswith("a=fingerprint")]
                await original(session, "\r\n".join([lines[0], f"a=fingerprint:sha-256 {forged}", *lines[1:]]))

            monkeypatch.setattr(server, "answer", forge)
            await browser.join()
            assert await following == SessionEnded(browser.session, "handshake failed")
            await events.aclose()
            await browser.close()

    asyncio.run(visit())


def test_no_datagram_raises_or_binds_an_address(monkeypatch):
    async def bombard() -> None:
        raised: list[dict] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
        async with media_server(monkeypatch) as server:
            server._checks.times = 1_000_000  # nothing is spared because there is much of it
            joined = await server.join(token("ana"))
            user, password = credentials(joined.offer)
            genuine = check(user=f"{user}:theirs", password=password)
            for _ in range(2):  # the genuine check at the end binds the address for the second round
                with wire(server) as sender:
                    await flood(sender, genuine)
                    assert await first_answer(sender, genuine) == genuine[8:20]
                    await flood(sender, genuine)
            assert server.sessions == 1
        assert raised == []

    asyncio.run(bombard())


def test_every_datagram_is_taken_whether_much_comes_or_little(monkeypatch):
    async def ask() -> None:
        async with media_server(monkeypatch) as server:
            with wire(server) as sender:
                for size in (1, 5, 1, 64, 150, 2, 1, 1):  # woken, looked for in turns, at once again, woken again
                    names = [bytes([size, number]) * 6 for number in range(size)]
                    answered = [await first_answer(sender, *(inquiry(name)[0] for name in names))]
                    while len(answered) < size:
                        answered.append(await first_answer(sender))
                    assert answered == names
                    server._inquiries.renew()

    asyncio.run(ask())


def test_a_mistake_over_one_datagram_does_not_deafen_the_port(monkeypatch):
    async def ask() -> None:
        raised: list[dict] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
        async with media_server(monkeypatch) as server:
            genuine = server._datagram

            def mistaken(box: object, data: bytes, source: object) -> None:
                monkeypatch.setattr(server, "_datagram", genuine)
                raise KeyError("a mistake of ours")

            monkeypatch.setattr(server, "_datagram", mistaken)
            with wire(server) as sender:
                assert await first_answer(sender, b"first", inquiry(b"a" * 12)[0]) == b"a" * 12
        assert len(raised) == 1, "it is told, not hidden"

    asyncio.run(ask())


def test_a_host_that_asks_without_end_is_answered_so_often_a_second(monkeypatch):
    async def ask() -> None:
        async with media_server(monkeypatch) as server:
            joined = await server.join(token("ana"))
            user, password = credentials(joined.offer)
            server._checks.times = 3
            monkeypatch.setattr(server._checks, "renew", lambda: None)  # the second lasts
            names = [bytes([number]) * 12 for number in range(6)]
            asked = [check(user=f"{user}:theirs", password=password, transaction=name) for name in names]
            last = inquiry(b"l" * 12)[0]
            with wire(server) as sender:
                answered = [await first_answer(sender, *asked, last)]
                while answered[-1] != b"l" * 12:
                    answered.append(await first_answer(sender))
                assert answered == [*names[:3], b"l" * 12]

    asyncio.run(ask())


def rubbish(chance: random.Random, genuine: bytes) -> bytes:
    """STUN, DTLS, RTP and RTCP by their first bytes, with anything after, or a genuine check with one byte changed."""
    size = chance.choice([0, 1, 11, 12, 20, 60, 400, 1400])
    heads = ["", "0001", "16feff", "8060", "90ef", "81c8", "80cd", "ff"]
    head = bytes.fromhex(chance.choice(heads))
    if chance.random() < 0.3:
        changed = bytearray(genuine)
        changed[chance.randrange(len(changed))] ^= 1 + chance.randrange(255)
        return bytes(changed)
    return head + chance.randbytes(size)


def credentials(offer: str) -> tuple[str, str]:
    lines = dict(line[2:].split(":", 1) for line in offer.split("\r\n") if line.startswith("a=ice-") and ":" in line)
    return lines["ice-ufrag"], lines["ice-pwd"]


def wire(server: MediaServer) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.connect((server._addresses[0].host, server._addresses[0].port))
    made.setblocking(False)
    return made


async def flood(sender: socket.socket, genuine: bytes) -> None:
    chance = random.Random(7)
    for _ in range(500):  # four floods: a hundred thousand datagrams
        for _ in range(50):
            sender.send(rubbish(chance, genuine))
        await asyncio.sleep(0)  # the server reads 64 at a time


async def first_answer(sender: socket.socket, *messages: bytes) -> bytes:
    """The transaction that is answered first: datagrams on one socket arrive in order."""
    for message in messages:
        sender.send(message)
    return (await asyncio.wait_for(asyncio.get_running_loop().sock_recv(sender, 2048), 5))[8:20]
