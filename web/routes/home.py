"""Today: what waits for this person, by what they do here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.alarms import minutes_open, unanswered
from agenda.boards import board
from agenda.care import held_by, offered_to
from agenda.cases import case, cases_by, cases_of_boards
from agenda.conferences import Conference, conference, conferences_of_case, items, upcoming
from agenda.ids import CaseId
from agenda.lifecycle import Step, tracker
from agenda.people import people, person
from agenda.quick_questions import asked_by, waiting_for
from agenda.referrals import open_asks
from agenda.second_opinions import case_of, running
from agenda.triage import LANES, worklist
from conference.policy import Action, Actor, may
from web.access import actor, reading
from web.cases.facts import CaseRow, row_of
from web.clock import now
from web.pages import page, redirect
from web.resources import conference_resource
from web.routes.quick_questions import line_of
from web.routes.triage import triaging_boards
from web.services import services
from web.sittings.view import agenda_view

_VOICED = frozenset({"chair", "coordinator", "core", "extended", "deputy"})


@dataclass(frozen=True, slots=True)
class OwnCase:
    """A referrer's case with its tracker."""

    row: CaseRow
    steps: tuple[Step, ...]
    asks: int
    """Questions of the board that wait for an answer."""


@dataclass(slots=True)
class ToRead:
    """A packet of a sitting to come, and whether this person's opinion is missing."""

    sitting: Conference
    row: CaseRow
    minutes: int
    given: bool = False


def _view(session: Session, who: Actor, at: datetime) -> dict[str, Any]:
    seated = [str(key) for key, role in who.boards.items() if role in _VOICED]
    chairing = triaging_boards(who)
    coming = _coming(session, who, at)
    own = [
        OwnCase(row_of(session, one), tracker(one.state), len(open_asks(session, one.id)))
        for one in cases_by(session, who.person_id)
    ]
    waiting = worklist(session, chairing)
    me = person(session, who.person_id)
    return {
        "asked_of_me": [line_of(session, one) for one in waiting_for(session, me, seated)],
        "my_questions": [line_of(session, one) for one in asked_by(session, who.person_id)],
        "second_opinions": [(one, case_of(session, one)) for one in running(session, seated)],
        "offers": [(one, case(session, one.case_id)) for one in offered_to(session, who.person_id)],
        "held": [(one, case(session, one.case_id)) for one in held_by(session, who.person_id)],
        "own": own, "coming": [(one, board(session, one.board_id).name) for one in coming],
        "to_read": _to_read(session, coming, seated) if who.discipline else [],
        "alarms": [(one, found, minutes_open(one, at)) for one, found in unanswered(session, seated)],
        "chairing": bool(chairing), "waiting": len(waiting),
        "lanes": {text: sum(one.lane == key for one in waiting) for key, text in LANES.items()},
        "untriaged": sum(one.lane is None for one in waiting),
        "next": _next(session, who, coming, at) if chairing else None,
        "decided": sum(one.state in ("signed", "delivered") for one in cases_of_boards(session, seated)),
        "people": len([one for one in people(session) if one.disabled_at is None]) if _manages(who) else 0,
        "manages": _manages(who), "referring": who.standing == "referrer" or bool(own),
    }


def _coming(session: Session, who: Actor, at: datetime) -> list[Conference]:
    """Sittings to come of one's boards, and those that hear one's own cases."""
    of_boards = upcoming(session, [str(key) for key in who.boards], at)
    own = {key for one in cases_by(session, who.person_id) for key in conferences_of_case(session, one.id)}
    others = {conference(session, key).board_id for key in own} - set(who.boards)
    guest_at = [one for one in upcoming(session, sorted(others), at) if one.id in own]
    return sorted([*of_boards, *guest_at], key=lambda one: one.starts_at)


def _next(session: Session, who: Actor, coming: list[Conference], at: datetime) -> dict[str, Any] | None:
    soonest = next((one for one in coming if one.board_id in who.boards), None)
    return agenda_view(session, who, conference_resource(session, soonest.id), at) if soonest else None


def _manages(who: Actor) -> bool:
    return bool(may(who, Action.PEOPLE_MANAGE))


def _to_read(session: Session, coming: list[Conference], seated: list[str]) -> list[ToRead]:
    return [
        ToRead(sitting, row_of(session, case(session, item.case_id)), item.minutes)
        for sitting in coming if sitting.board_id in seated
        for item in items(session, sitting.id) if item.case_id is not None
    ]


async def home(request: Request) -> Response:
    """The dashboard; a guest goes straight to the one case of the invitation."""
    who = actor(request)
    if who.guest_of is not None:
        return redirect(request, f"/cases/{who.guest_of}")
    at = now()
    view = await reading(request, _view, who, at)
    reads: list[ToRead] = view["to_read"]
    for one in reads:
        state = await services(request).rooms.state(one.sitting.id)
        in_room = state.cases.get(CaseId(one.row.case.id))
        one.given = in_room is not None and f"{in_room.round}:{who.person_id}" in in_room.opinions
    return page(request, "home/show.html", **view, missing=sum(not one.given for one in reads), at=at)


routes: list[BaseRoute] = [Route("/", home, methods=["GET"])]
