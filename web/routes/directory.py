"""The directory: which boards there are, who sits on them, who speaks for which discipline, and where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import Board, boards, members, roles_of
from agenda.clinical import spine
from agenda.conferences import Conference, upcoming
from agenda.people import Person, people, sites
from conference.policy import Action
from web.access import actor, demand, reading
from web.clock import now
from web.pages import page


@dataclass(frozen=True, slots=True)
class ShownBoard:
    """One board as somebody choosing one sees it."""

    board: Board
    disciplines: tuple[str, ...]
    """Names of the disciplines with a voice on it."""
    next: Conference | None
    seats: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the directory."""

    person: Person
    discipline: str
    site: str
    rural: bool
    boards: tuple[str, ...]


async def show(request: Request) -> Response:
    """Boards and people, by discipline and by words of a name or a site."""
    demand(actor(request), Action.DIRECTORY_READ)
    chosen, words = request.query_params.get("discipline", ""), request.query_params.get("q", "").strip()
    return page(
        request, "directory/show.html", chosen=chosen, words=words,
        **await reading(request, _view, chosen, words.casefold(), now()),
    )


def _view(session: Session, chosen: str, words: str, at: datetime) -> dict[str, Any]:
    where = {site.id: site for site in sites(session)}
    names = {board.id: board.name for board in boards(session)}
    entries = []
    for one in people(session):
        site = where[one.site_id]
        if one.disabled_at is not None or (chosen and one.discipline != chosen):
            continue
        if words and not any(words in text.casefold() for text in (one.name, site.name)):
            continue
        seats = tuple(names[board_id] for board_id in roles_of(session, one.id))
        discipline = spine().discipline(one.discipline or "")
        entries.append(Entry(one, discipline.name if discipline else one.standing, site.name, site.rural, seats))
    return {
        "boards": [_board(session, board, at) for board in boards(session)], "entries": entries,
        "disciplines": [(one.code, one.name) for one in spine().disciplines],
    }


def _board(session: Session, board: Board, at: datetime) -> ShownBoard:
    seated = members(session, board.id)
    voices = {person.discipline for place, person in seated if place.role != "observer"}
    known = tuple(one.name for one in spine().disciplines if one.code in voices)
    coming = [one for one in upcoming(session, [board.id], at) if one.starts_at > at]
    return ShownBoard(board, known, coming[0] if coming else None, len(seated))


routes: list[BaseRoute] = [Route("/directory", show, methods=["GET"])]
