"""The letter: a page, a PDF, and a receipt the first time its referrer opens either."""

from typing import Any

from markupsafe import Markup
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case, record_delivered
from conference.outcome.addenda import open_addenda
from conference.outcome.drawing import drawing
from conference.outcome.kept import Kind
from conference.outcome.letter import Letter, facts, letter_of, looks, open_letter
from conference.outcome.plain import plain_facts
from conference.policy import Action, may
from web.access import actor, demand, in_session, note_read, reading
from web.clock import now
from web.errors import problem
from web.pages import page
from web.resources import case_resource
from web.rooms.letter_files import Standing, letter_file, standing
from web.services import services


async def show(request: Request) -> Response:
    """The letter as a page."""
    found = await _opened(request)
    if isinstance(found, Response):
        return found
    known, letter = found
    resource = await reading(request, case_resource, known.signed.case_id)
    context: dict[str, Any] = facts(known.signed, known.added)
    return page(
        request, "letters/show.html", case_id=known.signed.case_id, letter=letter, rows=known.added,
        drawn=_drawn(known.signed.case_id, context["pictures"]),
        amends=bool(may(actor(request), Action.RECOMMENDATION_AMEND, resource)), **context,
    )


async def download(request: Request) -> Response:
    """The letter as PDF."""
    return await _file(request, "letter")


async def plain(request: Request) -> Response:
    """The same advice in plain words, for the patient."""
    found = await _opened(request)
    if isinstance(found, Response):
        return found
    known, _ = found
    told = plain_facts(known.signed, known.added)
    drawn = _drawn(known.signed.case_id, told["pictures"])
    return page(request, "letters/plain.html", case_id=known.signed.case_id, drawn=drawn, **told)


async def plain_download(request: Request) -> Response:
    """The patient's copy as PDF."""
    return await _file(request, "plain")


async def _file(request: Request, kind: Kind) -> Response:
    found = await _opened(request)
    if isinstance(found, Response):
        return found
    known, _ = found
    kept = await letter_file(services(request), known, kind)
    number = facts(known.signed)["record"]["case"]["number"]
    name = f"letter-case-{number}.pdf" if kind == "letter" else "in-plain-words.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return Response(kept.content, media_type="application/pdf", headers=headers)


def _drawn(case_id: str, pictures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each picture with its drawing for the page."""
    return [{**one, "svg": Markup(drawing(one, one["marks"], looks(), _address(case_id, one)))} for one in pictures]  # noqa: S704 - the drawing escapes every word it holds


def _address(case_id: str, one: dict[str, Any]) -> str:
    window = "" if one["centre"] is None else f"&centre={one['centre']}&width={one['width']}"
    return f"/cases/{case_id}/images/{one['sop_instance_uid']}/{one['frame']}/rendered?size=1024{window}"


async def _opened(request: Request) -> tuple[Standing, Letter] | Response:
    """The letter of a case in force, with its receipt written; or why there is none."""
    case_id = request.path_params["case_id"]
    demand(actor(request), Action.LETTER_READ, await reading(request, case_resource, case_id))
    known = await reading(request, standing, case_id)
    if known is None:
        return problem(request, 404, "The board has not signed a recommendation for this case yet.")
    await note_read(request, Action.LETTER_READ, f"signedrecord:{known.signed.id}")
    await in_session(request, "letter.open", _receipt, case_id, actor(request).person_id)
    letter = await reading(request, letter_of, case_id)
    assert letter is not None, "a record in force has its letter, written in the same transaction"
    return known, letter


def _receipt(session: Session, case_id: str, reader_id: str) -> None:
    if open_letter(session, case_id, reader_id, now()):
        record_delivered(session, case(session, case_id).id, now(), reader_id)
    known = standing(session, case_id)
    if known is not None and case(session, case_id).referrer_id == reader_id:
        open_addenda(session, known.signed, now())


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/letter", show),
    Route("/cases/{case_id}/letter.pdf", download),
    Route("/cases/{case_id}/letter/plain", plain),
    Route("/cases/{case_id}/letter/plain.pdf", plain_download),
]
