"""What is taken away from a sitting: the agenda and packets as PDF, the list by discipline, and a copy for offline."""

import base64
from datetime import datetime
from typing import Any

import anyio.to_thread
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.conferences import conference, items
from agenda.packets import KeyPicture
from conference.policy import Action, Actor, may
from imaging.errors import ImagingError
from imaging.pixels.stack import stack_of
from imaging.pixels.window import Window
from imaging.studies import instance
from web.access import actor, demand, in_session, note_read, reading
from web.clock import now
from web.pages import local, page
from web.resources import case_resource, conference_resource
from web.services import services
from web.sittings.packets import Shown, opened, shown
from web.sittings.printing import agenda_facts, agenda_pdf, by_discipline, packet_facts, packets_pdf, version_words
from web.sittings.view import agenda_view

_SIDE_PX = 1024


def _zone(request: Request) -> str:
    return str(request.scope.get("consilium.time_zone", "UTC"))


def _agenda(session: Session, who: Actor, conference_id: str, at: datetime) -> dict[str, Any]:
    resource = conference_resource(session, conference_id)
    demand(who, Action.CONFERENCE_READ, resource)
    return agenda_view(session, who, resource, at)


def _versions(session: Session, conference_id: str, case_ids: list[str], zone: str, at: datetime) -> dict[str, str]:
    found = {key: shown(session, conference_id, key, at) for key in case_ids}
    return {key: f"{version_words(one, zone)}, SHA-256 {one.digest[:16]}" for key, one in found.items()}


async def agenda(request: Request) -> Response:
    """The agenda as PDF, with the list by discipline."""
    who, conference_id, zone, at = actor(request), request.path_params["conference_id"], _zone(request), now()
    view = await reading(request, _agenda, who, conference_id, at)
    seen = [row.case.id for row in view["rows"] if row.case]
    versions = await reading(request, _versions, conference_id, seen, zone, at)
    body = await anyio.to_thread.run_sync(agenda_pdf, agenda_facts(view, versions, zone, who.name, at))
    await note_read(request, Action.CONFERENCE_READ, f"conference {conference_id}")
    return _file(body, "application/pdf", "agenda.pdf")


async def disciplines(request: Request) -> Response:
    """Who is needed when, and who may leave first."""
    view = await reading(request, _agenda, actor(request), request.path_params["conference_id"], now())
    return page(request, "packet/disciplines.html", **view, needed=by_discipline(view["rows"]))


def _taken(session: Session, who: Actor, conference_id: str, case_id: str, at: datetime) -> list[Shown]:
    """The packets somebody takes along: that of one case, or of every case on the agenda that is theirs to take."""
    if case_id:
        demand(who, Action.CASE_EXPORT, case_resource(session, case_id))
        return [opened(session, conference_id, case_id, who.person_id, at)]
    demand(who, Action.CONFERENCE_READ, conference_resource(session, conference_id))
    listed = [item.case_id for item in items(session, conference_id) if item.case_id]
    own = [key for key in listed if may(who, Action.CASE_EXPORT, case_resource(session, key))]
    return [opened(session, conference_id, key, who.person_id, at) for key in own]


async def _packets(request: Request) -> list[Shown]:
    conference_id, case_id = request.path_params["conference_id"], request.path_params.get("case_id", "")
    found = await in_session(request, "packet.take", _taken, actor(request), conference_id, case_id, now())
    for one in found:
        await note_read(request, Action.CASE_EXPORT, f"case {one.content.case_id}")
    return found


async def _picture(request: Request, one: KeyPicture) -> bytes | None:
    """The key image as JPEG; None when it cannot be drawn."""
    pictures = services(request).pictures
    try:
        run = (await reading(request, instance, one.sop_instance_uid)).series_instance_uid
        drawn = await pictures.opened(await reading(request, stack_of, run))
        index = drawn.stack.index_of(one.sop_instance_uid, one.frame)
        if index is None:
            return None
        window = None if one.centre is None or one.width is None else Window(one.centre, one.width)
        return await pictures.rendered(drawn, index, _SIDE_PX, "jpeg", window)
    except ImagingError:
        return None


async def _drawn(request: Request, found: list[Shown]) -> dict[KeyPicture, bytes]:
    wanted = dict.fromkeys(one for packet in found for one in packet.content.pictures)
    drawn = {one: await _picture(request, one) for one in wanted}
    return {one: picture for one, picture in drawn.items() if picture is not None}


async def _facts(request: Request, found: list[Shown], files: dict[KeyPicture, str]) -> dict[str, Any]:
    sitting = await reading(request, conference, request.path_params["conference_id"])
    zone, at = _zone(request), now()
    team = await reading(request, board, sitting.board_id)
    return {
        "title": f"Packets, {sitting.title}", "board": team.name, "day": at.date().isoformat(),
        "conference": f"{sitting.title}, {local(sitting.starts_at, zone)}", "reader": actor(request).name,
        "printed": local(at, zone), "cases": [packet_facts(one, files, zone) for one in found],
    }


async def packets(request: Request) -> Response:
    """A packet, or all of a sitting, as PDF with key images."""
    found = await _packets(request)
    drawn = await _drawn(request, found)
    names = {one: f"key-{place}.jpg" for place, one in enumerate(drawn)}
    facts = await _facts(request, found, names)
    body = await anyio.to_thread.run_sync(packets_pdf, facts, {names[one]: data for one, data in drawn.items()})
    return _file(body, "application/pdf", "packet.pdf" if len(found) == 1 else "packets.pdf")


async def offline(request: Request) -> Response:
    """One HTML file that needs no line: packets with their pictures inside, no script, nothing fetched."""
    found = await _packets(request)
    drawn = await _drawn(request, found)
    files = {one: f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" for one, data in drawn.items()}
    template = services(request).templates.get_template("packet/offline.html")
    body = template.render(**await _facts(request, found, files))
    return _file(body.encode(), "text/html; charset=utf-8", "packets-offline.html")


def _file(body: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=kind, headers=headers)


_SITTING, _CASE = "/conferences/{conference_id}", "/conferences/{conference_id}/cases/{case_id}"
routes: list[BaseRoute] = [
    Route(f"{_SITTING}/agenda.pdf", agenda, methods=["GET"]),
    Route(f"{_SITTING}/disciplines", disciplines, methods=["GET"]),
    Route(f"{_SITTING}/packets.pdf", packets, methods=["GET"]),
    Route(f"{_SITTING}/packets.html", offline, methods=["GET"]),
    Route(f"{_CASE}/packet.pdf", packets, methods=["GET"]),
]
