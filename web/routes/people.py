"""The administrator's page of people: add, disable, reset, seat."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import Board, boards, roles_of, seat, unseat
from agenda.errors import Invalid
from agenda.people import Person, Site, add_person, disable, disciplines, people, person, sites
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, reading
from web.auth import totp
from web.auth.enter import RESET_LIFETIME, issue_link, withdraw_links
from web.auth.passwords import credential
from web.auth.sessions import end_sessions_of
from web.clock import now
from web.once import first_time, texts_of
from web.pages import page, redirect
from web.refused import NOTHING, Refused, refused
from web.services import services


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    person: Person
    site: str
    has_password: bool
    second_factor: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One person with what can be changed."""

    person: Person
    roles: dict[str, str]
    boards: list[Board]
    site: str
    has_password: bool
    second_factor: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form of a person chooses from: pairs of value and label."""

    sites: list[tuple[str, str]]
    disciplines: list[tuple[str, str]]


async def index(request: Request) -> Response:
    """Everybody with an account."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    return page(request, "people/index.html", people=await reading(request, _listed))


async def new(request: Request) -> Response:
    """The form for somebody new."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    return await _form(request)


async def add(request: Request) -> Response:
    """Add a person and show the link with which they choose a password."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    given = await request.form()
    try:
        added, text = await in_session(request, "person.add", _add, actor(request), given)
    except Invalid as error:
        return await _form(request, 422, values=dict(given), errors={error.field: error.reason})
    if added is None:
        return redirect(request, "/people")
    return await _show(request, added.id, link=_address(request, text))


async def show(request: Request) -> Response:
    """One person."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    return await _show(request, request.path_params["person_id"])


async def take_access(request: Request) -> Response:
    """Disable an account: its sessions end, its links stop working, its name stays where it signed."""
    who = actor(request)
    demand(who, Action.PEOPLE_MANAGE)
    person_id = str(request.path_params["person_id"])
    if person_id == who.person_id:
        return await _show(request, person_id, 422, error="You cannot disable your own account.")
    await in_session(request, "person.disable", _disable, person_id)
    return redirect(request, f"/people/{person_id}")


async def give_access(request: Request) -> Response:
    """Enable a disabled account again."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    person_id = str(request.path_params["person_id"])
    await in_session(request, "person.enable", _enable, person_id)
    return redirect(request, f"/people/{person_id}")


async def reset(request: Request) -> Response:
    """A one-time link for a new password; with ``second_factor=remove`` the lost telephone is forgotten too."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    person_id = str(request.path_params["person_id"])
    forget = (await request.form()).get("second_factor") == "remove"
    text = await in_session(request, "person.reset", _reset, person_id, forget)
    return await _show(request, person_id, link=_address(request, text))


async def end_sessions(request: Request) -> Response:
    """End every session of a person."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    person_id = str(request.path_params["person_id"])
    await in_session(request, "session.end-all", end_sessions_of, person_id, "ended by the administrator", now())
    return redirect(request, f"/people/{person_id}")


async def change_seat(request: Request) -> Response:
    """Give, change or take a place on a board; open rooms notice within two seconds."""
    demand(actor(request), Action.PEOPLE_MANAGE)
    person_id, given = str(request.path_params["person_id"]), await request.form()
    typed = {name: str(given.get(name, "")) for name in ("board", "role")}
    try:
        await in_session(request, "board.seat", _seat, typed["board"], person_id, typed["role"])
    except Invalid as error:
        return await _show(request, person_id, 422, wrong=refused("seat", error, typed))
    return redirect(request, f"/people/{person_id}")


async def _form(request: Request, status: int = 200, **context: Any) -> Response:
    shown = {"values": {}, "errors": {}} | context
    return page(request, "people/new.html", status, choices=await reading(request, _choices), **shown)


async def _show(
    request: Request, person_id: str, status: int = 200, *, link: str = "", error: str = "", wrong: Refused = NOTHING
) -> Response:
    found = await reading(request, _shown, person_id)
    return page(request, "people/show.html", status, shown=found, link=link, error=error, refused=wrong)


def _address(request: Request, text: str) -> str:
    return f"{services(request).settings.public_url}/enter/{text}"


def _listed(session: Session) -> list[Listed]:
    names = {site.id: site.name for site in sites(session)}
    return [
        Listed(one, names.get(one.site_id, ""), credential(session, one.id) is not None, totp.enrolled(session, one.id))
        for one in people(session)
    ]


def _shown(session: Session, person_id: str) -> Shown:
    found = person(session, person_id)
    site = session.get(Site, found.site_id)
    return Shown(
        found, roles_of(session, person_id), boards(session), site.name if site else "",
        credential(session, person_id) is not None, totp.enrolled(session, person_id),
    )


def _choices(session: Session) -> Choices:
    return Choices(
        [(site.id, site.name) for site in sites(session)], [(one.code, one.name) for one in disciplines(session)]
    )


def _add(session: Session, who: Actor, given: FormData) -> tuple[Person | None, str]:
    """The person and the text of their link; nobody where this form was taken before."""
    if not first_time(session, who, texts_of(given), now()):
        return None, ""
    added = add_person(
        session, name=str(given.get("name", "")), email=str(given.get("email", "")),
        standing=str(given.get("standing", "")), site_id=str(given.get("site", "")),
        discipline=str(given.get("discipline", "")) or None, credentials=str(given.get("credentials", "")),
    )
    return added, issue_link(session, added.id, purpose="password", lifetime=RESET_LIFETIME, at=now())


def _disable(session: Session, person_id: str) -> None:
    disable(session, person_id, now())
    end_sessions_of(session, person_id, "account disabled", now())
    withdraw_links(session, person_id)


def _enable(session: Session, person_id: str) -> None:
    found = person(session, person_id)
    found.disabled_at = None
    session.add(found)


def _reset(session: Session, person_id: str, forget: bool) -> str:
    if forget:
        totp.remove(session, person_id)
    end_sessions_of(session, person_id, "password reset", now())
    return issue_link(session, person_id, purpose="password", lifetime=RESET_LIFETIME, at=now())


def _seat(session: Session, board_id: str, person_id: str, role: str) -> None:
    if board_id not in {one.id for one in boards(session)}:
        raise Invalid("board", "Choose a board.")
    if role:
        seat(session, board_id, person(session, person_id).id, role)
    else:
        unseat(session, board_id, person_id)


routes: list[BaseRoute] = [
    Route("/people", index, methods=["GET"]),
    Route("/people", add, methods=["POST"]),
    Route("/people/new", new, methods=["GET"]),
    Route("/people/{person_id}", show, methods=["GET"]),
    Route("/people/{person_id}/disable", take_access, methods=["POST"]),
    Route("/people/{person_id}/enable", give_access, methods=["POST"]),
    Route("/people/{person_id}/reset", reset, methods=["POST"]),
    Route("/people/{person_id}/sessions/end", end_sessions, methods=["POST"]),
    Route("/people/{person_id}/seat", change_seat, methods=["POST"]),
]
