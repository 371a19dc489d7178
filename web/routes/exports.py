"""The way out of a case: its objects as a zip, or sent to an archive; and the marks that came with its studies."""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid5

import anyio.to_thread
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.conferences import conferences_of_case
from agenda.ids import CaseId, ConferenceId, new_id
from conference.outcome.objects import content_of, known_tracking_uids
from conference.policy import Action, Actor, CaseResource, may
from conference.room.commands import Draw
from conference.room.refused import Refused
from conference.room.values import CommandId, MarkId, MarkKind
from imaging.errors import ImagingError
from imaging.objects.maker import Maker, NotRead
from imaging.objects.values import Found, Made, ObjectKind, Reading
from imaging.outbound.queue import Parcel, cancel, enqueue, needless, retry, sendings_of
from imaging.studies import Instance, instance
from web.access import Forbidden, actor, demand, in_session, note_read, reading
from web.clock import now
from web.errors import problem
from web.images.exporting import KINDS, Plan, make, named, plan
from web.pages import page, redirect
from web.resources import case_resource
from web.rooms.letter_files import make_letters
from web.services import services
from web.sockets.seating import seat

_IMPORTS = UUID("8a6d0b3e-6f0f-5d55-b1a8-2f1b6f0a7a11")
_TONES = {"waiting": "info", "sent": "good", "refused": "bad", "undelivered": "bad", "cancelled": "quiet"}
_WORDS = {"waiting": "Waiting", "sent": "Sent", "refused": "Refused", "undelivered": "Given up",
          "cancelled": "Cancelled"}
_OTHERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Other:
    """An object of somebody else that came with the case, and what is in it."""

    row: Instance
    reading: Reading | None
    refused: str
    here: int
    """How many of its marks lie in the case's rooms already."""


def _look(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_EXPORT, resource)
    return {
        "case": case(session, case_id), "plan": plan(session, case_id), "sendings": sendings_of(session, case_id),
        "sends": bool(may(who, Action.CASE_SEND, resource)), "draws": bool(may(who, Action.OPINION_GIVE, resource)),
    }


async def show(request: Request) -> Response:
    """What there is to send out, what became of what was sent, and what others have marked."""
    answer = await _page(request)
    await note_read(request, Action.CASE_EXPORT, f"case {request.path_params['case_id']}")
    return answer


async def _page(request: Request, status: int = 200, **more: Any) -> Response:
    case_id = request.path_params["case_id"]
    view = await reading(request, _look, actor(request), case_id)
    others = await _others(request, view["plan"])
    context: dict[str, Any] = {
        "error": "", "added": None, "kinds": KINDS, "tones": _TONES, "words": _WORDS, "others": others,
        "destinations": services(request).outgoing.destinations,
    }
    return page(request, "exports/show.html", status, **(context | view | more))


async def _others(request: Request, found: Plan) -> list[Other]:
    known = await reading(request, _known, found.case_id)
    maker = services(request).objects
    return [await anyio.to_thread.run_sync(_other, maker, row, known) for row in found.others[:_OTHERS_SHOWN]]


def _known(session: Session, case_id: str) -> frozenset[str]:
    """Tracking UIDs of the marks in the rooms, and identities under which imported ones lie there."""
    content = content_of(session, case_id, conferences_of_case(session, case_id))
    return known_tracking_uids(content) | {mark.mark for mark in content.marks}


def _other(maker: Maker, row: Instance, known: frozenset[str]) -> Other:
    try:
        found = maker.read(row)
    except NotRead as error:
        return Other(row, None, str(error), 0)
    here = sum(_is_here(row, number, one, known) for number, one in enumerate(found.marks))
    return Other(row, found, "", here)


def _is_here(row: Instance, number: int, found: Found, known: frozenset[str]) -> bool:
    return found.tracking_uid in known or mark_id(row, number) in known


def mark_id(row: Instance, number: int) -> MarkId:
    """The identity a mark of somebody else gets here: the same however often it is taken over."""
    return MarkId(str(uuid5(_IMPORTS, f"{row.sop_instance_uid}/{number}")))


async def _made(request: Request, kinds: list[ObjectKind]) -> tuple[Plan, list[Made]]:
    case_id = request.path_params["case_id"]
    demand(actor(request), Action.CASE_EXPORT, await reading(request, case_resource, case_id))
    if "letter" in kinds:
        await make_letters(services(request), case_id)
    wanted: Plan = (await reading(request, _look, actor(request), case_id))["plan"]
    return wanted, await anyio.to_thread.run_sync(make, services(request).objects, wanted, kinds)


async def download(request: Request) -> Response:
    """The chosen objects as a zip; every kind when none is named."""
    kinds = _chosen(request.query_params.getlist("kind")) or list(KINDS)
    try:
        wanted, made = await _made(request, kinds)
    except ImagingError as error:
        return await _page(request, 409, error=str(error))
    if not made:
        return await _page(request, 409, error="There is nothing to download yet: no marks, no letter.")
    for one in made:
        await note_read(request, Action.CASE_EXPORT, f"case/{wanted.case_id}/object/{one.sop_instance_uid}")
    body = await anyio.to_thread.run_sync(_zip, made)
    headers = {"Content-Disposition": f'attachment; filename="case-{wanted.number}-objects.zip"',
               "Cache-Control": "no-store"}
    return Response(body, media_type="application/zip", headers=headers)


def _zip(made: list[Made]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in named(made):
            archive.writestr(name, one.content)
    return out.getvalue()


def _chosen(names: list[str]) -> list[ObjectKind]:
    return [name for name in KINDS if name in names]


async def send(request: Request) -> Response:
    """Queue the chosen objects for a destination."""
    case_id, form = request.path_params["case_id"], await request.form()
    demand(actor(request), Action.CASE_SEND, await reading(request, case_resource, case_id))
    outgoing = services(request).outgoing
    node = next((one for one in outgoing.destinations if one.name == form.get("node")), None)
    kinds = _chosen([str(name) for name in form.getlist("kind")])
    if node is None or not kinds:
        missing = "Choose where to send to." if node is None else "Choose at least one thing to send."
        return await _page(request, 422, error=missing)
    try:
        _, made = await _made(request, kinds)
    except ImagingError as error:
        return await _page(request, 409, error=str(error))
    if not made:
        return await _page(request, 409, error="Of what you chose there is nothing to send yet.")
    parcels = await anyio.to_thread.run_sync(_spooled, request, made)
    here = await in_session(request, "objects.queue", _enqueue, actor(request), case_id, node.name, parcels, now())
    await anyio.to_thread.run_sync(outgoing.spool.drop, here)
    outgoing.wake()
    return redirect(request, f"/cases/{case_id}/exports#sent")


def _spooled(request: Request, made: list[Made]) -> list[Parcel]:
    spool = services(request).outgoing.spool
    return [Parcel(one.kind, one.sop_instance_uid, one.sop_class_uid, one.study_instance_uid, spool.keep(one.content),
                   len(one.content)) for one in made]


def _enqueue(session: Session, who: Actor, case_id: str, node: str, parcels: list[Parcel], at: datetime) -> list[str]:
    """Queue them; gives the files nobody waits for, since they have arrived before."""
    demand(who, Action.CASE_SEND, case_resource(session, case_id))
    enqueue(session, case_id, node, parcels, who.name, at)
    return needless(session, [one.digest for one in parcels])


async def act(request: Request) -> Response:
    """Try a sending again, or cancel it."""
    case_id, sending_id = request.path_params["case_id"], request.path_params["sending_id"]
    doing = str((await request.form()).get("act", ""))
    try:
        await in_session(request, f"objects.{'cancel' if doing == 'cancel' else 'retry'}", _act, actor(request),
                         case_id, sending_id, doing, now())
    except ImagingError as error:
        status = 404 if hasattr(error, "noun") else 409
        return await _page(request, status, error=str(error))
    services(request).outgoing.wake()
    return redirect(request, f"/cases/{case_id}/exports#sent")


def _act(session: Session, who: Actor, case_id: str, sending_id: str, doing: str, at: datetime) -> None:
    demand(who, Action.CASE_SEND, case_resource(session, case_id))
    (cancel if doing == "cancel" else retry)(session, case_id, sending_id, at)


async def take_over(request: Request) -> Response:
    """Draw the marks of somebody else's object in the open room, under the name of who asks."""
    case_id, form = request.path_params["case_id"], await request.form()
    who = actor(request)
    resource = await reading(request, case_resource, case_id)
    demand(who, Action.OPINION_GIVE, resource)
    row = await reading(request, _object_of, resource, str(form.get("object", "")))
    if row is None:
        return problem(request, 404, "The case has no such object.")
    try:
        found = await anyio.to_thread.run_sync(services(request).objects.read, row)
    except NotRead as error:
        return await _page(request, 409, error=str(error))
    added, refused = await _draw(request, who, resource, row, found)
    if added:
        await note_read(request, Action.IMAGE_READ, f"case/{case_id}/object/{row.sop_instance_uid}")
    return await _page(request, 200 if added or not refused else 409, added=added or None, error=refused)


def _object_of(session: Session, resource: CaseResource, uid: str) -> Instance | None:
    known = {one.sop_instance_uid for one in plan(session, resource.case_id).others}
    return instance(session, uid) if uid in known else None


async def _draw(
    request: Request, who: Actor, resource: CaseResource, row: Instance, found: Reading
) -> tuple[int, str]:
    """How many were drawn, and why others were not; a mark that is there already counts as neither."""
    rooms = services(request).rooms
    case_id = CaseId(resource.case_id)
    conference_id = await _open_room(request, resource)
    if conference_id is None:
        return 0, "No room of this case is open. Marks are added while the conference is on."
    person = await reading(request, seat, conference_id, who)
    if person is None:
        raise Forbidden("You do not sit on this conference's board.")
    known = await reading(request, _known, case_id)
    added, refused = 0, ""
    for number, one in enumerate(found.marks):
        if _is_here(row, number, one, known):
            continue
        answer = await rooms.execute(conference_id, person, CommandId(new_id()), Draw(
            mark_id(row, number), case_id, cast(MarkKind, one.kind), one.sop_instance_uid, one.frame, one.points,
            noted(one, found),
        ))
        if isinstance(answer, Refused):
            refused = refused or answer.reason
        else:
            added += 1
    return added, refused


async def _open_room(request: Request, resource: CaseResource) -> ConferenceId | None:
    for key in sorted(resource.conferences):
        state = await services(request).rooms.state(key)
        if state.phase == "open" and resource.case_id in state.cases:
            return key
    return None


def noted(found: Found, of: Reading) -> str:
    """A mark's words with where it comes from: its author and software, as its object names them."""
    source = ", ".join(filter(None, (of.author, of.software))) or "another system"
    return f"{found.text} (from {source})" if found.text else f"From {source}"


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/exports", show, methods=["GET"]),
    Route("/cases/{case_id}/exports.zip", download, methods=["GET"]),
    Route("/cases/{case_id}/exports", send, methods=["POST"]),
    Route("/cases/{case_id}/exports/marks", take_over, methods=["POST"]),
    Route("/cases/{case_id}/exports/sendings/{sending_id}", act, methods=["POST"]),
]
