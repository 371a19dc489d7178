"""Janus from Debian with its videoroom: package janus. Rooms over its WebSocket door, as its documentation says."""

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import websockets
from aiortc import RTCSessionDescription

from tests.benchmarks.rig.callers import Caller
from tests.benchmarks.rig.processes import Missing, Running, answers
from tests.ports import free_port

_FOLDERS = Path("/usr/lib/x86_64-linux-gnu/janus"), Path("/usr/lib/aarch64-linux-gnu/janus")
_PLUGIN = "janus.plugin.videoroom"
_ANSWER_S = 20.0


class Janus:
    """A running Janus and one room in it."""

    def __init__(self, process: Running, port: int) -> None:
        self.process, self._url = process, f"ws://127.0.0.1:{port}/"
        self._room = 0
        self._feeds: list[int] = []
        self._doors: list[_Door] = []

    @property
    def feeds(self) -> Sequence[int]:
        """Who sends, in the order they came."""
        return self._feeds

    async def send(self, caller: Caller) -> None:
        """Let this caller send a voice and a camera into the room."""
        door = await self._door()
        if not self._room:
            made = await door.ask({
                "request": "create", "publishers": 100, "bitrate": 2_000_000, "audiocodec": "opus", "videocodec": "vp8",
                "audiolevel_event": False, "notify_joining": False,
            })
            self._room = made["plugindata"]["data"]["room"]
        joined = await door.ask({"request": "join", "ptype": "publisher", "room": self._room})
        pc = caller.connection
        for kind in ("audio", "video"):
            pc.addTransceiver(caller.track(kind), direction="sendonly")
        caller.prefer()
        await pc.setLocalDescription()
        answer = await door.ask({"request": "configure", "audio": True, "video": True}, _jsep(pc.localDescription))
        await pc.setRemoteDescription(RTCSessionDescription(answer["jsep"]["sdp"], "answer"))
        await caller.connected()
        self._feeds.append(joined["plugindata"]["data"]["id"])

    async def receive(self, caller: Caller, voices: Sequence[int], cameras: Sequence[int]) -> None:
        """Let this caller receive these feeds' voices and cameras."""
        door = await self._door()
        streams = [{"feed": one, "mid": "0"} for one in voices] + [{"feed": one, "mid": "1"} for one in cameras]
        offer = await door.ask({"request": "join", "ptype": "subscriber", "room": self._room, "streams": streams})
        pc = caller.connection
        await pc.setRemoteDescription(RTCSessionDescription(offer["jsep"]["sdp"], "offer"))
        await pc.setLocalDescription()
        await door.ask({"request": "start"}, _jsep(pc.localDescription))
        await caller.connected()

    async def close(self) -> None:
        """Hang up every door."""
        for door in self._doors:
            await door.close()

    async def _door(self) -> "_Door":
        door = _Door(await websockets.connect(self._url, subprotocols=[websockets.Subprotocol("janus-protocol")]))
        self._doors.append(door)
        await door.open()
        return door


class _Door:
    """One WebSocket session with one handle of the videoroom."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._ids: dict[str, int] = {}
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep())]

    async def open(self) -> None:
        self._ids["session_id"] = (await self._say(janus="create"))["data"]["id"]
        self._ids["handle_id"] = (await self._say(janus="attach", plugin=_PLUGIN))["data"]["id"]

    async def ask(self, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        return await self._say(janus="message", body=body, **({"jsep": jsep} if jsep else {}))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def _say(self, **message: Any) -> dict[str, Any]:
        name = str(next(self._numbers))
        waiting = self._waiting[name] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({**message, **self._ids, "transaction": name}))
        return await asyncio.wait_for(waiting, _ANSWER_S)

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in self._socket:
                message = json.loads(text)
                waiting = self._waiting.get(message.get("transaction", ""))
                if waiting is not None and message["janus"] != "ack" and not waiting.done():
                    waiting.set_result(message)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(20)
            await self._socket.send(json.dumps({"janus": "keepalive", "transaction": "keep", **self._ids}))


def _jsep(description: RTCSessionDescription) -> dict[str, str]:
    return {"type": description.type, "sdp": description.sdp}


@asynccontextmanager
async def janus(folder: Path, address: str, *, one_loop: bool) -> AsyncIterator[Janus]:
    """Janus on one address of this machine; with all handles on one event loop, or a thread each. Raises Missing."""
    program, port = shutil.which("janus"), free_port()
    if program is None:
        raise Missing("Janus is not here: apt-get install janus")
    _configure(folder, address, port, one_loop=one_loop)
    process = Running([program, "-F", str(folder)], ready=lambda: answers(port))
    made = Janus(process, port)
    try:
        yield made
    finally:
        await made.close()
        process.end()


def _configure(folder: Path, address: str, port: int, *, one_loop: bool) -> None:
    home = next((one for one in _FOLDERS if one.exists()), None)
    if home is None:
        raise Missing("The plugins of Janus are not here: apt-get install janus")
    folder.mkdir(parents=True)
    loops = "event_loops = 1" if one_loop else ""
    (folder / "janus.jcfg").write_text(f"""general: {{
  configs_folder = "{folder}"
  plugins_folder = "{home / 'plugins'}"
  transports_folder = "{home / 'transports'}"
  events_folder = "{home / 'events'}"
  loggers_folder = "{home / 'loggers'}"
  debug_level = 1
  {loops}
}}
nat: {{ ice_enforce_list = "{address}"
  ignore_mdns = true }}
media: {{ ipv6 = false }}
plugins: {{ disable = "{_others(home / 'plugins', 'libjanus_videoroom.so')}" }}
transports: {{ disable = "{_others(home / 'transports', 'libjanus_websockets.so')}" }}
loggers: {{ disable = "{_others(home / 'loggers', '')}" }}
""")
    (folder / "janus.transport.websockets.jcfg").write_text(
        f'general: {{ ws = true\n  ws_port = {port}\n  ws_ip = "127.0.0.1"\n  wss = false }}\n')
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


def _others(folder: Path, wanted: str) -> str:
    return ",".join(sorted(path.name for path in folder.glob("*.so") if path.name != wanted))
