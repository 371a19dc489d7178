"""A person's own account: password, second factor, recovery codes, sessions, tokens."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import segno
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.errors import Invalid
from agenda.people import Person, person
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, reading
from web.auth import passwords, totp
from web.auth.errors import Refused, SlowDown
from web.auth.passwords import demand_good, demand_same
from web.auth.reauthenticate import reauthenticate
from web.auth.sessions import SignInSession, end_session, end_sessions_of, sessions_of
from web.auth.tokens import ApiToken, issue_token, revoke_token, tokens_of
from web.clock import now
from web.middleware import client_address
from web.pages import page, redirect
from web.services import services


@dataclass(frozen=True, slots=True)
class Account:
    """What the account page shows."""

    person: Person
    second_factor: bool
    recovery_codes: int
    password_changed_at: datetime | None
    sessions: list[SignInSession]
    tokens: list[ApiToken]


async def show(request: Request) -> Response:
    """The account page."""
    return await _page(request)


async def change_password(request: Request) -> Response:
    """A new password, given the present one; every other session ends, and this one's token is replaced."""
    who, given = _who(request), await request.form()
    password, repeated = str(given.get("password", "")), str(given.get("repeated", ""))
    try:
        demand_same(password, repeated)
        owner = await reading(request, person, who.person_id)
        demand_good(password, owner.name, owner.email)
        await _prove(request, who, str(given.get("current", "")), str(given.get("code", "")))
    except Invalid as error:
        return await _page(request, 422, errors={error.field: error.reason})
    except (Refused, SlowDown) as error:
        return await _page(request, 401, errors={"current": str(error)})
    sessions = services(request).sessions
    hashed = await sessions.passwords.hash(password)
    await in_session(request, "password.change", _change, who.person_id, hashed, now())
    answer = redirect(request, "/account?done=password")
    sessions.set_cookie(answer, await sessions.start(request, who, at=now()))
    return answer


async def end(request: Request) -> Response:
    """End one of one's own sessions."""
    who, session_id = _who(request), str(request.path_params["session_id"])
    await in_session(request, "session.end", end_session, session_id, "ended by hand", now(), person_id=who.person_id)
    return redirect(request, "/account?done=session")


async def end_others(request: Request) -> Response:
    """End every session of one's own but this one."""
    who, keep = _who(request), request.scope.get("consilium.session_id")
    await in_session(request, "session.end-all", end_sessions_of, who.person_id, "ended by hand", now(), keep=keep)
    return redirect(request, "/account?done=sessions")


async def totp_form(request: Request) -> Response:
    """The second factor: begin, confirm the first code, or manage what is there."""
    return await _totp_page(request)


async def begin_totp(request: Request) -> Response:
    """Make a fresh secret, given the password; the page then shows it as a QR code."""
    who, given = _who(request), await request.form()
    try:
        await _prove(request, who, str(given.get("current", "")), "")
    except (Refused, SlowDown) as error:
        return await _totp_page(request, 401, error=str(error))
    await in_session(request, "totp.begin", totp.begin, services(request).sessions.seal, who.person_id, now())
    return redirect(request, "/account/totp")


async def totp_picture(request: Request) -> Response:
    """The QR code of the unconfirmed secret, as a picture."""
    uri = await _provisioning(request)
    if not uri:
        return Response(status_code=404)
    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(drawn, kind="svg", scale=6, border=2, dark="#000", light="#fff")
    return Response(drawn.getvalue(), media_type="image/svg+xml")


async def confirm_totp(request: Request) -> Response:
    """Take the first code; show the recovery codes, this once."""
    who, given = _who(request), await request.form()
    seal = services(request).sessions.seal
    code = str(given.get("code", ""))
    codes = await in_session(request, "totp.confirm", totp.confirm, seal, who.person_id, code, now())
    if codes is None:
        error = "This is not the code of now. Is the clock of your telephone right?"
        return await _totp_page(request, 422, error=error)
    return page(request, "account/recovery.html", codes=codes, fresh=True)


async def remove_totp(request: Request) -> Response:
    """Take the second factor away, given both factors."""
    who, given = _who(request), await request.form()
    try:
        await _prove(request, who, str(given.get("current", "")), str(given.get("code", "")))
    except (Refused, SlowDown) as error:
        return await _totp_page(request, 401, error=str(error))
    await in_session(request, "totp.remove", totp.remove, who.person_id)
    return redirect(request, "/account?done=totp")


async def renew_codes(request: Request) -> Response:
    """Ten fresh recovery codes, given both factors; earlier ones stop working."""
    who, given = _who(request), await request.form()
    try:
        await _prove(request, who, str(given.get("current", "")), str(given.get("code", "")))
    except (Refused, SlowDown) as error:
        return await _totp_page(request, 401, error=str(error))
    codes = await in_session(request, "recovery-codes.renew", totp.renew_recovery_codes, who.person_id)
    return page(request, "account/recovery.html", codes=codes, fresh=False)


async def add_token(request: Request) -> Response:
    """A bearer token for a program; its text is shown this once."""
    who, given = _who(request), await request.form()
    days = str(given.get("days", ""))
    try:
        _, text = await in_session(
            request, "token.issue", issue_token, person_id=who.person_id, name=str(given.get("name", "")),
            lifetime=timedelta(days=int(days) if days.isdecimal() and len(days) < 5 else 0), at=now(),
        )
    except Invalid as error:
        return await _page(request, 422, errors={f"token_{error.field}": error.reason})
    return await _page(request, token_text=text)


async def remove_token(request: Request) -> Response:
    """Withdraw one of one's own tokens."""
    who, token_id = _who(request), str(request.path_params["token_id"])
    await in_session(request, "token.revoke", revoke_token, who.person_id, token_id, now())
    return redirect(request, "/account?done=token")


_DONE = {
    "password": "Your password is changed, and every other session has ended.",
    "session": "That session has ended.",
    "sessions": "Every other session has ended.",
    "totp": "Signing in no longer asks for a code.",
    "token": "That token no longer works.",
}


async def _page(request: Request, status: int = 200, **context: Any) -> Response:
    who = _who(request)
    found = await reading(request, _account, who.person_id, now())
    shown = {"errors": {}, "token_text": "", "done": _DONE.get(request.query_params.get("done", ""), "")} | context
    return page(
        request, "account/show.html", status, account=found, this=request.scope.get("consilium.session_id"), **shown
    )


async def _totp_page(request: Request, status: int = 200, error: str = "") -> Response:
    uri = await _provisioning(request)
    found = await reading(request, _account, _who(request).person_id, now())
    secret = parse_qs(urlsplit(uri).query)["secret"][0] if uri else ""
    return page(request, "account/totp.html", status, account=found, secret=secret, error=error)


def _who(request: Request) -> Actor:
    who = actor(request)
    demand(who, Action.ACCOUNT_MANAGE)
    return who


async def _prove(request: Request, who: Actor, password: str, code: str) -> None:
    await reauthenticate(services(request), who, password, code, address=client_address(request))


async def _provisioning(request: Request) -> str | None:
    who = _who(request)
    owner = await reading(request, person, who.person_id)
    return await reading(
        request, totp.provisioning_uri, services(request).sessions.seal, who.person_id, owner.email
    )


def _account(session: Session, person_id: str, at: datetime) -> Account:
    held = passwords.credential(session, person_id)
    return Account(
        person=person(session, person_id), second_factor=totp.enrolled(session, person_id),
        recovery_codes=totp.recovery_codes_left(session, person_id),
        password_changed_at=held.changed_at if held else None,
        sessions=sessions_of(session, person_id, at), tokens=tokens_of(session, person_id, at),
    )


def _change(session: Session, person_id: str, hashed: str, at: datetime) -> None:
    passwords.keep_password(session, person_id, hashed, at)
    end_sessions_of(session, person_id, "password changed", at)


routes: list[BaseRoute] = [
    Route("/account", show, methods=["GET"]),
    Route("/account/password", change_password, methods=["POST"]),
    Route("/account/sessions/others/end", end_others, methods=["POST"]),
    Route("/account/sessions/{session_id}/end", end, methods=["POST"]),
    Route("/account/totp", totp_form, methods=["GET"]),
    Route("/account/totp/qr.svg", totp_picture, methods=["GET"]),
    Route("/account/totp/begin", begin_totp, methods=["POST"]),
    Route("/account/totp/confirm", confirm_totp, methods=["POST"]),
    Route("/account/totp/remove", remove_totp, methods=["POST"]),
    Route("/account/recovery-codes", renew_codes, methods=["POST"]),
    Route("/account/tokens", add_token, methods=["POST"]),
    Route("/account/tokens/{token_id}/revoke", remove_token, methods=["POST"]),
]
