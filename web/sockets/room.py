"""The room's WebSocket: admission, the session protocol, and one member of one live room.

Permission is asked again for as long as the socket is open: at every revocation and every minute by `OpenSockets`, and
the role inside the room at every command by the room itself.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from functools import partial

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from agenda.errors import ConferenceNotFound
from conference.errors import RoomUnavailable
from conference.live.hosts import Rooms
from conference.live.member import Member
from conference.live.outbox import Message
from conference.policy import Actor
from conference.room.refused import Refused
from conference.room.room import Accepted
from conference.room.values import CommandId, Participant
from conference.wire import session as wire
from conference.wire.session import Asked, Close, Fault, Hello, Moved, Reading, Session
from web.auth.errors import TicketInvalid
from web.clock import now
from web.services import Services, services
from web.sockets.admission import Admission, admit
from web.sockets.protocol import EXTENSION, Prepared
from web.sockets.seating import seated

log = logging.getLogger(__name__)

_HELLO_S = 10.0
"""A socket that does not say hello in this time is closed."""


class Socket:
    """`conference.live.ports.Connection` over a Starlette WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        prepared = websocket.scope.get("extensions", {}).get(EXTENSION)
        self._prepared = prepared if isinstance(prepared, Prepared) else None

    async def send(self, text: str) -> None:
        """Send one text message."""
        try:
            await self._websocket.send_text(text)
        except WebSocketDisconnect as gone:
            raise ConnectionResetError from gone

    def send_frame(self, frame: bytes) -> bool:
        """Write a finished frame now, if the socket can and the peer keeps up."""
        return self._prepared is not None and self._prepared.send_frame(frame)

    async def close(self, code: int, reason: str) -> None:
        """Close with a code."""
        await self._websocket.close(code, reason)

    def abort(self) -> None:
        """Drop the socket; without the extension the server's own timeouts do it."""
        if self._prepared is not None:
            self._prepared.abort()


@dataclass(frozen=True, slots=True)
class _Call:
    """One socket being served."""

    rooms: Rooms
    conference_id: str
    participant: Participant
    member: Member
    session: Session


async def room_socket(websocket: WebSocket) -> None:
    """Serve one connection to a room from handshake to end."""
    held = services(websocket)
    try:
        admission = await admit(websocket, "room")
    except TicketInvalid:
        await _turn_away(websocket, Close.TICKET_INVALID, "ticket invalid")
        return
    try:
        person = await seated(held.database, admission.resource, admission.actor)
    except ConferenceNotFound:
        await _turn_away(websocket, Close.NO_SUCH_ROOM, "no such room")
        return
    if person is None:
        await _turn_away(websocket, Close.NOT_PERMITTED, "not permitted")
        return
    await websocket.accept()
    try:
        await _admitted(websocket, held, admission, person)
    except (WebSocketDisconnect, ConnectionResetError):
        return


async def _turn_away(websocket: WebSocket, code: Close, reason: str) -> None:
    """Accept and close at once: a browser sees the code of an open socket only."""
    await websocket.accept()
    await websocket.close(code, reason)


async def _admitted(websocket: WebSocket, held: Services, admission: Admission, person: Participant) -> None:
    settings = held.settings.conference
    session = Session(rate=settings.messages_per_s, burst=settings.messages_burst)
    hello = await _greeting(websocket, session)
    if isinstance(hello, Fault):
        await websocket.close(hello.code, hello.reason)
        return
    conference_id = admission.resource
    member = Member(
        person, Socket(websocket), limit_bytes=settings.outbox_limit_bytes, patience_s=settings.outbox_patience_s
    )

    async def allowed(who: Actor) -> bool:
        return await seated(held.database, conference_id, who) is not None

    async def close(code: int, reason: str) -> None:
        member.close(code, reason)

    with held.sessions.sockets.registered(
        session_id=admission.session_id, person_id=person.person_id, resource=conference_id, allowed=allowed,
        close=close,
    ):
        try:
            await held.rooms.enter(conference_id, member, hello.since)
            await _serve(websocket, held, admission, _Call(held.rooms, conference_id, person, member, session))
        except RoomUnavailable:
            member.close(Close.GOING_AWAY, "the room is closing")
        finally:
            held.rooms.leave(conference_id, member)
            await member.closed()


async def _greeting(websocket: WebSocket, session: Session) -> Hello | Fault:
    try:
        async with asyncio.timeout(_HELLO_S):
            said = session.receive(await websocket.receive_text(), time.monotonic())
    except TimeoutError:
        return Fault(Close.PROTOCOL_ERROR, "no hello")
    return said if isinstance(said, (Hello, Fault)) else Fault(Close.PROTOCOL_ERROR, "say hello first")


async def _serve(websocket: WebSocket, held: Services, admission: Admission, call: _Call) -> None:
    """Take what the client sends until either side ends it."""
    while not call.member.over:
        meant = call.session.receive(await websocket.receive_text(), time.monotonic())
        match meant:
            case Asked(command_id, command):
                if admission.session_id is not None:
                    held.sessions.touch(admission.session_id, now())
                answer = await call.rooms.submit(call.conference_id, call.participant, command_id, command)
                answer.add_done_callback(partial(_answered, call.member, command_id))
            case Moved(patch):
                # What was seen is said by the window itself; a pointer, a view or a line takes a person.
                if admission.session_id is not None and set(patch) - {"seen"}:
                    held.sessions.touch(admission.session_id, now())
                call.rooms.move(call.conference_id, call.member, dict(patch))
            case Reading(case_id, state):
                call.rooms.read_text(call.conference_id, call.member, case_id, state)
            case Fault(code, reason):
                log.info("protocol broken", extra={"person_id": call.participant.person_id, "reason": reason})
                call.member.close(code, reason)
                return
            case _:
                return


def _answered(member: Member, command_id: CommandId, done: "asyncio.Future[Accepted | Refused]") -> None:
    """Tell the client what became of its command; silence where that is not known: it will ask again."""
    if done.cancelled() or done.exception() is not None:
        member.close(Close.GOING_AWAY, "ask again")
        return
    match done.result():
        case Accepted(seq):
            member.durable(Message(wire.ack(command_id, seq)))
        case Refused(code, reason):
            member.durable(Message(wire.refused(command_id, code, reason)))


routes: list[BaseRoute] = [WebSocketRoute("/sockets/room", room_socket)]
