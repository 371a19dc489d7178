"""Quick questions between disciplines on a shared case: asked, answered, shown on images, taken to the board."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import members
from agenda.cases import case
from agenda.clinical import spine
from agenda.conferences import conference, conferences_of_case
from agenda.errors import Invalid, NotNow
from agenda.ids import CaseId
from agenda.people import person
from agenda.quick_questions import (
    QuickMessage,
    QuickQuestion,
    ask,
    messages,
    of_case,
    quick_question,
    reply,
    take_to_board,
    whom,
)
from conference.policy import Action, Actor, may
from web.access import actor, demand, in_session, note_read, reading
from web.cases.facts import SeriesThumb, thumbs
from web.clock import now
from web.once import first_time
from web.pages import page, redirect, status_for
from web.refused import NOTHING, Refused, refused
from web.resources import case_resource
from web.services import services


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on the case's images that a message may point at."""

    key: str
    label: str
    sop: str
    frame: int


@dataclass(frozen=True, slots=True)
class Line:
    """One question as a list shows it."""

    asked: QuickQuestion
    text: str
    by: str
    to: str
    answers: int


async def _marks(request: Request, case_id: str) -> list[Mark]:
    """The marks of every room that lists the case."""
    found: list[Mark] = []
    for conference_id in await reading(request, conferences_of_case, case_id):
        in_room = (await services(request).rooms.state(conference_id)).cases.get(CaseId(case_id))
        found += [
            Mark(one.mark, f"{one.kind.replace('-', ' ')} by {one.author_name}" + (f": {one.text}" if one.text else ""),
                 one.sop_instance_uid, one.frame)
            for one in (in_room.marks.values() if in_room else ())
        ]
    return found


def _shows(texts: Mapping[str, str], pictures: list[SeriesThumb], marks: list[Mark]) -> list[dict[str, str]]:
    """What a message shows; raises Invalid where it names nothing of this case."""
    found = []
    if wanted := texts.get("image", ""):
        one = next((each for each in pictures if each.sop_instance_uid == wanted), None)
        if one is None:
            raise Invalid("image", "Choose one of the images of this case.")
        label = f"{one.modality} {one.description}".strip()
        found.append({"kind": "image", "sop": one.sop_instance_uid, "frame": str(one.frame), "label": label})
    if wanted := texts.get("mark", ""):
        mark = next((each for each in marks if each.key == wanted), None)
        if mark is None:
            raise Invalid("mark", "Choose one of the marks on this case.")
        found.append({
            "kind": "mark", "sop": mark.sop, "frame": str(mark.frame), "mark": mark.key, "label": mark.label,
        })
    return found


def line_of(session: Session, asked: QuickQuestion) -> Line:
    """A question with its words, people and number of answers."""
    thread = messages(session, asked.id)
    return Line(asked, thread[0].text, person(session, asked.asked_by).name, whom(session, asked), len(thread) - 1)


def _of_case(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    speaking = [
        one for seat, one in members(session, resource.board_id)
        if seat.role != "observer" and one.discipline and one.disabled_at is None and one.id != who.person_id
    ]
    codes = dict.fromkeys(str(one.discipline) for one in speaking)
    return {
        "case": case(session, case_id), "resource": resource, "pictures": thumbs(session, case_id),
        "lines": [line_of(session, one) for one in of_case(session, case_id)],
        "disciplines": [(f"discipline:{code}", spine().short(code)) for code in codes],
        "members": [(f"person:{one.id}", f"{one.name}, {spine().short(str(one.discipline))}") for one in speaking],
    }


async def _case_page(
    request: Request, status: int = 200, errors: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    case_id = request.path_params["case_id"]
    view = await reading(request, _of_case, actor(request), case_id)
    return page(
        request, "quick_questions/list.html", status_for(request, status), errors=errors or {}, typed=typed or {},
        marks=await _marks(request, case_id), **view,
    )


async def listed(request: Request) -> Response:
    """The quick questions about a case, and the form for another."""
    answer = await _case_page(request)
    await note_read(request, Action.CASE_READ, f"case {request.path_params['case_id']}")
    return answer


def _ask(
    session: Session, who: Actor, case_id: str, texts: Mapping[str, str], marks: list[Mark], at: datetime
) -> str:
    demand(who, Action.QUESTION_ASK, case_resource(session, case_id))
    shows = _shows(texts, thumbs(session, case_id), marks)
    if not first_time(session, who, texts, at):
        return ""
    return ask(session, case_id, texts.get("to", ""), texts.get("text", ""), shows, who.person_id, at).id


async def asked(request: Request) -> Response:
    """Ask a discipline or a person."""
    case_id, form = request.path_params["case_id"], await request.form()
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    demand(actor(request), Action.QUESTION_ASK, await reading(request, case_resource, case_id))
    marks = await _marks(request, case_id)
    try:
        made = await in_session(request, "question.ask", _ask, actor(request), case_id, texts, marks, now())
    except Invalid as error:
        return await _case_page(request, 422, {error.field: error.reason}, texts)
    return redirect(request, f"/quick-questions/{made}" if made else f"/cases/{case_id}/quick-questions")


def _thread(session: Session, who: Actor, question_id: str) -> dict[str, Any]:
    found = quick_question(session, question_id)
    resource = case_resource(session, found.case_id)
    demand(who, Action.CASE_READ, resource)
    thread: list[tuple[QuickMessage, str, str]] = []
    for one in messages(session, question_id):
        author = person(session, one.by_id)
        thread.append((one, author.name, spine().short(author.discipline or "")))
    return {
        "asked": found, "case": case(session, found.case_id), "resource": resource, "thread": thread,
        "to": whom(session, found), "pictures": thumbs(session, found.case_id),
        "speaks": bool(may(who, Action.QUESTION_ASK, resource)),
    }


async def _page(request: Request, status: int = 200, wrong: Refused = NOTHING) -> Response:
    view = await reading(request, _thread, actor(request), request.path_params["question_id"])
    return page(
        request, "quick_questions/show.html", status_for(request, status), refused=wrong,
        marks=await _marks(request, view["case"].id), **view,
    )


async def show(request: Request) -> Response:
    """One thread."""
    return await _page(request)


def _demand(session: Session, who: Actor, question_id: str) -> str:
    found = quick_question(session, question_id)
    demand(who, Action.QUESTION_ASK, case_resource(session, found.case_id))
    return found.case_id


def _reply(
    session: Session, who: Actor, question_id: str, texts: Mapping[str, str], marks: list[Mark], at: datetime
) -> None:
    shows = _shows(texts, thumbs(session, _demand(session, who, question_id)), marks)
    if not first_time(session, who, texts, at):
        return
    reply(session, question_id, texts.get("text", ""), shows, who.person_id, at)


async def replied(request: Request) -> Response:
    """Answer, or ask on."""
    question_id, form = request.path_params["question_id"], await request.form()
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    case_id = await reading(request, _demand, actor(request), question_id)
    marks = await _marks(request, case_id)
    try:
        await in_session(request, "question.reply", _reply, actor(request), question_id, texts, marks, now())
    except (Invalid, NotNow) as error:
        return await _page(request, 422 if isinstance(error, Invalid) else 409, refused("reply", error, texts))
    return redirect(request, f"/quick-questions/{question_id}#last")


def _take(session: Session, who: Actor, question_id: str, at: datetime) -> list[str]:
    case_id = _demand(session, who, question_id)
    take_to_board(session, question_id, who.person_id, at)
    return [
        key for key in conferences_of_case(session, case_id) if conference(session, key).state in ("published", "open")
    ]


async def taken(request: Request) -> Response:
    """One click: the question goes to the board with its thread."""
    question_id = request.path_params["question_id"]
    try:
        running = await in_session(request, "question.take", _take, actor(request), question_id, now())
    except (Invalid, NotNow) as error:
        return await _page(request, 422 if isinstance(error, Invalid) else 409, refused("board", error, {}))
    for conference_id in running:
        await services(request).rooms.sync_agenda(conference_id)
    return redirect(request, f"/quick-questions/{question_id}")


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/quick-questions", listed, methods=["GET"]),
    Route("/cases/{case_id}/quick-questions", asked, methods=["POST"]),
    Route("/quick-questions/{question_id}", show, methods=["GET"]),
    Route("/quick-questions/{question_id}/answers", replied, methods=["POST"]),
    Route("/quick-questions/{question_id}/board", taken, methods=["POST"]),
]
