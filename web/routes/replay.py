"""The replay of a case: a page that plays it, its entries, and the export as signed JSON and PDF."""

import hashlib
from collections.abc import Iterable
from typing import Any

import anyio.to_thread
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.conferences import conference, conferences_of_case
from agenda.errors import ConferenceNotFound
from agenda.people import disciplines
from conference.outcome.course import course_of, course_pdf, record_of, rooms_of, signed_course
from conference.policy import Action, Actor, may
from imaging.errors import NotFound
from imaging.studies import frame, instance
from web.access import actor, demand, note_read, reading
from web.pages import page
from web.resources import case_resource
from web.services import services


def _sittings(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    rooms = rooms_of(session, conferences_of_case(session, case_id), case_id)
    return {
        "case": case(session, case_id), "sittings": [conference(session, key) for key in rooms],
        "takes": bool(may(who, Action.CASE_EXPORT, resource)),
    }


async def show(request: Request) -> Response:
    """The page; of several conferences the one asked for, else the latest."""
    case_id = request.path_params["case_id"]
    view = await reading(request, _sittings, actor(request), case_id)
    wanted = request.query_params.get("conference", "")
    chosen = next((one for one in view["sittings"] if one.id == wanted), next(iter(view["sittings"]), None))
    await note_read(request, Action.CASE_READ, f"case/{case_id}/replay")
    return page(request, "replay/show.html", chosen=chosen, **view)


def _entries(session: Session, who: Actor, case_id: str, conference_id: str) -> dict[str, Any]:
    _demand(session, who, Action.CASE_READ, case_id, conference_id)
    found = course_of(session, conference_id, case_id)
    return {
        "case": case_id, "entries": found, "frames": list(_frames(session, found)),
        "disciplines": [
            {"code": one.code, "name": one.name, "colour": one.colour, "shape": one.shape}
            for one in disciplines(session)
        ],
    }


def _demand(session: Session, who: Actor, action: Action, case_id: str, conference_id: str) -> None:
    demand(who, action, case_resource(session, case_id))
    if conference_id not in rooms_of(session, conferences_of_case(session, case_id), case_id):
        raise ConferenceNotFound(conference_id)


def _frames(session: Session, entries: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The extent of every frame that was shown, for drawing over it."""
    wanted: dict[tuple[str, int], None] = {}
    for entry in entries:
        if entry["event"]["type"] == "shown":
            view = entry["event"]["viewport"]
            wanted |= {(one["sop_instance_uid"], one["frame"]): None for one in (view, *view["beside"]) if one}
    for sop, number in wanted:
        try:
            row = instance(session, sop)
            found = frame(row, number)
        except NotFound:
            continue
        if row.held:
            continue
        millimetres = bool(found.row_spacing_mm and found.column_spacing_mm)
        yield {
            "sop_instance_uid": sop, "frame": number, "rows": row.rows, "columns": row.columns,
            "row_spacing_mm": found.row_spacing_mm, "column_spacing_mm": found.column_spacing_mm,
            "spacing_source": None if found.spacing_source == "none" else found.spacing_source, "position": None,
            "aspect": (found.row_spacing_mm or 1) / (found.column_spacing_mm or 1) if millimetres else row.aspect or 1,
        }


async def entries(request: Request) -> Response:
    """What the player plays."""
    case_id, conference_id = request.path_params["case_id"], request.path_params["conference_id"]
    found = await reading(request, _entries, actor(request), case_id, conference_id)
    await note_read(request, Action.CASE_READ, f"case/{case_id}/replay")
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


def _record(session: Session, who: Actor, case_id: str, conference_id: str) -> dict[str, Any]:
    _demand(session, who, Action.CASE_EXPORT, case_id, conference_id)
    return record_of(session, conference_id, case_id)


async def _taken(request: Request) -> dict[str, Any]:
    case_id, conference_id = request.path_params["case_id"], request.path_params["conference_id"]
    found = await reading(request, _record, actor(request), case_id, conference_id)
    await note_read(request, Action.CASE_EXPORT, f"case/{case_id}/replay")
    return found


async def signed(request: Request) -> Response:
    """The replay as signed JSON, with the seal of its PDF; `consilium verify` checks both."""
    found = await _taken(request)
    paper = await anyio.to_thread.run_sync(course_pdf, found)
    content = signed_course(found, hashlib.sha256(paper).hexdigest(), services(request).signer)
    return _file(content, "application/json", f"replay-case-{found['case']['number']}.json")


async def printed(request: Request) -> Response:
    """The replay as PDF, whose seal the signed JSON holds."""
    found = await _taken(request)
    paper = await anyio.to_thread.run_sync(course_pdf, found)
    return _file(paper, "application/pdf", f"replay-case-{found['case']['number']}.pdf")


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)


_ONE = "/cases/{case_id}/replay/{conference_id}"
routes: list[BaseRoute] = [
    Route("/cases/{case_id}/replay", show, methods=["GET"]),
    Route(f"{_ONE}/entries.json", entries, methods=["GET"]),
    Route(f"{_ONE}/signed.json", signed, methods=["GET"]),
    Route(f"{_ONE}/replay.pdf", printed, methods=["GET"]),
]
