"""The call's WebSocket: offers and answers, who is seen where, who is muted. Media itself never comes here.

Server to client: ``offer`` {sdp, fresh}, ``shown`` {place, person, source}, ``people`` {people}, ``waiting``,
``silenced`` {by}, ``refused`` {reason}. Client to server: ``answer`` {sdp}, ``restart``, ``doing`` {muted, camera,
screen}, ``prefer`` {voices_only}, ``silence`` {person}.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from agenda.errors import ConferenceNotFound
from conference.errors import RoomUnavailable
from conference.media.errors import Malformed
from conference.media.lobby import Call, Doing, Lobby, Message
from conference.policy import Actor, Role, RoomAction, may_in_room
from conference.room.lobby import in_lobby
from conference.room.values import Participant
from conference.wire.session import Close
from web.auth.errors import TicketInvalid
from web.services import Services, services
from web.sockets.admission import Admission, admit
from web.sockets.seating import seat

_BEHIND = 500
"""Messages a window may leave unread before its call ends; it comes back by itself."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Answer(_Said):
    type: Literal["answer"]
    sdp: str = Field(max_length=60_000)


class _Restart(_Said):
    type: Literal["restart"]


class _Doing(_Said):
    type: Literal["doing"]
    muted: bool
    camera: bool
    screen: bool


class _Prefer(_Said):
    type: Literal["prefer"]
    voices_only: bool


class _Silence(_Said):
    type: Literal["silence"]
    person: str = Field(max_length=64)


_SAID: TypeAdapter[_Answer | _Restart | _Doing | _Prefer | _Silence] = TypeAdapter(
    Annotated[_Answer | _Restart | _Doing | _Prefer | _Silence, Field(discriminator="type")]
)


async def seated(held: Services, conference_id: str, who: Actor) -> tuple[Participant, Role] | None:
    """The person and their role of now: the room's own word where they have a seat there, else the door's.

    None: they have no seat, or wait in the lobby, where nobody is heard.
    """
    person = await held.database.read(seat, conference_id, who)
    if person is None:
        return None
    room = await held.rooms.state(conference_id)
    if in_lobby(room, person):
        return None
    here = room.people.get(person.person_id)
    return person, person.role if here is None else here.role


async def may_speak(held: Services, conference_id: str, who: Actor) -> Participant | None:
    """The person, if the policy lets them speak in this room now."""
    try:
        found = await seated(held, conference_id, who)
    except (ConferenceNotFound, RoomUnavailable):
        return None
    return found[0] if found is not None and may_in_room(found[1], RoomAction.SPEAK) else None


async def media_socket(websocket: WebSocket) -> None:
    """Serve one call from handshake to end."""
    held = services(websocket)
    try:
        admission = await admit(websocket, "media")
    except TicketInvalid:
        await _turn_away(websocket, Close.TICKET_INVALID, "ticket invalid")
        return
    person = await may_speak(held, admission.resource, admission.actor)
    if person is None or held.lobby is None:
        await _turn_away(websocket, Close.NOT_PERMITTED, "not permitted")
        return
    await websocket.accept()
    await _served(websocket, held, held.lobby, admission, person)


async def _turn_away(websocket: WebSocket, code: Close, reason: str) -> None:
    await websocket.accept()
    await websocket.close(code, reason)


async def _served(
    websocket: WebSocket, held: Services, lobby: Lobby, admission: Admission, person: Participant
) -> None:
    queue: asyncio.Queue[Message] = asyncio.Queue()
    ending: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def tell(message: Message) -> None:
        if queue.qsize() < _BEHIND:
            queue.put_nowait(message)
        elif not ending.done():
            ending.set_result((Close.TOO_SLOW, "too slow"))

    async def allowed(who: Actor) -> bool:
        return await may_speak(held, admission.resource, who) is not None

    async def close(code: int, reason: str) -> None:
        if not ending.done():
            ending.set_result((code, reason))

    call = Call(admission.resource, person.person_id, person.name, tell)
    with held.sessions.sockets.registered(
        session_id=admission.session_id, person_id=person.person_id, resource=admission.resource, allowed=allowed,
        close=close,
    ):
        result = await _first(
            _asked(ending), _kept(lobby, call), _sent(websocket, queue),
            _heard(websocket, held, lobby, call, admission.actor),
        )
    if result is not None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the window was quicker
            await websocket.close(*result)


_Ending = tuple[int, str] | None
"""The code and reason to close with; None: the window has gone."""


async def _first(*jobs: Coroutine[None, None, _Ending]) -> _Ending:
    """What the first of the jobs to end gives; the others are ended with it."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _asked(ending: "asyncio.Future[tuple[int, str]]") -> _Ending:
    return await ending


async def _kept(lobby: Lobby, call: Call) -> _Ending:
    return Close.REPLACED, await lobby.keep(call)


async def _sent(websocket: WebSocket, queue: "asyncio.Queue[Message]") -> _Ending:
    with contextlib.suppress(WebSocketDisconnect, ConnectionResetError):
        while True:
            await websocket.send_json(await queue.get())
    return None


async def _heard(
    websocket: WebSocket, held: Services, lobby: Lobby, call: Call, who: Actor
) -> _Ending:
    try:
        while True:
            await _take(held, lobby, call, who, await websocket.receive_text())
    except WebSocketDisconnect:
        return None
    except (ValidationError, Malformed):
        return Close.PROTOCOL_ERROR, "not understood"


async def _take(held: Services, lobby: Lobby, call: Call, who: Actor, text: str) -> None:
    match _SAID.validate_json(text):
        case _Answer(sdp=sdp):
            await lobby.answer(call, sdp)
        case _Restart():
            await lobby.restart(call)
        case _Doing(muted=muted, camera=camera, screen=screen):
            lobby.does(call, Doing(muted, camera, screen))
        case _Prefer(voices_only=voices_only):
            await lobby.prefer(call, voices_only=voices_only)
        case _Silence(person=person):
            found = await seated(held, call.room, who)
            verdict = may_in_room(found[1] if found else None, RoomAction.SEAT)
            if verdict:
                lobby.silence(call.room, person, call.name)
            else:
                call.tell({"type": "refused", "reason": verdict.reason})


routes: list[BaseRoute] = [WebSocketRoute("/sockets/media", media_socket)]
