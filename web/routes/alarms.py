"""The alarm of a case: what those on call open from their page or mail, even while the case is still a draft.

A draft's content is its referrer's alone; the red flag, whom to call, and what they do are the board's to know at once.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.alarms import DO_NOT_WAIT, acknowledge, alarms_of, minutes_open
from agenda.cases import case
from agenda.clinical import spine
from agenda.errors import Invalid, ItemNotFound
from agenda.people import Site, person
from conference.policy import Action, Actor, BoardResource, may
from web.access import actor, demand, in_session, note_read, reading
from web.clock import now
from web.pages import page, redirect
from web.resources import case_resource


def _show(session: Session, who: Actor, case_id: str, at: datetime) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.BOARD_READ, BoardResource(resource.board_id))
    found, raised = case(session, case_id), alarms_of(session, case_id)
    if not raised:
        raise ItemNotFound(case_id)
    alarm, referrer = raised[-1], person(session, found.referrer_id)
    return {
        "case": found, "alarm": alarm, "minutes": minutes_open(alarm, at), "do_not_wait": DO_NOT_WAIT,
        "flags": [flag for flag in spine().red_flags if flag.key in alarm.flags],
        "referrer": referrer, "site": session.get(Site, referrer.site_id),
        "answered_by": person(session, alarm.answered_by).name if alarm.answered_by else "",
        "readable": bool(may(who, Action.CASE_READ, resource)),
    }


async def show(request: Request) -> Response:
    """The latest alarm of a case: which red flags, whom to call, what they do, and who acknowledged it."""
    case_id = request.path_params["case_id"]
    view = await reading(request, _show, actor(request), case_id, now())
    await note_read(request, Action.CASE_READ, f"alarm of case {case_id}")
    return page(request, "alarms/show.html", error="", note="", **view)


def _acknowledge(session: Session, who: Actor, case_id: str, alarm_id: str, note: str, at: datetime) -> None:
    demand(who, Action.BOARD_READ, BoardResource(case_resource(session, case_id).board_id))
    if alarm_id not in {one.id for one in alarms_of(session, case_id)}:
        raise ItemNotFound(alarm_id)
    acknowledge(session, alarm_id, note, who.person_id, at)


async def acknowledged(request: Request) -> Response:
    """A member of the board has seen the red flags."""
    case_id, form = request.path_params["case_id"], await request.form()
    note = str(form.get("note", ""))
    try:
        await in_session(
            request, "alarm.acknowledge", _acknowledge, actor(request), case_id, request.path_params["alarm_id"], note,
            now(),
        )
    except Invalid as error:
        view = await reading(request, _show, actor(request), case_id, now())
        return page(request, "alarms/show.html", 422, error=error.reason, note=note, **view)
    return redirect(request, f"/cases/{case_id}/alarms")


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/alarms", show, methods=["GET"]),
    Route("/cases/{case_id}/alarms/{alarm_id}", acknowledged, methods=["POST"]),
]
