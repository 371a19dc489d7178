"""Key images of a case: choose, take off, move, say why. The viewer's key and every button end here."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.cases import studies_of
from agenda.errors import Invalid
from agenda.key_images import annotate, choose, key_images, let_go, shift
from conference.policy import Action, Actor
from imaging.errors import NotFound
from imaging.studies import frame, instance, study_of_instance
from web.access import actor, demand, in_session
from web.clock import now
from web.pages import redirect
from web.resources import case_resource

_FIELDS = ("act", "sop", "frame", "centre", "width", "note", "conference")
_PLACES = {"up": -1, "down": 1}
_MOST = 1e9


def _change(session: Session, who: Actor, case_id: str, texts: Mapping[str, str], at: datetime) -> int:
    """Do what a button says; gives how many key images there are."""
    demand(who, Action.KEY_IMAGE, case_resource(session, case_id))
    sop, number = texts["sop"], _frame(texts["frame"])
    match texts["act"]:
        case "remove":
            let_go(session, case_id, sop, number)
        case "up" | "down" as act:
            shift(session, case_id, sop, number, _PLACES[act])
        case "note":
            annotate(session, case_id, sop, number, texts["note"])
        case "choose":
            _belongs(session, case_id, sop, number)
            choose(
                session, case_id, sop, number, by=who.person_id, at=at, window=_window(texts),
                note=texts["note"] or None,
            )
        case _:
            raise Invalid("act", "There is no such button.")
    return len(key_images(session, case_id))


def _frame(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < _MOST:
        raise Invalid("frame", "Frames are counted from 1.")
    return int(text)


def _window(texts: Mapping[str, str]) -> tuple[float, float] | None:
    """The window of the form; None where neither value is given."""
    if not texts["centre"] and not texts["width"]:
        return None
    try:
        centre, width = float(texts["centre"]), float(texts["width"])
    except ValueError:
        raise Invalid("centre", "A window is two numbers: centre and width.") from None
    if not isfinite(centre) or not isfinite(width) or abs(centre) > _MOST or not 1 <= width <= _MOST:
        raise Invalid("width", "A window's width is at least 1.")
    return centre, width


def _belongs(session: Session, case_id: str, sop: str, number: int) -> None:
    """The frame is one of this case that can be looked at."""
    try:
        row = instance(session, sop)
        frame(row, number)
        if row.held or row.picture != "yes" or study_of_instance(session, sop) not in studies_of(session, case_id):
            raise Invalid("sop", "This case has no such image.")
    except NotFound:
        raise Invalid("sop", "This case has no such image.") from None


async def change(request: Request) -> Response:
    """Choose or take off a key image, move it, or say why it is one."""
    form, case_id = await request.form(), request.path_params["case_id"]
    texts = {name: str(form.get(name, "")) for name in _FIELDS}
    count = await in_session(request, "packet.key-image", _change, actor(request), case_id, texts, now())
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"count": count})
    sitting = texts["conference"]
    back = f"/conferences/{sitting}/cases/{case_id}#key-images" if sitting.isalnum() else f"/cases/{case_id}#images"
    return redirect(request, back)


routes: list[BaseRoute] = [Route("/cases/{case_id}/key-images", change, methods=["POST"])]
