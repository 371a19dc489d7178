"""What is no picture, on the case's pages and over its images: reports, PDFs, presentation states, segmentations."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.cases import studies_of
from conference.policy import Action, CaseResource
from imaging import studies
from imaging.display.kinds import kind_of, title_of
from imaging.display.overlay import Laid, laid
from imaging.display.shows import NotShown, Shows
from imaging.display.values import Segmentation
from imaging.errors import InstanceNotFound
from imaging.studies import Instance
from web.access import actor, demand, note_read, reading
from web.cases.objects import CaseObject, objects_of
from web.errors import problem
from web.pages import page
from web.resources import case_resource
from web.services import services

T = TypeVar("T")
_CACHE = "private, max-age=3600"
"""Objects never change; whether somebody may see them is asked again after an hour."""


def _listed(session: Session, case_id: str) -> tuple[CaseResource, list[CaseObject]]:
    return case_resource(session, case_id), objects_of(session, case_id)


def _find(session: Session, case_id: str, sop: str) -> tuple[CaseResource, Instance | None, str]:
    case = case_resource(session, case_id)
    try:
        row = studies.instance(session, sop)
        if row.held or studies.study_of_instance(session, sop) not in studies_of(session, case_id):
            return case, None, ""
    except InstanceNotFound:
        return case, None, ""
    kind = kind_of(row.sop_class_uid)
    described = studies.series(session, row.series_instance_uid).description
    return case, row, "" if kind is None else title_of(kind, row.sop_class_uid, described)


async def _object(request: Request) -> tuple[Instance, str]:
    """The object of the path and its title, for somebody who may read the images of the case."""
    case_id, sop = request.path_params["case_id"], request.path_params["sop"]
    case, row, title = await reading(request, _find, case_id, sop)
    demand(actor(request), Action.IMAGE_READ, case)
    if row is None:
        raise InstanceNotFound(sop)
    await note_read(request, Action.IMAGE_READ, f"case/{case_id}/object/{sop}")
    return row, title


def _laid(session: Session, said: Segmentation, case_id: str) -> list[Laid]:
    return laid(session, said, studies_of(session, case_id))


async def _shown(request: Request, work: Callable[[Shows], T]) -> T:
    """What a worker says, off the event loop; raises NotShown."""
    made = services(request)
    return await asyncio.to_thread(work, Shows(made.uploads.intake, made.vault))


async def listing(request: Request) -> Response:
    """The objects of a case, as the viewer lists them."""
    case, found = await reading(request, _listed, request.path_params["case_id"])
    demand(actor(request), Action.IMAGE_READ, case)
    return JSONResponse({"objects": msgspec.to_builtins(found)})


async def show(request: Request) -> Response:
    """A report as a readable page, or the pages of a PDF; or why it cannot be shown."""
    row, title = await _object(request)
    context: dict[str, Any] = {
        "case_id": request.path_params["case_id"], "sop": row.sop_instance_uid, "title": title, "report": None,
        "document": None, "reason": "",
    }
    try:
        if kind_of(row.sop_class_uid) == "report":
            context["report"] = await _shown(request, lambda shows: shows.report(row))
        else:
            context["document"] = await _shown(request, lambda shows: shows.document(row))
    except NotShown as why:
        return page(request, "documents/show.html", 422, **context | {"reason": str(why)})
    return page(request, "documents/show.html", **context)


async def part(request: Request) -> Response:
    """One page of a PDF, or one frame of a segmentation."""
    row, _ = await _object(request)
    number = request.path_params["frame"]
    picture = "image/webp" if kind_of(row.sop_class_uid) == "document" else "image/png"
    try:
        data = await _shown(request, lambda shows: shows.part(row, number)) if number else b""
    except NotShown as why:
        return problem(request, 422, str(why), code="not-shown")
    if not data:
        raise InstanceNotFound(row.sop_instance_uid)
    return Response(data, media_type=picture, headers={"Cache-Control": _CACHE})


async def download(request: Request) -> Response:
    """The PDF itself: never opened within the site, whatever it holds."""
    row, _ = await _object(request)
    if kind_of(row.sop_class_uid) != "document":
        raise InstanceNotFound(row.sop_instance_uid)
    try:
        data = await _shown(request, lambda shows: shows.part(row, 0))
    except NotShown as why:
        return problem(request, 422, str(why), code="not-shown")
    headers = {"Content-Disposition": 'attachment; filename="document.pdf"', "Cache-Control": "private, no-store"}
    return Response(data, media_type="application/pdf", headers=headers)


async def overlay(request: Request) -> Response:
    """What a presentation state or a segmentation lays over the images of the case."""
    row, title = await _object(request)
    try:
        if kind_of(row.sop_class_uid) == "presentation":
            state = await _shown(request, lambda shows: shows.presentation(row))
            return JSONResponse({"title": title, "presentation": msgspec.to_builtins(state)})
        said = await _shown(request, lambda shows: shows.segmentation(row))
    except NotShown as why:
        return problem(request, 422, str(why), code="not-shown")
    frames = await reading(request, _laid, said, request.path_params["case_id"])
    return JSONResponse({
        "title": title,
        "segmentation": {
            "label": said.label, "rows": said.rows, "columns": said.columns,
            "segments": msgspec.to_builtins(said.segments), "frames": msgspec.to_builtins(frames),
        },
    })


_PATH = "/cases/{case_id}/objects/{sop}"
routes: list[BaseRoute] = [
    Route("/cases/{case_id}/objects.json", listing),
    Route(_PATH, show),
    Route(f"{_PATH}/overlay.json", overlay),
    Route(f"{_PATH}/parts/{{frame:int}}", part),
    Route(f"{_PATH}/document.pdf", download),
]
