"""Guests: inviting somebody to one case, the page their link opens, and taking the invitation back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.cases import Case, case
from agenda.errors import Invalid
from agenda.people import person
from conference.policy import Action, Actor, CaseResource
from web.access import actor, demand, in_session, reading
from web.auth.errors import LinkSpent
from web.auth.invitations import (
    Invitation,
    InvitationNotFound,
    accept,
    invitation,
    invitations_of,
    invite,
    open_invitation,
    revoke,
)
from web.auth.sessions import end_sessions_of, guest_actor
from web.clock import now
from web.once import first_time, texts_of
from web.pages import page, redirect
from web.resources import case_resource
from web.services import services


@dataclass(frozen=True, slots=True)
class Landing:
    """What the page of an invitation says; nothing of the patient."""

    name: str
    case_number: int
    board: str
    invited_by: str
    expires_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One invitation of the list."""

    invitation: Invitation
    state: str
    invited_by: str


async def landing(request: Request) -> Response:
    """What the link is, and a button: mail scanners follow links, they do not press buttons."""
    try:
        found = await reading(request, _landing, request.path_params["token"])
    except LinkSpent as error:
        return page(request, "guests/spent.html", 410, detail=str(error))
    return page(request, "guests/landing.html", landing=found, hours=services(request).settings.auth.guest_hours)


async def enter(request: Request) -> Response:
    """Redeem an invitation: a session that sees the one case begins."""
    sessions, at = services(request).sessions, now()
    try:
        used = await in_session(request, "invitation.accept", accept, str(request.path_params["token"]), at)
    except LinkSpent as error:
        return page(request, "guests/spent.html", 410, detail=str(error))
    answer = redirect(request, f"/cases/{used.case_id}")
    sessions.set_cookie(answer, await sessions.start(request, guest_actor(used), at=at, invitation=used))
    return answer


async def index(request: Request) -> Response:
    """The invitations to a case, and the form for another one."""
    await _demand(request)
    return await _page(request)


async def add(request: Request) -> Response:
    """Invite somebody; the link is shown this once."""
    resource, given = await _demand(request), await request.form()
    days = str(given.get("days", ""))
    most = services(request).settings.auth.invitation_days
    try:
        if not days.isdecimal() or not 1 <= int(days[:4]) <= most:
            return await _page(request, 422, errors={"days": f"Between 1 and {most} days."}, values=dict(given))
        text = await in_session(
            request, "invitation.add", _invite, actor(request), texts_of(given), case_id=resource.case_id,
            name=str(given.get("name", "")), email=str(given.get("email", "")),
            lifetime=timedelta(days=int(days)), at=now(),
        )
    except Invalid as error:
        return await _page(request, 422, errors={error.field: error.reason}, values=dict(given))
    if not text:
        return redirect(request, f"/cases/{resource.case_id}/guests")
    return await _page(request, link=f"{services(request).settings.public_url}/guest/{text}")


def _invite(
    session: Session, who: Actor, texts: dict[str, str], *, case_id: str, name: str, email: str, lifetime: timedelta,
    at: datetime,
) -> str:
    """The text of the link; empty where this form was taken before."""
    if not first_time(session, who, texts, at):
        return ""
    return invite(
        session, case_id=case_id, name=name, email=email, invited_by=who.person_id, lifetime=lifetime, at=at
    )[1]


async def withdraw(request: Request) -> Response:
    """Withdraw an invitation; its session and sockets end with it."""
    resource = await _demand(request)
    await in_session(request, "invitation.revoke", _withdraw, resource.case_id, request.path_params["invitation_id"])
    return redirect(request, f"/cases/{resource.case_id}/guests")


async def _demand(request: Request) -> CaseResource:
    who = actor(request)
    resource = await reading(request, case_resource, request.path_params["case_id"])
    demand(who, Action.CASE_INVITE_GUEST, resource)
    return resource


async def _page(request: Request, status: int = 200, **context: Any) -> Response:
    found, listed = await reading(request, _listed, request.path_params["case_id"], now())
    shown: dict[str, Any] = {"errors": {}, "values": {}, "link": ""} | context
    days = services(request).settings.auth.invitation_days
    return page(request, "guests/index.html", status, case=found, invitations=listed, days=days, **shown)


def _landing(session: Session, text: str) -> Landing:
    found = open_invitation(session, text, now())
    about = case(session, found.case_id)
    before = board(session, about.board_id)
    return Landing(
        found.name, about.number, before.name, person(session, found.invited_by).name, found.expires_at,
        before.time_zone,
    )


def _listed(session: Session, case_id: str, at: datetime) -> tuple[Case, list[Listed]]:
    rows = [
        Listed(one, one.state(at), person(session, one.invited_by).name) for one in invitations_of(session, case_id)
    ]
    return case(session, case_id), rows


def _withdraw(session: Session, case_id: str, invitation_id: str) -> None:
    if invitation(session, invitation_id).case_id != case_id:
        raise InvitationNotFound(invitation_id)
    withdrawn = revoke(session, invitation_id, now())
    end_sessions_of(session, withdrawn.guest_id, "invitation withdrawn", now())


routes: list[BaseRoute] = [
    Route("/guest/{token}", landing, methods=["GET"]),
    Route("/guest/{token}", enter, methods=["POST"]),
    Route("/cases/{case_id}/guests", index, methods=["GET"]),
    Route("/cases/{case_id}/guests", add, methods=["POST"]),
    Route("/cases/{case_id}/guests/{invitation_id}/withdraw", withdraw, methods=["POST"]),
]
