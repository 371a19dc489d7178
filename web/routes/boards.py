"""Boards: the administrator adds them; whoever manages one changes it and seats its members."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import (
    Board,
    Membership,
    add_board,
    board,
    boards,
    change_board,
    members,
    put_on_call,
    seat,
    time_zones,
    unseat,
)
from agenda.clinical import spine
from agenda.errors import Invalid
from agenda.ids import BoardId
from agenda.people import Person, keep_disciplines, people
from conference.policy import Action, Actor, BoardResource
from web.access import actor, demand, in_session, reading
from web.clock import now
from web.once import first_time, texts_of
from web.pages import page, redirect


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    board: Board
    seats: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One board with who sits on it and who could."""

    board: Board
    members: list[tuple[Membership, Person]]
    people: list[tuple[str, str]]
    """Everybody with access, as pairs of identity and label."""


async def index(request: Request) -> Response:
    """Every board."""
    demand(actor(request), Action.BOARD_MANAGE)
    return page(request, "boards/index.html", boards=await reading(request, _listed))


async def new(request: Request) -> Response:
    """The form for a new board, in the time zone of whoever fills it in."""
    demand(actor(request), Action.BOARD_MANAGE)
    zone = str(request.scope.get("consilium.time_zone", "UTC"))
    return _form(request, values={"name": "", "charter": "", "time_zone": zone, "required": []})


async def add(request: Request) -> Response:
    """Add a board and go to its page, where its members are seated."""
    demand(actor(request), Action.BOARD_MANAGE)
    given = await request.form()
    try:
        added = await in_session(request, "board.add", _add, actor(request), given)
    except Invalid as error:
        return _form(request, 422, values=_values(given), errors={error.field: error.reason})
    return redirect(request, f"/boards/{added}" if added else "/boards")


async def show(request: Request) -> Response:
    """One board."""
    return await _show(request, _managed(request))


async def change(request: Request) -> Response:
    """Change a board's name, charter, time zone and required disciplines."""
    board_id, given = _managed(request), await request.form()
    try:
        await in_session(request, "board.change", _change, board_id, given)
    except Invalid as error:
        return await _show(request, board_id, 422, values=_values(given), errors={error.field: error.reason})
    return redirect(request, f"/boards/{board_id}")


async def change_seat(request: Request) -> Response:
    """Give, change or take a place; an empty role takes it."""
    board_id, given = _managed(request), await request.form()
    who, role = str(given.get("person", "")), str(given.get("role", ""))
    try:
        await in_session(request, "board.seat", _seat, board_id, who, role)
    except Invalid as error:
        typed = {"person": who, "role": role}
        return await _show(request, board_id, 422, errors={error.field: error.reason}, seated=typed)
    return redirect(request, f"/boards/{board_id}")


async def change_on_call(request: Request) -> Response:
    """Say who is paged when a red flag is raised."""
    board_id, given = _managed(request), await request.form()
    try:
        await in_session(
            request, "board.on-call", put_on_call, board_id, [str(key) for key in given.getlist("on_call")]
        )
    except Invalid as error:
        return await _show(request, board_id, 422, errors={error.field: error.reason})
    return redirect(request, f"/boards/{board_id}#on-call")


def _managed(request: Request) -> str:
    board_id = str(request.path_params["board_id"])
    demand(actor(request), Action.BOARD_MANAGE, BoardResource(BoardId(board_id)))
    return board_id


def _form(request: Request, status: int = 200, **context: Any) -> Response:
    return page(request, "boards/new.html", status, **({"errors": {}} | _choices() | context))


async def _show(request: Request, board_id: str, status: int = 200, **context: Any) -> Response:
    found = await reading(request, _shown, board_id)
    kept = {
        "name": found.board.name, "charter": found.board.charter, "time_zone": found.board.time_zone,
        "required": found.board.required_disciplines,
    }
    shown = {"shown": found, "values": kept, "errors": {}, "seated": {}} | _choices()
    return page(request, "boards/show.html", status, **(shown | context))


def _choices() -> dict[str, Any]:
    return {"disciplines": [(one.code, one.name) for one in spine().disciplines], "zones": time_zones()}


def _values(given: FormData) -> dict[str, Any]:
    named = {key: str(given.get(key, "")) for key in ("name", "charter", "time_zone")}
    return named | {"required": [str(code) for code in given.getlist("required")]}


def _listed(session: Session) -> list[Listed]:
    return [Listed(one, len(members(session, one.id))) for one in boards(session)]


def _shown(session: Session, board_id: str) -> Shown:
    everybody = [(one.id, f"{one.name} · {one.standing}") for one in people(session) if one.disabled_at is None]
    return Shown(board(session, board_id), members(session, board_id), everybody)


def _add(session: Session, who: Actor, given: FormData) -> str:
    if not first_time(session, who, texts_of(given), now()):
        return ""
    keep_disciplines(session, spine().disciplines)
    values = _values(given)
    return add_board(
        session, name=values["name"], charter=values["charter"], time_zone=values["time_zone"],
        required_disciplines=values["required"],
    ).id


def _change(session: Session, board_id: str, given: FormData) -> None:
    keep_disciplines(session, spine().disciplines)
    values = _values(given)
    change_board(
        session, board_id, name=values["name"], charter=values["charter"], time_zone=values["time_zone"],
        required_disciplines=values["required"],
    )


def _seat(session: Session, board_id: str, person_id: str, role: str) -> None:
    found = session.get(Person, person_id)
    if not role:
        unseat(session, board_id, person_id)
    elif found is None or found.disabled_at is not None:
        raise Invalid("person", "Choose somebody who has access.")
    else:
        seat(session, board(session, board_id).id, found.id, role)


routes: list[BaseRoute] = [
    Route("/boards", index, methods=["GET"]),
    Route("/boards", add, methods=["POST"]),
    Route("/boards/new", new, methods=["GET"]),
    Route("/boards/{board_id}", show, methods=["GET"]),
    Route("/boards/{board_id}", change, methods=["POST"]),
    Route("/boards/{board_id}/seat", change_seat, methods=["POST"]),
    Route("/boards/{board_id}/on-call", change_on_call, methods=["POST"]),
]
