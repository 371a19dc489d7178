"""Arrange a board's coming sittings: choose them, watch the order get better, see why, take it with one click."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.cases import Case, case, questions
from agenda.clinical import spine
from agenda.conferences import Conference, items, upcoming
from agenda.errors import Invalid, NotNow
from agenda.expected import board_pace, expected
from agenda.ids import BoardId
from agenda.ordering.applied import apply_orders
from agenda.ordering.posed import MOST_SITTINGS, Posed, pose
from agenda.ordering.reasons import Words, giving, sentence, why_here, why_not
from agenda.ordering.values import Arrangement, Places
from agenda.packet import title_of
from conference.policy import Action, Actor, BoardResource
from web.access import actor, demand, in_session, reading
from web.cases.facts import study_facts
from web.clock import now
from web.pages import page, redirect
from web.services import services
from web.sittings.searches import Search


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the proposal."""

    key: str
    name: str
    question: str
    begins: datetime | None
    """None: left out."""
    minutes: int
    new: bool
    """It stood on no agenda."""
    moved: bool
    """It stood on another one."""
    reasons: tuple[str, ...]


def _planned(request: Request) -> str:
    board_id = str(request.path_params["board_id"])
    demand(actor(request), Action.CONFERENCE_PLAN, BoardResource(BoardId(board_id)))
    return board_id


async def choose(request: Request) -> Response:
    """Which sittings to arrange."""
    return await _choose(request, _planned(request))


async def _choose(request: Request, board_id: str, status: int = 200, error: str = "") -> Response:
    view = await reading(request, _choices, board_id, now())
    return page(request, "boards/arrange.html", status, error=error, most=MOST_SITTINGS, **view)


def _choices(session: Session, board_id: str, at: datetime) -> dict[str, Any]:
    coming = [
        (one, sum(item.case_id is not None for item in items(session, one.id)))
        for one in upcoming(session, [board_id], at) if one.state in ("planned", "published") and one.starts_at > at
    ]
    return {"board": board(session, board_id), "sittings": coming}


async def start(request: Request) -> Response:
    """Begin to look, and go to the page that shows what is found."""
    board_id, form = _planned(request), await request.form()
    chosen = [str(key) for key in form.getlist("sitting")]
    try:
        posed = await reading(request, _pose, board_id, chosen, now())
    except Invalid as error:
        return await _choose(request, board_id, 422, error.reason)
    search = services(request).searches.start(actor(request).person_id, board_id, posed)
    return redirect(request, f"/boards/{board_id}/arrange/{search.key}")


def _pose(session: Session, board_id: str, chosen: list[str], at: datetime) -> Posed:
    return pose(session, board_id, chosen, partial(_minutes, session, board_pace(session, board_id)), at)


def _minutes(session: Session, pace: float, found: Case) -> int:
    return expected(session, found, study_facts(session, found.id), pace).minutes


async def look(request: Request) -> Response:
    """The best order so far; the page asks again by itself until the search is over."""
    return await _look(request, _planned(request))


async def _look(request: Request, board_id: str, status: int = 200, error: str = "") -> Response:
    search = services(request).searches.find(str(request.path_params["search"]), actor(request).person_id)
    if search is None or search.board_id != board_id:
        return await _choose(request, board_id, 404, "This search is over. Look again.")
    seen = search.seen()
    view = await reading(request, _view, search, seen.best)
    return page(request, "boards/arranged.html", status, search=search, seen=seen, error=error, **view)


def _view(session: Session, search: Search, found: Arrangement | None) -> dict[str, Any]:
    posed = search.posed
    team = board(session, search.board_id)
    titles = {one.key: title_of(questions(session, one.key), 0) for one in posed.problem.candidates}
    names = dict(posed.names) | {one.code: one.short for one in spine().disciplines} | {
        one.key: _name(case(session, one.key)) for one in posed.problem.candidates
    }
    view: dict[str, Any] = {"board": team, "groups": [], "out": [], "giving": []}
    if found is None:
        return view
    on = {item.case_id: one.id for one in posed.sittings for item in items(session, one.id)}
    for index, sitting in enumerate(posed.sittings):
        words = Words(names, partial(_clock, sitting, team.time_zone))
        here = sorted((place.begins, key) for key, place in found.places.items() if place.sitting == index)
        lines = [
            Line(
                key, names[key], titles[key], sitting.starts_at + timedelta(minutes=begins),
                posed.problem.candidate(key).minutes, key in posed.waiting,
                key not in posed.waiting and on.get(key) != sitting.id,
                tuple(sentence(one, words) for one in why_here(posed.problem, found.places, key)),
            )
            for begins, key in here
        ]
        view["groups"].append((sitting, lines, sum(line.minutes for line in lines)))
    first = Words(names, partial(_clock, posed.sittings[0], team.time_zone))
    view["out"] = [_left(posed, found.places, key, names, titles, first) for key in found.left_out]
    view["giving"] = [giving(wish, first) for wish in found.giving]
    return view


def _left(
    posed: Posed, places: Places, key: str, names: Mapping[str, str], titles: Mapping[str, str],
    words: Words,
) -> Line:
    reasons = [sentence(why_not(posed.problem, places, key), words)]
    if key not in posed.waiting:
        reasons.append("It stays on its agenda, last.")
    minutes = posed.problem.candidate(key).minutes
    return Line(key, names[key], titles[key], None, minutes, key in posed.waiting, False, tuple(reasons))


def _name(found: Case) -> str:
    return found.patient_name or f"Case {found.number}"


def _clock(sitting: Conference, zone: str, minute: int) -> str:
    return (sitting.starts_at + timedelta(minutes=minute)).astimezone(ZoneInfo(zone)).strftime("%H:%M")


def _apply(session: Session, who: Actor, search: Search, at: datetime) -> None:
    demand(who, Action.CONFERENCE_PLAN, BoardResource(BoardId(search.board_id)))
    found = search.best
    if found is None:
        raise NotNow("no-order", "Nothing was found yet; wait a moment.")
    orders = {
        sitting.id: [
            key for _, key in sorted(
                (place.begins, key) for key, place in found.places.items() if place.sitting == index
            )
        ]
        for index, sitting in enumerate(search.posed.sittings)
    }
    for sitting in search.posed.sittings:
        there = [item.case_id for item in items(session, sitting.id) if item.case_id]
        orders[sitting.id] += [key for key in there if key in found.left_out]
    minutes = {one.key: one.minutes for one in search.posed.problem.candidates}
    apply_orders(session, orders, search.posed.revisions, minutes, who.person_id, at)


async def apply(request: Request) -> Response:
    """Take the order as it stands now."""
    board_id = _planned(request)
    search = services(request).searches.find(str(request.path_params["search"]), actor(request).person_id)
    if search is None or search.board_id != board_id:
        return await _choose(request, board_id, 404, "This search is over. Look again.")
    try:
        await in_session(request, "agenda.arrange", _apply, actor(request), search, now())
    except (Invalid, NotNow) as error:
        return await _look(request, board_id, 409, error.reason)
    for sitting in search.posed.sittings:
        await services(request).rooms.sync_agenda(sitting.id)
    return redirect(request, f"/conferences/{search.posed.sittings[0].id}")


routes: list[BaseRoute] = [
    Route("/boards/{board_id}/arrange", choose, methods=["GET"]),
    Route("/boards/{board_id}/arrange", start, methods=["POST"]),
    Route("/boards/{board_id}/arrange/{search}", look, methods=["GET"]),
    Route("/boards/{board_id}/arrange/{search}", apply, methods=["POST"]),
]
