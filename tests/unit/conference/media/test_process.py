"""The media process as its own: started, asked over its socket, killed and started again."""

import asyncio
import json
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aioice.ice
import pytest

from conference.media.__main__ import main
from conference.media.control import LONGEST, ControlServer
from conference.media.errors import Malformed, MediaUnavailable, NotAdmitted
from conference.media.plane import NullPlane, PlaceShown, SessionEnded
from conference.media.remote import RemotePlane
from tests.conftest import ROOT
from tests.unit.conference.media.browsers import SECRET, Browser, token


@asynccontextmanager
async def running(path: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, ready; it is killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "conference.media", "--control", str(path), *arguments, cwd=ROOT,
        env={"CONSILIUM_MEDIA_SECRET": SECRET.hex()}, stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    assert told["control"] == str(path)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def test_people_meet_through_the_process_and_the_web_process_may_come_back(monkeypatch, tmp_path):
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])

    async def meet() -> None:
        path = tmp_path / "media.sock"
        async with running(path) as process, asyncio.timeout(60):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            plane = RemotePlane(path)
            assert plane.available
            events = plane.events()
            following = asyncio.ensure_future(anext(events))
            ana, bo = Browser(plane, "ana"), Browser(plane, "bo")
            await ana.join()
            await bo.join()
            await bo.until("audio", 10)
            assert isinstance(await following, PlaceShown)
            await plane.close()
            heard = bo.frames["audio"]
            await bo.until("audio", heard + 10)  # media goes on while the web process is away
            again = RemotePlane(path)
            assert "a=ice-ufrag" in await again.restart(ana.session)
            await again.leave(ana.session)
            with pytest.raises(MediaUnavailable, match="over"):
                await again.restart(ana.session)
            process.terminate()
            assert await process.wait() == 0
            assert not again.available
            for one in (ana, bo):
                await one.close()
            await again.close()

    asyncio.run(meet())


def test_what_was_asked_of_a_killed_process_is_unavailable_and_the_next_one_answers(tmp_path):
    async def visit() -> None:
        path = tmp_path / "media.sock"
        plane = RemotePlane(path)
        with pytest.raises(MediaUnavailable):
            await plane.join(token("ana"))
        async with running(path) as process:
            joined = await plane.join(token("ana"))
            following = asyncio.ensure_future(_all(plane))
            with pytest.raises(NotAdmitted):
                await plane.join("rubbish")
            with pytest.raises(Malformed, match="v= line"):
                await plane.answer(joined.session, "rubbish")
            process.kill()
            await asyncio.wait_for(following, 10)
            with pytest.raises(MediaUnavailable):
                await plane.join(token("ana"))
        async with running(path):
            assert (await plane.join(token("ana"))).session != joined.session
            await plane.close()

    asyncio.run(visit())


async def _all(plane: RemotePlane) -> list[object]:
    return [event async for event in plane.events()]


def test_ends_are_told(tmp_path):
    async def visit() -> None:
        path = tmp_path / "media.sock"
        async with running(path), asyncio.timeout(20):
            plane = RemotePlane(path)
            joined = await plane.join(token("ana"))
            events = plane.events()
            following = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            await plane.leave(joined.session)
            assert await following == SessionEnded(joined.session, "left")
            await plane.close()

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"rubbish", "one JSON object"),
        (b"[1]", "one JSON object"),
        (b'{"id":1}', "says do"),
        (b'{"id":1,"do":["join"]}', "says do"),
        (b'{"id":1,"do":"answer","session":"x","text":5}', "session and text"),
    ],
)
def test_a_request_that_cannot_be_is_answered_with_its_reason(tmp_path, line: bytes, reason: str):
    async def ask() -> None:
        control = ControlServer(NullPlane(), tmp_path / "media.sock")
        await control.start()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "media.sock")
        writer.write(line + b"\n")
        answer = json.loads(await asyncio.wait_for(reader.readline(), 5))
        assert answer["error"] == "malformed"
        assert reason in answer["reason"]
        writer.write(b'{"id":2,"do":"join","token":"x"}\n{"id":3,"do":"leave","session":"x"}\n')
        assert json.loads(await asyncio.wait_for(reader.readline(), 5))["error"] == "unavailable"
        assert json.loads(await asyncio.wait_for(reader.readline(), 5)) == {"id": 3}
        writer.write(b"x" * (LONGEST + 10))
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        await control.close()

    asyncio.run(ask())


@pytest.mark.parametrize("secret", ["", "abcd", "no hexadecimal"])
def test_a_process_without_a_secret_says_so(monkeypatch, capsys, tmp_path, secret: str):
    monkeypatch.setenv("CONSILIUM_MEDIA_SECRET", secret)
    assert main(["--control", str(tmp_path / "media.sock")]) == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


def test_an_address_that_is_not_ours_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CONSILIUM_MEDIA_SECRET", SECRET.hex())
    assert main(["--control", str(tmp_path / "media.sock"), "--listen", "192.0.2.1"]) == 2
    assert "cannot listen" in capsys.readouterr().err
