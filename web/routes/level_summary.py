"""The room's short look at a case: the numbering, opened grades with the board's kappa, the scores, and the plan."""

from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.clinical import spine
from agenda.clinical_scores import Given
from agenda.clinical_scores import standing as scores_of
from agenda.grades import Graded, opened, running_kappa
from agenda.grading import Agreement, gradings
from agenda.levels import in_order
from agenda.numberings import Standing
from agenda.plans import INTERVENTIONS, SurgicalPlan, plan_of
from conference.policy import Action, Actor
from web.access import actor, demand, note_read, reading
from web.cases.levels import level_facts
from web.cases.plan import LABELS
from web.resources import case_resource


def _summary(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    facts, inside = level_facts(session, case_id), resource.board_id in who.boards
    kappas = running_kappa(session, resource.board_id) if inside else {}
    return {
        "numbering": _standing(facts.standing), "method": facts.method, "resign": facts.resign,
        "grades": [_grade(one) for one in opened(session, case_id)],
        "kappas": [_kappa(key, found) for key, found in kappas.items()],
        "scores": [_score(one) for one in scores_of(session, case_id)],
        "plan": _plan(plan_of(session, case_id, "board") or plan_of(session, case_id, "proposed")),
    }


def _standing(stands: Standing) -> str:
    if stands.accepted is not None:
        return "accepted"
    if stands.proposed is None:
        return "missing"
    return "assumed" if stands.proposed.method == "assumed" else "proposed"


def _grade(one: Graded) -> dict[str, Any]:
    return {
        "where": f"{one.level} {one.side}".strip(), "name": gradings()[one.instrument].name, "apart": one.apart or 0,
        "grades": [f"{said.grade} ({spine().short(said.discipline)})" for said in one.grades],
    }


def _score(one: Given) -> dict[str, Any]:
    row = one.row
    return {
        "name": one.sheet.name, "where": row.level, "said": row.said, "band": row.band,
        "verified": row.status == "verified", "source": one.source,
    }


def _kappa(key: tuple[str, str, str], found: Agreement) -> dict[str, Any]:
    instrument, one, other = key
    value = found.linear if gradings()[instrument].ordered else found.plain
    return {
        "name": gradings()[instrument].name, "pair": f"{spine().short(one)} and {spine().short(other)}",
        "pairs": found.pairs, "kappa": value if found.enough else None,
    }


def _plan(plan: SurgicalPlan) -> dict[str, Any]:
    return {
        "index": plan.invasiveness,
        "columns": [
            {"key": one, "label": LABELS[one], "side": "back" if one.endswith("posterior") else "front"}
            for one in INTERVENTIONS
        ],
        "rows": [
            {"vertebra": name, "done": sorted(plan.interventions[name])}
            for name in in_order(name for name, done in plan.interventions.items() if done)
        ],
    }


async def summary(request: Request) -> Response:
    """What the room shows of a case's levels; nothing in it can be changed here."""
    case_id = request.path_params["case_id"]
    found = await reading(request, _summary, actor(request), case_id)
    await note_read(request, Action.CASE_READ, f"case {case_id}")
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


routes: list[BaseRoute] = [Route("/cases/{case_id}/levels-summary.json", summary, methods=["GET"])]
