"""The table of routes finds for every address what Starlette finds when it tries one route after the other."""

import asyncio
from collections.abc import Iterable

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Message, Receive, Scope, Send

from web.routes import all_routes
from web.routing import Table


async def _echo(request: Request) -> Response:
    return PlainTextResponse(f"{request.scope['route'].path} {request.path_params}")


async def _mounted(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("mounted")(scope, receive, send)


def _same_shape() -> list[BaseRoute]:
    """The product's routes with an endpoint that says which was found."""
    found: list[BaseRoute] = [
        Route(route.path, _echo, methods=list(route.methods or ()))
        for route in all_routes() if isinstance(route, Route)
    ]
    return [
        *found, Mount("/static", _mounted), Route("/{anything}/whole", _echo), Route("/cases/{rest:path}", _echo),
    ]


def _addresses(routes: Iterable[BaseRoute]) -> list[str]:
    plain = [route.path for route in routes if isinstance(route, Route)]
    filled = [
        "/".join("1" if part.startswith("{") else part for part in path.split("/")) for path in plain
    ]
    odd = ["", "/", "//", "/cases", "/cases/", "/cases//x", "/static/a/b", "/static", "/nowhere", "/nowhere/whole",
           "/cases/a/b/c/d/e/f/g", "/dicom-web/studies/1/", "/cases/%2e", "/{anything}/whole"]
    return [*filled, *(path + "/" for path in filled), *odd]


def _answer(router: Router, method: str, path: str) -> tuple[int, str, bytes]:
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "scheme": "http", "server": ("127.0.0.1", 80), "client": None, "root_path": "",
    }
    asyncio.run(router(scope, receive, send))
    headers = dict(said[0]["headers"])
    return said[0]["status"], headers.get(b"location", b"").decode(), b"".join(one.get("body", b"") for one in said[1:])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_same_route_answers(method: str) -> None:
    routes = _same_shape()
    plain, table = Router(routes), Table(routes)
    for path in _addresses(routes):
        assert _answer(table, method, path) == _answer(plain, method, path), path


def test_a_route_added_later_is_found() -> None:
    table = Table([Route("/cases/{one}", _echo)])
    assert _answer(table, "GET", "/cases/7/late")[0] == 404
    table.routes.append(Route("/cases/{one}/late", _echo))
    assert _answer(table, "GET", "/cases/7/late")[0] == 200
