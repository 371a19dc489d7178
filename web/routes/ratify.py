"""Split first: the ratify list of a sitting, its order by one click, the tap that pulls a case, and the read-out."""

from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.conferences import conference
from agenda.errors import NotNow
from agenda.ids import CaseId, new_id
from agenda.ratify import pull, ratified, sort_cases
from conference.policy import Action, Actor, BoardResource
from conference.room.commands import CallCase, Command, DraftRecommendation, Reveal
from conference.room.refused import Refused
from conference.room.state import RoomState
from conference.room.values import Participant, Recommendation
from web.access import Forbidden, actor, demand, in_session, reading
from web.clock import now
from web.pages import page, redirect, status_for
from web.resources import conference_resource
from web.services import services
from web.sittings.ratifying import agreed_option, lines, standings
from web.sockets.seating import seat

RATIFIED = "Ratified: every required discipline agreed before the meeting, and nobody asked to discuss it."
"""The first words of a recommendation that was read out from the list."""


def _view(session: Session, who: Actor, conference_id: str, state: RoomState) -> dict[str, Any]:
    resource = conference_resource(session, conference_id)
    demand(who, Action.BOARD_READ, BoardResource(resource.board_id))
    return {
        "sitting": conference(session, conference_id), "resource": resource,
        "lines": lines(session, who, conference_id, state), "phase": state.phase,
    }


async def _page(request: Request, status: int = 200, error: str = "") -> Response:
    conference_id = request.path_params["conference_id"]
    demand(actor(request), Action.CONFERENCE_READ, await reading(request, conference_resource, conference_id))
    state = await services(request).rooms.state(conference_id)
    view = await reading(request, _view, actor(request), conference_id, state)
    return page(request, "ratify/show.html", status_for(request, status), error=error, **view)


async def show(request: Request) -> Response:
    """The ratify list, what is discussed, and what misses opinions."""
    return await _page(request)


def _sort(session: Session, who: Actor, conference_id: str, state: RoomState, at: datetime) -> None:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    sort_cases(session, conference_id, standings(session, conference_id, state), who.person_id, at)


async def sort(request: Request) -> Response:
    """One click: the classes that can be made, and the agenda in their order."""
    conference_id, rooms = request.path_params["conference_id"], services(request).rooms
    demand(actor(request), Action.CONFERENCE_PLAN, await reading(request, conference_resource, conference_id))
    state = await rooms.state(conference_id)
    try:
        await in_session(request, "agenda.split-first", _sort, actor(request), conference_id, state, now())
    except NotNow as error:
        return await _page(request, 409, error.reason)
    await rooms.sync_agenda(conference_id)
    return redirect(request, f"/conferences/{conference_id}/ratify")


def _pull(session: Session, who: Actor, conference_id: str, case_id: str, state: RoomState, at: datetime) -> None:
    demand(who, Action.AGENDA_PULL, conference_resource(session, conference_id))
    pull(session, conference_id, case_id, standings(session, conference_id, state), who.person_id, at)


async def pulled(request: Request) -> Response:
    """One tap of any member: the case is discussed after all."""
    conference_id, case_id = request.path_params["conference_id"], request.path_params["case_id"]
    rooms = services(request).rooms
    demand(actor(request), Action.AGENDA_PULL, await reading(request, conference_resource, conference_id))
    state = await rooms.state(conference_id)
    try:
        await in_session(request, "agenda.pull", _pull, actor(request), conference_id, case_id, state, now())
    except NotNow as error:
        return await _page(request, 409, error.reason)
    await rooms.sync_agenda(conference_id)
    return redirect(request, f"/conferences/{conference_id}/ratify")


def _to_read(
    session: Session, who: Actor, conference_id: str, state: RoomState
) -> tuple[Participant, list[CaseId]]:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    participant = seat(session, conference_id, who)
    if participant is None:
        raise Forbidden("You do not take part in this conference.")
    agreed = ratified(session, conference_id, standings(session, conference_id, state))
    return participant, [key for key in state.order if key in agreed]


async def read_out(request: Request) -> Response:
    """The chair reads the list out: each case is called, opened, and its recommendation begun with what all prefer."""
    conference_id, rooms = request.path_params["conference_id"], services(request).rooms
    demand(actor(request), Action.CONFERENCE_PLAN, await reading(request, conference_resource, conference_id))
    state = await rooms.state(conference_id)
    participant, agreed = await reading(request, _to_read, actor(request), conference_id, state)
    if not agreed:
        return await _page(request, 409, "Nothing is on the ratify list.")
    for key in agreed:
        refused = await _read_one(request, participant, key)
        if refused is not None:
            why = "Enter the room first, then read the list out." if refused.code == "not-present" else refused.reason
            return await _page(request, 409, why)
    return redirect(request, f"/conferences/{conference_id}/ratify")


async def _read_one(request: Request, participant: Participant, case_id: CaseId) -> Refused | None:
    """Call a case and open its opinions, then begin its words; a refusal ends it there."""
    conference_id, rooms = request.path_params["conference_id"], services(request).rooms
    steps: tuple[Command, ...] = (CallCase(case_id), Reveal(case_id))
    for command in steps:
        answer = await rooms.execute(conference_id, participant, new_id(), command)
        if isinstance(answer, Refused):
            return answer
    found = (await rooms.state(conference_id)).cases[case_id]
    key, _ = agreed_option(found)
    if found.recommendation is not None or not key:
        return None
    words = Recommendation(
        outcome="consensus", option=key, rationale=RATIFIED, answers={}, actions=(), follow_up="", goal_answered="",
        cited=(),
    )
    answer = await rooms.execute(conference_id, participant, new_id(), DraftRecommendation(case_id, 0, words))
    return answer if isinstance(answer, Refused) else None


routes: list[BaseRoute] = [
    Route("/conferences/{conference_id}/ratify", show, methods=["GET"]),
    Route("/conferences/{conference_id}/ratify", sort, methods=["POST"]),
    Route("/conferences/{conference_id}/ratify/read-out", read_out, methods=["POST"]),
    Route("/conferences/{conference_id}/ratify/{case_id}/pull", pulled, methods=["POST"]),
]
