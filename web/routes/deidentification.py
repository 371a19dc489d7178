"""De-identification of a case: reports of what was changed, held images, and the page to black out what is burned in.

Held images are shown here to the people who may add images to the case, and to nobody else anywhere.
"""

import asyncio
import csv
import io
import logging
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import prefer_deidentified
from agenda.cases import case, studies_of
from agenda.ids import BoardId
from conference.policy import Action, Actor, BoardResource, may
from imaging.deidentify import records, review
from imaging.deidentify.records import Deidentification, changes
from imaging.deidentify.regions import Rectangle
from imaging.deidentify.review import RECTANGLES, Held, Looked, Reviewer
from imaging.errors import FrameNotFound, Refused
from imaging.pixels.stack import Stack
from web.access import actor, demand, in_session, note_read, reading
from web.clock import now
from web.images.admission import follow_up
from web.pages import page, redirect
from web.resources import case_resource
from web.services import services

log = logging.getLogger(__name__)

_PICTURE = 2048
"""Longer side of the picture that is looked through; writing is legible in it."""
Corner = Annotated[int, Field(ge=-65_536, le=65_536)]
Extent = Annotated[int, Field(ge=1, le=65_536)]
Boxes = TypeAdapter(Annotated[list[tuple[Corner, Corner, Extent, Extent]], Field(max_length=RECTANGLES)])


class Said(BaseModel):
    """What a person says of a held image."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    act: Annotated[str, Field(pattern="^(black-out|clear)$")]
    alike: bool = False
    """The same for all held images of the series that have its size."""


def _demand(session: Session, who: Actor, case_id: str, action: Action = Action.IMAGE_ADD) -> list[str]:
    """The studies of a case this person may do this with; raises Forbidden."""
    demand(who, action, case_resource(session, case_id))
    return studies_of(session, case_id)


def _overview(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    studies = _demand(session, who, case_id, Action.IMAGE_READ)
    looks = bool(may(who, Action.IMAGE_ADD, case_resource(session, case_id)))
    reports = records.reports_about(session, f"case:{case_id}/", studies)
    return {
        "case": case(session, case_id), "looks": looks, "held": review.held_in(session, studies) if looks else [],
        "reports": [(one, [(series, changes(series)) for series in one.series]) for one in reports],
    }


async def overview(request: Request) -> Response:
    """What was de-identified in a case, and what waits for somebody to look."""
    case_id = request.path_params["case_id"]
    view = await reading(request, _overview, actor(request), case_id)
    await note_read(request, Action.IMAGE_READ, f"case {case_id}")
    return page(request, "deidentification/overview.html", done=request.query_params.get("done") == "1", **view)


def _report(session: Session, who: Actor, case_id: str, report_id: str) -> Deidentification:
    studies = _demand(session, who, case_id, Action.IMAGE_READ)
    return records.report_about(session, report_id, f"case:{case_id}/", studies)


async def download(request: Request) -> Response:
    """One report as CSV; no removed value is in it, for none is kept."""
    params = request.path_params
    found = await reading(request, _report, actor(request), params["case_id"], params["report_id"])
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["series", "modality", "files", "attribute", "name", "done", "count"])
    for series in found.series:
        for one in changes(series):
            table.writerow([
                series["series_instance_uid"], series["modality"], series["files"], one.tag, one.name, one.done,
                one.count,
            ])
    headers = {"Content-Disposition": f'attachment; filename="de-identification-{found.at:%Y-%m-%d}.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _held(session: Session, who: Actor, case_id: str, sop: str) -> tuple[Held, Stack, list[Held]]:
    studies = _demand(session, who, case_id)
    return (
        review.held_one(session, sop, studies), review.held_stack(session, sop, studies),
        review.held_in(session, studies),
    )


async def look(request: Request) -> Response:
    """One held image with what a person needs to black out parts of it."""
    return await _look(request)


async def _look(request: Request, status: int = 200, error: str = "") -> Response:
    case_id, sop = request.path_params["case_id"], request.path_params["sop"]
    held, _stack, waiting = await reading(request, _held, actor(request), case_id, sop)
    found = await reading(request, case, case_id)
    reviewer = _reviewer(request)
    suggestion = await asyncio.to_thread(reviewer.suggestion, held.instance)
    await note_read(request, Action.IMAGE_READ, f"case/{case_id}/image/{sop}")
    place = [one.instance.sop_instance_uid for one in waiting].index(sop)
    return page(
        request, "deidentification/look.html", status, case=found, held=held, waiting=len(waiting), place=place + 1,
        suggestion=[[one.left, one.top, one.width, one.height] for one in suggestion], error=error,
    )


async def picture(request: Request) -> Response:
    """A frame of a held image, for the person who looks it through; kept by no browser."""
    case_id, sop, frame = (request.path_params[name] for name in ("case_id", "sop", "frame"))
    _one, stack, _waiting = await reading(request, _held, actor(request), case_id, sop)
    pictures = services(request).pictures
    shown = await pictures.opened(stack)
    where = stack.index_of(sop, frame)
    if where is None:
        raise FrameNotFound(f"{sop}/{frame}")
    drawn = await pictures.rendered(shown, where, _PICTURE)
    await note_read(request, Action.IMAGE_READ, f"case/{case_id}/image/{sop}/{frame}")
    return Response(drawn, media_type="image/webp", headers={"Cache-Control": "no-store"})


async def say(request: Request) -> Response:
    """Black boxes out, or say that nothing is burned in; either releases the image."""
    case_id, sop = request.path_params["case_id"], request.path_params["sop"]
    form = await request.form()
    demand(actor(request), Action.IMAGE_ADD, await reading(request, case_resource, case_id))
    try:
        said = Said(act=str(form.get("act", "")), alike=form.get("alike") == "yes")
        boxes = [Rectangle(*one) for one in Boxes.validate_json(str(form.get("boxes", "")) or "[]")]
    except ValidationError:
        return await _look(request, 422, f"Draw up to {RECTANGLES} boxes, or say that nothing is burned in.")
    if (said.act == "black-out") != bool(boxes):
        why = "Draw a box over the writing first." if not boxes else "There are boxes on the picture; remove them."
        return await _look(request, 422, why)
    try:
        studies = await _released(request, case_id, sop, boxes, alike=said.alike)
    except Refused as refusal:
        return await _look(request, 422, refusal.reason)
    for uid in studies:
        await follow_up(request, case_id, uid)
    waiting = await reading(request, _waiting, actor(request), case_id)
    if waiting:
        return redirect(request, f"/cases/{case_id}/held/{waiting[0]}")
    return redirect(request, f"/cases/{case_id}/deidentification?done=1")


async def _released(
    request: Request, case_id: str, sop: str, boxes: list[Rectangle], *, alike: bool
) -> list[str]:
    """Rewrite, commit, then remove what named the patient; gives the studies that grew."""
    who, made = actor(request), services(request)
    chosen = await reading(request, _chosen, who, case_id, sop, alike)
    looked: list[Looked] = []
    for held, stack in chosen:
        looked.append(await asyncio.to_thread(_reviewer(request).looked, stack, held.instance, boxes))
    gone = await in_session(
        request, "images.black-out" if boxes else "images.release", _replace, who, case_id, looked
    )
    for digest in gone:
        await asyncio.to_thread(made.vault.remove, digest)
        await asyncio.to_thread(made.pictures.forget, digest)
    return list(dict.fromkeys(held.series.study_instance_uid for held, _stack in chosen))


def _reviewer(request: Request) -> Reviewer:
    made = services(request)
    return Reviewer(made.uploads.intake, made.settings.imaging.worker)


def _chosen(session: Session, who: Actor, case_id: str, sop: str, alike: bool) -> list[tuple[Held, Stack]]:
    studies = _demand(session, who, case_id)
    chosen = review.alike(session, sop, studies) if alike else [review.held_one(session, sop, studies)]
    return [(one, review.held_stack(session, one.instance.sop_instance_uid, studies)) for one in chosen]


def _replace(session: Session, who: Actor, case_id: str, looked: list[Looked]) -> list[str]:
    _demand(session, who, case_id)
    return review.replace_held(session, looked, now())


def _waiting(session: Session, who: Actor, case_id: str) -> list[str]:
    return [one.instance.sop_instance_uid for one in review.held_in(session, _demand(session, who, case_id))]


async def prefer(request: Request) -> Response:
    """Say what a board wants of images sent to its cases; their senders may still choose otherwise."""
    board_id = str(request.path_params["board_id"])
    demand(actor(request), Action.BOARD_MANAGE, BoardResource(BoardId(board_id)))
    wanted = (await request.form()).get("deidentify") == "yes"
    await in_session(request, "board.prefer-deidentified", prefer_deidentified, board_id, wanted=wanted)
    return redirect(request, f"/boards/{board_id}")


_CASE = "/cases/{case_id}"
routes: list[BaseRoute] = [
    Route(_CASE + "/deidentification", overview),
    Route(_CASE + "/deidentification/{report_id}.csv", download),
    Route(_CASE + "/held/{sop}", look, methods=["GET"]),
    Route(_CASE + "/held/{sop}", say, methods=["POST"]),
    Route(_CASE + "/held/{sop}/{frame:int}.webp", picture),
    Route("/boards/{board_id}/deidentify", prefer, methods=["POST"]),
]
