"""The way into a room's call: a ticket for who may speak there, where this installation has voice and video."""

import asyncio
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.errors import NotNow
from conference.media.lobby import Lobby
from conference.media.turn import relay
from conference.policy import Action
from web.access import Forbidden, actor, demand, reading
from web.clock import now
from web.resources import conference_resource
from web.routes.tickets import give
from web.services import Services, services
from web.sockets.media import may_speak

NO_MEDIA = "This installation has no voice and video; the meeting goes on with any other tool beside it."


async def ticket(request: Request) -> Response:
    """A ticket for the call's socket, the address to open it at, and what the browser may reach us by."""
    who, conference_id = actor(request), str(request.path_params["conference_id"])
    demand(who, Action.CONFERENCE_JOIN, await reading(request, conference_resource, conference_id))
    held = services(request)
    if await may_speak(held, conference_id, who) is None:
        raise Forbidden("Observers follow in writing; ask the chair for a seat as a guest to talk.")
    if held.lobby is None:
        raise NotNow("no-media", NO_MEDIA)
    return JSONResponse({
        **give(request, "media", conference_id), "ice_servers": await _ice_servers(held, held.lobby, who.person_id),
    })


async def _ice_servers(held: Services, lobby: Lobby, person: str) -> list[dict[str, object]]:
    """As RTCPeerConnection takes them: the media process, to see whether UDP gets through, and the relay if not."""
    turn = held.settings.conference.media.turn
    found: list[dict[str, object]] = [
        {"urls": [f"stun:[{one.host}]:{one.port}" if one.family == "IP6" else f"stun:{one.host}:{one.port}"]}
        for one in (await lobby.addresses())[:1]
    ]
    if turn.uris:
        secret = await asyncio.to_thread(turn.secret)
        given = relay(turn.uris, secret, timedelta(hours=turn.lifetime_hours), person, now())
        found.append({"urls": list(given.uris), "username": given.username, "credential": given.password})
    return found


routes: list[BaseRoute] = [Route("/conferences/{conference_id}/media/ticket", ticket, methods=["POST"])]
"""Nobody can ask for media that is off: the room's page says so beforehand."""
