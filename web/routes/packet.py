"""The packet: one page per case of a sitting, its versions, and the sealed opinion given on it.

An opinion goes to the room, where it stays sealed: this page shows it to its author alone, and to everybody else only
that it was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.clinical import spine
from agenda.conferences import conference, items
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import CaseId, new_id
from agenda.packets import PacketVersion, bases, changes, content_of, versions
from agenda.people import person
from conference.policy import Action, Actor, may
from conference.room.commands import GiveOpinion
from conference.room.refused import Refused
from conference.room.state import CaseState, RoomState
from conference.room.values import Opinion, Participant
from web.access import Forbidden, actor, demand, in_session, note_read, reading
from web.cases.facts import thumbs
from web.cases.levels import level_facts
from web.cases.objects import documents_of
from web.clock import now
from web.pages import page, redirect, status_for
from web.resources import case_resource, conference_resource
from web.rooms.corresponding import after_opinion
from web.services import services
from web.sittings.packets import Shown, opened, readers, shown, voices
from web.sockets.seating import seat


@dataclass(frozen=True, slots=True)
class Given:
    """Whether one discipline's member has given an opinion; never what it says."""

    name: str
    discipline: str
    given: bool


def _ids(request: Request) -> tuple[str, str]:
    return request.path_params["conference_id"], request.path_params["case_id"]


def _read(session: Session, who: Actor, conference_id: str, case_id: str, at: datetime) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.PACKET_READ, resource)
    order = [item.case_id for item in items(session, conference_id) if item.case_id]
    if case_id not in order:
        raise ItemNotFound(case_id)
    found, sitting = case(session, case_id), conference(session, conference_id)
    place = order.index(case_id)
    inside = sitting.board_id in who.boards
    planning = bool(may(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id)))
    return {
        "case": found, "sitting": sitting, "chooses": bool(may(who, Action.KEY_IMAGE, resource)),
        "readers": readers(session, conference_id)[case_id] if planning else [],
        "takes": bool(may(who, Action.CASE_EXPORT, resource)),
        "thumbs": thumbs(session, case_id), "documents": documents_of(session, case_id),
        "levels": level_facts(session, case_id), "place": place + 1, "count": len(order), "today": at.date(),
        "before": order[place - 1] if place and inside else "", "resource": resource, "inside": inside,
        "after": order[place + 1] if inside and place + 1 < len(order) else "",
        "voices": voices(session, sitting.board_id),
    }


def _open(session: Session, who: Actor, conference_id: str, case_id: str, at: datetime) -> Shown:
    demand(who, Action.PACKET_READ, case_resource(session, case_id))
    return opened(session, conference_id, case_id, who.person_id, at)


async def _page(
    request: Request, status: int = 200, *, found: Shown | None = None, error: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    conference_id, case_id = _ids(request)
    who = actor(request)
    view = await reading(request, _read, who, conference_id, case_id, now())
    if found is None:
        found = await reading(request, shown, conference_id, case_id, now())
    state = await services(request).rooms.state(conference_id)
    in_room = state.cases.get(CaseId(case_id))
    mine = own_opinion(in_room, who)
    may_give = in_room is not None and state.phase != "ended" and bool(may(who, Action.OPINION_GIVE, view["resource"]))
    return page(
        request, "packet/show.html", status_for(request, status), **view, mine=mine, error=error,
        found=found, content=found.content, packet=found.content.packet, pictures=found.content.pictures,
        back=conference_id,
        typed=dict(typed) if typed is not None else _typed(mine), options=in_room.options if in_room else (),
        open_form=may_give and in_room is not None and in_room.round not in in_room.revealed and in_room.signed is None,
        revealed=in_room is not None and in_room.round in in_room.revealed, speaks=spine().short(who.discipline or ""),
        given=who_gave(in_room, [(one.id, one.name, one.discipline) for one in view["voices"]]),
        editing=error != "" or request.query_params.get("change") == "1",
    )


def own_opinion(in_room: CaseState | None, who: Actor) -> Opinion | None:
    """The viewer's own opinion of the running round; nobody else's ever leaves the room's state here."""
    if in_room is None:
        return None
    given = in_room.opinions.get(f"{in_room.round}:{who.person_id}")
    return given.opinion if given else None


def who_gave(in_room: CaseState | None, voices: list[tuple[str, str, str | None]]) -> list[Given]:
    """Whether each member (identity, name, discipline) has given an opinion in the running round."""
    keys = set(in_room.opinions) if in_room else set()
    running = in_room.round if in_room else 1
    return [Given(name, spine().short(code or ""), f"{running}:{key}" in keys) for key, name, code in voices]


def _typed(mine: Opinion | None) -> dict[str, str]:
    if mine is None:
        return {}
    shown = {f"rating-{key}": str(value) for key, value in mine.ratings.items()}
    numbers = {"concordance": mine.concordance, "improvement": mine.improvement, "confidence": mine.confidence}
    shown |= {name: str(value) for name, value in numbers.items() if value is not None}
    return shown | {"preferred": mine.preferred, "comment": mine.comment}


def opinion_from(texts: Mapping[str, str], in_room: CaseState) -> Opinion:
    """The opinion a form holds; raises Invalid naming the field."""
    ratings: dict[str, int] = {}
    for option in in_room.options:
        rated = texts.get(f"rating-{option.key}", "")
        if rated not in tuple("123456789"):
            raise Invalid(f"rating-{option.key}", f"Rate “{option.label}” from 1 to 9.")
        ratings[option.key] = int(rated)
    preferred = texts.get("preferred", "")
    if preferred not in ratings:
        raise Invalid("preferred", "Choose the option you prefer.")
    return Opinion(
        preferred=preferred, ratings=ratings, confidence=_number(texts, "confidence", 100, "How sure you are") or 0,
        concordance=_number(texts, "concordance", 10, "Concordance", needed=False),
        improvement=_number(texts, "improvement", 100, "The chance of improvement", needed=False),
        comment=texts.get("comment", "").strip(),
    )


def _number(texts: Mapping[str, str], name: str, most: int, what: str, *, needed: bool = True) -> int | None:
    text = texts.get(name, "").strip()
    if not text and not needed:
        return None
    if not text.isascii() or not text.isdecimal() or int(text) > most:
        raise Invalid(name, f"{what} is a whole number from 0 to {most}.")
    return int(text)


async def show(request: Request) -> Response:
    """The packet of one case of a sitting; that it was opened is kept for the coordinator."""
    conference_id, case_id = _ids(request)
    found = await in_session(request, "packet.open", _open, actor(request), conference_id, case_id, now())
    answer = await _page(request, found=found)
    await note_read(request, Action.PACKET_READ, f"case {case_id}")
    return answer


def _history(session: Session, who: Actor, conference_id: str, case_id: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.PACKET_READ, resource)
    kept, sitting = versions(session, conference_id, case_id), conference(session, conference_id)
    inside = sitting.board_id in who.boards
    given: dict[int, list[tuple[str, int]]] = {}
    for one in bases(session, conference_id, case_id) if inside else ():
        given.setdefault(one.number, []).append((person(session, one.person_id).name, one.round))
    rows = [
        (row, changes(content_of(kept[place - 1]), content_of(row)) if place else (), given.get(row.number, []))
        for place, row in enumerate(kept)
    ]
    return {
        "case": case(session, case_id), "sitting": sitting, "rows": rows[::-1], "before": given.get(0, []),
        "takes": bool(may(who, Action.CASE_EXPORT, resource)),
    }


async def history(request: Request) -> Response:
    """Every version of a packet, what changed in each, and which opinions were given on it."""
    conference_id, case_id = _ids(request)
    view = await reading(request, _history, actor(request), conference_id, case_id)
    await note_read(request, Action.PACKET_READ, f"case {case_id}")
    return page(request, "packet/versions.html", **view)


def _version(session: Session, who: Actor, conference_id: str, case_id: str, number: int) -> PacketVersion:
    demand(who, Action.CASE_EXPORT, case_resource(session, case_id))
    found = next((one for one in versions(session, conference_id, case_id) if one.number == number), None)
    if found is None:
        raise ItemNotFound(f"{case_id}, version {number}")
    return found


async def version(request: Request) -> Response:
    """The bytes of one version; their SHA-256 is the digest that page and PDF print."""
    conference_id, case_id = _ids(request)
    number = request.path_params["index"]
    found = await reading(request, _version, actor(request), conference_id, case_id, number)
    await note_read(request, Action.CASE_EXPORT, f"packetversion:{found.id}")
    name = f"packet-version-{found.number}.json"
    return Response(
        found.body.encode(), media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _participant(session: Session, who: Actor, conference_id: str, case_id: str) -> Participant:
    demand(who, Action.OPINION_GIVE, case_resource(session, case_id))
    found = seat(session, conference_id, who)
    if found is None:
        raise Forbidden("You do not take part in this conference.")
    return found


async def give(request: Request) -> Response:
    """Seal an opinion, or replace one's own while it is sealed."""
    conference_id, case_id = _ids(request)
    participant = await reading(request, _participant, actor(request), conference_id, case_id)
    form = await request.form()
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    rooms = services(request).rooms
    state: RoomState = await rooms.state(conference_id)
    in_room = state.cases.get(CaseId(case_id))
    if in_room is None:
        raise NotNow("no-such-case", "This case is not on the agenda any more.")
    try:
        opinion = opinion_from(texts, in_room)
    except Invalid as error:
        return await _page(request, 422, error=error.reason, typed=texts)
    answer = await rooms.execute(conference_id, participant, new_id(), GiveOpinion(CaseId(case_id), opinion))
    if isinstance(answer, Refused):
        return await _page(request, 409, error=answer.reason, typed=texts)
    if await after_opinion(request, conference_id, case_id):
        return redirect(request, f"/second-opinions/{conference_id}")
    return redirect(request, f"/conferences/{conference_id}/cases/{case_id}#opinion")


routes: list[BaseRoute] = [
    Route("/conferences/{conference_id}/cases/{case_id}", show, methods=["GET"]),
    Route("/conferences/{conference_id}/cases/{case_id}/versions", history, methods=["GET"]),
    Route("/conferences/{conference_id}/cases/{case_id}/versions/{index:int}.json", version, methods=["GET"]),
    Route("/conferences/{conference_id}/cases/{case_id}/opinion", give, methods=["POST"]),
]
