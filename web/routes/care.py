"""The care path of a case: what is to be done, by whom, offered and accepted, and who has the ball."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.care import (
    KINDS,
    LONGEST,
    Wanted,
    accept,
    add,
    ball_of,
    decline,
    finish,
    hand_on,
    step_of,
    steps,
    takers,
)
from agenda.cases import case
from agenda.errors import Invalid, NotNow
from conference.outcome.letter import letter_of
from conference.policy import Action, Actor, may
from web.access import Forbidden, actor, demand, in_session, note_read, reading
from web.clock import now
from web.once import first_time
from web.pages import page, redirect, status_for, wants_json
from web.resources import case_resource

TONES = {"offered": "warn", "accepted": "info", "declined": "bad", "done": "good"}
WORDS = {"offered": "Offered", "accepted": "Accepted", "declined": "Declined", "done": "Done"}


def _view(session: Session, who: Actor, case_id: str, at: datetime) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    found = case(session, case_id)
    return {
        "case": found, "steps": steps(session, case_id), "ball": ball_of(session, found), "kinds": KINDS,
        "takers": [(one.id, one.name) for one in takers(session, found)], "tones": TONES, "words": WORDS,
        "keeps": bool(may(who, Action.CARE_KEEP, resource)), "me": who.person_id, "today": at.date(),
        "letter": letter_of(session, case_id), "longest": LONGEST,
    }


async def _page(
    request: Request, status: int = 200, errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None, about: str = "",
) -> Response:
    view = await reading(request, _view, actor(request), request.path_params["case_id"], now())
    return page(
        request, "care/show.html", status_for(request, status), errors=errors or {}, typed=typed or {}, about=about,
        **view,
    )


async def show(request: Request) -> Response:
    """The path, and who has the ball."""
    answer = await _page(request)
    await note_read(request, Action.CASE_READ, f"case {request.path_params['case_id']}")
    return answer


async def _texts(request: Request) -> dict[str, str]:
    return {name: value.strip() for name, value in (await request.form()).items() if isinstance(value, str)}


def _add(session: Session, who: Actor, case_id: str, texts: Mapping[str, str], at: datetime) -> None:
    demand(who, Action.CARE_KEEP, case_resource(session, case_id))
    if not first_time(session, who, texts, at):
        return
    wanted = Wanted(*(texts.get(name, "") for name in ("kind", "text", "owner", "due")))
    add(session, case_id, wanted, who.person_id, at)


async def added(request: Request) -> Response:
    """Add a step; it is offered to its owner, who is told."""
    case_id, texts = request.path_params["case_id"], await _texts(request)
    try:
        await in_session(request, "care.add", _add, actor(request), case_id, texts, now())
    except (Invalid, NotNow) as error:
        return await _refused(request, error, texts)
    return redirect(request, f"/cases/{case_id}/care")


def _act(session: Session, who: Actor, case_id: str, step_id: str, texts: Mapping[str, str], at: datetime) -> None:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    step = step_of(session, case_id, step_id)
    keeps = bool(may(who, Action.CARE_KEEP, resource))
    match texts.get("act", ""):
        case "accept":
            accept(session, step, who.person_id, at)
        case "decline":
            decline(session, step, texts.get("note", ""), who.person_id, at)
        case "done":
            if not keeps and step.owner_id != who.person_id:
                raise Forbidden("Its owner or the board says that a step is done.")
            finish(session, step, texts.get("note", ""), at)
        case "offer":
            demand(who, Action.CARE_KEEP, resource)
            hand_on(session, step, texts.get("owner", ""), who.person_id, at)
        case _:
            raise Invalid("act", "There is no such button.")


async def acted(request: Request) -> Response:
    """Accept, decline, hand on or finish one step."""
    case_id, step_id = request.path_params["case_id"], request.path_params["step_id"]
    texts = await _texts(request)
    try:
        await in_session(request, "care.step", _act, actor(request), case_id, step_id, texts, now())
    except (Invalid, NotNow) as error:
        return await _refused(request, error, texts, step_id)
    return redirect(request, f"/cases/{case_id}/care#step-{step_id}")


async def _refused(
    request: Request, error: Invalid | NotNow, texts: Mapping[str, str], about: str = ""
) -> Response:
    if wants_json(request):
        raise error
    field = error.field if isinstance(error, Invalid) else ""
    return await _page(request, 422 if field else 409, {field: str(error)}, texts, about)


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/care", show, methods=["GET"]),
    Route("/cases/{case_id}/care", added, methods=["POST"]),
    Route("/cases/{case_id}/care/{step_id}", acted, methods=["POST"]),
]
