"""The way into a room's call: a ticket for who may speak there, where this installation has voice and video."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.errors import NotNow
from conference.policy import Action
from web.access import Forbidden, actor, demand, reading
from web.resources import conference_resource
from web.routes.tickets import give
from web.services import services
from web.sockets.media import may_speak

NO_MEDIA = "This installation has no voice and video; the meeting goes on with any other tool beside it."


async def ticket(request: Request) -> Response:
    """A ticket for the call's socket and the address to open it at."""
    who, conference_id = actor(request), str(request.path_params["conference_id"])
    demand(who, Action.CONFERENCE_JOIN, await reading(request, conference_resource, conference_id))
    held = services(request)
    if await may_speak(held, conference_id, who) is None:
        raise Forbidden("Observers follow in writing; ask the chair for a seat as a guest to talk.")
    if held.lobby is None:
        raise NotNow("no-media", NO_MEDIA)
    return JSONResponse(give(request, "media", conference_id))


routes: list[BaseRoute] = [Route("/conferences/{conference_id}/media/ticket", ticket, methods=["POST"])]
"""Nobody can ask for media that is off: the room's page says so beforehand."""
