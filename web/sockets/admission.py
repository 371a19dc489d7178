"""How a socket gets in: same origin, a fresh ticket, and the session the ticket was given to."""

from dataclasses import dataclass

from starlette.websockets import WebSocket

from conference.policy import Actor
from web.auth.errors import TicketInvalid
from web.clock import now
from web.services import services


@dataclass(frozen=True, slots=True)
class Admission:
    """Who opened the socket, on what."""

    actor: Actor
    session_id: str | None
    resource: str


async def admit(websocket: WebSocket, purpose: str) -> Admission:
    """Redeem the ticket in the query and ask again who acts; raises TicketInvalid (close with 4008).

    The middleware has already refused other origins.
    """
    held = services(websocket)
    at = now()
    known = await held.sessions.known(websocket, at)
    if known is None:
        raise TicketInvalid("The session of this ticket has ended.")
    ticket = held.tickets.redeem(
        websocket.query_params.get("ticket", ""), purpose=purpose, session_id=known.session_id,
        person_id=known.actor.person_id, at=at,
    )
    return Admission(known.actor, known.session_id, ticket.resource)
