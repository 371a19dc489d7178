"""Is the process alive, is it ready: for probes and people."""

from sqlmodel import Session, text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from web.access import reading


async def alive(_request: Request) -> Response:
    """200 while the event loop turns."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """200 when the database answers; 503 otherwise."""
    try:
        await reading(request, _ping)
    except Exception:
        return JSONResponse({"status": "database does not answer"}, 503)
    return JSONResponse({"status": "ok"})


def _ping(session: Session) -> None:
    session.connection().execute(text("SELECT 1"))


routes: list[BaseRoute] = [Route("/healthz", alive), Route("/readyz", ready)]
