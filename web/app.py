"""The composition root: everything is built here once, from settings, and taken down in the reverse order."""

import asyncio
import contextlib
import logging
import mimetypes
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from agenda.notices import listener
from conference.live.hosts import Rooms
from conference.media.child import MediaChild, MediaElsewhere
from conference.media.lobby import Lobby
from conference.media.settings import SOCKET as SOCKET_OF_MEDIA
from conference.media.settings import MediaSettings
from conference.outcome import basis, delivery
from conference.outcome.signing import Signer
from conference.record import audit
from conference.record.replay import Follower
from imaging.intake import Intake, sweep
from imaging.objects.maker import Maker
from imaging.outbound.spool import Spool
from imaging.pixels.pictures import Pictures
from imaging.remote.expected import Expected
from imaging.remote.fetches import Fetches
from imaging.sandbox import Sandbox
from imaging.uploads import Uploads
from imaging.vault.place import vault_of
from web.auth import revocation
from web.auth.sessions import Sessions
from web.auth.tickets import Tickets
from web.clock import now
from web.control import NAME as SOCKET
from web.control import Control
from web.database import Database, Deed
from web.errors import HANDLERS
from web.images import dimse
from web.images.fetching import Fetching
from web.images.keeping import clear_orphans, retire
from web.images.outgoing import Outgoing
from web.images.sampling import reader
from web.middleware import stack
from web.migrate import upgrade
from web.pages import STATIC, environment
from web.post.mail import Letterhead, carrier
from web.post.posting import keep_posting
from web.post.reply_links import ReplyLinks
from web.rooms.parts import Parts
from web.routes import all_routes
from web.routing import Table
from web.services import Services
from web.settings import ConfigurationError, Settings
from web.sockets import images as image_socket
from web.sockets import media as media_socket
from web.sockets import room as room_socket
from web.sockets.store import RoomStore, facts_of
from web.upkeep.anchoring import anchors_of, keep_anchoring

log = logging.getLogger(__name__)


CLEAR_FIRST_S, CLEAR_EVERY_S = 3600.0, 86_400.0
"""When images whose time is over are first cleared away after a start, and how often."""
SWEEP_EVERY_S = 900.0
"""How often uploads that nobody continued are forgotten."""


def create_app(settings: Settings, *, demo: bool = False) -> Starlette:
    """The ASGI application; its services start with its lifespan and end with it."""
    made = compose(settings, demo=demo)
    app = Starlette(
        routes=[
            *all_routes(),
            *room_socket.routes,
            *image_socket.routes,
            *media_socket.routes,
            Mount("/static", Static(directory=STATIC), name="static"),
        ],
        middleware=stack(settings, made.sessions),
        exception_handlers=HANDLERS,
    )
    app.router = Table(app.routes, lifespan=_lifespan)
    app.state.services = made
    return app


def compose(settings: Settings, *, demo: bool = False) -> Services:
    """Build the services; the database is migrated and its audit listens before anything is served."""
    settings.storage.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = settings.storage.directory
    database = Database(settings.database_url)
    upgrade(database.engine)
    audit.install(database.engine)
    listener.install(database.engine)
    vault = vault_of(settings.imaging, folder)
    pictures = Pictures(vault, folder / "derived", settings.imaging.worker)
    intake = Intake(settings.imaging.file, vault, Sandbox(settings.imaging.worker))
    media = media_plane(settings.conference.media, folder)
    rooms = Rooms(
        RoomStore(database), now, facts_of, settings.conference,
        followers=(Follower(delivery.NAME, delivery.project), Follower(basis.NAME, basis.project)),
        pixels=reader(database, pictures),
    )
    sessions = Sessions(database, settings.auth, secure=settings.secure, keys=folder / "keys")
    rooms.listeners.append(Parts(sessions.sockets).heard)
    return Services(
        settings=settings,
        database=database,
        vault=vault,
        uploads=Uploads(folder / "uploads", settings.imaging.upload, settings.imaging.archive, intake),
        fetching=Fetching(Fetches(
            folder / "fetches", settings.imaging.fetch, settings.imaging.upload, intake,
            settings.imaging.dimse.ae_title, Expected(),
        )),
        outgoing=Outgoing(
            database, Spool(folder / "outbound"), settings.imaging.nodes, settings.imaging.dimse.ae_title
        ),
        objects=Maker.of(vault, settings.imaging.worker),
        pictures=pictures,
        rooms=rooms,
        sessions=sessions,
        tickets=Tickets(),
        signer=Signer(folder / "keys"),
        templates=environment(),
        letterhead=Letterhead(settings.mail, settings.public_url, ReplyLinks(folder / "keys")),
        demo=demo,
        media=media,
        lobby=None if media is None else Lobby(media.plane, media.token, now),
    )


def media_plane(media: MediaSettings, folder: Path) -> MediaChild | MediaElsewhere | None:
    """The media process the settings ask for; not started. Raises ConfigurationError for secrets we cannot read."""
    if not media.enabled:
        return None
    try:
        if media.turn.uris:
            media.turn.secret()
        if media.url:
            return MediaElsewhere(media.socket, media.secret())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"conference.media: {error}.") from None
    return MediaChild(
        folder / SOCKET_OF_MEDIA, listen=media.listen, port=media.port, advertise=media.advertise
    )


@contextlib.asynccontextmanager
async def running(made: Services) -> AsyncIterator[None]:
    """Start what runs beside requests, and take everything down in the reverse order."""
    async with contextlib.AsyncExitStack() as ending:
        ending.callback(made.database.close)
        ending.callback(made.sessions.close)
        ending.callback(made.uploads.intake.close)
        ending.callback(made.pictures.close)
        ending.callback(made.objects.close)
        if not made.settings.imaging.vault.hold:
            await made.database.write(Deed("system", "Consilium", "vault.sweep", now()), sweep, made.vault)
        await made.rooms.start()
        ending.push_async_callback(made.rooms.stop)
        control = Control(made.settings.storage.directory / SOCKET, made)
        await control.start()
        ending.push_async_callback(control.stop)
        ending.callback(revocation.watch(made.database, made.sessions))
        await ending.enter_async_context(dimse.listening(made))
        ending.push_async_callback(made.fetching.close)
        ending.push_async_callback(made.ahead.close)
        if made.media is not None and made.lobby is not None:
            await made.media.start()
            ending.push_async_callback(made.media.stop)
            made.lobby.start()
            ending.push_async_callback(made.lobby.stop)
        post = carrier(made.settings.mail, made.settings.storage.directory)
        for job in (
            keep_anchoring(made.database, anchors_of(made.settings)), _keep_sweeping(made), made.outgoing.run(),
            _keep_clearing(made),
            keep_posting(made.database, post, made.letterhead, made.settings.agenda),
        ):
            ending.push_async_callback(_ended, asyncio.create_task(job))
        yield


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with running(app.state.services):
        yield


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _keep_sweeping(made: Services) -> None:
    while True:
        await asyncio.to_thread(made.uploads.expire, now())
        await asyncio.to_thread(made.fetching.fetches.expire, now())
        await asyncio.sleep(SWEEP_EVERY_S)


async def _keep_clearing(made: Services) -> None:
    """Once a day: what boards' rules let go of, and what no record names."""
    await asyncio.sleep(CLEAR_FIRST_S)
    while not made.settings.imaging.vault.hold:
        try:
            await asyncio.to_thread(clear_daily, made, now())
        except Exception:
            log.exception("images whose time is over could not be cleared away")
        await asyncio.sleep(CLEAR_EVERY_S)


def clear_daily(made: Services, at: datetime) -> None:
    """One round of `_keep_clearing`; blocks."""
    images, derived = made.settings.imaging, made.settings.storage.directory / "derived"
    retire(made.database, made.vault, images, derived, Deed("system", "Consilium", "vault.retention", at), _silent)
    deed = Deed("system", "Consilium", "vault.gc", at)
    clear_orphans(made.database, made.vault, images, deed, _silent, dry_run=False)


def _silent(_what: str, _share: float) -> None:
    """Nobody watches."""


class Static(StaticFiles):
    """Built files carry a hash in their name and never change; the few others are asked for again after an hour.

    The build lays a brotli and a gzip twin beside each file that shrinks; the smallest the browser takes is sent.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with its cache lifetime, compressed where there is a twin."""
        hashed = path.startswith("dist/assets/")
        twin = self._twin(path, Headers(scope=scope).get("accept-encoding", "")) if hashed else None
        answer = await super().get_response(path + twin.suffix if twin else path, scope)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "public, max-age=3600"
        if hashed:
            answer.headers["Vary"] = "Accept-Encoding"
        if twin and answer.status_code == HTTPStatus.OK:
            answer.headers["Content-Encoding"] = twin.coding
            answer.headers["Content-Type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return answer

    def _twin(self, path: str, accepted: str) -> "_Twin | None":
        codings = {part.split(";")[0].strip() for part in accepted.split(",")}
        return next((one for one in _TWINS if one.coding in codings and self.lookup_path(path + one.suffix)[1]), None)


@dataclass(frozen=True, slots=True)
class _Twin:
    coding: str
    suffix: str


_TWINS = (_Twin("br", ".br"), _Twin("gzip", ".gz"))
"""Smallest first (RFC 7932, RFC 1952)."""
