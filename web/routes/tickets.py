"""Tickets for sockets: asked for by a same-origin POST, good for one socket within thirty seconds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.errors import Invalid
from conference.policy import Action
from web.access import actor, demand, reading
from web.auth.tickets import LIFETIME
from web.clock import now
from web.resources import case_resource, conference_resource
from web.services import services


class TicketRequest(BaseModel):
    """What the socket is for."""

    model_config = ConfigDict(extra="forbid")
    purpose: Literal["room", "images"] = Field(alias="for")
    conference: str | None = Field(default=None, max_length=64)
    case: str | None = Field(default=None, max_length=64)


async def issue(request: Request) -> Response:
    """A ticket and the address to open it at, if the policy lets this actor in."""
    who = actor(request)
    wanted = TicketRequest.model_validate_json(await request.body())
    match wanted:
        case TicketRequest(purpose="room", conference=str(resource)):
            demand(who, Action.CONFERENCE_JOIN, await reading(request, conference_resource, resource))
        case TicketRequest(purpose="images", case=str(resource)):
            demand(who, Action.IMAGE_READ, await reading(request, case_resource, resource))
        case _:
            raise Invalid("for", "A room's ticket needs a conference, an image stream's a case.")
    return JSONResponse(give(request, wanted.purpose, resource))


def give(request: Request, purpose: Literal["room", "images", "media"], resource: str) -> dict[str, str | int]:
    """A fresh ticket for a resource that the policy has opened to the request's actor."""
    text = services(request).tickets.issue(
        session_id=request.scope.get("consilium.session_id"), person_id=actor(request).person_id, purpose=purpose,
        resource=resource, at=now(),
    )
    return {"ticket": text, "url": f"/sockets/{purpose}?ticket={text}", "seconds": int(LIFETIME.total_seconds())}


routes: list[BaseRoute] = [Route("/tickets", issue, methods=["POST"])]
