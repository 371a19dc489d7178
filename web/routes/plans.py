"""The operation as a grid of vertebra and intervention: what the board recommends and what was performed."""

from collections.abc import Mapping
from typing import Any, cast

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.numberings import numbering_of, standing
from agenda.plans import (
    FEATURES,
    INTERVENTIONS,
    STAGES,
    Stage,
    SurgicalPlan,
    difference,
    keep_plan,
    parse_plan,
    plan_of,
    revision_of,
)
from conference.policy import Action, Actor, may
from web.access import actor, demand, in_session, note_read, reading
from web.cases.plan import LABELS, PARTS, changes_at, rows_of
from web.clock import now
from web.pages import done, page, status_for, wants_json
from web.resources import case_resource
from web.services import services

STAGE_NAMES: Mapping[Stage, str] = {"proposed": "Proposed", "board": "The board's plan", "performed": "Performed"}


def _view(session: Session, who: Actor, case_id: str, named: str, part: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    stage = _stage(named)
    found, plans = case(session, case_id), {one: plan_of(session, case_id, one) for one in STAGES}
    before = plans["proposed"] if stage == "board" else plans["board"]
    stands = standing(session, case_id)
    return {
        "case": found, "stage": stage, "stages": STAGE_NAMES, "plans": plans, "plan": plans[stage], "before": before,
        "difference": difference(before, plans[stage]), "interventions": INTERVENTIONS, "labels": LABELS,
        "features": FEATURES, "revision": revision_of(session, case_id, stage), "part": part, "parts": PARTS,
        "rows": rows_of(part, plans.values(), numbering_of(stands.accepted).vertebrae if stands.accepted else None),
        "numbered": stands.accepted is not None,
        "may_edit": bool(may(who, Action.PLAN_DECIDE, resource)) and changes_at(found.state, stage),
        "closed": not changes_at(found.state, stage),
    }


def _stage(named: str) -> Stage:
    if named not in ("board", "performed"):
        raise ItemNotFound(named)
    return cast(Stage, named)


async def _page(request: Request, status: int = 200, **more: Any) -> Response:
    part = more.pop("part", request.query_params.get("part", "lumbar"))
    view = await reading(
        request, _view, actor(request), request.path_params["case_id"], request.path_params["stage"],
        part if part in PARTS else "lumbar",
    )
    return page(request, "plans/show.html", status_for(request, status), **({"errors": {}} | view | more))


async def show(request: Request) -> Response:
    """The grid at one stage, with its index and how it departs from the stage before."""
    answer = await _page(request)
    await note_read(request, Action.CASE_READ, f"case {request.path_params['case_id']}")
    return answer


def _keep(session: Session, who: Actor, case_id: str, stage: Stage, plan: SurgicalPlan, shown: int) -> None:
    demand(who, Action.PLAN_DECIDE, case_resource(session, case_id))
    if not changes_at(case(session, case_id).state, stage):
        reason = "The recommendation is signed: its plan stays as it is." if stage == "board" else (
            "What was performed is written down once the recommendation is signed.")
        raise NotNow("plan-closed", reason)
    keep_plan(session, case_id, stage, plan, who.person_id, now(), shown=shown)


def _allowed(session: Session, who: Actor, case_id: str, named: str) -> Stage:
    demand(who, Action.PLAN_DECIDE, case_resource(session, case_id))
    return _stage(named)


def _revision(text: str) -> int:
    if not text.isdecimal():
        raise Invalid("plan", "This form was not made here; load the page again.")
    return int(text)


async def keep(request: Request) -> Response:
    """Keep the grid that was sent."""
    case_id, form = request.path_params["case_id"], await request.form()
    stage = await reading(request, _allowed, actor(request), case_id, request.path_params["stage"])
    grid: dict[str, list[str]] = {}
    for text in (value for value in form.getlist("cell") if isinstance(value, str)):
        name, _, wanted = text.partition(".")
        grid.setdefault(name, []).append(wanted)
    marked = [value for value in form.getlist("feature") if isinstance(value, str)]
    part, shown = str(form.get("part", "lumbar")), str(form.get("revision", "0"))
    try:
        plan = parse_plan(grid, marked)
        await in_session(request, "plan.decide", _keep, actor(request), case_id, stage, plan, _revision(shown))
    except Invalid as error:
        if wants_json(request):
            raise
        sent = {name: frozenset(done) for name, done in grid.items()}
        return await _page(request, 422, errors={error.field: error.reason}, part=part, sent=sent)
    await services(request).rooms.announce_levels(case_id, "plan")
    return done(request, f"/cases/{case_id}/plans/{stage}?part={part if part in PARTS else 'lumbar'}")


def _copy(session: Session, who: Actor, case_id: str, stage: Stage) -> None:
    source: Stage = "proposed" if stage == "board" else "board"
    shown = revision_of(session, case_id, stage)
    _keep(session, who, case_id, stage, plan_of(session, case_id, source), shown)


async def copy(request: Request) -> Response:
    """Begin with the plan of the stage before."""
    case_id = request.path_params["case_id"]
    stage = await reading(request, _allowed, actor(request), case_id, request.path_params["stage"])
    await in_session(request, "plan.decide", _copy, actor(request), case_id, stage)
    await services(request).rooms.announce_levels(case_id, "plan")
    return done(request, f"/cases/{case_id}/plans/{stage}")


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/plans/{stage}", show, methods=["GET"]),
    Route("/cases/{case_id}/plans/{stage}", keep, methods=["POST"]),
    Route("/cases/{case_id}/plans/{stage}/copy", copy, methods=["POST"]),
]
