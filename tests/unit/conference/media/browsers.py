"""aiortc as a browser: it answers our offers, sends a voice and a camera, and counts what it hears and sees."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aioice.ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack

from conference.media.plane import MediaPlane
from conference.media.server import MediaServer
from conference.media.signalling import Address
from conference.media.tokens import Admission, mint
from web.clock import now

SECRET = b"s" * 32


def token(person: str, room: str = "room") -> str:
    return mint(SECRET, Admission(room, person), now())


class Browser:
    """One participant by aiortc."""

    def __init__(self, plane: MediaPlane, person: str) -> None:
        self.plane = plane
        self.person = person
        self.session = ""
        self.frames: Counter[str] = Counter()
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.connection.on("track", self._taken)
        self._news = asyncio.Condition()
        self._readers: list[asyncio.Task[None]] = []

    async def join(self, *, voice: bool = True, camera: bool = False) -> None:
        joined = await self.plane.join(token(self.person))
        self.session = joined.session
        await self.connection.setRemoteDescription(RTCSessionDescription(joined.offer, "offer"))
        if voice:
            self.connection.addTrack(AudioStreamTrack())
        if camera:
            self.connection.addTrack(VideoStreamTrack())
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        await self.plane.answer(self.session, self.connection.localDescription.sdp)

    async def until(self, kind: str, count: int) -> None:
        """Wait for so many frames; the caller sets the limit."""
        async with self._news:
            await self._news.wait_for(lambda: self.frames[kind] >= count)

    async def close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self.connection.close()

    def _taken(self, track) -> None:
        self._readers.append(asyncio.ensure_future(self._read(track)))

    async def _read(self, track) -> None:
        try:
            while True:
                await track.recv()
                async with self._news:
                    self.frames[track.kind] += 1
                    self._news.notify_all()
        except MediaStreamError:
            return


@asynccontextmanager
async def media_server(monkeypatch, host: str = "127.0.0.1") -> AsyncIterator[MediaServer]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [host])
    server = MediaServer(SECRET, (Address(host, 0),))
    server.start()
    try:
        yield server
    finally:
        await server.close()
