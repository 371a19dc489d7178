"""A case's levels as the room and the viewer work with them: the numbering, the grades this person may see, the plan.

What is sent goes to the routes of the numbering, the grades and the plan; this only reads.
"""

from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.clinical import spine
from agenda.clinical_scores import Given
from agenda.clinical_scores import standing as scores_of
from agenda.grades import Graded, running_kappa, seen
from agenda.grading import Agreement, Grading, gradings
from agenda.levels import VERTEBRAE, in_order
from agenda.numbering import CASTELLVI, LUMBAR, METHODS, RIB_BEARING
from agenda.numberings import NumberingScheme, Standing, numbering_of
from agenda.people import Person
from agenda.plans import FEATURES, INTERVENTIONS, SurgicalPlan, plan_of, revision_of
from conference.policy import Action, Actor, CaseResource, may
from web.access import actor, demand, note_read, reading
from web.cases.levels import gradable, level_facts
from web.cases.plan import LABELS, PARTS, changes_at, rows_of
from web.resources import case_resource


def _summary(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    facts = level_facts(session, case_id)
    kappas = running_kappa(session, resource.board_id) if resource.board_id in who.boards else {}
    return {
        "resign": facts.resign,
        "numbering": _numbering(session, who, resource, facts.standing, facts.method),
        "grades": {
            "may_give": bool(may(who, Action.GRADE_GIVE, resource)),
            "places": [_place(one, who.person_id) for one in seen(session, case_id, who.person_id)],
            "kappas": [_kappa(key, found) for key, found in kappas.items()],
            "instruments": [_instrument(one, facts.standing) for one in gradings().values()],
        },
        "scores": [_score(one) for one in scores_of(session, case_id)],
        "plan": _plan(session, who, resource, case_id, facts.standing),
    }


def _numbering(
    session: Session, who: Actor, resource: CaseResource, stands: Standing, method: str
) -> dict[str, Any]:
    return {
        "state": stands.state, "method": method, "contested": stands.contested,
        "shown": 0 if stands.latest is None else stands.latest.version,
        "latest": None if stands.latest is None else _version(session, stands.latest),
        "may_propose": bool(may(who, Action.LEVELS_PROPOSE, resource)),
        "may_accept": bool(may(who, Action.LEVELS_ACCEPT, resource)),
        "vertebrae": VERTEBRAE, "ribs": RIB_BEARING, "lumbar": LUMBAR,
        "methods": list(METHODS.items()), "castellvi": list(CASTELLVI.items()),
    }


def _version(session: Session, row: NumberingScheme) -> dict[str, Any]:
    by = session.get(Person, row.by_id)
    return {
        "version": row.version, "waits": row.accepted_at is None, "by": by.name if by else "", "why": row.why,
        "method": row.method, "ribs": row.ribs, "lumbar": row.lumbar, "castellvi": row.castellvi,
        "series": row.series_instance_uid, "frame_of_reference": row.frame_of_reference, "anchors": row.anchors,
    }


def _place(one: Graded, viewer_id: str) -> dict[str, Any]:
    return {
        "instrument": one.instrument, "name": gradings()[one.instrument].name, "level": one.level, "side": one.side,
        "opened": one.opened, "apart": one.apart or 0,
        "grades": [
            {"discipline": spine().short(said.discipline), "grade": said.grade, "own": said.grader_id == viewer_id}
            for said in one.grades
        ],
    }


def _instrument(one: Grading, stands: Standing) -> dict[str, Any]:
    return {
        "key": one.key, "name": one.name, "about": one.about, "source": one.source, "status": one.status,
        "sided": one.sided, "modalities": one.modalities, "planes": one.planes, "levels": gradable(stands, one),
        "grades": [{"key": grade.key, "label": grade.label} for grade in one.grades],
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


def _plan(session: Session, who: Actor, resource: CaseResource, case_id: str, stands: Standing) -> dict[str, Any]:
    board, proposed = plan_of(session, case_id, "board"), plan_of(session, case_id, "proposed")
    opened = changes_at(case(session, case_id).state, "board")
    known = numbering_of(stands.accepted).vertebrae if stands.accepted else None
    return {
        "may_change": opened and bool(may(who, Action.PLAN_DECIDE, resource)), "closed": not opened,
        "revision": revision_of(session, case_id, "board"), "board": _grid(board), "proposed": _grid(proposed),
        "features": sorted(board.features), "feature_names": FEATURES,
        "columns": [
            {"key": one, "label": LABELS[one], "side": "back" if one.endswith("posterior") else "front"}
            for one in sorted(INTERVENTIONS, key=list(LABELS).index)
        ],
        "parts": [
            {"key": part, "name": name, "rows": rows_of(part, (board, proposed), known)}
            for part, name in PARTS.items()
        ],
    }


def _grid(plan: SurgicalPlan) -> dict[str, Any]:
    """`cells`: ``L4.fusion-posterior``, from the head down."""
    return {
        "index": plan.invasiveness, "words": plan.in_words(),
        "cells": [
            f"{name}.{one}" for name in in_order(plan.interventions) for one in INTERVENTIONS
            if one in plan.interventions[name]
        ],
    }


async def summary(request: Request) -> Response:
    """What the room shows of a case's levels; a grade that is still sealed is in it for its giver alone."""
    case_id = request.path_params["case_id"]
    found = await reading(request, _summary, actor(request), case_id)
    await note_read(request, Action.CASE_READ, f"case {case_id}")
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


routes: list[BaseRoute] = [Route("/cases/{case_id}/levels-summary.json", summary, methods=["GET"])]
