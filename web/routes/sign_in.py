"""Signing in and out: password, second factor, one-time links."""

import re
from dataclasses import dataclass

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.errors import Invalid
from agenda.people import Person, person
from conference.policy import Actor
from web.access import actor_or_none, in_session, reading
from web.auth import passwords
from web.auth.enter import open_link, use_link, withdraw_links
from web.auth.errors import LinkSpent, Refused, SlowDown
from web.auth.passwords import demand_good, demand_same
from web.auth.proof import prove_code, prove_password
from web.auth.sessions import actor_from, end_sessions_of
from web.auth.totp import enrolled
from web.clock import now
from web.middleware import client_address
from web.pages import page, redirect
from web.services import services

_INSIDE = re.compile(r"/(?![/\\])[A-Za-z0-9/_.-]*")


@dataclass(frozen=True, slots=True)
class _Landing:
    """What the page of a one-time link says."""

    name: str
    purpose: str


async def form(request: Request) -> Response:
    """The sign-in page; the start page for somebody who is already in."""
    if actor_or_none(request) is not None:
        return redirect(request, _next(request.query_params.get("next", "")))
    return page(request, "auth/sign_in.html", next=_next(request.query_params.get("next", "")), email="", error="")


async def sign_in(request: Request) -> Response:
    """Judge address and password; go on to the second factor where one is enrolled."""
    given = await request.form()
    email, there = str(given.get("email", "")), _next(str(given.get("next", "")))
    sessions, at = services(request).sessions, now()
    try:
        proven = await prove_password(
            sessions, email, str(given.get("password", "")), address=client_address(request), at=at
        )
    except (Refused, SlowDown) as error:
        return _again(request, "auth/sign_in.html", error, next=there, email=email)
    who = await reading(request, actor_from, proven.person)
    token = await sessions.start(request, who, at=at, awaiting_code=proven.needs_code)
    answer = redirect(request, f"/sign-in/totp?next={there}" if proven.needs_code else there)
    sessions.set_cookie(answer, token)
    return answer


async def code_form(request: Request) -> Response:
    """The page that asks for the second factor."""
    if await services(request).sessions.awaiting_code(request, now()) is None:
        return redirect(request, "/sign-in")
    return page(request, "auth/totp.html", next=_next(request.query_params.get("next", "")), error="")


async def code(request: Request) -> Response:
    """Judge the second factor; the session that waited for it ends and a full one begins."""
    sessions, at = services(request).sessions, now()
    waiting = await sessions.awaiting_code(request, at)
    if waiting is None:
        return redirect(request, "/sign-in")
    given = await request.form()
    there = _next(str(given.get("next", "")))
    try:
        owner = await prove_code(
            sessions, waiting.person_id, str(given.get("code", "")), address=client_address(request), at=at
        )
    except (Refused, SlowDown) as error:
        return _again(request, "auth/totp.html", error, next=there)
    return await _enter(request, await reading(request, actor_from, owner), there)


async def sign_out(request: Request) -> Response:
    """End this session; the page is the sign-in page."""
    held = services(request)
    session_id = request.scope.get("consilium.session_id")
    who = actor_or_none(request)
    if session_id is not None and who is not None:
        await held.sessions.end(
            str(session_id), "signed out", at=now(), actor_id=who.person_id, actor_name=who.name
        )
    answer = redirect(request, "/sign-in")
    held.sessions.clear_cookie(answer)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


async def link_page(request: Request) -> Response:
    """What a one-time link does, and a button: mail scanners follow links, they do not press buttons."""
    try:
        landing = await reading(request, _landing, request.path_params["token"])
    except LinkSpent as error:
        return page(request, "auth/spent.html", 410, detail=str(error))
    return page(request, "auth/enter.html", landing=landing, error="")


async def link(request: Request) -> Response:
    """Redeem a one-time link; a forgotten password's asks for the new password here."""
    text = str(request.path_params["token"])
    try:
        landing = await reading(request, _landing, text)
        if landing.purpose == "password":
            return await _new_password(request, text, landing)
        owner = await in_session(request, "link.use", use_link, text, now())
    except LinkSpent as error:
        return page(request, "auth/spent.html", 410, detail=str(error))
    return await _enter(request, await reading(request, actor_from, owner), "/")


async def _new_password(request: Request, text: str, landing: _Landing) -> Response:
    given = await request.form()
    password, repeated = str(given.get("password", "")), str(given.get("repeated", ""))
    try:
        demand_same(password, repeated)
        demand_good(password, landing.name)
    except Invalid as error:
        return page(request, "auth/enter.html", 422, landing=landing, error=error.reason)
    sessions = services(request).sessions
    hashed = await sessions.passwords.hash(password)
    who, needs_code = await in_session(request, "password.reset", _reset, text, hashed)
    token = await sessions.start(request, who, at=now(), awaiting_code=needs_code)
    answer = redirect(request, "/sign-in/totp" if needs_code else "/")
    sessions.set_cookie(answer, token)
    return answer


async def _enter(request: Request, who: Actor, there: str) -> Response:
    sessions = services(request).sessions
    answer = redirect(request, there)
    sessions.set_cookie(answer, await sessions.start(request, who, at=now()))
    return answer


def _landing(session: Session, text: str) -> _Landing:
    found, owner = open_link(session, text, now())
    return _Landing(owner.name, found.purpose)


def _reset(session: Session, text: str, hashed: str) -> tuple[Actor, bool]:
    at = now()
    owner: Person = use_link(session, text, at)
    passwords.keep_password(session, owner.id, hashed, at)
    end_sessions_of(session, owner.id, "password changed", at)
    withdraw_links(session, owner.id)
    return actor_from(session, person(session, owner.id)), enrolled(session, owner.id)


def _next(path: str) -> str:
    """Where to go afterwards: a path of ours, never another site (ASVS 3.7.2)."""
    return path if _INSIDE.fullmatch(path) and not path.startswith("/sign-") else "/"


def _again(request: Request, template: str, error: Refused | SlowDown, **context: str) -> Response:
    """The same form with the reason; 429 says when to come back."""
    answer = page(request, template, 429 if isinstance(error, SlowDown) else 401, error=str(error), **context)
    if isinstance(error, SlowDown):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


routes: list[BaseRoute] = [
    Route("/sign-in", form, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-in/totp", code_form, methods=["GET"]),
    Route("/sign-in/totp", code, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/enter/{token}", link_page, methods=["GET"]),
    Route("/enter/{token}", link, methods=["POST"]),
]
