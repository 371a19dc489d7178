"""Cases: the list, a new one, the page of one with its tracker, and its thread."""

from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.alarms import alarm_of, minutes_open, stopping
from agenda.boards import board, boards
from agenda.care import ball_of
from agenda.cases import Case, case, cases_by, cases_of_boards, history, questions, studies_of, treatments
from agenda.clinical import spine
from agenda.errors import Invalid
from agenda.ids import new_id
from agenda.lifecycle import EDITABLE, label, may_become, tracker
from agenda.packet import packet
from agenda.people import Person, Site, person
from agenda.referrals import answer, messages, open_asks, say, send_back, start_case, withdraw
from agenda.triage import waiting_days
from conference.policy import Action, Actor, may
from imaging.deidentify.records import reports_about
from imaging.deidentify.review import held_in
from web.access import Forbidden, actor, demand, in_session, note_read, reading
from web.cases.facts import TONES, clock_of, latest_conference, readiness_now, rows_of, thumbs
from web.cases.levels import level_facts
from web.cases.objects import documents_of
from web.clock import now
from web.once import first_time, texts_of
from web.pages import page, redirect
from web.resources import case_resource
from web.routes import case_form
from web.sittings.packets import pictures_of

GROUPS: dict[str, tuple[str, frozenset[str]]] = {
    "open": ("Open", frozenset({"draft", "submitted", "needs_info", "triaged", "ready", "rolled_over"})),
    "scheduled": ("On an agenda", frozenset({"scheduled", "presented", "recommended"})),
    "answered": ("Answered", frozenset({"signed", "delivered", "followed_up", "closed"})),
    "ended": ("Withdrawn or declined", frozenset({"withdrawn", "declined"})),
}
"""Filters of the list."""
CARED = ("signed", "delivered", "followed_up")
"""States in which a care path is walked."""


def _seen(session: Session, who: Actor) -> list[Case]:
    if who.guest_of is not None:
        return [case(session, who.guest_of)]
    own = cases_by(session, who.person_id)
    of_boards = cases_of_boards(session, list(who.boards))
    return sorted({one.id: one for one in own + of_boards}.values(), key=lambda one: -one.number)


def _list(session: Session, who: Actor, group: str) -> dict[str, Any]:
    seen = _seen(session, who)
    shown = [one for one in seen if group not in GROUPS or one.state in GROUPS[group][1]]
    counts = {key: sum(one.state in states for one in seen) for key, (_, states) in GROUPS.items()}
    return {"rows": rows_of(session, shown), "counts": counts, "total": len(seen)}


async def listed(request: Request) -> Response:
    """Every case this person may see."""
    who = actor(request)
    demand(who, Action.CASE_LIST)
    group = request.query_params.get("show", "")
    return page(request, "cases/list.html", groups=GROUPS, group=group, **await reading(request, _list, who, group))


async def new(request: Request) -> Response:
    """Begin a referral: which board, and what happens next."""
    demand(actor(request), Action.CASE_CREATE)
    return page(request, "cases/new.html", boards=await reading(request, boards), case_id=new_id(), error="", chosen="")


async def create(request: Request) -> Response:
    """Make the draft; the form carries the case's identity, so that sending it twice makes one case."""
    who = actor(request)
    demand(who, Action.CASE_CREATE)
    form = await request.form()
    chosen = str(form.get("board", ""))
    known = await reading(request, boards)
    if chosen not in {one.id for one in known}:
        return page(
            request, "cases/new.html", 422, boards=known, case_id=str(form.get("case", "")) or new_id(), chosen=chosen,
            error="Choose the board that should answer.",
        )
    made = await in_session(
        request, "case.create", start_case, who.person_id, chosen, now(), case_id=str(form.get("case", "")) or None
    )
    return redirect(request, f"/cases/{made.id}/edit")


def _show(session: Session, who: Actor, case_id: str, at: datetime) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    found = case(session, case_id)
    readiness = readiness_now(session, found, at)
    referrer = person(session, found.referrer_id)
    asks = open_asks(session, case_id)
    alarm = alarm_of(session, case_id)
    return {
        "case": found, "board": board(session, found.board_id), "resource": resource,
        "referrer": referrer, "site": session.get(Site, referrer.site_id),
        "packet": packet(session, case_id, readiness), "readiness": readiness, "steps": tracker(found.state),
        "state": label(found.state), "tone": TONES[found.state], "sitting": latest_conference(session, case_id),
        "thread": [(one, session.get(Person, one.author_id)) for one in messages(session, case_id)],
        "asks": asks,
        "history": [(one, label(one.state), _name(session, one.actor_id)) for one in history(session, case_id)],
        "alarm": alarm, "alarm_by": _name(session, alarm.answered_by) if alarm else "", "stopping": stopping(found),
        "alarm_minutes": minutes_open(alarm, at) if alarm else 0,
        "images_held": len(held_in(session, studies_of(session, case_id))),
        "deidentified": bool(reports_about(session, f"case:{case_id}/", studies_of(session, case_id))),
        "thumbs": thumbs(session, case_id), "documents": documents_of(session, case_id),
        "pictures": pictures_of(session, case_id), "chooses": bool(may(who, Action.KEY_IMAGE, resource)), "back": "",
        "days": waiting_days(session, found, at), "content": spine(), "clock": clock_of(session, found, at),
        "own": found.referrer_id == who.person_id, "editable": found.state in EDITABLE,
        "withdrawable": may_become(found.state, "withdrawn") and found.referrer_id == who.person_id,
        "chairing": bool(may(who, Action.CASE_TRIAGE, resource)), "today": at.date(),
        "levels": level_facts(session, case_id),
        "ball": ball_of(session, found) if found.state in CARED else None,
        "counts": (len(questions(session, case_id)), len(treatments(session, case_id))),
    }


def _name(session: Session, person_id: str | None) -> str:
    found = session.get(Person, person_id) if person_id else None
    return found.name if found else "Consilium"


async def _page(request: Request, status: int = 200, **more: Any) -> Response:
    case_id = request.path_params["case_id"]
    view = await reading(request, _show, actor(request), case_id, now())
    return page(request, "cases/show.html", status, **({"errors": {}, "typed": {}} | view | more))


async def show(request: Request) -> Response:
    """One case: where it stands, what is known, what was said."""
    answer = await _page(request, sent=request.query_params.get("sent") == "1")
    await note_read(request, Action.CASE_READ, f"case {request.path_params['case_id']}")
    return answer


def _speak(
    session: Session, who: Actor, case_id: str, act: str, about: str, texts: dict[str, str], at: datetime
) -> None:
    resource, text = case_resource(session, case_id), texts.get("text", "")
    demand(who, Action.CASE_READ, resource)
    if not first_time(session, who, texts, at):
        return
    if act == "ask":
        demand(who, Action.CASE_TRIAGE, resource)
        send_back(session, case_id, about, text, who.person_id, at)
    elif act == "answer":
        demand(who, Action.CASE_SUBMIT, resource)
        answer(session, case_id, text, who.person_id, at)
    elif who.standing == "guest":
        raise Forbidden("A guest reads the thread; to say something, use the room.")
    else:
        say(session, case_id, who.person_id, text, at)


async def speak(request: Request) -> Response:
    """Add to the thread: a note, a question to the referrer, or the referrer's answer."""
    case_id, form = request.path_params["case_id"], await request.form()
    act, text, about = (str(form.get(name, "")) for name in ("act", "text", "field"))
    try:
        await in_session(
            request, f"case.{act or 'note'}", _speak, actor(request), case_id, act, about, texts_of(form), now()
        )
    except Invalid as error:
        return await _page(request, 422, errors={error.field: error.reason}, typed={"text": text}, sent=False)
    return redirect(request, f"/cases/{case_id}#thread")


async def sent_back(request: Request) -> Response:
    """Send the case back to its referrer with a question about one field."""
    case_id, form = request.path_params["case_id"], await request.form()
    text, about = str(form.get("text", "")), str(form.get("field", ""))
    try:
        await in_session(
            request, "case.send-back", _speak, actor(request), case_id, "ask", about, texts_of(form), now()
        )
    except Invalid as error:
        return await _page(request, 422, errors={error.field: error.reason}, typed={"text": text}, sent=False)
    return redirect(request, f"/cases/{case_id}#thread")


def _withdraw(session: Session, who: Actor, case_id: str, reason: str, at: datetime) -> None:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    if resource.referrer_id != who.person_id:
        demand(who, Action.CASE_TRIAGE, resource)
    withdraw(session, case_id, reason, who.person_id, at)


async def withdrawn(request: Request) -> Response:
    """Take the case back; it stays in the record with its reason."""
    case_id, form = request.path_params["case_id"], await request.form()
    reason = str(form.get("reason", ""))
    try:
        await in_session(request, "case.withdraw", _withdraw, actor(request), case_id, reason, now())
    except Invalid as error:
        return await _page(request, 422, errors={"withdraw": error.reason}, typed={"reason": reason}, sent=False)
    return redirect(request, f"/cases/{case_id}")


routes: list[BaseRoute] = [
    Route("/cases", listed, methods=["GET"]),
    Route("/cases/new", new, methods=["GET"]),
    Route("/cases/new", create, methods=["POST"]),
    *case_form.routes,
    Route("/cases/{case_id}", show, methods=["GET"]),
    Route("/cases/{case_id}/thread", speak, methods=["POST"]),
    Route("/cases/{case_id}/send-back", sent_back, methods=["POST"]),
    Route("/cases/{case_id}/withdraw", withdrawn, methods=["POST"]),
]
