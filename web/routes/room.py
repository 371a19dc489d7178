"""The room: its page, the ticket to its socket, and its state for programs."""

from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.clinical import spine
from agenda.conferences import conference
from agenda.ids import CaseId
from agenda.people import disciplines
from conference.policy import Action, Actor
from conference.room.lobby import in_lobby
from conference.room.plain import plain
from conference.room.quorum import Hearing, hearings
from conference.room.state import RoomState
from conference.room.values import PaneView, Participant
from conference.room.visibility import project, projection_digest, sight
from web.access import Forbidden, actor, demand, note_read, reading
from web.auth.totp import enrolled
from web.clock import now
from web.images.first_picture import first_picture
from web.pages import page, redirect
from web.routes.tickets import give
from web.services import services
from web.sockets.seating import conference_known, seated


async def show(request: Request) -> Response:
    """The room's page: a shell that the client fills from the socket."""
    who, conference_id = await _admitted(request)
    if (await reading(request, conference, conference_id)).due_at is not None:
        return redirect(request, f"/second-opinions/{conference_id}")
    facts = await reading(request, _facts, conference_id, who)
    room = await services(request).rooms.state(conference_id)
    table = room.table
    first = None if table is None else await reading(request, first_picture, table, who, _in_first_place(room, table))
    return page(request, "room/show.html", facts=facts | {"media": services(request).lobby is not None}, first=first)


def _in_first_place(room: RoomState, case_id: CaseId) -> PaneView | None:
    """What the one who presents shows of a case in the first place of the screen."""
    shown = room.cases[case_id].shown
    return shown if shown is None or shown.place == 0 else shown.beside[0]


async def ticket(request: Request) -> Response:
    """A ticket for the room's socket and the address to open it at."""
    _, conference_id = await _admitted(request)
    return JSONResponse(give(request, "room", conference_id))


async def state(request: Request) -> Response:
    """The projection of the room as this person may see it, with its digest."""
    person, conference_id = await _seat(request)
    found = await _inside(request, conference_id, person)
    viewer = sight(found, person)
    await note_read(request, Action.CONFERENCE_READ, f"room:{conference_id}")
    return JSONResponse({"projection": project(found, viewer), "digest": projection_digest(found, viewer)})


async def hearing(request: Request) -> Response:
    """Who heard each case: presence of the required disciplines while it was on the table, in seconds."""
    person, conference_id = await _seat(request)
    found = await _inside(request, conference_id, person)
    at = now().isoformat(timespec="milliseconds")
    viewer = sight(found, person)
    heard: dict[str, tuple[Hearing, ...]] = {case: hearings(found, case, at) for case in found.order if viewer.of(case)}
    return JSONResponse(plain(heard))


async def _inside(request: Request, conference_id: str, person: Participant) -> RoomState:
    """The room for somebody who is not in its lobby."""
    found = await services(request).rooms.state(conference_id)
    if in_lobby(found, person):
        raise Forbidden("You wait in the lobby; the chair or the coordinator lets you in to your case.")
    return found


async def _admitted(request: Request) -> tuple[Actor, str]:
    who, conference_id = actor(request), str(request.path_params["conference_id"])
    found = await conference_known(services(request).database, conference_id)
    demand(who, Action.CONFERENCE_JOIN, found)
    return who, conference_id


async def _seat(request: Request) -> tuple[Participant, str]:
    who, conference_id = await _admitted(request)
    person = await seated(services(request).database, conference_id, who)
    if person is None:
        raise Forbidden("You do not take part in this conference.")
    return person, conference_id


def _facts(session: Session, conference_id: str, who: Actor) -> dict[str, Any]:
    found = conference(session, conference_id)
    return {
        "conference": found.id,
        "title": found.title,
        "time_zone": board(session, found.board_id).time_zone,
        "starts_at": found.starts_at.isoformat(),
        "me": who.person_id,
        "disciplines": [
            {
                "code": one.code, "name": one.name, "short": spine().short(one.code), "colour": one.colour,
                "shape": one.shape,
            }
            for one in disciplines(session)
        ],
        "totp": enrolled(session, who.person_id),
    }


routes: list[BaseRoute] = [
    Route("/conferences/{conference_id}/room", show),
    Route("/conferences/{conference_id}/ticket", ticket, methods=["POST"]),
    Route("/conferences/{conference_id}/room/state.json", state),
    Route("/conferences/{conference_id}/room/hearing.json", hearing),
]
