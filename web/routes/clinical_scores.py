"""Clinical scores of a case: one page for all sheets, each filled in, worked out, corrected or taken back."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.clinical_scores import LONGEST, OVER, Given, Unfit, enter, given, sheet_of, take_back
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.scores.readings import DOSE_FIELDS, checked, come_to, parts, so_far
from agenda.scores.sheets import Sheet, drugs, sheets
from conference.policy import Action, Actor, may
from web.access import actor, demand, in_session, note_read, reading
from web.clock import now
from web.once import first_time
from web.pages import page, redirect, status_for, wants_json
from web.resources import case_resource

ROWS = 3
"""Rows for opioids a fresh sheet begins with."""
Texts = Mapping[str, str]


def _allowed(session: Session, who: Actor, case_id: str) -> bool:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    return bool(may(who, Action.SCORE_GIVE, resource)) and case(session, case_id).state not in OVER


def _list(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    gives = _allowed(session, who, case_id)
    return {
        "case": case(session, case_id), "given": given(session, case_id), "gives": gives, "longest": LONGEST,
        "groups": [(name, list(found)) for name, found in groupby(sheets().values(), key=lambda one: one.group)],
    }


async def _listed(request: Request, status: int = 200, **more: Any) -> Response:
    view = await reading(request, _list, actor(request), request.path_params["case_id"])
    return page(
        request, "clinical_scores/list.html", status_for(request, status),
        **({"errors": {}, "typed": {}, "about": ""} | view | more),
    )


async def listed(request: Request) -> Response:
    """What was entered, and everything that can be."""
    answer = await _listed(request)
    await note_read(request, Action.CASE_READ, f"case {request.path_params['case_id']}")
    return answer


def _form(session: Session, who: Actor, case_id: str, key: str, corrects: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    demand(who, Action.SCORE_GIVE, resource)
    sheet = sheet_of(key)
    old = next((one for one in given(session, case_id) if one.row.id == corrects), None) if corrects else None
    if corrects and (old is None or old.taken_back or old.sheet.key != key):
        old = _replaced(session, case_id, corrects)
    return {"case": case(session, case_id), "sheet": sheet, "old": old, "corrects": corrects}


def _replaced(session: Session, case_id: str, entry_id: str) -> Given:
    """An entry somebody corrected meanwhile; raises ItemNotFound for one that never was."""
    found = next((one for last in given(session, case_id) for one in last.earlier if one.row.id == entry_id), None)
    if found is None:
        raise ItemNotFound(entry_id)
    return found


def _start(old: Given | None, at: datetime) -> dict[str, str]:
    if old is None:
        return {"as_of": at.date().isoformat()}
    return {**old.row.answers, "level": old.row.level, "as_of": old.row.as_of.isoformat()}


def _rows(sheet: Sheet, typed: Texts, more: int) -> int:
    filled = [row + 1 for row in range(sheet.doses) if any(typed.get(f"{row}.{name}") for name in DOSE_FIELDS)]
    asked = next((row for row in range(sheet.doses + 1) if typed.get("rows") == str(row)), 0)
    return min(sheet.doses, max(ROWS, asked, *filled) + more)


async def _page(
    request: Request, typed: Texts | None, status: int = 200, *, errors: Texts | None = None, stop: str = "",
    more: int = 0, corrects: str = "",
) -> Response:
    key, at = request.path_params["sheet"], now()
    view = await reading(request, _form, actor(request), request.path_params["case_id"], key, corrects)
    shown = _start(view["old"], at) if typed is None else typed
    return page(
        request, "clinical_scores/enter.html", status_for(request, status), typed=shown, errors=errors or {}, stop=stop,
        drugs=drugs(), rows=_rows(view["sheet"], shown, more), longest=LONGEST, today=at.date(),
        **_worked_out(view["sheet"], shown), **view,
    )


def _worked_out(sheet: Sheet, typed: Texts) -> dict[str, Any]:
    """What the answers come to until now, and what is still open or contradicts itself."""
    answers, wrong = checked(sheet, typed)
    told: dict[str, Any] = {"came": None, "so_far": so_far(sheet, answers), "lines": (), "wrong": ""}
    if sheet.doses:
        told["lines"] = parts(sheet, answers)
    if not wrong or (sheet.doses and answers):
        try:
            told["came"] = come_to(sheet, answers)
        except Invalid as error:
            told["wrong"] = error.reason
    return told


async def _texts(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def show(request: Request) -> Response:
    """One sheet, empty or with the answers of the entry it corrects."""
    answer = await _page(request, None, corrects=request.query_params.get("corrects", ""))
    await note_read(request, Action.CASE_READ, f"case {request.path_params['case_id']}")
    return answer


def _enter(session: Session, who: Actor, case_id: str, key: str, texts: Texts, at: datetime) -> None:
    demand(who, Action.CASE_READ, case_resource(session, case_id))
    demand(who, Action.SCORE_GIVE, case_resource(session, case_id))
    if first_time(session, who, texts, at):
        enter(session, case_id, key, texts, who.person_id, at, replaces=texts.get("corrects") or None)


async def keep(request: Request) -> Response:
    """Keep a filled sheet, work out what it comes to, or give it one more row."""
    case_id, key, texts = request.path_params["case_id"], request.path_params["sheet"], await _texts(request)
    corrects = texts.get("corrects", "")
    if texts.get("do") in ("row", "sum"):
        return await _page(request, texts, corrects=corrects, more=texts["do"] == "row")
    try:
        await in_session(request, "score.give", _enter, actor(request), case_id, key, texts, now())
    except Unfit as error:
        if wants_json(request):
            raise
        return await _page(request, texts, 422, errors=error.wrong, corrects=corrects)
    except NotNow as error:
        if wants_json(request):
            raise
        return await _page(request, texts, 409, stop=error.reason, corrects=corrects)
    return redirect(request, f"/cases/{case_id}/clinical-scores#given")


async def worked_out(request: Request) -> Response:
    """What the answers come to, while they are given: nothing is kept."""
    case_id, texts = request.path_params["case_id"], await _texts(request)
    view = await reading(request, _form, actor(request), case_id, request.path_params["sheet"], "")
    return page(request, "clinical_scores/_reading.html", sheet=view["sheet"], **_worked_out(view["sheet"], texts))


def _take_back(session: Session, who: Actor, case_id: str, texts: Texts, at: datetime) -> None:
    demand(who, Action.CASE_READ, case_resource(session, case_id))
    demand(who, Action.SCORE_GIVE, case_resource(session, case_id))
    if first_time(session, who, texts, at):
        take_back(session, case_id, texts.get("entry", ""), texts.get("why", ""), who.person_id, at)


async def taken_back(request: Request) -> Response:
    """Say that an entry does not stand, and why."""
    case_id, texts = request.path_params["case_id"], await _texts(request)
    try:
        await in_session(request, "score.take-back", _take_back, actor(request), case_id, texts, now())
    except (Invalid, NotNow) as error:
        if wants_json(request):
            raise
        field = error.field if isinstance(error, Invalid) else ""
        return await _listed(
            request, 422 if field else 409, errors={field: error.reason}, typed=texts, about=texts.get("entry", "")
        )
    return redirect(request, f"/cases/{case_id}/clinical-scores#given")


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/clinical-scores", listed, methods=["GET"]),
    Route("/cases/{case_id}/clinical-scores", taken_back, methods=["POST"]),
    Route("/cases/{case_id}/clinical-scores/{sheet}", show, methods=["GET"]),
    Route("/cases/{case_id}/clinical-scores/{sheet}", keep, methods=["POST"]),
    Route("/cases/{case_id}/clinical-scores/{sheet}/reading", worked_out, methods=["POST"]),
]
