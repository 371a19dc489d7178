"""Two people in Chromium who may only use the relay meet through a real coturn, by UDP and by TCP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from conference.media.reach import Unreached, allocated, bound
from conference.media.remote import RemotePlane
from conference.media.turn import Relay, relay
from tests.benchmarks.rig.callers import outside_address
from tests.benchmarks.rig.processes import Missing
from tests.browser.conftest import FLAGS
from tests.browser.test_media import FAKE, SCRIPT, blank, received
from tests.chromium import found_chromium
from tests.peers.coturn import coturn
from tests.unit.conference.media.browsers import token
from tests.unit.conference.media.test_process import running
from web.clock import now

pytestmark = [pytest.mark.browser, pytest.mark.peer]

SECRET = "north wind and sun"
HOUR = timedelta(hours=1)


@pytest.fixture
def address() -> str:
    try:
        return outside_address()
    except Missing:
        pytest.skip("needs an address that is not loopback: a relay refuses loopback")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_people_behind_closed_firewalls_meet_by_the_relay(tmp_path: Path, address: str, transport: str) -> None:
    found = found_chromium()
    if found is None:
        pytest.skip("needs Chromium on the PATH")
    with coturn(tmp_path, address, SECRET) as port, ThreadPoolExecutor(1) as apart:
        uri = f"turn:{address}:{port}?transport={transport}"
        apart.submit(asyncio.run, _meet(tmp_path / "media.sock", found, address, uri)).result()


async def _meet(path: Path, chromium: str, address: str, uri: str) -> None:
    async with running(path, "--listen", address), async_playwright() as playwright, asyncio.timeout(120):
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS + FAKE)
        plane = RemotePlane(path)
        pages = []
        for name in ("ana", "bo"):
            page = await blank(browser)
            pages.append(page)
            joined = await plane.join(token(name))
            given = relay((uri,), SECRET, HOUR, name, now())
            server = {"urls": list(given.uris), "username": given.username, "credential": given.password}
            answer = await page.evaluate(SCRIPT, {"offer": joined.offer, "video": True, "relay": server})
            await plane.answer(joined.session, answer)
        for page in pages:
            seen = await received(page, 20, 1)
            assert seen["way"] == f"relay {uri[-3:]}"
        await plane.close()
        await browser.close()


def test_the_relay_and_the_media_process_say_whether_they_are_reached(tmp_path: Path, address: str) -> None:
    async def ask(port: int) -> None:
        path = tmp_path / "media.sock"
        async with running(path, "--listen", address), asyncio.timeout(60):
            plane = RemotePlane(path)
            (there,) = await plane.addresses()
            await bound(there)
            await plane.close()
        with pytest.raises(Unreached, match="port"):
            await bound(there)
        for transport in ("udp", "tcp"):
            uri = f"turn:{address}:{port}?transport={transport}"
            good = relay((uri,), SECRET, HOUR, "ana", now())
            assert (await allocated(uri, good)).startswith(address)
            for bad in (
                relay((uri,), SECRET, HOUR, "ana", now() - 2 * HOUR),
                relay((uri,), "another secret", HOUR, "ana", now()),
                Relay((uri,), good.username.replace(":", "1:"), good.password),
            ):
                with pytest.raises(Unreached, match="refuses"):
                    await allocated(uri, bad)

    with coturn(tmp_path, address, SECRET) as port, ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, ask(port)).result()
