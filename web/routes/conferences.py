"""Conferences: the list, planning one, and the agenda with its running order, attendance and publication."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board, members
from agenda.calendar.invitations import answer_as
from agenda.cases import cases_by, cases_of_boards, questions
from agenda.conferences import (
    Conference,
    add_break,
    cancel,
    conference,
    conferences,
    conferences_of_case,
    items,
    move_item,
    plan_conference,
    publish,
    remove_item,
    set_minutes,
)
from agenda.errors import Invalid, NotNow
from agenda.ids import BoardId
from agenda.packet import title_of
from agenda.people import person
from agenda.triage import schedule
from agenda.undo import redo, to_redo, to_undo, undo, undoable
from conference.policy import Action, Actor, BoardResource, may
from web.access import actor, demand, in_session, reading
from web.cases.facts import readiness_now
from web.clock import now
from web.once import first_time
from web.pages import page, redirect, status_for
from web.refused import NOTHING, Refused, refused
from web.resources import conference_resource
from web.services import services
from web.sittings.invited import announce_now, panel
from web.sittings.packets import freeze_agenda, readers
from web.sittings.view import agenda_view


def _seen(session: Session, who: Actor) -> list[Conference]:
    of_boards = conferences(session, [str(board) for board in who.boards])
    mine = cases_by(session, who.person_id)
    own = [conference(session, key) for one in mine for key in conferences_of_case(session, one.id)]
    own = [one for one in own if one.due_at is None]
    return sorted({one.id: one for one in of_boards + own}.values(), key=lambda one: one.starts_at)


def _list(session: Session, who: Actor, at: datetime) -> dict[str, Any]:
    seen = _seen(session, who)
    rows: list[dict[str, Any]] = [
        {
            "sitting": one, "board": board(session, one.board_id), "chair": person(session, one.chair_id),
            "cases": sum(item.case_id is not None for item in items(session, one.id)),
            "minutes": sum(item.minutes for item in items(session, one.id)),
        }
        for one in seen
    ]
    planning = [
        (board(session, key), [person for _, person in members(session, key)])
        for key in who.boards if may(who, Action.CONFERENCE_PLAN, BoardResource(BoardId(key)))
    ]
    over = ("ended", "cancelled")
    return {
        "coming": [row for row in rows if row["sitting"].state not in over],
        "past": [row for row in reversed(rows) if row["sitting"].state in over], "planning": planning, "today": at,
    }


async def listed(request: Request) -> Response:
    """Sittings to come and those that were."""
    return await _list_page(request)


async def _list_page(request: Request, status: int = 200, **more: Any) -> Response:
    who = actor(request)
    demand(who, Action.CONFERENCE_LIST)
    view = await reading(request, _list, who, now())
    return page(request, "conferences/list.html", status, **({"errors": {}, "typed": {}} | view | more))


def _plan(session: Session, who: Actor, texts: dict[str, str], at: datetime) -> Conference | None:
    """The sitting; none where this form was taken before."""
    demand(who, Action.CONFERENCE_PLAN, BoardResource(BoardId(texts["board"])))
    if not first_time(session, who, texts, at):
        return None
    zone = board(session, texts["board"]).time_zone
    return plan_conference(
        session, board_id=texts["board"], title=texts["title"], starts_at=wall_clock(texts["starts_at"], zone),
        duration_min=whole("duration_min", texts["duration_min"]), chair_id=texts["chair"], at=at,
    )


def wall_clock(text: str, zone: str) -> datetime:
    """An instant from what a clock on the wall shows in a zone; raises Invalid where the clock never shows it."""
    try:
        shown = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Invalid("starts_at", "Write the date and time, e.g. 2026-11-26T08:00.") from None
    instant = shown.astimezone(UTC)
    if instant.astimezone(ZoneInfo(zone)).replace(fold=0) != shown.replace(fold=0):
        raise Invalid("starts_at", f"Clocks in {zone} skip this time when summer time begins; choose another.")
    return instant


def whole(field: str, text: str) -> int:
    """Minutes from what was typed; raises Invalid."""
    if not text.isdecimal():
        raise Invalid(field, "Write a whole number of minutes.")
    return int(text)


async def plan(request: Request) -> Response:
    """Plan a sitting of a board."""
    form = await request.form()
    texts = {name: str(form.get(name, "")) for name in ("board", "title", "starts_at", "duration_min", "chair", "once")}
    try:
        made = await in_session(request, "conference.plan", _plan, actor(request), texts, now())
    except Invalid as error:
        return await _list_page(request, 422, errors={error.field: error.reason}, typed=texts)
    return redirect(request, f"/conferences/{made.id}" if made else "/conferences")


def _show(
    session: Session, who: Actor, conference_id: str, at: datetime, cut_off_hours: int
) -> dict[str, Any]:
    resource = conference_resource(session, conference_id)
    demand(who, Action.CONFERENCE_READ, resource)
    view = agenda_view(session, who, resource, at)
    waiting = [
        (one, title_of(questions(session, one.id), one.number)) for one in cases_of_boards(session, [resource.board_id])
        if one.state in ("triaged", "ready", "rolled_over")
    ] if view["planning"] else []
    there = view["sitting"].starts_at.astimezone(ZoneInfo(view["board"].time_zone))
    return view | {
        "readers": readers(session, conference_id) if view["planning"] else {},
        "waiting": waiting, "invited": panel(session, conference_id, at, cut_off_hours),
        "board_clock": f"{there:%Y-%m-%dT%H:%M}",
        "undo": to_undo(session, conference_id) if view["planning"] else None,
        "redo": to_redo(session, conference_id) if view["planning"] else None,
    }


async def show(request: Request) -> Response:
    """The agenda of one sitting; a second opinion without a meeting has a page of its own."""
    conference_id = request.path_params["conference_id"]
    if (await reading(request, conference, conference_id)).due_at is not None and actor(request).boards:
        return redirect(request, f"/second-opinions/{conference_id}")
    return await show_page(request)


async def show_page(request: Request, status: int = 200, wrong: Refused = NOTHING) -> Response:
    """The agenda of one sitting, with what could not be done."""
    hours = services(request).settings.agenda.cut_off_hours
    view = await reading(request, _show, actor(request), request.path_params["conference_id"], now(), hours)
    return page(request, "conferences/show.html", status_for(request, status), refused=wrong, **view)


def _add(session: Session, who: Actor, conference_id: str, texts: dict[str, str], at: datetime) -> None:
    resource = conference_resource(session, conference_id)
    demand(who, Action.CONFERENCE_PLAN, resource)
    minutes = whole("minutes", texts["minutes"])
    if not first_time(session, who, texts, at):
        return
    if texts["act"] == "break":
        with undoable(session, conference_id, who.person_id, at, "a break"):
            add_break(session, conference_id, whole("at_min", texts["at_min"]), minutes)
        return
    waiting = {one.id: one for one in cases_of_boards(session, [resource.board_id])}
    found = waiting.get(texts["case"])
    if found is None:
        raise Invalid("case", "Choose a case that waits for a sitting.")
    readiness = readiness_now(session, found, at)
    with undoable(session, conference_id, who.person_id, at, f"case {found.number} on the agenda"):
        schedule(session, conference_id, found.id, readiness, who.person_id, at, minutes=minutes)


def _change(
    session: Session, who: Actor, conference_id: str, item_id: str, texts: dict[str, str], at: datetime
) -> None:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    if texts["act"] not in _STEPS:
        raise Invalid("act", "There is no such button.")
    with undoable(session, conference_id, who.person_id, at, _STEPS[texts["act"]]):
        match texts["act"]:
            case "move":
                index, revision = whole("index", texts["index"]), whole("revision", texts["revision"])
                move_item(session, conference_id, item_id, index, revision)
            case "minutes":
                set_minutes(session, conference_id, item_id, whole("minutes", texts["minutes"]))
            case _:
                remove_item(session, conference_id, item_id, who.person_id, at)


async def _changed(
    request: Request, error: Invalid | NotNow | None, form: str = "", typed: dict[str, str] | None = None
) -> Response:
    conference_id = request.path_params["conference_id"]
    if error is not None:
        status = 422 if isinstance(error, Invalid) else 409
        return await show_page(request, status, refused(form, error, typed or {}))
    await services(request).rooms.sync_agenda(conference_id)
    if "hx-request" in request.headers:
        return await show_page(request)
    return redirect(request, f"/conferences/{conference_id}")


async def add(request: Request) -> Response:
    """Put a case or a break on the agenda."""
    form = await request.form()
    texts = {name: str(form.get(name, "")) for name in ("act", "case", "minutes", "at_min", "once")}
    conference_id = request.path_params["conference_id"]
    try:
        await in_session(request, "agenda.add", _add, actor(request), conference_id, texts, now())
    except (Invalid, NotNow) as error:
        return await _changed(request, error, texts["act"], texts)
    return await _changed(request, None)


async def change(request: Request) -> Response:
    """Move, re-time or remove one item."""
    form = await request.form()
    texts = {name: str(form.get(name, "")) for name in ("act", "index", "revision", "minutes")}
    conference_id, item_id = request.path_params["conference_id"], request.path_params["item_id"]
    try:
        await in_session(request, "agenda.change", _change, actor(request), conference_id, item_id, texts, now())
    except (Invalid, NotNow) as error:
        return await _changed(request, error, item_id, texts)
    return await _changed(request, None)


_STEPS = {"move": "a move", "minutes": "a change of minutes", "remove": "a removal"}
"""Button → what undo calls it."""


def _travel(session: Session, who: Actor, conference_id: str, act: str, step: str, at: datetime) -> None:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    (undo if act == "undo" else redo)(session, conference_id, step, who.person_id, at)


async def travel(request: Request) -> Response:
    """Undo the last change of the running order, or do an undone one again."""
    form, conference_id = await request.form(), request.path_params["conference_id"]
    act, step = request.url.path.rpartition("/")[2], str(form.get("step", ""))
    try:
        await in_session(request, f"agenda.{act}", _travel, actor(request), conference_id, act, step, now())
    except NotNow as error:
        return await _changed(request, error)
    return await _changed(request, None)


def _decide(session: Session, who: Actor, conference_id: str, act: str, at: datetime) -> None:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    if act == "cancel":
        cancel(session, conference_id, who.person_id, at)
    else:
        publish(session, conference_id)
        freeze_agenda(session, conference_id, at)
    announce_now(session, conference_id, at)


async def decide(request: Request) -> Response:
    """Publish the agenda, or call the sitting off."""
    act = request.url.path.rpartition("/")[2]
    conference_id = request.path_params["conference_id"]
    try:
        await in_session(request, f"conference.{act}", _decide, actor(request), conference_id, act, now())
    except NotNow as error:
        return await _changed(request, error)
    return await _changed(request, None)


def _respond(session: Session, who: Actor, conference_id: str, said: str, at: datetime) -> None:
    demand(who, Action.CONFERENCE_READ, conference_resource(session, conference_id))
    answer_as(session, conference_id, who.person_id, said, at)


async def answer(request: Request) -> Response:
    """Say whether one comes."""
    form, conference_id = await request.form(), request.path_params["conference_id"]
    await in_session(
        request, "conference.respond", _respond, actor(request), conference_id, str(form.get("answer", "")), now()
    )
    return redirect(request, f"/conferences/{conference_id}")


routes: list[BaseRoute] = [
    Route("/conferences", listed, methods=["GET"]),
    Route("/conferences", plan, methods=["POST"]),
    Route("/conferences/{conference_id}", show, methods=["GET"]),
    Route("/conferences/{conference_id}/items", add, methods=["POST"]),
    Route("/conferences/{conference_id}/items/{item_id}", change, methods=["POST"]),
    Route("/conferences/{conference_id}/undo", travel, methods=["POST"]),
    Route("/conferences/{conference_id}/redo", travel, methods=["POST"]),
    Route("/conferences/{conference_id}/publish", decide, methods=["POST"]),
    Route("/conferences/{conference_id}/cancel", decide, methods=["POST"]),
    Route("/conferences/{conference_id}/attendance", answer, methods=["POST"]),
]
