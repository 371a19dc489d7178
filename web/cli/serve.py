"""`consilium serve` and `consilium demo`: one process, one event loop, one uvicorn."""

import contextlib
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import uvicorn

from conference import heap
from web import logs
from web.app import create_app
from web.bodies import LargePieces
from web.cli.place import Place, find
from web.cli.say import Fault, bar, say, say_json
from web.clock import now
from web.database import DatabaseInUse, opened
from web.demo.build import Demo, build, built, doors
from web.settings import ConfigurationError, Settings
from web.sockets.protocol import RoomProtocol

LOG = "server.log"
"""Where a demo's server writes, in its folder."""
_GRACE_S = 5
_LONGEST_MESSAGE = 64 * 1024
"""Bytes of one message from a browser; uploads go over HTTP."""


def serve(config: Path | None, folder: Path | None) -> None:
    """Run an installation until interrupted; raises Fault when address or database is taken."""
    place = find(config, folder)
    logs.configure(place.settings.server.log_level)
    with contextlib.closing(_listen(place.settings)) as listening:
        settings = _with_port(place, listening)
        _run(settings, listening, lambda: say(f"Consilium answers at {settings.public_url}"), demo=False)


def demo(folder: Path, port: int, *, as_json: bool) -> None:
    """Build the demo if need be, then run it and print the ways in."""
    place = find(None, folder, port=port)
    with contextlib.closing(_listen(place.settings)) as listening:
        settings = _with_media(_with_port(place, listening))
        if not built(settings):
            _build(settings, as_json=as_json)
        ways = _ways(settings)
        with (settings.storage.directory / LOG).open("a", encoding="utf-8") as log:
            logs.configure("info", log)  # a newcomer's terminal is for the links
            _run(settings, listening, lambda: _welcome(settings, ways, as_json=as_json), demo=True)


def _ways(settings: Settings) -> Demo:
    try:
        with opened(settings.database_url) as database:
            return doors(settings, database, now())
    except DatabaseInUse as error:
        raise Fault(str(error), 3) from None


def _build(settings: Settings, *, as_json: bool) -> None:
    """Build beside the folder and rename: an interrupted build leaves no half-made demo."""
    target = settings.storage.directory
    if target.exists() and any(target.iterdir()):
        raise Fault(f"{target} is not empty and holds no demo; give another --dir.", 2)
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    storage = settings.storage.model_copy(update={"directory": building})
    try:
        if not as_json:
            say("Making a board, its cases and their images. This happens once.")
        with bar(quiet=as_json) as progress:
            build(settings.model_copy(update={"storage": storage}), now(), progress)
        if target.exists():
            target.rmdir()
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _welcome(settings: Settings, ways: Demo, *, as_json: bool) -> None:
    url = settings.public_url
    conference = f"{url}/conferences/{ways.conference_id}" if ways.conference_id else ""
    if as_json:
        links = [
            {"role": link.label, "name": link.name, "email": link.email, "url": url + link.path} for link in ways.links
        ]
        say_json({"url": url, "conference": conference, "password": ways.password, "links": links})
        return
    say(f"\nConsilium's demo answers at {url}\n")
    wide = max(len(link.label) for link in ways.links)
    for link in ways.links:
        say(f"  {link.label:<{wide}}  {url}{link.path}")
    say(f"\nEverybody's password, asked for when signing: {ways.password}")
    if conference:
        say(f"Today's conference can be run now: {conference}")
    say("Open three links in three browsers (or private windows). Ctrl+C stops; nothing is lost.")


def _run(settings: Settings, listening: socket.socket, ready: Callable[[], None], *, demo: bool) -> None:
    try:
        app = create_app(settings, demo=demo)
    except DatabaseInUse as error:
        raise Fault(str(error), 3) from None
    except ConfigurationError as error:
        raise Fault(str(error), 2) from None
    config = uvicorn.Config(
        app, log_config=None, access_log=False, http=LargePieces, ws=RoomProtocol, ws_per_message_deflate=False,
        ws_max_size=_LONGEST_MESSAGE, loop=_loop(), lifespan="on", server_header=False,
        proxy_headers=settings.server.behind_proxy, forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config, ready)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if not server.started:
        where = settings.storage.directory / LOG if demo else "standard error"
        raise Fault(f"The server could not start; its log ({where}) says why.")


class _Server(uvicorn.Server):
    """Says once that it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            heap.settle()
            self._ready()


def _listen(settings: Settings) -> socket.socket:
    """The listening socket, taken before anything else is done; raises Fault with exit code 3 when it is in use."""
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Fault(f"{host}:{port} cannot be listened on: {error.strerror}. Choose another port.", 3) from None
    return listening


def _with_port(place: Place, listening: socket.socket) -> Settings:
    """The settings with the port in force, where a free one was asked for."""
    settings = place.settings
    server = settings.server.model_copy(update={"port": int(listening.getsockname()[1])})
    return settings.model_copy(update={"server": server})


def _with_media(settings: Settings) -> Settings:
    """The settings with voice and video, which a demo always has; on loopback unless they say otherwise."""
    media = settings.conference.media.model_copy(update={"enabled": True})
    return settings.model_copy(update={"conference": settings.conference.model_copy(update={"media": media})})


def _loop() -> str:
    """uvloop where there is one."""
    return "asyncio" if sys.platform == "win32" else "uvloop"
