"""The second opinion without a meeting: asked from triage, answered on one page, in the room that stays open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.agreement import panel
from agenda.cases import case, questions
from agenda.clinical import spine
from agenda.conferences import Conference, conference
from agenda.errors import ConferenceNotFound, Invalid, NotNow
from agenda.ids import BoardId, CaseId, QuestionId
from agenda.second_opinions import ask, case_of, tell_voices, voices
from conference.outcome.letter import OUTCOMES, letter_of
from conference.policy import Action, Actor, BoardResource, may
from conference.room import commands as c
from conference.room.parity import surgical
from conference.room.recommendation import unheard
from conference.room.state import CaseState, RoomState
from conference.room.values import Closing, NonOperative, Outcome, Recommendation
from conference.room.visibility import project, sight
from web.access import actor, demand, in_session, reading
from web.auth.errors import Refused as NotProven
from web.auth.totp import enrolled
from web.cases.facts import clock_of, thumbs
from web.clock import now
from web.once import first_time
from web.pages import page, redirect, status_for
from web.refused import refused
from web.resources import case_resource
from web.rooms.corresponding import act, participant_of
from web.routes.packet import who_gave
from web.routes.recommendation import SignOrder, sign_as
from web.routes.triage import triage_page
from web.services import services

CLOSINGS = {"concur": "We concur", "reservation": "We concur with a reservation", "dissent": "We dissent"}


def _texts(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


def _ask(session: Session, who: Actor, texts: Mapping[str, str], at: datetime) -> str:
    """The sitting that stays open; empty where this form was taken before."""
    demand(who, Action.CASE_TRIAGE, case_resource(session, texts.get("case", "")))
    if not first_time(session, who, texts, at):
        return ""
    days = texts.get("days", "")
    return ask(session, texts["case"], int(days) if days.isdecimal() else 0, who.person_id, at).id


async def asked(request: Request) -> Response:
    """Answer a case without a meeting: its room opens, and those whose voice it needs are told."""
    texts = _texts(await request.form())
    try:
        conference_id = await in_session(request, "second-opinion.ask", _ask, actor(request), texts, now())
    except (Invalid, NotNow) as error:
        status, wrong = 422 if isinstance(error, Invalid) else 409, refused(f"second:{texts['case']}:", error, texts)
        return await triage_page(request, status, held=texts["case"], refused=wrong)
    if not conference_id:
        return redirect(request, "/triage")
    await services(request).rooms.sync_agenda(conference_id)
    await act(request, conference_id, c.OpenConference(), c.CallCase(CaseId(texts["case"])))
    return redirect(request, f"/second-opinions/{conference_id}")


def _about(session: Session, who: Actor, conference_id: str) -> tuple[Conference, str]:
    found = conference(session, conference_id)
    demand(who, Action.BOARD_READ, BoardResource(BoardId(found.board_id)))
    if found.due_at is None:
        raise ConferenceNotFound(conference_id)
    return found, case_of(session, found).id


def _view(session: Session, who: Actor, conference_id: str, state: RoomState, at: datetime) -> dict[str, Any]:
    found, about = _about(session, who, conference_id)
    listed = case(session, about)
    participant = participant_of(session, conference_id, who)
    shown = cast(dict[str, Any], project(state, sight(state, participant)))["cases"].get(about)
    in_room = state.cases.get(CaseId(about))
    names = {one.code: one.name for one in spine().disciplines}
    return {
        "asked": found, "case": listed, "questions": questions(session, about), "room": shown, "role": participant.role,
        "me": who, "names": names, "overdue": found.due_at is not None and at > found.due_at,
        "given": who_gave(in_room, [(one.id, one.name, one.discipline) for one in voices(session, listed)]),
        "gave": in_room is not None and f"{in_room.round}:{who.person_id}" in in_room.opinions,
        "open": in_room is not None and in_room.round in in_room.revealed,
        "panels": _panels(in_room), "unheard": unheard(in_room) if in_room else (), "outcomes": OUTCOMES,
        "closings": CLOSINGS, "non_operative": NON_OPERATIVE,
        "operation": _operation(in_room), "totp": enrolled(session, who.person_id), "thumbs": thumbs(session, about),
        "clock": clock_of(session, listed, at), "letter": letter_of(session, about),
        "runs": participant.role in ("chair", "coordinator"), "resource": case_resource(session, about),
        "voiced": bool(may(who, Action.OPINION_GIVE, case_resource(session, about))),
    }


def _operation(found: CaseState | None) -> bool:
    """Is an operation recommended?"""
    drafted = None if found is None else found.recommendation
    return found is not None and drafted is not None and surgical(found, drafted.recommendation)


def _panels(found: CaseState | None) -> list[tuple[str, Any]]:
    """Option → what its ratings amount to, once they are open."""
    if found is None or found.round not in found.revealed:
        return []
    given = [one.opinion for one in found.opinions.values() if one.round == found.round]
    rated = [(option.label, [one.ratings[option.key] for one in given if option.key in one.ratings])
             for option in found.options]
    return [(label, panel(ratings)) for label, ratings in rated if ratings]


async def _page(
    request: Request, status: int = 200, error: str = "", typed: Mapping[str, str] | None = None, field: str = ""
) -> Response:
    conference_id = request.path_params["conference_id"]
    await reading(request, _about, actor(request), conference_id)
    state = await services(request).rooms.state(conference_id)
    view = await reading(request, _view, actor(request), conference_id, state, now())
    return page(
        request, "second_opinions/show.html", status_for(request, status), error=error, field=field,
        typed=typed or {}, **view,
    )


async def show(request: Request) -> Response:
    """Where the second opinion stands, and what this person does next."""
    return await _page(request)


async def step(request: Request) -> Response:
    """One button: close the round, write the words, read them back, reopen, close for a discipline, mark absent."""
    conference_id, texts = request.path_params["conference_id"], _texts(await request.form())
    _, about = await reading(request, _about, actor(request), conference_id)
    state = await services(request).rooms.state(conference_id)
    try:
        command = _command(CaseId(about), texts, state)
    except Invalid as error:
        return await _page(request, 422, error.reason, texts, error.field)
    refused = await act(request, conference_id, command)
    if refused is not None:
        return await _page(request, 409, refused.reason, texts)
    if isinstance(command, c.ReadBack):
        await in_session(request, "second-opinion.words", _tell_words, conference_id, command.revision)
    return redirect(request, f"/second-opinions/{conference_id}")


def _tell_words(session: Session, conference_id: str, revision: int) -> None:
    found = conference(session, conference_id)
    tell_voices(session, "words-ready", found, case_of(session, found), now(), revision)


NON_OPERATIVE: Mapping[NonOperative, str] = {
    "exhausted": "Exhausted: what was tried is in the referral",
    "contraindicated": "Contraindicated, because…",
    "declined": "Declined by the patient, because…",
}


def _command(about: CaseId, texts: Mapping[str, str], state: RoomState) -> c.Command:
    """The room's command a form stands for; raises Invalid naming the field."""
    revision = int(texts["revision"]) if texts.get("revision", "").isdecimal() else 0
    match texts.get("act", ""):
        case "close-round":
            return c.Reveal(about)
        case "draft":
            return c.DraftRecommendation(about, revision, _words(texts, state.cases[about]))
        case "read-back":
            return c.ReadBack(about, revision)
        case "non-operative":
            if texts.get("standing") not in NON_OPERATIVE:
                raise Invalid("standing", "Say whether non-operative care is exhausted, contraindicated or declined.")
            standing = cast(NonOperative, texts["standing"])
            rows = tuple(row.key for row in state.cases[about].tried) if standing == "exhausted" else ()
            return c.StateNonOperative(about, standing, texts.get("reason", ""), rows)
        case "reopen":
            return c.Reopen(about)
        case "attest":
            if texts.get("closing") not in CLOSINGS:
                raise Invalid("closing", "Say whether your discipline concurs, reserves or dissents.")
            return c.Attest(about, revision, cast(Closing, texts["closing"]), texts.get("reason", ""))
        case "absent":
            return c.MarkAbsent(about, texts.get("discipline", ""), texts.get("reason", ""))
        case _:
            raise Invalid("act", "There is no such button.")


def _words(texts: Mapping[str, str], found: CaseState) -> Recommendation:
    if texts.get("outcome") not in OUTCOMES:
        raise Invalid("outcome", "Say how the board decided.")
    answers = {
        QuestionId(one.question): texts.get(f"answer-{one.question}", "") for one in found.brief.questions
    }
    before = found.recommendation.recommendation if found.recommendation else None
    return Recommendation(
        outcome=cast(Outcome, texts["outcome"]), option=texts.get("option", ""), rationale=texts.get("rationale", ""),
        answers={key: text for key, text in answers.items() if text},
        actions=before.actions if before else (), follow_up=texts.get("follow_up", ""),
        goal_answered=texts.get("goal_answered", ""), cited=before.cited if before else (),
    )


async def sign(request: Request) -> Response:
    """Sign the words that were read back; the password is asked for again."""
    conference_id, texts = request.path_params["conference_id"], _texts(await request.form())
    _, about = await reading(request, _about, actor(request), conference_id)
    demand(actor(request), Action.RECOMMENDATION_SIGN, await reading(request, case_resource, about))
    state = await services(request).rooms.state(conference_id)
    drafted = state.cases[CaseId(about)].recommendation
    if drafted is None or not texts.get("password"):
        return await _page(request, 422, "Give your password to sign.", texts, "password")
    if missing := unheard(state.cases[CaseId(about)]):
        named = ", ".join(spine().short(code) for code in missing)
        return await _page(request, 409, f"Not signable yet: {named} has neither closed nor been marked absent.")
    order = SignOrder(revision=drafted.revision, password=texts["password"], code=texts.get("code", ""))
    try:
        answer = await sign_as(request, conference_id, about, order)
    except NotProven as error:
        return await _page(request, 422, str(error), texts, "password")
    if answer.status_code >= 400:
        return await _page(request, answer.status_code, "This cannot be signed now; read the words again.")
    return redirect(request, f"/second-opinions/{conference_id}")


routes: list[BaseRoute] = [
    Route("/second-opinions", asked, methods=["POST"]),
    Route("/second-opinions/{conference_id}", show, methods=["GET"]),
    Route("/second-opinions/{conference_id}", step, methods=["POST"]),
    Route("/second-opinions/{conference_id}/sign", sign, methods=["POST"]),
]
