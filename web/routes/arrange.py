"""Arrange for me: an order for one sitting, with its reasons, applied with one more click."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.conferences import Conference, conference, move_item, order
from agenda.errors import Invalid, NotNow
from agenda.ordering.reasons import Words, giving, sentence, why_here
from agenda.ordering.values import Candidate, Limits, Places, Problem, Sitting, Window, Wish
from agenda.timetable import Slot, laid_out
from agenda.undo import undoable
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, reading
from web.clock import now
from web.pages import page, redirect
from web.resources import conference_resource
from web.services import services
from web.sittings.view import Row, agenda_view

_LIMITS = Limits(seconds=6, work=4)
_URGENCY = {"routine": 0, "soon": 1, "urgent": 3}


@dataclass(frozen=True, slots=True)
class Asked:
    """The sitting as a problem, and what its keys are called."""

    problem: Problem
    titles: dict[str, str]
    names: dict[str, str]
    slots: tuple[Slot, ...]
    starts_at: datetime
    zone: str
    revision: int
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the proposal."""

    key: str
    name: str
    question: str
    begins: datetime
    was: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An order to look at: its lines, what would have to give, and whether it is proven."""

    lines: tuple[Line, ...]
    giving: tuple[str, ...]
    proven: bool
    same: bool
    """The order is what it was."""


def _ask(session: Session, who: Actor, conference_id: str, at: datetime) -> Asked:
    sitting = _arrangeable(session, who, conference_id)
    rows: list[Row] = agenda_view(session, who, conference_resource(session, conference_id), at)["rows"]
    cases = [row for row in rows if row.case is not None]
    slots = order(session, conference_id)
    breaks = tuple(Window(one.begins, one.ends) for one in laid_out(slots) if one.slot.at_min is not None)
    away: dict[str, tuple[Window, ...]] = {need.code: () for row in cases for need in row.needs if need.tone == "bad"}
    needed = [need.code for row in cases for need in row.needs]
    names = {row.item.id: _name(row) for row in cases} | {need.code: need.name for row in cases for need in row.needs}
    return Asked(
        problem=Problem(
            tuple(_candidate(row, at) for row in cases), (Sitting(sitting.id, sitting.duration_min, breaks, away),),
            frozenset(code for code in needed if 2 <= needed.count(code) <= len(cases) // 2),
        ),
        titles={row.item.id: row.title for row in cases}, names=names,
        slots=slots, starts_at=sitting.starts_at, zone=board(session, sitting.board_id).time_zone,
        revision=sitting.revision, title=sitting.title,
    )


def _arrangeable(session: Session, who: Actor, conference_id: str) -> Conference:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    sitting = conference(session, conference_id)
    if sitting.state not in ("planned", "published"):
        raise NotNow("conference-begun", f"This sitting is {sitting.state}; its order is changed by hand.")
    return sitting


def _name(row: Row) -> str:
    assert row.case is not None
    return row.case.patient_name or f"Case {row.case.number}"


def _candidate(row: Row, at: datetime) -> Candidate:
    found = row.case
    assert found is not None
    waited = at - (found.submitted_at or found.created_at)
    return Candidate(
        key=row.item.id, minutes=row.item.minutes, disciplines=frozenset(need.code for need in row.needs),
        urgency=_URGENCY.get(found.urgency, 0), waiting_days=max(0, waited.days),
        complexity=min(3, max(0, len(row.needs) - 1)), must=True,
    )


def proposal(asked: Asked) -> Proposal:
    """The order, found in up to a few seconds; what cannot be held as wished for keeps its place at the end."""
    # OR-tools brings pandas along: seconds and a hundred megabytes that a server which arranges nothing does not pay.
    from agenda.ordering.conflicts import given_up
    from agenda.ordering.solve import arrange

    found = arrange(asked.problem, _LIMITS)
    problem, wishes = asked.problem, found.giving
    if wishes:
        problem = given_up(asked.problem, tuple(wish for wish in wishes if wish.kind != "break"))
        found = arrange(problem, _LIMITS)
    placed = sorted(found.places, key=lambda key: found.places[key].begins)
    flowing = [slot.key for slot in asked.slots if slot.at_min is None]
    wanted = [*placed, *(key for key in flowing if key not in found.places)]
    words = Words(asked.names, lambda minute: _clock(asked, minute))
    begins, was = _begins(asked, wanted), _begins(asked, flowing)
    lines = tuple(
        Line(key, asked.names.get(key, "Break"), asked.titles.get(key, ""), _at(asked, begins[key]),
             _at(asked, was[key]), _reasons(problem, found.places, key, words))
        for key in wanted
    )
    proven = found.selection_proven and found.order_proven
    return Proposal(lines, tuple(_gives(wish, words) for wish in wishes), proven, wanted == flowing)


def _reasons(problem: Problem, places: Places, key: str, words: Words) -> tuple[str, ...]:
    if key not in places:
        return ("Does not fit into the sitting with the others; it stands last.",)
    return tuple(sentence(reason, words) for reason in why_here(problem, places, key))


def _gives(wish: Wish, words: Words) -> str:
    if wish.kind == "discipline":
        return f"{words.name(wish.subject or '')} declined. {giving(wish, words)}"
    return giving(wish, words)


def _begins(asked: Asked, wanted: list[str]) -> dict[str, int]:
    by_key = {slot.key: slot for slot in asked.slots}
    pinned = [slot for slot in asked.slots if slot.at_min is not None]
    return {one.slot.key: one.begins for one in laid_out([*pinned, *(by_key[key] for key in wanted)])}


def _at(asked: Asked, minute: int) -> datetime:
    return asked.starts_at + timedelta(minutes=minute)


def _clock(asked: Asked, minute: int) -> str:
    return _at(asked, minute).astimezone(ZoneInfo(asked.zone)).strftime("%H:%M")


async def propose(request: Request) -> Response:
    """An order for this sitting, to look at."""
    return await _propose(request)


async def _propose(request: Request, status: int = 200, error: str = "") -> Response:
    conference_id = request.path_params["conference_id"]
    asked = await reading(request, _ask, actor(request), conference_id, now())
    made = await asyncio.to_thread(proposal, asked)
    return page(request, "conferences/arrange.html", status, conference_id=conference_id, asked=asked, made=made,
                zone=asked.zone, error=error)


def _apply(session: Session, who: Actor, conference_id: str, wanted: list[str], revision: str) -> None:
    sitting = _arrangeable(session, who, conference_id)
    if revision != str(sitting.revision):
        raise NotNow("stale-agenda", "Somebody else changed the agenda meanwhile. This is an order for how it is now.")
    flowing = [slot.key for slot in order(session, conference_id) if slot.at_min is None]
    if sorted(wanted) != sorted(flowing):
        raise Invalid("order", "An order names every case of the agenda once.")
    with undoable(session, conference_id, who.person_id, now(), "the proposed order"):
        for index, key in enumerate(wanted):
            move_item(session, conference_id, key, index, sitting.revision)


async def apply(request: Request) -> Response:
    """Take the order that was proposed; the agenda must still be the one it was made for."""
    form, conference_id = await request.form(), request.path_params["conference_id"]
    wanted = [str(key) for key in form.getlist("item")]
    try:
        await in_session(
            request, "agenda.arrange", _apply, actor(request), conference_id, wanted, str(form.get("revision", ""))
        )
    except (Invalid, NotNow) as error:
        # The page is proposed anew with its sentence; 409 is for answers that are an error page and nothing else.
        return await _propose(request, 422, error.reason)
    await services(request).rooms.sync_agenda(conference_id)
    return redirect(request, f"/conferences/{conference_id}")


routes: list[BaseRoute] = [
    Route("/conferences/{conference_id}/arrange", propose, methods=["GET"]),
    Route("/conferences/{conference_id}/arrange", apply, methods=["POST"]),
]
