"""What happens to every connection before a route sees it, in pure ASGI and in this order.

1. `Envelope`   request id, security headers on every answer (those of errors too), one line in the access log
2. `OwnHost`    the Host header is one of ours
3. `SameOrigin` a state-changing request or a socket comes from our own pages
4. `BodyLimit`  bodies end where the route's limit is
5. `Again`      what was answered before and still stands is sent again
6. `Identity`   who acts: ``consilium.actor``, ``consilium.session_id``, ``consilium.time_zone`` in the scope, and
                ``consilium.until``, how long that holds of itself
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agenda.ids import new_id
from web.auth.sessions import PLAIN_COOKIE, SECURE_COOKIE, Sessions
from web.clock import now
from web.errors import problem
from web.logs import REQUEST_ID
from web.services import Services
from web.settings import Settings

log = logging.getLogger(__name__)
access = logging.getLogger("web.access_log")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_BYTES = 1024 * 1024
"""Forms and JSON; uploads have their own."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_UPLOADS = re.compile(r"/cases/[^/]+/uploads(/|$)")
_STORE = re.compile(r"/dicom-web/studies(/[^/]+)?$")
_ANONYMOUS = ("/static/", "/healthz", "/readyz")
_IDENTITY = re.compile(r"[0-9a-f]{32}|[0-9.]{1,64}")
_SECRET_PARAMS = frozenset({"token", "ticket"})

PERMISSIONS = (
    "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), accelerometer=(), autoplay=(self), "
    "geolocation=(), gyroscope=(), hid=(), magnetometer=(), midi=(), payment=(), serial=(), usb=()"
)


def stack(settings: Settings, sessions: Sessions) -> list[Middleware]:
    """The middleware of the application, outermost first."""
    named = (urlsplit(settings.public_url).hostname or "", *settings.server.allowed_hosts, *_LOOPBACK)
    hosts = frozenset(host.lower() for host in named if host)
    return [
        Middleware(Envelope, secure=settings.secure, hosts=hosts),
        Middleware(OwnHost, hosts=hosts),
        Middleware(SameOrigin, public_url=settings.public_url),
        Middleware(
            BodyLimit,
            upload_bytes=settings.imaging.upload.chunk_bytes + BODY_BYTES,
            store_bytes=settings.imaging.upload.total_bytes + BODY_BYTES,
        ),
        Middleware(Again, sessions=sessions),
        Middleware(Identity, sessions=sessions),
    ]


def content_security_policy(host: str, *, secure: bool) -> str:
    """The policy of every answer: our own files and nothing inline.

    host: the Host header, already judged. It is named for WebSockets because Safari before 17 does not take 'self' for
    them.
    """
    sockets = f"{'wss' if secure else 'ws'}://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
        f"font-src 'self'; connect-src 'self' {sockets}; media-src 'self' blob:; worker-src 'self'; "
        "manifest-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )


def security_headers(host: str, *, secure: bool) -> dict[str, str]:
    """Headers of every answer."""
    headers = {
        "Content-Security-Policy": content_security_policy(host, secure=secure),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
        "Cache-Control": "no-store",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


class Envelope:
    """Request id in, security headers out, an access line after; an unexpected error gets its page inside all of it."""

    def __init__(self, app: ASGIApp, secure: bool, hosts: frozenset[str]) -> None:
        self.app = app
        self.secure = secure
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        scope["consilium.request_id"] = request_id
        host = _own_host(scope, self.hosts)
        scope["consilium.host"] = host
        outer = (*_sealing(host, secure=self.secure), (b"x-request-id", request_id.encode()))
        status = 0

        async def seal(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add(message, outer)
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and not status:
                status = 403
            await send(message)

        began = time.perf_counter()
        reset = REQUEST_ID.set(request_id)
        try:
            await self._serve(scope, receive, seal, lambda: status != 0)
        finally:
            # In the loop's next turn: what was sent leaves at the end of this one, and need not wait for the log.
            asyncio.get_running_loop().call_soon(_note, scope, status, time.perf_counter() - began)
            REQUEST_ID.reset(reset)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, started: Callable[[], bool]) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            handler = scope["app"].exception_handlers.get(Exception)
            if scope["type"] != "http" or handler is None or started():
                raise
            response = await handler(Request(scope), error)
            await response(scope, receive, send)


class OwnHost:
    """Refuses a Host header that is not one of ours, so that no answer is built on a foreign name (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] in ("http", "websocket") and not _host(scope, self.hosts):
            log.warning("foreign host refused", extra={"path": _path(scope)})
            await _refuse(scope, receive, send, 400, "This server is not known under that name.")
            return
        await self.app(scope, receive, send)


class SameOrigin:
    """Refuses what another site makes a browser send (ASVS 3.5.1, 4.4.2): no token in any form is needed.

    A bearer token is no ambient authority: a request that carries one is let through, and acts by it alone.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        self.public = _origin(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        checked = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE_METHODS)
        if checked and not self._same(scope):
            log.warning("cross-site request refused", extra={"path": _path(scope), "kind": scope["type"]})
            await _refuse(scope, receive, send, 403, "This request came from another site and was not carried out.")
            return
        await self.app(scope, receive, send)

    def _same(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if headers.get("authorization", "").lower().startswith("bearer "):
            return True
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and not self._ours(origin, headers.get("host", "")):
            return False
        if site is not None:
            return site in ("same-origin", "none")
        return origin is not None or not _carries_session(headers)

    def _ours(self, origin: str, host: str) -> bool:
        return _origin(origin) in (self.public, (urlsplit(self.public).scheme + "://" + host.lower()))


class BodyLimit:
    """Ends a body at its limit: announced lengths are refused at once, others when they go beyond."""

    def __init__(self, app: ASGIApp, upload_bytes: int, store_bytes: int = BODY_BYTES) -> None:
        self.app = app
        self.upload_bytes = upload_bytes
        self.store_bytes = store_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        sentence = f"At most {limit // 1024} KiB can be sent here at a time."
        if not announced.isdecimal() or int(announced) > limit:
            await _refuse(scope, receive, send, 413, sentence)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413, sentence)
            return message

        await self.app(scope, counted, send)

    def _limit(self, path: str) -> int:
        if _UPLOADS.match(path):
            return self.upload_bytes
        return self.store_bytes if _STORE.match(path) else BODY_BYTES


class Again:
    """Sends an answer that still stands (`web.standing`) before anything is asked."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self.app = app
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] == "GET":
            held: Services = scope["app"].state.services
            scope["consilium.version"], at = held.database.version, now()
            answer = held.standing.find(scope, scope["consilium.version"], at)
            if answer is not None:
                if answer.session_id is not None:
                    self.sessions.touch(answer.session_id, at)
                await answer.send(scope, send)
                return
        await self.app(scope, receive, send)


class Identity:
    """Asks the sessions who acts, once a connection."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self.app = app
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] in ("http", "websocket") and not scope["path"].startswith(_ANONYMOUS):
            known = await self.sessions.known(HTTPConnection(scope))
            if known is not None:
                scope["consilium.actor"] = known.actor
                scope["consilium.session_id"] = known.session_id
                scope["consilium.time_zone"] = known.time_zone
                scope["consilium.until"] = known.until
        await self.app(scope, receive, send)


def client_address(connection: HTTPConnection) -> str:
    """The network address of the client, as far as the server knows it."""
    return connection.client.host if connection.client else ""


def _own_host(scope: Scope, hosts: frozenset[str]) -> str:
    """The Host header in lower case if its name is one of ours; empty otherwise."""
    host = Headers(scope=scope).get("host", "").lower()
    named = _HOST.fullmatch(host)
    return host if named is not None and named[1].strip("[]") in hosts else ""


def _host(scope: Scope, hosts: frozenset[str]) -> str:
    """What `Envelope` found of the Host header; found here where it does not stand outside."""
    known = scope.get("consilium.host")
    return known if isinstance(known, str) else _own_host(scope, hosts)


@lru_cache(maxsize=64)
def _sealing(host: str, *, secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    """`security_headers` as they go over the wire; hosts are few, for all are ours."""
    said = security_headers(host, secure=secure)
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in said.items())


def _add(message: Message, headers: Sequence[tuple[bytes, bytes]]) -> None:
    own = list(message.get("headers", ()))
    present = {name.lower() for name, _ in own}
    message["headers"] = [*own, *(pair for pair in headers if pair[0] not in present)]


def _carries_session(headers: Headers) -> bool:
    cookies = headers.get("cookie", "")
    return any(part.strip().split("=")[0] in (SECURE_COOKIE, PLAIN_COOKIE) for part in cookies.split(";"))


def _origin(url: str) -> str:
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc}"


def _path(scope: Scope) -> str:
    """The path for a log: of known routes only; a part that is neither an identity nor a number is left out.

    A person may have typed it, or it is a secret such as a one-time link's.
    """
    if "endpoint" not in scope:
        return "(no route)"
    path = str(scope["path"])
    for name, value in scope.get("path_params", {}).items():
        if name in _SECRET_PARAMS or not _IDENTITY.fullmatch(str(value)):
            path = path.replace(str(value), "…")
    return path


def _note(scope: Scope, status: int, seconds: float) -> None:
    who = scope.get("consilium.actor")
    access.info("served", extra={
        "method": scope.get("method", "WS"), "path": _path(scope), "status": status,
        "ms": round(seconds * 1000, 1), "person_id": who.person_id if who else None,
    })


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4003, "reason": sentence})
        return
    response = problem(Request(scope), status, sentence)
    await response(scope, receive, send)
