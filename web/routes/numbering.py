"""How a case's vertebrae are counted: marks on an image, versions, acceptance, and the labels for the viewer."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.errors import Invalid, ItemNotFound
from agenda.levels import VERTEBRAE, in_order
from agenda.numbering import CASTELLVI, LUMBAR, METHODS, RIB_BEARING, Method, Numbering, relabelled
from agenda.numberings import NumberingScheme, accept, numbering_of, propose, standing, versions
from agenda.people import Person
from conference.policy import Action, Actor, may
from web.access import actor, demand, in_session, note_read, reading
from web.cases.levels import Markable, anchors_from, as_lines, frames_json, labels_json, markable, resign_needed
from web.clock import now
from web.pages import done, page, status_for, wants_json
from web.resources import case_resource
from web.services import services


class Sent(BaseModel):
    """The form of a numbering."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    series: str = Field(default="", max_length=64)
    method: str = Field(default="", max_length=20)
    ribs: str = Field(default="12", max_length=2)
    lumbar: str = Field(default="5", max_length=2)
    castellvi: str = Field(default="", max_length=4)
    anchors: str = Field(default="", max_length=4000)
    why: str = Field(default="", max_length=2000)
    shown: str = Field(default="0", max_length=6)


def _view(session: Session, who: Actor, case_id: str, series: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.IMAGE_READ, resource)
    rows, stands, runs = versions(session, case_id), standing(session, case_id), markable(session, case_id)
    latest = rows[-1] if rows else None
    wanted = series or (latest.series_instance_uid if latest else "")
    run = next((one for one in runs if one.series.series_instance_uid == wanted), runs[0] if runs else None)
    return {
        "case": case(session, case_id), "standing": stands, "runs": runs, "run": run,
        "frames": frames_json(run.frames, case_id) if run else "[]",
        "history": [_line(session, row, rows) for row in reversed(rows)],
        "typed": _typed(latest, run), "shown": len(rows), "vertebrae": VERTEBRAE, "methods": METHODS,
        "transitions": CASTELLVI, "ribs": RIB_BEARING, "lumbar": LUMBAR, "resign": resign_needed(session, case_id),
        "may_propose": bool(may(who, Action.LEVELS_PROPOSE, resource)),
        "may_accept": bool(may(who, Action.LEVELS_ACCEPT, resource)),
    }


def _typed(latest: NumberingScheme | None, run: Markable | None) -> Sent:
    if latest is None:
        return Sent()
    return Sent(
        method=latest.method, ribs=str(latest.ribs), lumbar=str(latest.lumbar), castellvi=latest.castellvi,
        anchors=as_lines(latest, run) if run else "",
    )


def _line(session: Session, row: NumberingScheme, rows: list[NumberingScheme]) -> dict[str, Any]:
    before = [one for one in rows if one.version < row.version]
    changed = relabelled(numbering_of(before[-1]), numbering_of(row)) if before else frozenset[str]()
    marks = numbering_of(row).anchors
    return {
        "row": row, "method": METHODS[numbering_of(row).method], "by": _name(session, row.by_id),
        "accepted_by": _name(session, row.accepted_by_id), "latest": row is rows[-1], "changed": in_order(changed),
        "span": f"{marks[0].vertebra} to {marks[-1].vertebra}", "marks": len(marks),
    }


def _name(session: Session, person_id: str | None) -> str:
    found = session.get(Person, person_id) if person_id else None
    return found.name if found else ""


async def _page(request: Request, status: int = 200, **more: Any) -> Response:
    case_id = request.path_params["case_id"]
    series = more.pop("series", request.query_params.get("series", ""))
    view = await reading(request, _view, actor(request), case_id, series)
    return page(request, "numbering/show.html", status_for(request, status), **({"errors": {}} | view | more))


async def show(request: Request) -> Response:
    """The numbering of a case: what is in force, the form, and every version."""
    answer = await _page(request)
    await note_read(request, Action.IMAGE_READ, f"case {request.path_params['case_id']}")
    return answer


def _propose(session: Session, who: Actor, case_id: str, sent: Sent) -> None:
    demand(who, Action.LEVELS_PROPOSE, case_resource(session, case_id))
    run = next((one for one in markable(session, case_id) if one.series.series_instance_uid == sent.series), None)
    if run is None:
        raise Invalid("anchors", "Choose a series of this case whose images lie in the patient.")
    if not (sent.ribs.isdecimal() and sent.lumbar.isdecimal() and sent.shown.isdecimal()):
        raise Invalid("ribs", "Say how many vertebrae there are.")
    made = Numbering(
        cast(Method, sent.method), int(sent.ribs), int(sent.lumbar), sent.castellvi,
        run.frames[0].frame_of_reference_uid or "", anchors_from(sent.anchors, run),
    )
    propose(session, case_id, made, sent.series, sent.why, who.person_id, now(), shown=int(sent.shown))


async def send(request: Request) -> Response:
    """Propose a numbering: a new version that waits to be accepted."""
    case_id, form = request.path_params["case_id"], await request.form()
    sent = Sent.model_validate({name: value for name, value in form.items() if isinstance(value, str)})
    try:
        await in_session(request, "levels.propose", _propose, actor(request), case_id, sent)
    except Invalid as error:
        if wants_json(request):
            raise
        return await _page(request, 422, errors={error.field: error.reason}, typed=sent, series=sent.series)
    await services(request).rooms.announce_levels(case_id, "numbering")
    return done(request, f"/cases/{case_id}/numbering")


def _accept(session: Session, who: Actor, case_id: str, version: str) -> None:
    demand(who, Action.LEVELS_ACCEPT, case_resource(session, case_id))
    if not version.isdecimal():
        raise ItemNotFound(version)
    accept(session, case_id, int(version), who.person_id, now())


async def accepted(request: Request) -> Response:
    """Put the latest version in force."""
    case_id = request.path_params["case_id"]
    version = str(request.path_params["version"])
    await in_session(request, "levels.accept", _accept, actor(request), case_id, version)
    await services(request).rooms.announce_levels(case_id, "numbering")
    return done(request, f"/cases/{case_id}/numbering")


def _labels(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    demand(who, Action.IMAGE_READ, case_resource(session, case_id))
    stands = standing(session, case_id)
    return labels_json(stands)


async def levels(request: Request) -> Response:
    """Every numbered vertebra with its place in the patient."""
    found = await reading(request, _labels, actor(request), request.path_params["case_id"])
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/numbering", show, methods=["GET"]),
    Route("/cases/{case_id}/numbering", send, methods=["POST"]),
    Route("/cases/{case_id}/numbering/{version}/accept", accepted, methods=["POST"]),
    Route("/cases/{case_id}/levels.json", levels, methods=["GET"]),
]
