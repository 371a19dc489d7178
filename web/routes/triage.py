"""Triage: one list, five lanes, what is missing with one-click asks, and the way onto an agenda."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.alarms import Alarm, alarm_of
from agenda.cases import case, cases_of_study
from agenda.complexity import Estimate
from agenda.conferences import offered
from agenda.errors import Invalid, NotNow
from agenda.expected import board_pace, expected
from agenda.ids import BoardId
from agenda.policies import FORM_ITEMS, record_evidence
from agenda.readiness import Readiness
from agenda.referrals import open_asks
from agenda.rollovers import RolledOver, rolled_over
from agenda.triage import (
    LANES,
    ask_for,
    call_in,
    put_in_lane,
    readiness_of,
    schedule,
    settle_readiness,
    waiting_days,
    waive,
    worklist,
)
from agenda.triggers import Fired, mandatory
from agenda.undo import undoable
from conference.policy import Action, Actor, BoardResource, CaseResource, may
from imaging.arrivals import waiting
from web.access import Forbidden, actor, demand, in_session, reading
from web.cases.facts import CaseRow, readiness_now, row_of, study_facts
from web.cases.triage import Bulk, act_on_all
from web.clock import now
from web.pages import page, redirect, status_for
from web.refused import NOTHING, refused
from web.resources import case_resource
from web.routes.conferences import whole
from web.services import services


@dataclass(frozen=True, slots=True)
class Line:
    """One case on the triage list."""

    row: CaseRow
    readiness: Readiness
    days: int
    """Days with the board, the referrer's answering time left out."""
    asked: frozenset[str]
    """Form fields the referrer has been asked about and not answered."""
    questions: list[str]
    """Disciplines the questions are addressed to."""
    alarm: Alarm | None
    waivable: frozenset[str]
    """Policy items this person may waive."""
    resource: CaseResource
    mandatory: tuple[Fired, ...]
    """Why the board must discuss it in full."""
    expected: Estimate
    rolled: RolledOver | None


def triaging_boards(who: Actor) -> list[str]:
    """The boards whose triage this person does."""
    return [board for board in who.boards if may(who, Action.CASE_TRIAGE, BoardResource(BoardId(board)))]


def _work(session: Session, who: Actor, at: datetime) -> dict[str, Any]:
    boards = triaging_boards(who)
    paces = {board_id: board_pace(session, board_id) for board_id in boards}
    lines = [_line(session, who, found.id, at, paces[found.board_id]) for found in worklist(session, boards)]
    arrived = sum(not cases_of_study(session, one.study_instance_uid) for one in waiting(session, boards))
    return {"lines": lines, "sittings": offered(session, boards, at), "arrived": arrived, "form_items": FORM_ITEMS}


def _line(session: Session, who: Actor, case_id: str, at: datetime, pace: float) -> Line:
    found, resource = case(session, case_id), case_resource(session, case_id)
    studies = study_facts(session, case_id)
    readiness = readiness_of(session, found, studies, at.date())
    role = str(who.boards.get(resource.board_id, ""))
    addressed = [fact.reason for fact in readiness.items if fact.item.key == "question" and fact.state == "current"]
    return Line(
        row=row_of(session, found), readiness=readiness, days=waiting_days(session, found, at),
        asked=frozenset(ask.field for ask in open_asks(session, case_id)), questions=addressed,
        alarm=alarm_of(session, case_id),
        waivable=frozenset(one.item.key for one in readiness.open if role in one.item.waived_by), resource=resource,
        mandatory=mandatory(session, case_id),
        expected=expected(session, found, studies, pace), rolled=rolled_over(session, case_id, at),
    )


def _demand_some_board(who: Actor) -> None:
    if not triaging_boards(who):
        raise Forbidden("Triage is done by the chair and the coordinator of a board.")


async def listed(request: Request) -> Response:
    """Everything that waits, urgent first, then longest waiting."""
    who = actor(request)
    _demand_some_board(who)
    lane = request.query_params.get("lane", "")
    return await triage_page(request, lane=lane)


async def triage_page(request: Request, status: int = 200, *, lane: str = "", **more: Any) -> Response:
    """The list, with what became of a press of a button."""
    view = await reading(request, _work, actor(request), now())
    lines: list[Line] = view["lines"]
    counts: dict[str, int] = {key: sum(line.row.case.lane == key for line in lines) for key in LANES}
    counts["new"] = sum(line.row.case.lane is None for line in lines)
    shown = [line for line in lines if not lane or (line.row.case.lane or "new") == lane]
    context: dict[str, Any] = {
        "lanes": LANES, "lane": lane, "counts": counts, "total": len(lines), "error": "", "held": "", "bulk": None,
        "refused": NOTHING,
        "chosen": frozenset(), "typed": {}, "did": "",
    }
    return page(request, "triage/list.html", status_for(request, status), **(context | view | {"lines": shown} | more))


def _act(session: Session, who: Actor, case_id: str, act: str, texts: dict[str, str], at: datetime) -> str:
    """Do one thing to a case; the conference whose agenda changed, or empty."""
    resource, found = case_resource(session, case_id), case(session, case_id)
    if act == "call-in":
        demand(who, Action.BOARD_READ, BoardResource(resource.board_id))
        call_in(session, case_id, texts["reason"], who.person_id, at)
        return ""
    demand(who, Action.CASE_TRIAGE, resource)
    readiness = readiness_now(session, found, at)
    match act:
        case "lane":
            lane, why = texts["lane"], texts["reason"]
            put_in_lane(session, case_id, lane, why, who.person_id, at, ready=readiness.ready)
        case "ask":
            ask_for(session, case_id, texts["item"], who.person_id, at)
        case "waive":
            role = str(who.boards[resource.board_id])
            waive(session, case_id, texts["item"], texts["reason"], role, who.person_id, at)
            settle_readiness(session, found, readiness_now(session, found, at), who.person_id, at)
        case "evidence":
            record_evidence(session, case_id, texts["item"], texts["detail"], texts["as_of"], who.person_id, at)
            settle_readiness(session, found, readiness_now(session, found, at), who.person_id, at)
        case "schedule":
            demand(who, Action.CONFERENCE_PLAN, BoardResource(resource.board_id))
            minutes = whole("minutes", texts["minutes"])
            with undoable(session, texts["conference"], who.person_id, at, f"case {found.number} on the agenda"):
                schedule(session, texts["conference"], case_id, readiness, who.person_id, at, minutes=minutes)
            return texts["conference"]
        case _:
            raise Invalid("act", "There is no such button.")
    return ""


async def act(request: Request) -> Response:
    """One button of the list: a lane, an ask, a waiver, a place on an agenda, or a call-in."""
    case_id, form = request.path_params["case_id"], await request.form()
    names = ("lane", "reason", "item", "conference", "minutes", "detail", "as_of")
    texts = {name: str(form.get(name, "")) for name in names}
    doing, lane = str(form.get("act", "")), str(form.get("show", ""))
    try:
        changed = await in_session(request, f"triage.{doing}", _act, actor(request), case_id, doing, texts, now())
    except (Invalid, NotNow) as error:
        status, about = 422 if isinstance(error, Invalid) else 409, f"{doing}:{case_id}:{texts['item']}"
        return await triage_page(request, status, lane=lane, held=case_id, refused=refused(about, error, texts))
    if changed:
        await services(request).rooms.sync_agenda(changed)
    if doing == "call-in":
        return redirect(request, f"/cases/{case_id}")
    if "hx-request" in request.headers:
        return await triage_page(request, lane=lane, did="Done.")
    return redirect(request, f"/triage?lane={lane}" if lane else "/triage")


async def act_together(request: Request) -> Response:
    """One button for several cases of the list; the page says what became of each."""
    who, form = actor(request), await request.form()
    _demand_some_board(who)
    chosen = [str(key) for key in form.getlist("shown" if form.get("all") else "case")]
    texts = {name: str(form.get(name, "")) for name in ("lane", "reason", "conference")}
    act, lane = str(form.get("act", "")), str(form.get("show", ""))
    keep, cut_off = frozenset(chosen), timedelta(hours=services(request).settings.agenda.cut_off_hours)
    try:
        bulk: Bulk = await in_session(request, f"triage.{act}", act_on_all, who, chosen, act, texts, now(), cut_off)
    except Invalid as error:
        return await triage_page(request, 422, lane=lane, error=error.reason, held="", chosen=keep, typed=texts)
    for conference_id in bulk.changed:
        await services(request).rooms.sync_agenda(conference_id)
    return await triage_page(request, lane=lane, bulk=bulk, chosen=keep)


routes: list[BaseRoute] = [
    Route("/triage", listed, methods=["GET"]),
    Route("/triage", act_together, methods=["POST"]),
    Route("/triage/{case_id}", act, methods=["POST"]),
]
